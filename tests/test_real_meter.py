# SPDX-License-Identifier: GPL-3.0-or-later
"""The lip-sync meter in real Blenders with windows: every editor, both themes, 1x and 2x.

Each picture with the strip is compared with one without, so the strip is where it should be and
nothing of it anywhere else.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.test_real_blender import LINE, MINUTES, blender, extension_zip, shows_something
from tools import real_blender

__all__ = ["blender", "extension_zip"]  # fixtures
EDITORS = ("timeline", "dope-sheet", "graph", "nla", "sequencer")
APART = 12  # of 255, from which two colours differ
DRAWN = 3  # a strip's dark paper on a dark ruler differs by this and more, what covers it by 0
EDGE = 2  # pixels around the strip that smoothing may reach
SECONDS = 8.0
# Without a GPU the first text or picture after Blender's own waveforms waits for all of them.


@pytest.fixture(scope="module")
def sound(blender):
    soundfile = pytest.importorskip("soundfile")
    samples, rate = soundfile.read(LINE, dtype="float32")
    path = blender.work / "eight.wav"
    soundfile.write(path, np.tile(samples, 8)[: int(SECONDS * rate)], rate)
    return path


@pytest.mark.timeout(15 * MINUTES)
@pytest.mark.parametrize(("scale", "size"), [(1.0, (1600, 1000)), (2.0, (2400, 1800))])
def test_the_strip_is_where_it_should_be_and_nowhere_else(blender, sound, scale, size):
    told = blender.gui(
        "meter.py",
        scale=scale,
        size=size,
        timeout=14 * MINUTES,
        limit=12 * MINUTES,
        line=str(sound),
    )
    pictures = {path.stem: path for path in blender.keep_pictures(f"meter-{scale:g}x")}
    assert not told.failure(), told.failure()
    assert told.results["warnings"] == []
    assert not told.results.get("no_light_theme"), "Blender ships a light theme"
    for name in [f"{editor}-{theme}" for editor in EDITORS for theme in ("dark", "light")]:
        check_strip(pictures[name], pictures[f"{name}-off"], told.results["pictures"][name], name)
    check_behaviour(told.results)
    check_hover(pictures)
    assert all(shows_something(picture) for picture in pictures.values())


def check_strip(shown, hidden, place, name) -> None:
    with_strip, without = pixels(shown), pixels(hidden)
    difference = np.abs(with_strip - without).max(2)
    changed = difference > APART
    left, right = int(place["left"]), int(place["right"])
    x, _, width, _ = place["region"]
    left, right = max(left, x), min(right, x + width)
    box = rows(difference > DRAWN, place["bottom"], place["top"])[:, left:right]
    assert box.mean() > 0.9, f"{name}: {box.mean():.0%} of the strip is drawn"
    outside = changed.copy()
    bottom = len(changed) - int(place["words"]) + EDGE
    outside[len(changed) - int(place["top"]) - EDGE : bottom, left - EDGE : right + EDGE] = False
    assert not outside.any(), f"{name}: drawn outside at {np.argwhere(outside)[:5].tolist()}"
    inside = rows(with_strip, place["bottom"], place["top"])
    good, weak = (colour_at(inside, place, second) for second in (2.0, 5.3))
    assert good[2] > good[0] + 60, f"{name}: what is good is blue, not {good}"
    assert weak[0] > weak[2] + 60, f"{name}: what is weak is yellow, not {weak}"
    assert luminance(weak) > luminance(good), f"{name}: and lighter"


def colour_at(inside, place, second):
    """The colour near the strip's lower end at a second of the line."""
    x = int(place["left"] + (place["right"] - place["left"]) * second / SECONDS)
    return inside[-2, x]


def luminance(colour) -> float:
    return float(np.dot(colour, (0.2126, 0.7152, 0.0722)))


def check_behaviour(results) -> None:
    assert results["jumps"] == [31, 126], "each weak span's first frame"
    assert results["jumped_by_key"] == 31, "Shift Alt Down goes back, Ctrl Z undoes that"
    frame, value, advice = results["hover"].split("   ")
    assert frame in ("Frame 34", "Frame 35", "Frame 36") and value == "0.15"
    assert advice == "Lips stay open on p at frame 32"
    ((span,),) = results["stale"]
    assert span[0] < 119 / 25 < span[1] and span[1] - span[0] < 2.0, "around the new key only"
    asked = results["live_span"]
    assert asked[0] == pytest.approx(span[0] - 0.4) and asked[1] == pytest.approx(span[1] + 0.4)
    assert results["left_over"] == []


def check_hover(pictures) -> None:
    """The box with the advice stands over the strip only while the pointer is on it."""
    hover, before = pixels(pictures["hover"]), pixels(pictures["dope-sheet-light"])
    assert (np.abs(hover - before).max(2) > APART).sum() > 1500


def pixels(path):
    from PIL import Image

    return np.asarray(Image.open(path).convert("RGB"), dtype=int)


def rows(image, bottom: float, top: float):
    """Rows between two heights over the image's lower end."""
    return image[len(image) - int(top) : len(image) - int(np.ceil(bottom))]


@pytest.mark.timeout(15 * MINUTES)
def test_a_redraw_at_5000_frames_takes_under_a_millisecond(blender):
    told = blender.gui("meter_bench.py", timeout=14 * MINUTES, limit=13 * MINUTES)
    assert not told.failure(), told.failure()
    path = real_blender.PICTURES / f"meter-bench-{blender.suite}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told.results, indent=1), "utf-8")
    assert set(told.results["draw_ms"]) == set(EDITORS)
    for editor, milliseconds in told.results["draw_ms"].items():
        assert milliseconds["5000"] < 1.0, f"{editor}: {milliseconds}"
    for editor, milliseconds in told.results["moving_ms"].items():
        assert milliseconds["scrolled"] < 1.5, f"{editor}: {milliseconds}"


@pytest.mark.timeout(15 * MINUTES)
def test_where_nothing_can_be_measured_it_says_why(blender):
    """Every sentence by the real worker, and a picture of the panel for each."""
    told = blender.gui(
        "meter_bad.py",
        size=(1800, 1300),
        timeout=14 * MINUTES,
        limit=12 * MINUTES,
        line=str(LINE),
    )
    pictures = blender.keep_pictures("meter-bad")
    assert "finished" in told.results, told.failure()
    told_of = told.ran.said.count("THUNDER_OT_measure failed\nTraceback")
    assert told.ran.said.count("Traceback") == told_of, "none from a panel: " + told.failure()
    assert told.results["warnings"] == []
    said = told.results
    assert said["no_strip"]["reason"].startswith("Select a sound strip")
    assert "is muted; unmute it" in said["muted"]["measure"]
    assert "is missing" in said["missing"]["measure"]
    assert "Map the rig first" in said["unmapped"]["measure"]
    for name in ("no_strip", "muted", "missing", "unmapped"):
        assert said[name]["reason"], name
        assert all(said[name].values()), f"{name}: every button has a sentence: {said[name]}"
    longer = said["longer"]
    assert longer["hint"].startswith("The animation covers 2.0 of the strip's")
    assert longer["seconds"] == pytest.approx(longer["line"], abs=0.05), "all of it is measured"
    assert longer["still"] < 0.2 and longer["weak"] > 0, "a still face says nothing"
    assert said["damaged"]["error"] and said["damaged"]["kept"]
    silent = said["silent"]
    assert "Nothing is said in 'silence" in silent["hint"]
    assert silent["score"] == "nan"
    assert all(each.startswith("Mouth moves in silence") for each in silent["told"])
    assert len([path for path in pictures if path.stem.startswith("bad-")]) == 7
