# SPDX-License-Identifier: GPL-3.0-or-later
"""The transcript's buttons in the Line panel, clicked in real Blenders with windows."""

from __future__ import annotations

import pytest

from tests.test_real_blender import LINE, MINUTES, blender, extension_zip, shows_something

__all__ = ["blender", "extension_zip"]  # fixtures


@pytest.mark.timeout(12 * MINUTES)
def test_heard_words_are_shown_taken_over_and_transcribed(blender):
    told = blender.gui("transcript.py", timeout=11 * MINUTES, limit=10 * MINUTES, line=str(LINE))
    pictures = blender.keep_pictures("transcript")
    assert not told.failure(), told.failure()
    assert told.results["warnings"] == []
    assert told.results["kept"].endswith(" Bob"), "what was typed stays until Replace is said"
    assert {path.stem for path in pictures} == {"heard", "transcribed", "asked", "heard-2x"}
    assert all(shows_something(picture) for picture in pictures)
