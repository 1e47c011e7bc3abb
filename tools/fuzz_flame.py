# SPDX-License-Identifier: GPL-3.0-or-later
"""Spoils files that hold a FLAME and checks that each ends in a face or in one clear sentence.

`python -m tools.measure_flame fuzz` runs many; the tests run some.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model_runtime.contract import ThunderError

HEAD = 2500  # bytes at either end that are not numbers
LONGEST_SENTENCE = 400


@dataclass(frozen=True)
class Fuzzed:
    """What came of the spoilt files; a crash is anything but a face or a clear sentence."""

    inputs: int
    refused: int
    crashes: tuple[str, ...]


def fuzz(file: Path, read: Callable[[Path], Any], count: int, seed: int) -> Fuzzed:
    """Read `count` spoilt copies of `file`."""
    spoilt = file.with_name(f"spoilt{file.suffix}")
    refused, crashes = 0, []
    for number, data in enumerate(spoilt_bytes(file.read_bytes(), count, seed)):
        spoilt.write_bytes(data)
        try:
            read(spoilt)
        except ThunderError as error:
            refused += 1
            if not is_a_sentence(str(error)):
                crashes.append(f"{file.name} {number}: {error}")
        except Exception as error:  # noqa: BLE001 - what is looked for
            crashes.append(f"{file.name} {number}: {type(error).__name__}: {error}")
    spoilt.unlink(missing_ok=True)
    return Fuzzed(count, refused, tuple(crashes))


def is_a_sentence(message: str) -> bool:
    """One line of a length that a report can show."""
    return "\n" not in message and 0 < len(message) < LONGEST_SENTENCE


def spoilt_bytes(whole: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Copies with one to five wounds: flipped, cut, repeated or overwritten bytes, most of them
    where the file says what it holds, 1 in 4 anywhere."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield _spoil(bytearray(whole), rng)


def _spoil(data: bytearray, rng: np.random.Generator) -> bytes:
    head = HEAD if rng.random() < 0.75 else len(data)
    for _ in range(rng.integers(1, 6)):
        place = int(rng.integers(0, min(head, len(data))))
        place = len(data) - 1 - place if rng.random() < 0.3 else place
        match rng.integers(0, 5):
            case 0:
                data[place] = rng.integers(0, 256)
            case 1:
                data[place] ^= 1 << int(rng.integers(0, 8))
            case 2 if rng.random() < 0.2:
                del data[place:]
                data += bytes(1200)
            case 3:
                data[place:place] = data[place : place + int(rng.integers(1, 40))]
            case _:
                data[place : place + 4] = rng.integers(0, 256, 4, np.uint8).tobytes()
    return bytes(data)
