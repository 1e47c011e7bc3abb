# SPDX-License-Identifier: GPL-3.0-or-later
"""Forms of motion files met in other projects' public recordings and writers, written anew here.

Each test says what writes like that. Timecodes and headers are as met; the numbers are ours.
"""

from __future__ import annotations

import codecs
import json

import numpy as np
import pytest

from model_runtime.contract import UNITS
from model_runtime.motion_files import MotionError, live_link, read_motion
from tests.model_runtime.damage import damaged

SPEECH = [unit for unit in UNITS if unit.startswith(("jaw", "mouth"))]


def written(folder, name, data):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def live(codes, columns=live_link.COLUMNS, count=None, extra=()) -> str:
    """A Live Link csv whose jawOpen is the row's number / 100."""
    lines = [",".join(("Timecode", "BlendShapeCount", *columns, *extra))]
    for row, code in enumerate(codes):
        values = [f"{row / 100:.10f}" if name == "JawOpen" else "0.1" for name in columns]
        lines.append(
            ",".join([code, str(count or len(columns)), *values, *("99.9" for _ in extra)])
        )
    return "\n".join(lines) + "\n"


def jaw(file) -> np.ndarray:
    return file.motion.weights[:, file.motion.names.index("jawOpen")]


def test_the_apps_own_timecodes_drift_by_a_thousandth_a_frame(tmp_path) -> None:
    # Live Link Face on a telephone, 60 and 30 frames a second
    drift = [f"00:32:09:{7 + n:02d}.{867 + round(0.55 * n):03d}" for n in range(40)]
    found = read_motion(written(tmp_path, "a.csv", live(drift)))
    assert found.fps == pytest.approx(60, rel=1e-3) and found.frames == 40
    assert np.allclose(jaw(found), np.arange(40) / 100, atol=1e-6)
    slow = [f"12:24:{24 + (20 + 2 * n) // 60}:{(20 + 2 * n) % 60:02d}.958" for n in range(90)]
    found = read_motion(written(tmp_path, "b.csv", live(slow)))
    assert found.fps == 30 and found.frames == 90


def test_thousandths_of_the_second_after_the_frame(tmp_path) -> None:
    # NeuroSync: 68 columns with emotions up to 100; FF is cut, not rounded, so that a number comes
    # twice, and .mmm is of the second, not of a frame
    codes = []
    for n in range(150):
        second, frame = divmod(n, 60)
        codes.append(f"00:00:{second:02d}:{int(frame / 60 * 60):02d}.{int(frame / 60 * 1000):03d}")
    assert "00:00:00:04.066" in codes and "00:00:00:59.983" in codes
    codes[5] = "00:00:00:04.083"
    text = live(codes, count=68, extra=("Angry", "Neutral"))
    found = read_motion(written(tmp_path, "a.csv", text))
    assert found.fps == 60 and found.frames == 150
    assert np.allclose(jaw(found), np.arange(150) / 100, atol=1e-6)


def test_frames_of_their_own_rate_without_a_fraction(tmp_path) -> None:
    codes = [f"00:00:{n // 25:02d}:{n % 25:02d}" for n in range(80)]
    found = read_motion(written(tmp_path, "a.csv", live(codes)))
    assert found.fps == 25 and found.frames == 80


def test_a_timecode_that_tells_nothing_asks_for_the_rate(tmp_path) -> None:
    # converters for renderers that read row by row: a second a row, or the row's number
    seconds = [f"00:{n // 60:02d}:{n % 60:02d}:00.000" for n in range(70)]
    numbers = [str(n) for n in range(70)]
    for codes in (seconds, numbers):
        path = written(tmp_path, "a.csv", live(codes))
        with pytest.raises(MotionError, match="set its rate"):
            read_motion(path)
        assert read_motion(path, fps=25.0).fps == 25 and read_motion(path, 25.0).frames == 70


def test_live_link_without_tongue_or_head(tmp_path) -> None:
    # speech models with 51 curves, and with the mouth alone
    face = live_link.COLUMNS[:51]
    found = read_motion(written(tmp_path, "a.csv", live(["00:00:00:00", "00:00:00:01"], face)))
    assert "tongueOut" not in found.motion.names and found.motion.head is None
    mouth = [unit[0].upper() + unit[1:] for unit in SPEECH]
    found = read_motion(written(tmp_path, "b.csv", live(["00:00:00:00", "00:00:00:01"], mouth)))
    assert set(found.motion.names) == set(SPEECH)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: text.replace(",", "\t").encode("utf-16"),
        lambda text: b"sep=;\r\n" + text.replace(",", ";").replace(".", ",").encode(),
        lambda text: text.replace("\n", ",\r\n").encode(),
        lambda text: b"# take 3\n" + text.encode(),
    ],
    ids=["bom", "excel unicode", "excel german", "commas at the end", "comment"],
)
def test_what_spreadsheets_and_scripts_do_to_a_csv(change, tmp_path) -> None:
    codes = [f"00:00:00:{n:02d}:{0}"[:11] for n in range(0, 20, 2)]
    found = read_motion(written(tmp_path, "a.csv", change(live(codes))))
    assert found.fps == 30 and np.allclose(jaw(found), np.arange(10) / 100, atol=1e-6)


def tracker(times, head="frame,timestamp_ms", lost=(), cell="NaN") -> str:
    """A face tracker's csv: frame, time, MediaPipe's neutral score and the units."""
    lines = [f"{head},_neutral,{','.join(UNITS)}"]
    for row, time in enumerate(times):
        values = [f"{row / 100:.6f}"] * (1 + len(UNITS)) if row not in lost else [cell] * 53
        lines.append(",".join([str(row), *time, *values]))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("cell", ["NaN", "", "None"])
def test_face_trackers_and_frames_without_a_face(cell, tmp_path) -> None:
    times = [(str(round(n * 1000 / 30)), f"{n / 30:.3f}") for n in range(60)]
    text = tracker(times, "frame,timestamp_ms,timestamp_sec", lost=(0, 7, 8), cell=cell)
    found = read_motion(written(tmp_path, "a.csv", text))
    assert found.fps == 30 and found.frames == 60 and "_neutral" not in found.motion.names
    assert np.allclose(jaw(found)[[0, 1, 6, 7, 8, 9]], [0, 0.01, 0.06, 0.06, 0.06, 0.09], atol=1e-6)


@pytest.mark.parametrize("scale", [1.0, 1e3, 1e6, 1e9])
@pytest.mark.parametrize("name", ["timestamp", "time", "t"])
def test_a_time_of_unknown_unit_is_told_by_its_step(name, scale, tmp_path) -> None:
    times = [(f"{1.7e9 + n * scale / 25:.3f}",) for n in range(50)]
    found = read_motion(written(tmp_path, "a.csv", tracker(times, f"frame,{name}")))
    assert found.fps == 25 and found.frames == 50


def test_a_table_of_frames_and_units_alone_asks_for_its_rate(tmp_path) -> None:
    path = written(tmp_path, "a.csv", tracker([()] * 40, "frame"))
    with pytest.raises(MotionError, match="set its rate"):
        read_motion(path)
    assert read_motion(path, 24.0).fps == 24


def test_a_face_that_loses_single_values_is_refused(tmp_path) -> None:
    text = tracker([(f"{n / 30:.4f}",) for n in range(5)], "frame,time")
    broken = text.replace("0.030000,0.030000", "0.030000,nan", 1)
    with pytest.raises(MotionError, match="frame 4 first"):
        read_motion(written(tmp_path, "a.csv", broken))


def test_lams_json_tells_its_rate_in_its_metadata(tmp_path) -> None:
    frames = [{"weights": [n / 100] * 52, "time": n / 30, "rotation": []} for n in range(20)]
    names = [unit[0].upper() + unit[1:] for unit in UNITS]
    document = {"names": names, "metadata": {"fps": 30.0, "frame_count": 20}, "frames": frames}
    for key in ("time", None):
        found = read_motion(written(tmp_path, "a.json", json.dumps(document)))
        assert found.fps == 30 and np.allclose(jaw(found), np.arange(20) / 100, atol=1e-6)
        for frame in frames if key else ():
            del frame[key]


def named(n: int) -> dict[str, float]:
    return {"jawOpen": n / 100, "MouthPucker": 0.2, "mouthSmile_L": 0.3}


FORMS = {
    "server": [{"time": n / 30, "blendshapes": named(n)} for n in range(30)],
    "frames": {"fps": 30, "frames": [{"frame": n, "blendShapes": named(n)} for n in range(30)]},
    "flat": {"frameRate": 30, "frames": [named(n) for n in range(30)]},
    "keyframes": {
        "duration": 1000,
        "keyframes": [{"time": round(n * 1000 / 30), "shapes": named(n)} for n in range(30)],
    },
    "mediapipe": {
        "fps": 30,
        "frames": [
            {
                "timestamp_ms": n * 33,
                "faceBlendshapes": [
                    {"categories": [{"categoryName": k, "score": v} for k, v in named(n).items()]}
                ],
            }
            for n in range(30)
        ],
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_frames_of_units_by_name(form, tmp_path) -> None:
    data = codecs.BOM_UTF8 + json.dumps(FORMS[form]).encode()
    found = read_motion(written(tmp_path, "a.json", data))
    assert found.fps == pytest.approx(30, rel=2e-3) and found.frames == 30
    assert np.allclose(jaw(found), np.arange(30) / 100, atol=1e-3)
    assert set(found.motion.names) == {"jawOpen", "mouthPucker", "mouthSmileLeft"}


def test_frames_without_a_face_hold_the_one_before(tmp_path) -> None:
    frames = [{"t": n / 25, "blendshapes": None if n in (0, 3) else named(n)} for n in range(6)]
    found = read_motion(written(tmp_path, "a.json", json.dumps(frames)))
    assert found.fps == 25 and np.allclose(jaw(found) * 100, [0, 1, 2, 2, 4, 5], atol=1e-4)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([{"time": 0, "other": 1}], "none of its curves"),
        ([{"blendshapes": {"jawOpen": 0.1}}] * 3, "set it"),
        ([{"time": n, "blendshapes": {"jawOpen": 0.1}} for n in range(5)], "counts frames"),
        ([{"time": 0.1, "blendshapes": {"jawOpen": "wide"}}] * 2, "jawOpen is not a number"),
        ({"fps": 30, "frames": [{"jawOpen": 40}, {"jawOpen": 80}]}, "from 0 to 1"),
        ({"fps": 30, "weightMat": [[0.1]], "facsNames": []}, "numbers, not 0"),
    ],
)
def test_what_is_wrong_with_a_json_is_a_sentence(document, said, tmp_path) -> None:
    with pytest.raises(MotionError, match=said):
        read_motion(written(tmp_path, "a.json", json.dumps(document)))


def face_cap(frames, cut=None) -> str:
    """A Face Cap recording: names with _L and _R, the order its own."""
    names = list(reversed(UNITS))
    lines = ["info,made up", f"bs,{','.join(names)}"]
    for n in frames:
        weights = [f"{n / 100:.4f}" if name == "jawOpen" else "0.1" for name in names]
        lines.append(",".join(["k", str(int(1000 * n / 25)), *["0.5"] * 10, *weights[:cut]]))
    return "\n".join(lines) + "\n"


def test_face_cap_and_its_dropped_frames(tmp_path) -> None:
    found = read_motion(written(tmp_path, "a.txt", face_cap([n for n in range(40) if n != 17])))
    assert found.fps == 25 and found.frames == 40 and found.motion.head is None
    assert np.allclose(jaw(found), np.arange(40) / 100, atol=1e-6)
    trailing = face_cap(range(9)).replace("\n", ",\n").replace("_L", "Left")
    assert read_motion(written(tmp_path, "b.txt", trailing)).frames == 9


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello\n", "no Face Cap recording"),
        (face_cap(range(3), cut=-1), "63 cells"),
        (face_cap(range(3)).replace("0.0100", "wide"), "no numbers"),
        (face_cap(range(3)).replace("0.0100", "nan"), "not numbers"),
        (face_cap([3, 2, 1]), "time does not move on"),
    ],
)
def test_a_damaged_face_cap_recording_is_a_sentence(text, said, tmp_path) -> None:
    with pytest.raises(MotionError, match=said):
        read_motion(written(tmp_path, "a.txt", text))


SOUND = {
    "tracker.csv": tracker([(f"{n * 33}",) for n in range(12)], "frame,timestamp_ms", lost=(4,)),
    "cap.txt": face_cap(range(12)),
    **{f"{form}.json": json.dumps(document) for form, document in FORMS.items()},
}


@pytest.mark.parametrize("name", SOUND)
def test_such_files_changed_at_random_end_in_motion_or_a_sentence(name, tmp_path) -> None:
    rng = np.random.default_rng(12)
    path = tmp_path / name
    for _ in range(150):
        path.write_bytes(damaged(SOUND[name].encode(), rng))
        try:
            assert read_motion(path).frames > 0
        except MotionError as error:
            assert name in str(error)


def test_json_of_any_kind_ends_in_a_sentence(tmp_path) -> None:
    values = [None, 1, "x", [], {}, [1], [None], {"jawOpen": None}, {"jawOpen": True}, [[]]]
    shells = [
        lambda v: v,
        lambda v: [v],
        lambda v: {"frames": v},
        lambda v: {"fps": v, "frames": [{"jawOpen": 0.1}]},
        lambda v: {"fps": 30, "frames": [{"blendshapes": v}, {"jawOpen": 0.1}]},
        lambda v: {"fps": 30, "frames": [{"jawOpen": v}]},
        lambda v: {"names": v, "frames": [{"weights": [0.1]}]},
        lambda v: {"names": ["jawOpen"], "frames": v},
        lambda v: {"names": ["jawOpen"], "frames": [{"weights": v, "time": v}]},
        lambda v: {"facsNames": ["jawOpen"], "exportFps": v, "weightMat": [[0.1]]},
        lambda v: [{"time": v, "jawOpen": 0.1}, {"time": 1, "jawOpen": 0.1}],
    ]
    for shell in shells:
        for value in values:
            path = written(tmp_path, "a.json", json.dumps(shell(value)))
            try:
                assert read_motion(path).frames > 0
            except MotionError as error:
                assert "a.json" in str(error)
