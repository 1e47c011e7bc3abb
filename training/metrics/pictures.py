# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of an evaluation: systems beside each other, shifts, steps, noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt

from ..plots import save
from .baselines import SHIFTS, shift_name
from .thunder_report import NAMES

Part = Any
SHIFTED = ("lve_mm", "mod_mm", "lip_pcc", "lip_ccc", "lip_dtw_mm", "mtm_ms", "lag_ms")
HEARD = ("unit_accuracy", "mel_l1", "pbm_closed", "fv_contact", "closure_precision")
COLUMNS = 5
CONTACTS = ("pbm_closed", "fv_contact", "closure_precision", "vowel_shut", "rest")
COLOURS = {"real": "tab:blue", "synthetic": "tab:orange"}


def draw_results(folder: Path, parts: Mapping[str, Part]) -> list[Path]:
    """Draw what `parts` hold into `folder`; the pictures' paths. Raises OutputError."""
    made = []
    if "metrics" in parts:
        made.append(draw_systems(folder / "systems.png", parts["metrics"]))
        made.append(draw_shifts(folder / "shifts.png", parts["metrics"]))
        if "seeds" in parts["metrics"]:
            made.append(draw_seeds(folder / "seeds.png", parts["metrics"]["seeds"]))
    if "steps" in parts:
        made.append(draw_steps(folder / "steps.png", parts["steps"]))
    if "noise" in parts:
        made.append(draw_noise(folder / "noise.png", parts["noise"]))
    return made


def draw_systems(path: Path, part: Mapping[str, Part]) -> Path:
    """Each figure of each system with its interval, real and synthetic speech apart."""
    kinds = {kind: part[kind] for kind in COLOURS if kind in part}
    shifts = {shift_name(k) for k in SHIFTS}
    rows = [name for name in next(iter(kinds.values())) if name not in shifts or "4" in name]
    names = measured_figures([row for found in kinds.values() for row in found.values()])
    figure, axes = _grid(len(names), sharey=True)
    for axis, name in zip(axes, names, strict=True):
        for step, (kind, found) in enumerate(kinds.items()):
            points = [(i, found[row].get(name)) for i, row in enumerate(rows) if row in found]
            _ranges(axis, [(i + 0.25 * step, one) for i, one in points if one], COLOURS[kind], kind)
        _label(axis, name, rows)
    axes[0].invert_yaxis()
    axes[0].legend()
    figure.tight_layout()
    return save(figure, path)


def measured_figures(rows: Sequence[Mapping[str, Part]]) -> list[str]:
    """The figures that any row has a value for, in the order of the tables."""
    known = {name for row in rows for name, one in row.items() if one}
    return [name for name in NAMES if name in known]


def draw_shifts(path: Path, part: Mapping[str, Part]) -> Path:
    """What each frame of shift of the truth costs, the model's figure as a line across."""
    kinds = [part[kind] for kind in COLOURS if kind in part]
    known = measured_figures([row for found in kinds for row in found.values()])
    names = [name for name in (*SHIFTED, *HEARD) if name in known]
    figure, axes = _grid(len(names))
    for axis, name in zip(axes, names, strict=True):
        for kind, colour in COLOURS.items():
            _shifts(axis, part.get(kind, {}), name, kind, colour)
        axis.set_title(NAMES[name])
        axis.set_xlabel("frames late")
    axes[0].legend()
    figure.tight_layout()
    return save(figure, path)


def _shifts(axis: Any, rows: Mapping[str, Part], name: str, kind: str, colour: str) -> None:
    known = {k: rows.get("truth" if not k else shift_name(k)) for k in (0, *SHIFTS)}
    points = sorted((k, row[name]) for k, row in known.items() if row and row.get(name))
    wide = [(k, one["low"], one["high"]) for k, one in points if one["low"] is not None]
    if wide:
        axis.fill_between(*zip(*wide, strict=True), color=colour, alpha=0.2)
    places, means = [k for k, _ in points], [one["mean"] for _, one in points]
    axis.plot(places, means, "o-", color=colour, label=f"truth, {kind}")
    model = rows.get("model", {}).get(name)
    if model:
        axis.axhline(model["mean"], color=colour, ls="--", label=f"model, {kind}")


def draw_seeds(path: Path, part: Mapping[str, Part]) -> Path:
    """What seeds spread and how near the nearest comes, for every system."""
    systems = part["systems"]
    names, rows = measured_figures(list(systems.values())), list(systems)
    figure, axes = _grid(len(names), sharey=True)
    for axis, name in zip(axes, names, strict=True):
        points = [(place, systems[row][name]) for place, row in enumerate(rows)]
        _ranges(axis, [(place, one) for place, one in points if one], "tab:blue", "")
        _label(axis, name, rows)
    axes[0].invert_yaxis()
    figure.suptitle(f"{part['seeds']} seeds of {part['clips']} clips")
    figure.tight_layout()
    return save(figure, path)


def _grid(count: int, sharey: bool = False) -> tuple[Any, list[Any]]:
    """A figure with `count` axes in rows of COLUMNS; what is left over of the grid is taken out."""
    rows = -(-count // COLUMNS)
    figure, axes = plt.subplots(
        rows, COLUMNS, figsize=(18, 3.4 * rows), sharey=sharey, squeeze=False
    )
    for axis in axes.flat[count:]:
        axis.remove()
    return figure, list(axes.flat[:count])


def _label(axis: Any, name: str, rows: Sequence[str]) -> None:
    axis.set_title(NAMES[name])
    axis.set_yticks(range(len(rows)), [row.replace("_", " ") for row in rows])
    axis.grid(axis="x", alpha=0.3)


def draw_steps(path: Path, rows: Sequence[Mapping[str, Part]]) -> Path:
    """Every figure over the number of sampler steps."""
    names = ("seconds_per_second", *(n for n in NAMES if rows[0]["figures"].get(n)))
    figure, axes = plt.subplots(-(-len(names) // 5), 5, figsize=(18, 14), sharex=True)
    for axis, name in zip(axes.flat, names, strict=False):
        if name == "seconds_per_second":
            axis.plot([r["steps"] for r in rows], [r[name] for r in rows], "o-", color="k")
        else:
            found = [(row["steps"], row["figures"][name]) for row in rows if row["figures"][name]]
            wide = [(x, one["low"], one["high"]) for x, one in found if one["low"] is not None]
            if wide:
                axis.fill_between(*zip(*wide, strict=True), alpha=0.2)
            axis.plot([x for x, _ in found], [o["mean"] for _, o in found], "o-")
        axis.set_title(NAMES.get(name, "seconds a second"))
        axis.set_xscale("log", base=2)
        axis.set_xticks([row["steps"] for row in rows], [str(row["steps"]) for row in rows])
    figure.tight_layout()
    return save(figure, path)


def draw_noise(path: Path, rows: Sequence[Mapping[str, Part]]) -> Path:
    """Contact figures of the worst source over the noise."""
    figure, axes = plt.subplots(1, len(CONTACTS), figsize=(18, 4))
    for axis, name in zip(axes, CONTACTS, strict=True):
        for kind, colour in COLOURS.items():
            points = [(r["snr_db"], r[kind][name]) for r in rows if r[kind][name] is not None]
            axis.plot(
                [x for x, _ in points], [y for _, y in points], "o-", color=colour, label=kind
            )
        axis.set_title(NAMES[name])
        axis.set_xlabel("speech over noise, dB")
    axes[0].legend()
    figure.tight_layout()
    return save(figure, path)


def _ranges(axis: Any, points: Sequence[tuple[float, Part]], colour: str, label: str) -> None:
    for number, (place, one) in enumerate(points):
        if one["low"] is not None:
            axis.plot([one["low"], one["high"]], [place, place], color=colour, lw=1.5)
        axis.plot(one["mean"], place, "o", ms=5, color=colour, label="" if number else label)
