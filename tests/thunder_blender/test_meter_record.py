# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of a measurement, what counts as weak, what the strip looks like. No Blender."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.as_extension import room

contract = room("model_runtime.contract")
# these modules know no bpy; their package's other modules do
record = room("thunder_blender.meter_record")
picture = room("thunder_blender.meter_picture")


def a_meter(values, advice=(), spoken=None, **changes):
    values = np.asarray(values, np.float32)
    spoken = np.ones(len(values), np.float32) if spoken is None else np.asarray(spoken, np.float32)
    fields = {"score": 0.8, "frames": values, "spoken": spoken, "fps": 50.0, "lag_ms": -20.0}
    return contract.Meter(**(fields | {"advice": tuple(advice)} | changes))


def advice(start, end, score=0.2, kind="open"):
    return contract.Advice(kind, start, end, score, "Lips stay open on p", "p")


def test_a_record_comes_back_from_its_text():
    meter = a_meter([0.0, 0.5, 1.0], [advice(0, 0.02)], [1, 1, 0], words=(("hi", 0.0, 0.04),))
    kept = record.Record(meter, 1.5, 0.06, "abc")
    back = record.read(kept.text())
    assert (back.start, back.duration, back.digest) == (1.5, 0.06, "abc")
    np.testing.assert_allclose(back.meter.frames, meter.frames, atol=0.5 / 255)
    np.testing.assert_array_equal(back.meter.spoken, meter.spoken)
    assert back.meter.advice == meter.advice and back.meter.words == meter.words


def test_silence_has_no_score_and_comes_back_so():
    meter = a_meter([0.1], spoken=[0], score=math.nan, lag_ms=math.nan)
    back = record.read(record.Record(meter, 0, 1, "").text()).meter
    assert math.isnan(back.score) and math.isnan(back.lag_ms)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"score": "x"}', "not json"])
def test_a_damaged_record_counts_as_none(text):
    assert record.read(text) is None


def test_weak_spans_are_the_advice_and_what_it_leaves_out_worst_first():
    values = np.full(200, 0.9)
    values[20:30], values[100:110], values[150] = 0.3, 0.1, 0.0
    found = record.weak_spans(a_meter(values, [advice(0.4, 0.6, 0.3)]))
    assert [(s.start, s.end) for s in found] == [(2.0, 2.2), (0.4, 0.6)], "one frame is no span"
    assert found[0].sentence == record.WEAK_WORDS


def test_sentences_name_the_scenes_frames():
    meter = a_meter(np.full(50, 0.9), [advice(0.2, 0.3)], lag_ms=80.0)
    span = record.Span(0.2, 0.3, 0.1, "Lips stay open on p at frame {frame}", "open")
    assert record.told(span, 40.6, meter, 24) == "Lips stay open on p at frame 41"
    lag = record.Span(0.0, 1.0, 0.1, "Motion is {frames} frames late", "lag")
    assert record.told(lag, 1, meter, 25) == "Motion is 2 frames late"
    assert record.places([span, lag]) == [span], "a lag is nowhere in particular"


def test_where_the_line_is_gone_sentences_name_seconds():
    meter = a_meter(np.full(200, 0.9), lag_ms=80.0)
    sentences = {"Lips stay open on m at frame {frame}": "Lips stay open on m at 3.2 s"}
    sentences["Mouth moves in silence from frame {frame}"] = "Mouth moves in silence from 3.2 s"
    sentences["Motion is {frames} frames late"] = "Motion is 80 ms late"
    for words, expected in sentences.items():
        assert record.told_in_seconds(record.Span(3.24, 3.3, 0.1, words), meter) == expected


def test_silence_is_never_weak():
    assert record.weak_spans(a_meter(np.zeros(100), spoken=np.zeros(100))) == []


def test_a_span_measured_anew_changes_nothing_else():
    old = a_meter(np.full(100, 0.9), [advice(0.2, 0.3), advice(1.5, 1.6)])
    values = np.full(100, np.nan)
    values[70:90] = 0.5
    new = a_meter(values, [advice(1.5, 1.7, 0.5)])
    merged = record.merged(old, new, (1.4, 1.8))
    np.testing.assert_allclose(merged.frames[:70], 0.9)
    np.testing.assert_allclose(merged.frames[70:90], 0.5)
    assert [item.start for item in merged.advice] == [0.2, 1.5]
    assert merged.advice[1].score == 0.5, "the old advice there is gone"
    assert merged.score == pytest.approx(0.8 - 0.08)


def columns(shape):
    """(left, right, top) of the bright columns: quads from the bottom up, after the track."""
    quads = shape.positions.reshape(-1, 4, 2)
    return [(q[0, 0], q[2, 0], q[2, 1]) for q in quads[1:] if q[0, 1] == 0.0 and q[2, 1] < 0.99]


def test_the_picture_has_height_and_lightness_by_value():
    shape = picture.picture(a_meter([1.0] * 50 + [0.0] * 50), [])
    (_, _, good), (_, _, weak) = columns(shape)
    assert good > 0.8 > 0.2 > weak
    light = picture.colour(np.array([0.0, 0.5, 1.0]))[:, :3] @ (0.2126, 0.7152, 0.0722)
    assert light[0] > light[1] > light[2], "told apart without any colour"


def test_the_picture_ends_where_the_sound_does():
    shape = picture.picture(a_meter(np.linspace(0, 1, 100)), [], (), (0.5, 1.2), 0.01)
    x = shape.positions[:, 0]
    assert x.min() == pytest.approx(0.5) and x.max() == pytest.approx(1.2)


def test_one_weak_frame_is_seen_however_far_out_one_zooms():
    values = np.full(10_000, 1.0)
    values[5000] = 0.0
    shape = picture.picture(a_meter(values), [], (), None, 200.0 / 800)
    assert min(top for _, _, top in columns(shape)) < 0.2
    assert len(shape.positions) < 400, "equal neighbours are one quad"


def test_stale_columns_are_striped():
    fresh = picture.picture(a_meter([0.9] * 60), [])
    stale = picture.picture(a_meter([0.9] * 60), [], ((0.4, 0.8),))
    assert len(columns(fresh)) == 1 and len(columns(stale)) > 5


def test_columns_are_never_narrower_than_a_pixel():
    """A pixel shows what is at its middle: of two columns within it, one could go unseen."""
    values = np.random.default_rng(5).random(10_000)
    for pixels in (300, 700, 999, 1100):
        seconds = 200.0 / pixels
        shape = picture.picture(a_meter(values), [], (), None, seconds)
        assert min(b - a for a, b, _ in columns(shape)[:-1]) >= 0.999 * seconds


def test_a_part_of_a_picture_is_what_the_whole_shows_there():
    values = np.random.default_rng(5).random(1000)
    whole = columns(picture.picture(a_meter(values), [], (), None, 0.01))
    part = columns(picture.picture(a_meter(values), [], (), None, 0.01, (4.0, 5.0)))
    assert part[0][0] == pytest.approx(4.0) and part[-1][1] == pytest.approx(5.0)
    there = [one for one in whole if one[0] > 4.02 and one[1] < 4.98]
    assert len(there) > 30 and all(any(np.allclose(a, b) for b in part) for a in there)


def test_a_part_of_a_picture_has_no_edges_of_its_own():
    meter = a_meter(np.full(1000, 0.9))
    edges = [
        picture.picture(meter, [], (), (0.0, 20.0), 0.01, part).positions[-8:, 0]
        for part in ((-1.0, 30.0), (4.0, 5.0))
    ]
    assert np.allclose(edges[0], edges[1]), "they stand where the strip begins and ends"
