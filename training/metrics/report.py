# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of an evaluation, as markdown for the terminal and the model card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .clips import KINDS
from .figures import Figures
from .table import TITLES, cell, markdown, sources_table, systems_table

SYSTEM_TITLES: dict[str, str] = {  # in the order of the columns
    "model": "model",
    "as_labelled": "model, every labelled silence",
    "where_repeated": "model, clips that the aligner repeats",
    "ear": "model, no words recognised",
    "transcript": "model told the words",
    "projected": "with contact projection",
    "told": "model told phones and contacts",
    "ceiling": "articulation model (ceiling)",
    "aligner": "aligner against itself",
    "mean_face": "mean face",
    "shuffled": "shuffled audio",
    "shuffled_ceiling": "ceiling, shuffled",
}


def full_report(document: Mapping[str, Any]) -> str:
    """Everything a reader of an evaluation document wants to see."""
    detail = document["detail"]
    parts = [_heading(detail["made_with"]), systems_table(columns(document))]
    for name in ("model", "where_repeated", "ear", "aligner", "ceiling"):
        if name in detail["sources"]:
            parts += [f"By source, {SYSTEM_TITLES[name]}:", sources_table(detail["sources"][name])]
    for name, found in detail["liveliness"].items():
        if found:
            title = SYSTEM_TITLES[name]
            parts += [f"Seeds, {title} (spread in mm):", seeds_table(found["seeds"])]
            parts += [f"Intensity, {title}:", intensity_table(found["intensity"])]
    return "\n\n".join([*parts, _speed(document)])


def columns(document: Mapping[str, Any]) -> dict[str, Figures]:
    """Column title -> figures, for each system and kind that has any."""
    found: dict[str, Figures] = {}
    for system, title in SYSTEM_TITLES.items():
        pair = document if system == "model" else document.get(system, {})
        for kind in KINDS:
            figures = pair.get(kind) or {}
            if any(value is not None for value in figures.values()):
                found[f"{title}, {kind}"] = figures
    return found


def seeds_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """One row an emotion."""
    head = ["emotion", "seeds", "clips", "same seed identical", "upper face", "lips"]
    body = [
        [
            row["emotion"],
            str(len(row["seeds"])),
            str(row["clips"]),
            "yes" if row["same_seed_identical"] else "NO",
            f"{row['upper_face_mm']:.3f}",
            f"{row['lips_mm']:.3f}",
        ]
        for row in rows
    ]
    return markdown([head, *body])


def intensity_table(reports: Sequence[Mapping[str, Any]]) -> str:
    """One row an emotion and intensity; the drift of the contact figures below each emotion."""
    names = ("pbm_closed", "fv_contact", "closure_precision", "vowel_shut", "rest")
    head = ["emotion", "intensity", "upper face, mm", "pose, mm", *(TITLES[n] for n in names)]
    body: list[list[str]] = []
    for report in reports:
        for row in report["rows"]:
            motion = [f"{row['upper_face_mm']:.3f}", f"{row['upper_face_pose_mm']:.3f}"]
            figures = [cell(name, row[name]) for name in names]
            body.append([report["emotion"], f"{row['intensity']:g}", *motion, *figures])
        drift = [cell(name, report["contact_drift"].get(name)) for name in names]
        rises = "rises" if report["rises"] else "DOES NOT RISE"
        body.append([report["emotion"], "drift", rises, "", *drift])
    return markdown([head, *body])


def _heading(made: Mapping[str, Any]) -> str:
    return (
        f"{made['clips']} clips of {made['speakers']} held-out speakers and voices, "
        f"{made['seconds'] / 60:.1f} minutes, {made['split']} split."
    )


def _speed(document: Mapping[str, Any]) -> str:
    wall, keys = document["seconds_per_audio_second"], document["keys_ms"]
    said = []
    if wall is not None:
        watch = document["detail"]["speed"]
        said.append(
            f"Generation after load: {wall:.3f} s per second of audio, "
            f"{watch['cpu'] / watch['sound']:.3f} s of processor time, {watch['threads']} threads."
        )
    if keys is not None:
        said.append(f"52 curves x 1500 keys written in {keys:.1f} ms.")
    return " ".join(said)
