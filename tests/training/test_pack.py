# SPDX-License-Identifier: GPL-3.0-or-later
"""The feature pack: in parts, resumable, with checksums; and the small one for other machines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model_runtime.contract import ThunderError
from model_runtime.features import log_mel
from model_runtime.phones import PHONES
from training import pack_cost, pack_parts
from training.corpus import Segment, open_corpus
from training.corpus.store import Draft, write_shard
from training.encoder_scores import Heard
from training.pack import Pack, build_pack, frame_phones
from training.small_pack import SmallConfig, write_small

SAID = ("SIL", "M", "AA", "F", "IY", "SIL", "B", "UW", "SIL")


def _clip(index: int, source: str, kind: str) -> tuple[Draft, np.ndarray]:
    edges = np.linspace(0.0, 1.8, len(SAID) + 1)
    spans = zip(SAID, edges, edges[1:], strict=False)
    segments = tuple(Segment(phone, float(start), float(end)) for phone, start, end in spans)
    draft = Draft(f"{source}{index}", source, kind, f"v{index}", "", segments)
    rng = np.random.default_rng(index)
    return draft, (0.1 * rng.standard_normal(int(1.8 * 16_000))).astype(np.float32)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    train = [_clip(k, "espeak", "synthetic") for k in range(2)] + [_clip(2, "tone", "real")]
    write_shard(folder, "a", "train", train)
    write_shard(folder, "b", "dev", [_clip(k, "tone", "real") for k in range(3, 5)])
    write_shard(folder, "c", "test", [_clip(5, "tone", "real")])
    build_pack(folder, folder / "pack", copies=1, jobs=1)
    return folder / "pack"


def test_a_pack_holds_the_features_of_its_sound(pack: Path) -> None:
    corpus = open_corpus(pack.parent)
    by_id = {clip.id: clip for clip in corpus.all_clips}
    opened = Pack(pack)
    assert {item.clip for item in opened.items} == set(by_id)
    for item in opened.items:
        assert np.array_equal(opened.phones(item), frame_phones(item.segments, item.frames))
        assert np.array_equal(opened.mel(item, 5, 10), opened.mel(item)[10:30])
        if not item.copy:
            mel = log_mel(corpus.samples(by_id[item.clip]))
            assert np.abs(opened.mel(item) - mel).max() <= 0.0501


def test_recordings_can_have_more_copies(pack: Path, tmp_path: Path) -> None:
    items = build_pack(pack.parent, tmp_path, copies=0, jobs=1, real_copies=2).items
    assert [item.copy for item in items if item.clip == "tone2"] == [0, 1, 2]
    assert {item.copy for item in items if item.clip != "tone2"} == {0}


def test_a_stopped_build_goes_on(pack: Path, tmp_path: Path) -> None:
    first = build_pack(pack.parent, tmp_path, copies=1, jobs=1)
    (tmp_path / "pack.json").unlink()
    (tmp_path / "b.sha256").unlink()  # killed while it wrote b
    (tmp_path / "b.mel.npy").write_bytes(b"half")
    with pytest.raises(ThunderError, match="not finished"):
        Pack(tmp_path)
    kept = (tmp_path / "a.mel.npy").stat().st_mtime_ns
    again = build_pack(pack.parent, tmp_path, copies=1, jobs=1)
    assert (tmp_path / "a.mel.npy").stat().st_mtime_ns == kept
    assert again.items == first.items
    assert pack_parts.damaged(tmp_path) == []
    with pytest.raises(ThunderError, match="other settings"):
        build_pack(pack.parent, tmp_path, copies=2, jobs=1)


def test_damaged_parts_are_told(pack: Path, tmp_path: Path) -> None:
    build_pack(pack.parent, tmp_path, copies=0, jobs=1)
    path = tmp_path / "c.mel.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\x07")
    (tmp_path / "a.phones.npy").unlink()
    assert pack_parts.damaged(tmp_path) == ["a.phones.npy", "c.mel.npy"]
    opened = Pack(tmp_path)
    with pytest.raises(ThunderError, match="Make it again"):
        opened.phones(opened.items[0])


def test_a_small_pack_is_read_like_any_other(pack: Path, tmp_path: Path) -> None:
    whole = Pack(pack)
    hours = write_small(whole, tmp_path, SmallConfig(step=0.3))
    small = Pack(tmp_path)
    assert hours * 3600 == pytest.approx(sum(item.frames for item in small.items) / 50)
    assert {item.split for item in small.items} == {"train", "dev"}
    before = {item.clip: item for item in whole.items if item.copy == 0}
    for item in small.items:
        same = before[item.clip]
        assert np.abs(small.mel(item) - whole.mel(same)).max() <= 0.16
        assert np.mean(small.phones(item) == whole.phones(same)) > 0.98
        assert np.array_equal(small.mel(item, 5, 10), small.mel(item)[10:30])


def test_a_damaged_small_pack_is_refused(pack: Path, tmp_path: Path) -> None:
    write_small(Pack(pack), tmp_path, SmallConfig())
    (tmp_path / "mel-000.xz").write_bytes(b"short")
    with pytest.raises(ThunderError, match="Copy it again"):
        Pack(tmp_path)


def test_a_small_pack_stays_within_its_size(pack: Path, tmp_path: Path) -> None:
    assert write_small(Pack(pack), tmp_path, SmallConfig(megabytes=0.001)) == 0.0
    assert not list(tmp_path.glob("*.xz"))


def test_coarse_steps_are_seen_in_how_clips_are_heard(pack: Path) -> None:
    corpus = open_corpus(pack.parent)
    clip = corpus.clips("dev")[0]

    def listen(mel: np.ndarray) -> Heard:
        loud = mel[::2].mean(1) > np.median(mel[::2].mean(1))
        return Heard(np.eye(len(PHONES), dtype=np.float32)[loud.astype(int)], np.zeros((90, 2)))

    fine, coarse = (pack_cost.heard_through(corpus, clip, listen, step) for step in (0.01, 20.0))
    assert pack_cost.heard_through(corpus, clip, listen, None).counts[0] == 90
    assert (fine.counts != coarse.counts).any()
