# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech with phone timings: `python -m training.corpus` builds it, `open_corpus` reads it."""

from .alignment import Segment, frame_labels, scale_segments
from .store import Clip, Corpus, open_corpus

__all__ = ["Clip", "Corpus", "Segment", "frame_labels", "open_corpus", "scale_segments"]
