# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair, Hear the Mesh, Regenerate Range and Best of N in real Blenders with windows: an artist's
clicks and keys on one line, with the real worker and the bundled models."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.test_real_blender import LINE, MINUTES, blender, extension_zip, shows_something
from tools import real_blender

__all__ = ["blender", "extension_zip"]  # fixtures
CLOSURE = (0.57, 0.66)  # seconds of the p of "Pam", by examples/line.phones.json
AGAIN = (4.8, 5.6)  # "we wave, and"
SEEDS = 4
OPEN, SHUT = 2.5, 0.3  # mm between the lips
MOUTH = ("jaw", "mouth", "tongue")
BROWS = ("brow", "noseSneer")


@pytest.mark.timeout(32 * MINUTES)
def test_a_closure_is_spoilt_repaired_heard_made_anew_and_the_best_of_four_kept(blender):
    told = blender.gui(
        "mending.py",
        size=(1800, 1300),
        timeout=30 * MINUTES,
        limit=28 * MINUTES,
        line=str(LINE),
        closure=CLOSURE,
        again=AGAIN,
    )
    pictures = {path.stem: path for path in blender.keep_pictures("mending")}
    assert not told.failure(), told.failure()
    assert told.results["warnings"] == []
    keep_seconds(blender, told)
    check_spoilt_and_repaired(told.results)
    check_heard(told.results)
    check_range(told.results["range"])
    check_best(told.results)
    assert len(told.results["mine"]) == 8, "looked at after each part"
    assert len(set(told.results["mine"].values())) == 1, "the artist's own keys, to the bit"
    check_pictures(pictures)


def check_spoilt_and_repaired(results) -> None:
    """The lips met, were opened by hand, were flagged there, and meet again; all else stays."""
    good, spoilt, repaired = (results[name] for name in ("good", "spoilt", "repaired"))
    assert min(good["aperture"]) < SHUT
    assert min(spoilt["aperture"]) > OPEN
    assert min(repaired["aperture"]) < SHUT
    first, last = min(results["picked"]), max(results["picked"])
    new = [span for span in spoilt["weak"] if span not in good["weak"]]
    assert new and all(first <= span[0] <= span[1] <= last for span in new), new
    assert "open on p" in new[0][2] and results["jumped_to"] == new[0][0]
    assert repaired["weak"] == good["weak"], "no longer flagged"
    assert good["mesh_far"] == spoilt["mesh_far"] == repaired["mesh_far"]
    told = results["repair"]
    assert told["before"]["outside"] == told["after"]["outside"], "keys outside of the span"
    assert told["before"]["inside"] != told["after"]["inside"]
    assert all(name.startswith(MOUTH) for name in told["changed"]), told["changed"]


def check_heard(results) -> None:
    """One more strip, muted, right under the line or over it; undo left neither strip nor sound."""
    (line,), after = results["strips"]["before"], results["strips"]["after"]
    (heard,) = [strip for strip in after if strip != line]
    assert heard[3] is True and heard[1] != line[1] and heard[2] == line[2]
    assert results["sounds_left"] == []


def check_range(told) -> None:
    """The picked frames are others, in what is not locked; the frames around are the same."""
    assert told["before"]["outside"] == told["after"]["outside"]
    assert told["before"]["inside"] != told["after"]["inside"]
    assert told["before"]["brows"] == told["after"]["brows"]
    assert not any(name.startswith(BROWS) for name in told["changed"]), told["changed"]
    assert sum(name.startswith(MOUTH) for name in told["changed"]) > 5
    first, last = told["picked"]
    assert last - first >= 15


def check_best(results) -> None:
    """One take more, which plays: the best of those that were tried; Esc left nothing."""
    best = results["best"]
    assert best["kept"] == [best["plays"]]
    assert len(best["tried"]) == SEEDS and len({seed for seed, _ in best["tried"]}) == SEEDS
    assert best["seed"] == max(best["tried"], key=lambda one: one[1])[0]
    assert results["best_undone"], "one undo leaves the takes that were there"
    assert results["left_over"] == [] and results["lost"] == []


def check_pictures(pictures) -> None:
    """The face of the spoilt closure differs from both others; what is weak is yellow."""
    assert all(shows_something(picture) for picture in pictures.values())
    good, spoilt, repaired = (
        pixels(pictures[name]) for name in ("01-generated", "05-flagged", "06-repaired")
    )
    face = np.s_[450:800, 1150:1450]  # the mouth in the 3D viewport
    assert apart(good[face], spoilt[face]) > 300
    assert apart(good[face], repaired[face]) < apart(good[face], spoilt[face]) / 2
    assert yellow(spoilt) > yellow(good) + 40
    assert yellow(repaired) < (yellow(spoilt) + yellow(good)) / 2


def yellow(image) -> int:
    """Pixels with the colour of weak frames, in the Sequencer's strip."""
    part = image[1080:1165, 228:820]
    return int(((part[..., 0] > 190) & (part[..., 1] > 150) & (part[..., 2] < 110)).sum())


def apart(one, other) -> int:
    return int((np.abs(one - other).max(2) > 40).sum())


def pixels(path):
    from PIL import Image

    return np.asarray(Image.open(path).convert("RGB"), dtype=int)


def keep_seconds(blender, told) -> None:
    """How long each part took, beside the pictures."""
    path = real_blender.PICTURES / f"mending-{blender.suite}.json"
    kept = ("seconds", "good", "spoilt", "repaired", "repair", "best")
    path.write_text(json.dumps({name: told.results[name] for name in kept}, indent=1), "utf-8")
