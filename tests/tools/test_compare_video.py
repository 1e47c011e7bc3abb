# SPDX-License-Identifier: GPL-3.0-or-later
"""The side-by-side video: which events it shows, where the cursor stands, what the file holds."""

from __future__ import annotations

import json
import sys

import av
import numpy as np
import pytest
import soundfile

from model_runtime.contract import CHANNELS, UNITS, RequestError
from tools import compare_picture, compare_video
from training.corpus.alignment import Segment

SEGMENTS = (Segment("SIL", 0.0, 0.2), Segment("P", 0.2, 0.3), Segment("AA", 0.3, 0.6))
RENDERER = """#!{python}
import json, sys
from pathlib import Path
import numpy as np
from matplotlib import image
spec = json.loads(Path(sys.argv[2]).read_text())
for shot in spec["shots"]:
    shade = np.full((spec["size"], spec["size"], 3), shot["weights"]["jawOpen"], np.float32)
    image.imsave(Path(sys.argv[3]) / (shot["name"] + ".png"), shade)
"""


def jaw(opening: float, frames: int = 30) -> np.ndarray:
    motion = np.zeros((frames, len(CHANNELS)), np.float32)
    motion[:, UNITS.index("jawOpen")] = opening
    return motion


def test_an_event_is_shown_where_the_first_system_closes():
    lead, late = np.full(30, 5.0), np.full(30, 5.0)
    lead[11], late[13] = -0.5, 0.1
    rows = compare_video.closures({"lead": lead, "late": late}, SEGMENTS)
    assert [(row["phone"], row["frame"]) for row in rows] == [("P", 11)]
    assert rows[0]["mm"] == {"lead": -0.5, "late": 5.0}
    assert rows[0]["least_mm"] == {"lead": -0.5, "late": 0.1}


def test_a_phone_after_the_motion_is_no_event():
    late = (Segment("P", 9.0, 9.1),)
    assert compare_video.closures({"lead": np.zeros(30)}, late) == []


def test_the_events_that_differ_most_are_shown_in_order_of_time():
    rows = [
        {"frame": frame, "mm": {"truth": 0.0, "a": 1.0, "b": 1.0 + apart}}
        for frame, apart in ((5, 0.1), (9, -3.0), (2, 2.0))
    ]
    assert [row["frame"] for row in compare_video.most_different(rows, 2)] == [2, 9]
    assert compare_video.most_different([], 2) == []


def test_a_label_may_hold_an_equals_sign():
    label, folder = compare_video.named_folder("w = 0=runs/a")
    assert (label, folder.as_posix()) == ("w = 0", "runs/a")
    assert compare_video.named_folder("runs/a")[0] == "a"


def test_the_page_shows_faces_lamp_and_cursor_in_their_places():
    curves = {"one": np.zeros(50, np.float32), "two": np.ones(50, np.float32)}
    page = compare_picture.page(
        curves, np.zeros(16000, np.float32), SEGMENTS, "line", 64, (0.2, 0.8)
    )
    faces = [np.full((64, 64, 3), shade, np.uint8) for shade in (10, 200)]
    image = page.frame(faces, 0.5, "P")
    assert not any(size % 2 for size in image.shape[:2])
    changed = (image != page.base).any(-1)
    first, last = page.columns
    middle = (first + last) // 2
    below = changed[compare_picture.HEAD + 64 + compare_picture.LAMP + compare_picture.GAP :]
    assert set(np.flatnonzero(below.any(0))) <= {middle - 1, middle, middle + 1, middle + 2}
    left = compare_picture.face_left(1, 64)
    face = image[compare_picture.HEAD :, left:][:64, :64]
    assert (face == 200).all()
    lamp = image[compare_picture.HEAD + 64 + 4, left + 5]
    assert tuple(lamp) == compare_picture.LAMPS["bilabial"]


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Blender is a script")
def test_video_sheet_and_figures_of_a_line(tmp_path, monkeypatch):
    renderer = tmp_path / "blender"
    renderer.write_text(RENDERER.format(python=sys.executable))
    renderer.chmod(0o755)
    sound = 0.1 * np.sin(np.arange(9600) / 8).astype(np.float32)
    soundfile.write(tmp_path / "line.wav", sound, 16000)
    (tmp_path / "line.json").write_text(json.dumps([[s.phone, s.start, s.end] for s in SEGMENTS]))
    motions = {"truth": jaw(0.0), "open": jaw(0.5), "wide": jaw(0.9)}
    monkeypatch.setattr(compare_video, "perform", lambda *_: motions)
    command = [str(tmp_path / "out"), "--line", str(tmp_path / "line.wav"), "--weights", "x"]
    command += ["--phones", str(tmp_path / "line.json"), "--blender", str(renderer)]
    compare_video.compare(compare_video.parser().parse_args([*command, "--size", "64"]))
    found = json.loads((tmp_path / "out" / "compare.json").read_text())
    closed = {name: row["pbm_closed"] for name, row in found["systems"].items()}
    assert closed == {"truth": 1.0, "open": 0.0, "wide": 0.0}
    assert (tmp_path / "out" / "sheet.png").stat().st_size > 1000
    with av.open(str(tmp_path / "out" / "compare.mp4")) as box:
        film, track = box.streams.video[0], box.streams.audio[0]
        assert (film.average_rate, film.frames) == (25, 15)
        heard = np.concatenate([f.to_ndarray()[0] for f in box.decode(track)])
    assert len(heard) >= 9600
    assert heard[1000:9000].std() == pytest.approx(sound.std(), rel=0.2)


def test_only_the_span_is_shown():
    assert compare_video.shown_frames(30, None) == range(0, 30, 2)
    assert compare_video.shown_frames(30, (0.2, 0.4)) == range(10, 20, 2)
    assert compare_video.shown_frames(30, (0.2, 9.0)) == range(10, 30, 2)
    with pytest.raises(RequestError, match="it ends at 0"):
        compare_video.shown_frames(30, (0.7, 0.9))
