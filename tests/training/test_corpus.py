# SPDX-License-Identifier: GPL-3.0-or-later
"""The corpus on disk: shards, resuming, splits, texts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from model_runtime.contract import OutputError, ThunderError
from training.corpus import Segment, espeak, open_corpus, real, splits, synthesis, text
from training.corpus import build as building
from training.corpus.store import Draft, is_whole, write_shard

SPEECH = Path(__file__).resolve().parents[2] / ".." / "shared" / "speech"
needs_speech = pytest.mark.skipif(
    not (SPEECH / "manifest.json.gz").is_file(), reason="no recordings in ../shared/speech"
)
needs_espeak = pytest.mark.skipif(not espeak.is_installed(), reason="espeak-ng is not installed")


def _draft(name: str, speaker: str, seconds: float) -> Draft:
    segments = (Segment("SIL", 0.0, 0.1), Segment("AA", 0.1, seconds, 1))
    return Draft(name, "espeak", "synthetic", speaker, "ah", segments, "note")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sounds = [rng.uniform(-0.9, 0.9, n).astype(np.float32) for n in (1600, 4801)]
    clips = [(_draft(f"c{k}", "espeak:f3", 0.1 + k), s) for k, s in enumerate(sounds)]
    write_shard(tmp_path, "one", "train", clips)
    corpus = open_corpus(tmp_path)
    assert [clip.id for clip in corpus.clips("train", "synthetic")] == ["c0", "c1"]
    assert corpus.clips("test") == ()
    assert corpus.clips(None, "espeak") == corpus.all_clips
    for clip, sound in zip(corpus.all_clips, sounds, strict=True):
        assert np.abs(corpus.samples(clip) - sound).max() < 1.0 / 32000
    assert corpus.all_clips[1].segments[1] == Segment("AA", 0.1, 1.1, 1)


def test_a_shard_without_its_index_does_not_count(tmp_path: Path) -> None:
    write_shard(tmp_path, "one", "train", [(_draft("c", "x", 1.0), np.zeros(16000, np.float32))])
    write_shard(tmp_path, "two", "train", [(_draft("d", "x", 1.0), np.zeros(16000, np.float32))])
    (tmp_path / "shards" / "two.jsonl").unlink()
    assert not is_whole(tmp_path, "two")
    assert [clip.id for clip in open_corpus(tmp_path).all_clips] == ["c"]


def test_no_corpus_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ThunderError, match="Build it with"):
        open_corpus(tmp_path)


def test_the_list_of_splits_is_never_overwritten(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="never written again"):
        splits.write_splits("other", ["a"])
    path = tmp_path / "splits.json"
    splits.write_splits("s", ["a", "b"], path)
    with pytest.raises(OutputError):
        splits.write_splits("s", ["a", "b"], path)


def test_the_committed_list_is_the_hash_of_its_salt_and_has_not_changed() -> None:
    salt, speakers = splits.load_splits()
    assert all(splits.hashed_split(speaker, salt) == split for speaker, split in speakers.items())
    listed = json.dumps(dict(sorted(speakers.items())))
    digest = hashlib.sha256(listed.encode()).hexdigest()
    assert digest.startswith(COMMITTED_SPLITS), "held-out speakers changed: restore splits.json"


COMMITTED_SPLITS = "8deb092b14d5d0f2"


def test_each_synthetic_source_has_an_unheard_voice() -> None:
    held = [s for s, split in splits.load_splits()[1].items() if split == "test"]
    assert sum(s.startswith("espeak:") for s in held) >= 8
    assert sum(s.startswith("flite:") for s in held) >= 1
    assert "festival:ked" in held


def test_one_engine_voice_in_two_engines_is_one_speaker() -> None:
    assert espeak.speaker_of("robosoft7") == espeak.speaker_of("robosoft")
    assert espeak.speaker_of("f3") != espeak.speaker_of("f4")
    assert not set(synthesis.voices("espeak", "train")) & set(synthesis.voices("espeak", "test"))


@needs_speech
def test_every_recorded_speaker_is_listed_once() -> None:
    listed = splits.load_splits()[1]
    by_source = real.speakers_by_source(SPEECH)
    assert set().union(*by_source.values()) <= set(listed)
    assert by_source["train100"] <= by_source["librispeech"]


@needs_speech
def test_demo_clips_and_unaligned_clips_stay_out() -> None:
    recordings = {recording.id: recording for recording in real.usable(SPEECH)}
    assert "LJ001-0005" not in recordings  # kept for demos
    assert "103-1240-0000" not in recordings  # has no transcript
    assert "dctts_LJ001-0012" not in recordings  # carries another reader's alignment
    for recording in list(recordings.values())[:500]:
        ends = [s.end for s in recording.segments]
        starts = [s.start for s in recording.segments]
        assert starts == [0.0, *ends[:-1]]


@needs_speech
def test_no_voice_reads_a_held_out_sentence() -> None:
    barred = real.held_out_sentences(SPEECH)
    held = {text.normalise(sentence) for sentence in barred}
    texts = text.load_texts(SPEECH / "sentences.txt", barred, 0)
    pools = {s: {text.normalise(line) for line in pool} for s, pool in texts.sentences.items()}
    assert not pools["train"] & held
    assert not pools["train"] & pools["test"]
    assert len(pools["train"]) > 8000


@needs_speech
@needs_espeak
def test_a_resumed_build_gives_the_same_bytes(tmp_path: Path) -> None:
    names = ("espeak-test-000", "espeak-test-001")
    jobs = [
        building.Job(name, "espeak", "test", k, k, seconds=12.0) for k, name in enumerate(names)
    ]
    once = building.Plan(tmp_path / "once", SPEECH, seed=3)
    twice = building.Plan(tmp_path / "twice", SPEECH, seed=3)
    building.build(once, jobs, 2, lambda done: None)
    building.build(twice, jobs[1:], 1, lambda done: None)  # as if killed before the first shard
    seen: list[building.Done] = []
    building.build(twice, jobs, 1, seen.append)
    assert [done.finished for done in seen] == [1, 2]
    for name in names:
        for suffix in (".npy", ".jsonl"):
            assert _bytes(once, name + suffix) == _bytes(twice, name + suffix)


def test_texts_are_short_clean_and_full_of_lips() -> None:
    line = text.labial_line(np.random.default_rng(1))
    assert sum(line.count(letter) for letter in "pbmfv") >= 4
    long = "word, " * 80
    assert len(text.clean(long)) <= text.LONGEST
    assert text.clean('He said -- "so (it) is"') == "He said, so it is"
    assert text.normalise("It\u2019s  A-test!") == "its a test"


def _bytes(plan: building.Plan, name: str) -> bytes:
    return (plan.out / "shards" / name).read_bytes()
