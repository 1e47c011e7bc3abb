# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of the parts of thunder.json, as markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .baselines import SHIFTS, shift_name
from .seeds import SEED_FIGURES
from .suite import CONTACT_FIGURES, JUDGE_FIGURES, MESH_FIGURES, TIMING_FIGURES
from .table import markdown

Part = Any
NAMES: dict[str, str] = {
    "lve_mm": "LVE, mm",
    "lve_rms_mm": "LVE of squares, mm",
    "mod_mm": "MOD, mm",
    "lip_pcc": "lip PCC",
    "lip_ccc": "lip CCC",
    "lip_dtw_mm": "lip DTW, mm",
    "mtm_ms": "MTM, ms",
    "mtm_found": "extrema found",
    "fdd_mm2": "FDD, mm²",
    "fdd_abs_mm2": "absolute FDD, mm²",
    "jitter": "jitter",
    "blinks": "blinks a minute",
    "unit_accuracy": "judge: units right",
    "mel_l1": "judge: mel L1",
    "pbm_closed": "p b m closed",
    "fv_contact": "f v contact",
    "closure_precision": "closure precision",
    "vowel_shut": "vowels shut",
    "rest": "rest",
    "lag_ms": "lag, ms",
    "penetration_mm": "penetration, mm",
    "s_div_lips_mm": "S-DIV lips, mm",
    "s_div_upper_mm": "S-DIV upper face, mm",
    "lve_best_mm": "LVE of the best seed, mm",
    "lve_mean_mm": "LVE, mean of seeds, mm",
    "lve_of_mean_mm": "LVE of the mean take, mm",
    "upper_best_mm": "upper face, best seed, mm",
    "upper_mean_mm": "upper face, mean of seeds, mm",
}
CONTACTS = (*CONTACT_FIGURES, "lag_ms")
WIDE = frozenset({"lag_ms", "mtm_ms", "blinks"})  # shown with one digit
LAST = ("truth", "mean_face", "shuffled", *(shift_name(k) for k in SHIFTS))


def thunder_report(parts: Mapping[str, Part]) -> str:
    """Every part's tables; empty where no part was measured."""
    writers: dict[str, Callable[[Part], str]] = {
        "metrics": metrics_tables,
        "steps": steps_table,
        "intensity_1_5": intensity_table,
        "noise": noise_table,
        "languages": languages_table,
    }
    return "\n\n".join(write(parts[name]) for name, write in writers.items() if name in parts)


def metrics_tables(part: Mapping[str, Part]) -> str:
    """One table a kind, one row a system, every figure with its interval; then the seeds'."""
    tables = []
    for kind in ("real", "synthetic"):
        if kind in part:
            tables += [f"Against the articulation model, {kind} speech:", systems(part[kind])]
    if "seeds" in part:
        seeds = part["seeds"]
        tables.append(f"{seeds['seeds']} seeds of {seeds['clips']} clips:")
        tables.append(rows_of(seeds["systems"], SEED_FIGURES))
    return "\n\n".join(tables)


def systems(rows: Mapping[str, Part]) -> str:
    """A table of systems, what is measured first and the shifted truths last."""
    some: Mapping[str, Part] = next(iter(rows.values()))
    names = (*MESH_FIGURES, *JUDGE_FIGURES, *CONTACT_FIGURES, *TIMING_FIGURES)
    order = [*(name for name in rows if name not in LAST), *(name for name in LAST if name in rows)]
    return rows_of({name: rows[name] for name in order}, [n for n in names if n in some])


def rows_of(rows: Mapping[str, Part], figures: Sequence[str]) -> str:
    """A table with one row a system: mean (low to high) of each figure."""
    head = ["", *(NAMES[name] for name in figures)]
    body = [
        [system.replace("_", " "), *(ranged(name, row.get(name)) for name in figures)]
        for system, row in rows.items()
    ]
    return markdown([head, *body])


def steps_table(part: Sequence[Mapping[str, Part]]) -> str:
    """One row a step count."""
    names = [name for name in NAMES if name in part[0]["figures"]]
    head = ["steps", "s per s", "processor s per s", *(NAMES[name] for name in names)]
    body = [
        [
            str(row["steps"]),
            f"{row['seconds_per_second']:.3f}",
            f"{row['processor_seconds_per_second']:.3f}",
            *(plain(name, row["figures"][name]) for name in names),
        ]
        for row in part
    ]
    return "Sampler steps:\n\n" + markdown([head, *body])


def intensity_table(part: Mapping[str, Part]) -> str:
    """Worst sources at the intensity and at 1."""
    rows = {
        f"real, intensity {part['intensity']:g}": part,
        "real, intensity 1": part["at_1"],
        f"synthetic, intensity {part['intensity']:g}": part["synthetic"],
        "synthetic, intensity 1": part["synthetic_at_1"],
    }
    return "Worst source, the emotions in turn:\n\n" + worst_table(rows)


def noise_table(part: Sequence[Mapping[str, Part]]) -> str:
    """Worst sources at each noise."""
    rows = {
        f"{kind}, {row['snr_db']:g} dB": row[kind] for kind in ("real", "synthetic") for row in part
    }
    return "Worst source in noise:\n\n" + worst_table(rows)


def languages_table(part: Mapping[str, Part]) -> str:
    """One row a language and system."""
    rows = {
        f"{language}, {system}": row["figures"]
        for language, systems_ in sorted(part.items())
        for system, row in systems_.items()
        if system != "note"
    }
    return "Languages:\n\n" + worst_table(rows)


def worst_table(rows: Mapping[str, Mapping[str, Part]]) -> str:
    """Contact figures, a row each."""
    head = ["", *(NAMES[name] for name in CONTACTS)]
    body = [[title, *(number(n, row.get(n)) for n in CONTACTS)] for title, row in rows.items()]
    return markdown([head, *body])


def ranged(name: str, one: Mapping[str, Any] | None) -> str:
    """'0.91 (0.88 to 0.94)', or a dash; no range where there was one clip."""
    if one is None or one["low"] is None:
        return plain(name, one)
    ends = f"{number(name, one['low'])} to {number(name, one['high'])}"
    return f"{number(name, one['mean'])} ({ends})"


def plain(name: str, one: Mapping[str, float] | None) -> str:
    """The mean alone."""
    return number(name, one["mean"] if one else None)


def number(name: str, value: float | None) -> str:
    """A figure as text; a dash where there was nothing to measure."""
    if value is None:
        return "–"  # noqa: RUF001
    return f"{value:.1f}" if name in WIDE else f"{value:.3f}"
