# SPDX-License-Identifier: GPL-3.0-or-later
"""Other languages, moods, brief clips and noises; checksums; what stays held out."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from model_runtime.phones import BILABIAL, PHONES
from training.corpus import Segment, build, espeak, languages, noises, speech, synthesis, variety
from training.corpus.festival import parse_labels
from training.corpus.splits import split_of
from training.corpus.store import RATE, Draft, add_checksums, check_shard, write_shard
from training.corpus.text import Texts

needs_espeak = pytest.mark.skipif(not espeak.is_installed(), reason="espeak-ng is not installed")
TEXTS = Texts(dict.fromkeys(("train", "dev", "test"), ("A paper boat.", "Come back, Mum.")))


def test_every_phoneme_of_every_table_is_a_phone() -> None:
    tables = [languages.espeak_phones(code) for code in languages.LANGUAGES]
    for table in [*tables, *languages.FESTIVAL_PHONES.values()]:
        assert {phone for phones in table.values() for phone in phones.split()} <= set(PHONES)


@needs_espeak
@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_espeak_says_every_word_of_a_language(language: str) -> None:
    engine = espeak.Espeak()
    said = set()
    listed = languages.words(language)
    for first in range(0, len(listed), 12):
        text = " ".join(listed[first : first + 12]) + f" {first + 7}"
        _, segments = engine.say(text, f"{language}+f3", rate=250)
        said |= {segment.phone for segment in segments}
    assert said >= {"P", "M"}
    assert said & {"F", "V"}


@needs_espeak
def test_a_word_keeps_its_lips_in_another_language() -> None:
    engine = espeak.Espeak()
    _, segments = engine.say("Apfelbaum", "de+m1")
    lips = [s.phone for s in segments if s.phone in BILABIAL | {"F"}]
    assert lips == ["P", "F", "B", "M"]


def test_festival_phones_of_other_languages() -> None:
    found = parse_labels("# 0.1 0\nc 0.3 0\na: 0.4 0\n", "cs")
    assert [s.phone for s in found] == ["SIL", "T", "S", "AA"]
    assert found[1].end == pytest.approx(0.2)
    with pytest.raises(ValueError, match="has no phone"):
        parse_labels("qq 0.1 0\n", "cs")


@pytest.mark.parametrize("source", sorted(build.VARIETY))
def test_no_voice_stands_in_two_splits(source: str) -> None:
    trained = set(variety.voices(source, "train"))
    held = set(variety.voices(source, "test")) | set(variety.voices(source, "dev"))
    assert not trained & held
    if source.startswith("espeak") and trained:
        assert all(split_of(espeak.speaker_of(voice)) == "train" for voice in trained)


def test_unseen_languages_are_only_tested() -> None:
    for language in languages.UNSEEN:
        assert variety.voices(f"espeak-{language}", "train") == []


def _moods(seed: int) -> list[tuple[Draft, np.ndarray]]:
    task = speech.Task("espeak-moods-dev-000", "espeak-moods", "dev", 0, 6.0, seed)
    return list(synthesis.clips(task, TEXTS))


@needs_espeak
def test_equal_tasks_give_equal_clips_and_moods_are_noted() -> None:
    fresh = multiprocessing.get_context("spawn")  # espeak keeps state
    with fresh.Pool(2, maxtasksperchild=1) as pool:
        first, again = pool.map(_moods, [3, 3], chunksize=1)
    assert [draft for draft, _ in first] == [draft for draft, _ in again]
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(first, again, strict=True))
    assert first[0][0].note.split()[-1] in variety.MOODS
    assert first[0][0].segments[-1].end == pytest.approx(len(first[0][1]) / RATE, abs=1e-6)


@needs_espeak
def test_brief_clips_hold_long_pauses() -> None:
    task = speech.Task("espeak-brief-dev-000", "espeak-brief", "dev", 0, 40.0, 0)
    drafts = [draft for draft, _ in synthesis.clips(task, TEXTS)]
    inner = [s.seconds for d in drafts for s in d.segments[1:-1] if s.phone == "SIL"]
    assert max(inner) > 1.0
    assert all(len(draft.transcript.split()) <= 12 for draft in drafts)


@pytest.mark.parametrize("seed", range(8))
def test_noises_are_finite_and_their_generators(seed: int) -> None:
    one = noises.things(24_000, np.random.default_rng(seed))
    two = noises.things(24_000, np.random.default_rng(seed))
    assert np.array_equal(one, two)
    assert one.dtype == np.float32 and len(one) == 24_000
    assert np.isfinite(one).all() and 0.005 < np.abs(one).max() <= 1.0


def test_a_damaged_shard_is_noticed(tmp_path: Path) -> None:
    draft = Draft("a", "espeak", "synthetic", "espeak:f3", "ah", (Segment("AA", 0.0, 0.1),))
    write_shard(tmp_path, "one", "train", [(draft, np.full(1600, 0.1, np.float32))])
    assert check_shard(tmp_path, "one") is True
    path = tmp_path / "shards" / "one.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert check_shard(tmp_path, "one") is False
    (tmp_path / "shards" / "one.sha256").unlink()
    assert check_shard(tmp_path, "one") is None
    add_checksums(tmp_path, "one")
    assert check_shard(tmp_path, "one") is True
