# SPDX-License-Identifier: GPL-3.0-or-later
"""Speak the bundled line with flite's free voice slt: examples/line.flac and line.phones.json.

    python tools/make_example_line.py

The sentence is rich in p b m, f v, rounded vowels and pauses, which is where a face shows whether
it says the words.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import soundfile

ROOT = Path(__file__).resolve().parent.parent
TEXT = (
    "Maybe Pam found five brown puppies, in the warm village above. "
    "We move, we wave, and Bob will hum a very happy poem."
)
VOICE = "slt"
STRETCH, PITCH, PITCH_RANGE = 1.0, 180.0, 22.0  # of flite: tempo, Hz, Hz


def main() -> None:
    parser = argparse.ArgumentParser(description="Speak the bundled line.")
    parser.add_argument("--out", type=Path, default=ROOT / "examples")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from training.corpus import flite
    from training.corpus.alignment import tidy

    samples, rate, phones = flite.say(TEXT, VOICE, STRETCH, PITCH, PITCH_RANGE)
    seconds = len(samples) / rate
    segments = [[s.phone, round(s.start, 4), round(s.end, 4)] for s in tidy(phones, seconds)]
    options.out.mkdir(parents=True, exist_ok=True)
    soundfile.write(options.out / "line.flac", samples, rate, subtype="PCM_16")
    document = {"text": TEXT, "voice": f"flite {VOICE}", "segments": segments}
    text = json.dumps(document, indent=1).replace("\n   ", " ").replace("\n  ]", " ]")
    (options.out / "line.phones.json").write_text(text + "\n", encoding="utf-8")
    print(f"{seconds:.2f} s, {len(segments)} phones")


if __name__ == "__main__":
    main()
