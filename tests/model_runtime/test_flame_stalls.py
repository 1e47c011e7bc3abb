# SPDX-License-Identifier: GPL-3.0-or-later
"""A FLAME file is read in a thread beside Blender's own: whatever form it has, that thread never
keeps the interpreter to itself for long."""

from __future__ import annotations

import codecs
import pickle
import threading
import time

import numpy as np
import pytest

from model_runtime import flame_text
from model_runtime.flame import load_flame
from tools import make_test_flame

VERTICES = 5023
SHAPES = 400
LONGEST = 0.06  # seconds of processor time; twice what Blender may be kept, for busy machines
ATTEMPTS = 4  # what else the machine does only ever adds to it


@pytest.fixture(scope="module")
def parts():
    """As many numbers as a FLAME has."""
    rng = np.random.default_rng(0)
    small = make_test_flame.tiny()
    regressor = np.zeros((5, VERTICES))
    regressor[:, :4] = 0.25
    weights = np.zeros((VERTICES, 5))
    weights[:, 1] = 1.0
    bits = rng.normal(0, 0.001, (VERTICES, 3, SHAPES)).astype(np.float32)
    return {
        **small,
        "v_template": rng.normal(0, 0.08, (VERTICES, 3)),
        "shapedirs": bits.astype(np.float64),
        "posedirs": np.zeros((VERTICES, 3, 36)),
        "weights": weights,
        "J_regressor": regressor,
    }


def protocol(number):
    return lambda path, parts: path.write_bytes(pickle.dumps(dict(parts), protocol=number))


WRITERS = {
    **make_test_flame.WRITERS,
    "text.pkl": protocol(0),
    "latin.pkl": protocol(2),
    "framed.pkl": protocol(5),
}


@pytest.fixture(params=WRITERS)
def file(request, parts, tmp_path):
    path = tmp_path / request.param
    WRITERS[request.param](path, parts)
    yield path
    path.unlink()


def longest_hold(work) -> float:
    """Seconds of processor time in which this thread wanted to run and could not."""
    thread = threading.Thread(target=work)
    thread.start()
    longest, last = 0.0, time.process_time()
    while thread.is_alive():
        time.sleep(0.001)
        longest, last = max(longest, time.process_time() - last), time.process_time()
    thread.join()
    return longest


def test_reading_gives_way_to_other_threads(file) -> None:
    holds = []
    while len(holds) < ATTEMPTS and (not holds or min(holds) > LONGEST):
        holds.append(longest_hold(lambda: load_flame(file)))
    assert min(holds) < LONGEST, [f"{1000 * hold:.0f} ms" for hold in holds]


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 64])
def test_pieces_say_what_the_whole_says(piece, monkeypatch) -> None:
    monkeypatch.setattr(flame_text, "PIECE", piece + 40)
    monkeypatch.setattr(flame_text, "LOOK_BACK", 40)
    mixed = np.random.default_rng(piece).choice([92, 110, 120, 39, 200, 255, 0, 65], 2000)
    said = mixed.astype(np.uint8).tobytes()
    quoted = repr(said)[2:-1].encode()
    assert codecs.escape_decode(quoted)[0] == said
    assert bytes(flame_text.unquoted(memoryview(quoted))) == said
    text = said.decode("latin-1")
    utf8 = flame_text.LongText(memoryview(text.encode("utf-8")))
    escaped = text.replace("\\", "\\u005c").encode("raw-unicode-escape")
    assert bytes(utf8.latin()) == said
    assert bytes(flame_text.LongText(memoryview(escaped), escaped=True).latin()) == said
