# SPDX-License-Identifier: GPL-3.0-or-later
"""The evaluation command, from a small corpus to its tables, and what it says of bad input."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from model_runtime.contract import CHANNELS, OutputError, RequestError, Settings, Take
from model_runtime.face import load_face
from model_runtime.hearing import Heard
from model_runtime.lips import lip_probe
from model_runtime.phones import CONTACTS, PHONE_INDEX, PHONES
from model_runtime.takefile import write_take
from training.corpus import espeak
from training.corpus.alignment import Segment, Segments
from training.corpus.splits import split_of
from training.corpus.store import RATE, Clip, Draft, open_corpus, write_shard
from training.evaluate import main
from training.metrics import (
    bench,
    clips,
    evaluation,
    figures,
    languages,
    realigned,
    table,
    thunder,
)
from training.metrics.bench import open_bench, target_motion
from training.metrics.model_systems import Performer, hear_labels
from training.metrics.score import all_curves, mean_faces, score, shuffled, worst_by_kind
from training.metrics.take import measure_take

WORDS = "SIL M AE P AA F AY V SIL B IH K AO Z SIL".split()
KINDS = {"books": "real", "robot": "synthetic"}


def line(words: list[str]) -> Segments:
    """Phones of 120 ms, silences of 500 ms."""
    segments, clock = [], 0.0
    for phone in words:
        seconds = 0.5 if phone == "SIL" else 0.12
        segments.append(Segment(phone, clock, clock + seconds))
        clock += seconds
    return tuple(segments)


def sound(segments: Segments, seed: int) -> np.ndarray:
    """Noise where somebody speaks."""
    rng = np.random.default_rng(seed)
    quiet = rng.normal(0, 1e-4, round(segments[-1].end * RATE))
    for segment in segments:
        if segment.phone != "SIL":
            span = slice(round(segment.start * RATE), round(segment.end * RATE))
            quiet[span] *= 1000
    return quiet.astype(np.float32)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for source, kind in KINDS.items():
        drafts = []
        for index in range(3):
            segments = line(WORDS[index:] + WORDS[:index])
            name = f"{source}-{index}"
            draft = Draft(name, source, kind, f"{source}:{index % 2}", f"line {name}", segments)
            drafts.append((draft, sound(segments, index)))
        write_shard(folder, f"{source}-test-000", "test", drafts)
    return folder


@pytest.fixture(scope="module")
def small_bench(corpus: Path) -> bench.Bench:
    return open_bench(corpus, "test", 3)


@dataclass
class Mimic:
    """An engine that knows the targets and articulates them by the settings."""

    bench: bench.Bench
    sampling: object = None
    told: list[str] = field(default_factory=list)

    def generate(self, samples: np.ndarray, settings: Settings, transcript: str = "") -> Take:
        self.told += [transcript] if transcript else []
        clip = min(  # the nearest, since noise may have been added
            self.bench.clips, key=lambda c: float(np.abs(self.bench.samples(c) - samples).sum())
        )
        emotion, strength = settings.emotion, float(settings.intensity)
        motion = target_motion(clip.segments, samples, emotion, strength, settings.seed)
        return Take(motion)


def test_the_articulation_model_is_a_ceiling_and_the_mean_face_no_match(
    small_bench: bench.Bench,
) -> None:
    chosen, targets = small_bench.clips, small_bench.target_curves
    ceiling = score(chosen, targets, targets)["books"]["figures"]
    assert ceiling["pbm_closed"] == ceiling["closure_precision"] == ceiling["rest"] == 1.0
    assert ceiling["fv_contact"] >= 0.9
    assert ceiling["vowel_shut"] == ceiling["lag_ms"] == 0.0
    still = score(chosen, mean_faces(small_bench.probe, small_bench.targets), targets)
    assert still["books"]["figures"]["pbm_closed"] == 0.0
    assert still["books"]["figures"]["lag_ms"] is None
    other = score(chosen, shuffled(chosen, targets, small_bench.partners), targets)
    assert other["books"]["figures"]["pbm_closed"] < 0.8


def test_a_late_motion_shows_its_lag(small_bench: bench.Bench) -> None:
    late = {
        name: np.concatenate([np.repeat(motion[:1], 4, axis=0), motion])[: len(motion)]
        for name, motion in small_bench.targets.items()
    }
    curves = all_curves(small_bench.probe, late)
    rows = score(small_bench.clips, curves, small_bench.target_curves)
    assert rows["books"]["figures"]["lag_ms"] == pytest.approx(80, abs=8)
    assert rows["books"]["figures"]["pbm_closed"] < 1.0 or rows["books"]["figures"]["rest"] < 1.0


def test_the_model_is_generated_for_every_clip_and_timed(small_bench: bench.Bench) -> None:
    performer = Performer(Mimic(small_bench), small_bench)
    motions = performer.raw()
    assert set(motions) == {clip.id for clip in small_bench.clips}
    assert performer.watch.sound == pytest.approx(sum(c.seconds for c in small_bench.clips))
    assert performer.watch.wall > 0
    assert performer.projected(motions) == {}


def test_a_told_model_hears_what_the_alignment_says(small_bench: bench.Bench) -> None:
    clip = small_bench.clips[0]
    frames = len(small_bench.targets[clip.id])
    nothing = Heard(
        np.zeros((frames, len(PHONES)), np.float32),
        np.zeros((frames, len(CONTACTS)), np.float32),
        np.ones(frames, np.float32),
    )
    told = hear_labels(clip, nothing)
    first = next(s for s in clip.segments if s.phone == "M")
    frame = int((first.start + 0.06) * 50)
    assert told.contacts[frame].tolist() == [1, 0, 0, 0]
    assert told.phones[frame, PHONE_INDEX["M"]] == 1.0
    assert told.loudness is nothing.loudness


def test_the_command_writes_figures_tables_and_pictures(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, card = tmp_path / "docs" / "results" / "spine.json", tmp_path / "CARD.md"
    keys = tmp_path / "keys.json"
    keys.write_text('{"keys_ms": 41.5}')
    card.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    options = "--clips-per-source 2 --no-model --emotions happy --expression-clips 1 --plot-clips 1"
    places = ["--corpus", corpus, "--out", out, "--card", card, "--keys-json", keys]
    told = [str(part) for part in (*options.split(), *places, "--plots", tmp_path / "plots")]
    assert main(told) == 0
    document = json.loads(out.read_text())
    for system in ("ceiling", "mean_face", "shuffled"):
        assert set(document[system]) == {"real", "synthetic"}
        assert list(document[system]["real"]) == list(figures.FIGURES)
    assert document["real"] == dict.fromkeys(figures.FIGURES)  # no model was asked for
    assert document["ceiling"]["real"]["pbm_closed"] == 1.0
    assert document["keys_ms"] == 41.5
    assert document["seconds_per_audio_second"] is None
    text = card.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "closure precision" in text and "closure precision" in capsys.readouterr().out
    assert len(list((tmp_path / "plots").glob("*.png"))) == 1


def test_the_command_evaluates_a_model(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_bench: bench.Bench
) -> None:
    from model_runtime.engine import SamplingConfig

    mimic = Mimic(small_bench, SamplingConfig())
    monkeypatch.setattr(evaluation.Engine, "load", lambda weights: mimic)
    out = tmp_path / "spine.json"
    command = f"--corpus {corpus} --clips-per-source 3 --emotions angry --expression-clips 2"
    command += f" --out {out} --thunder {tmp_path / 'thunder.json'} --transcript"
    assert main([*command.split(), "--sampling", '{"guidance": 2.5}']) == 0
    assert sorted(mimic.told) == sorted(clip.transcript for clip in small_bench.clips)
    parts = json.loads((tmp_path / "thunder.json").read_text())
    assert parts["real_with_transcript"]["pbm_closed"] == 1.0
    assert parts["synthetic"]["sources"]["robot"]["clips"] == 3
    document = json.loads(out.read_text())
    assert document["real"]["pbm_closed"] == document["synthetic"]["pbm_closed"] == 1.0
    assert document["seconds_per_audio_second"] > 0
    assert document["detail"]["sampling"]["guidance"] == 2.5
    [seeds] = document["detail"]["liveliness"]["model"]["seeds"]
    assert seeds["same_seed_identical"] is True
    assert seeds["upper_face_mm"] > seeds["lips_mm"] >= 0
    [intensity] = document["detail"]["liveliness"]["model"]["intensity"]
    assert [row["intensity"] for row in intensity["rows"]] == [0.0, 0.5, 1.0, 1.5]
    assert intensity["rises"] is True
    assert intensity["contact_drift"]["pbm_closed"] <= 0.05


def of_system(document: dict, system: str, name: str, kind: str = "real") -> float:
    return document["metrics"][kind][system][name]["mean"]


def test_the_truth_is_perfect_and_each_baseline_worse(corpus: Path, tmp_path: Path) -> None:
    out, tables, plots = tmp_path / "thunder.json", tmp_path / "tables.md", tmp_path / "plots"
    out.write_text('{"ablation": {"lve_change": -0.1}}')
    command = f"--corpus {corpus} --clips-per-source 3 --no-model --seeds 0 --metrics"
    command += f" --metric-seeds 2 --metric-clips 2 --thunder {out} --tables {tables}"
    assert main(f"{command} --plots {plots} --plot-clips 0".split()) == 0
    first = out.read_bytes()
    document = json.loads(first)
    assert document["ablation"] == {"lve_change": -0.1}  # what was not measured is kept
    assert "real" not in document  # no model, so no figures of one
    for name in ("lve_mm", "lve_rms_mm", "mod_mm", "lip_dtw_mm", "fdd_abs_mm2", "mtm_ms"):
        assert of_system(document, "truth", name) == pytest.approx(0.0, abs=1e-4), name
        worse = [of_system(document, f"late_{frames}", name) for frames in (1, 2, 4)]
        if name not in ("fdd_abs_mm2", "lip_dtw_mm"):  # blind to time
            assert 0 < worse[0] < worse[1] < worse[2], name
            assert of_system(document, "early_1", name) > 0, name
    assert of_system(document, "mean_face", "fdd_mm2") > 0.01
    assert of_system(document, "mean_face", "lip_dtw_mm") > 1.0
    assert of_system(document, "shuffled", "lip_dtw_mm") > 0.1
    assert document["metrics"]["real"]["mean_face"]["lip_pcc"] is None
    assert of_system(document, "mean_face", "lip_ccc") == pytest.approx(0.0, abs=1e-6)
    assert of_system(document, "shuffled", "lip_ccc") < of_system(document, "late_1", "lip_ccc")
    assert of_system(document, "truth", "lip_ccc") == pytest.approx(1.0)
    assert of_system(document, "shuffled", "lve_mm") > of_system(document, "late_1", "lve_mm")
    seeds = document["metrics"]["seeds"]["systems"]
    assert seeds["truth"]["s_div_upper_mm"]["mean"] > 0
    assert seeds["shuffled"]["lve_best_mm"]["mean"] > seeds["truth"]["lve_best_mm"]["mean"]
    assert "LVE of squares, mm" in tables.read_text()
    late = [seeds[f"late_{frames}"]["lve_best_mm"]["mean"] for frames in (1, 2, 4)]
    assert seeds["truth"]["lve_best_mm"]["mean"] < late[0] < late[1] < late[2]
    assert seeds["mean_face"]["s_div_lips_mm"]["mean"] == 0.0
    assert seeds["mean_face"]["lve_best_mm"]["mean"] > late[0]
    assert all(f"{side}_{k}" in seeds for side in ("late", "early") for k in (1, 2, 3, 4))
    lags = [of_system(document, name, "lag_ms") for name in ("truth", "late_2", "early_4")]
    assert lags == pytest.approx([0.0, 40.0, 80.0], abs=8)
    row = document["metrics"]["real"]["late_1"]
    assert all(row[name]["low"] is not None for name in ("lag_ms", "penetration_mm", "pbm_closed"))
    drawn = {path.name for path in plots.glob("*.png")}
    assert drawn == {"systems.png", "shifts.png", "seeds.png"}
    assert main(command.split()) == 0
    assert out.read_bytes() == first


def test_steps_intensity_noise_and_languages_are_measured(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_bench: bench.Bench
) -> None:
    from model_runtime.engine import SamplingConfig

    mimic = Mimic(small_bench, SamplingConfig(steps=20))
    monkeypatch.setattr(evaluation.Engine, "load", lambda weights: mimic)

    def write_clips(folder: Path, corpus: Path, count: int) -> dict[str, str]:
        drafts = [
            (
                Draft(c.id, "german", c.kind, c.speaker, c.transcript, c.segments),
                small_bench.samples(c),
            )
            for c in small_bench.clips[:count]
        ]
        write_shard(folder, "german-test-000", "test", drafts)
        return {"german": "pretended"}

    monkeypatch.setattr(thunder, "write_language_clips", write_clips)
    out, plots = tmp_path / "thunder.json", tmp_path / "plots"
    command = f"--corpus {corpus} --clips-per-source 2 --seeds 0 --thunder {out} --plots {plots}"
    command += " --steps-table --steps-clips 3 --intensity 1.5 --noise-db 20 --languages"
    assert main(f"{command} --language-clips 2 --plot-clips 0".split()) == 0
    document = json.loads(out.read_text())
    assert document["real"]["pbm_closed"] == 1.0
    assert set(document["real"]["sources"]) == {"books"}
    assert [row["steps"] for row in document["steps"]] == [2, 4, 8, 16, 32, 50]
    assert document["steps"][0]["figures"]["lip_pcc"]["mean"] > 0.9
    assert document["steps"][0]["figures"]["s_div_upper_mm"]["mean"] > 0
    assert document["steps"][0]["seconds_per_second"] > 0
    assert mimic.sampling.steps == 20  # put back
    assert document["intensity_1_5"]["pbm_closed"] == 1.0
    assert document["intensity_1_5"]["falls"]["real"]["pbm_closed"] == 0.0
    assert document["noise"][0]["real"]["pbm_closed"] == 1.0
    german = document["languages"]["german"]
    assert german["note"] == "pretended"
    assert german["model"]["figures"]["pbm_closed"] == 1.0
    assert german["shuffled"]["figures"] != german["model"]["figures"]
    assert {path.name for path in plots.glob("*.png")} == {"steps.png", "noise.png"}


def test_what_falls_is_counted_against_the_better_direction() -> None:
    before = dict.fromkeys(figures.FIGURES, 0.5)
    found = thunder.falls(before, before | {"rest": 0.4, "vowel_shut": 0.7, "fv_contact": 0.9})
    assert found["rest"] == pytest.approx(0.1) and found["vowel_shut"] == pytest.approx(0.2)
    assert found["fv_contact"] == pytest.approx(-0.4) and found["pbm_closed"] == 0.0


@pytest.mark.skipif(not espeak.is_installed(), reason="espeak-ng is not installed")
def test_language_clips_say_sentences_with_closures_by_unheard_voices(
    corpus: Path, tmp_path: Path
) -> None:
    notes = languages.write_language_clips(tmp_path, corpus, 2)
    assert set(notes) == {"german", "french", "spanish", "italian"}  # no Russian in this corpus
    found = open_corpus(tmp_path)
    for name in notes:
        mine = [clip for clip in found.all_clips if clip.source == name]
        assert len(mine) == 2 and {clip.split for clip in mine} == {"test"}
        assert {"P", "B", "M"} & {s.phone for clip in mine for s in clip.segments}
        assert all(split_of(clip.speaker) == "test" for clip in mine)
        assert np.abs(found.samples(mine[0])).max() == pytest.approx(0.6, abs=0.01)
    again = tmp_path / "again"
    languages.write_language_clips(again, corpus, 2)
    same = "shards/german-test-000.npy"
    assert (tmp_path / same).read_bytes() == (again / same).read_bytes()


def test_russian_sentences_are_held_out_by_their_text(tmp_path: Path) -> None:
    drafts = []
    for index in range(40):
        segments = line(WORDS)
        draft = Draft(
            f"ru-{index:02d}", "russian", "real", "russian:nsh", f"text {index}", segments
        )
        drafts.append((draft, sound(segments, 0)))
    write_shard(tmp_path, "russian-000", "train", drafts)
    chosen = [draft.transcript for draft, _ in languages.russian_clips(tmp_path, 99)]
    assert 1 <= len(chosen) <= 15
    assert chosen == [d.transcript for d, _ in drafts if languages.held_out(d.transcript)]
    assert len(list(languages.russian_clips(tmp_path, 1))) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "--corpus"),
        ("--corpus {corpus} --no-model --intensity 3", "--intensity"),
        ("--corpus {corpus} --no-model --judge nowhere.safetensors", "nowhere.safetensors"),
        ("--corpus nowhere --no-model", "no speech corpus in nowhere"),
        ("--corpus {corpus} --no-model --split dev", "no clips in its 'dev' split"),
        ("--corpus {corpus} --weights nowhere", "nowhere"),
        ("--corpus {corpus} --no-model --card nowhere.md", "nowhere.md does not exist"),
        ("--corpus {corpus} --no-model --keys-json nowhere.json", "keys_ms"),
        ("--take nowhere.npz", "--alignment"),
    ],
)
def test_bad_input_is_one_sentence(
    arguments: str, said: str, corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments.format(corpus=corpus).split()) == 1
    error = capsys.readouterr().err.strip()
    assert error.startswith("error: ") and said in error
    assert "Traceback" not in error and "\n" not in error


def test_a_take_is_measured_at_its_own_rate(small_bench: bench.Bench, tmp_path: Path) -> None:
    clip = small_bench.clips[0]
    take = Take(small_bench.targets[clip.id])
    path = tmp_path / "take.npz"
    write_take(take, path, fps=24)
    from model_runtime.takefile import read_take

    for one in (take, read_take(path)):
        report = measure_take(one, clip.segments, small_bench.probe)
        assert report["pbm_closed"] == 1.0
        bilabials = [s for s in clip.segments if s.phone in "PBM"]
        assert [b["closed"] for b in report["bilabials"]] == [True] * len(bilabials)
    silent = replace(take, weights=np.zeros_like(take.weights) + 0.2)
    assert measure_take(silent, clip.segments, small_bench.probe)["pbm_closed"] == 0.0


def test_a_take_is_measured_by_the_command(
    small_bench: bench.Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = small_bench.clips[0]
    write_take(Take(small_bench.targets[clip.id]), tmp_path / "take.npz")
    phones = [[s.phone, s.start, s.end] for s in clip.segments]
    alignment = tmp_path / "line.json"
    alignment.write_text(json.dumps(phones))
    asked = ["--take", str(tmp_path / "take.npz"), "--alignment", str(alignment)]
    assert main(asked) == 0
    assert json.loads(capsys.readouterr().out)["pbm_closed"] == 1.0
    alignment.write_text('[["QQ", 0, 1]]')
    assert main(asked) == 1
    assert "QQ" in capsys.readouterr().err


def test_a_take_without_all_channels_counts_the_absent_ones_as_0() -> None:
    take = Take(np.full((50, 1), 0.5, np.float32), channels=("jawOpen",))
    report = measure_take(take, (Segment("B", 0.2, 0.4),), lip_probe(load_face()))
    assert report["pbm_closed"] == 0.0


def clip_of(name: str, source: str = "books", speaker: str = "a", seconds: float = 3.0) -> Clip:
    segments = (Segment("AA", 0.0, seconds),)
    length = round(seconds * RATE)
    return Clip(name, source, KINDS[source], speaker, "test", name, segments, "s", 0, length)


def test_the_choice_of_clips_is_stable_and_spread_over_speakers() -> None:
    found = [clip_of(f"{speaker}{i}", speaker=speaker) for speaker in "abc" for i in range(4)]
    chosen = clips.choose(found, 4)
    assert chosen == clips.choose(list(reversed(found)), 4)
    assert {clip.speaker for clip in chosen[:3]} == set("abc")
    assert len(clips.choose([*found, clip_of("r", "robot")], 2)) == 3
    assert clips.choose([clip_of("long", seconds=60.0), clip_of("short", seconds=0.2)], 5) == []


def test_silence_is_measured_but_stands_for_nobody() -> None:
    silent = replace(clip_of("noise"), kind="silence", segments=(Segment("SIL", 0.0, 3.0),))
    assert clips.choose([silent], 5) == [silent]
    assert clips.few([silent, clip_of("x")], 5) == [clip_of("x")]
    rows = {"noise": {"kind": "silence", "figures": {"rest": 0.1}}}
    assert worst_by_kind(rows)["real"]["rest"] is None


def test_a_partner_says_other_words_with_another_voice() -> None:
    one, same, other = clip_of("x"), clip_of("y"), clip_of("z", speaker="b", seconds=9.0)
    assert clips.partners([one, same, other])["x"] == other
    assert clips.partners([one])["x"] == one


def test_few_takes_from_every_source_in_turn() -> None:
    found = [clip_of(str(i)) for i in range(3)] + [clip_of(f"r{i}", "robot") for i in range(3)]
    assert [clip.source for clip in clips.few(found, 4)] == ["books", "robot"] * 2


def test_the_aligner_is_measured_through_the_articulation_model(
    small_bench: bench.Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    segments = {clip.transcript: clip.segments for clip in small_bench.clips}

    def again(samples: np.ndarray, transcript: str, speed: float) -> Segments | None:
        assert speed == 1.05
        if transcript == "line books-1":
            return None  # could not be aligned
        return tuple(replace(s, start=s.start + 0.2, end=s.end + 0.2) for s in segments[transcript])

    monkeypatch.setattr(realigned, "align_again", again)
    motions = realigned.realigned(small_bench, 9)
    assert set(motions) == {"books-0", "books-2"}
    curves = all_curves(small_bench.probe, motions)
    rows = score(small_bench.clips, curves, small_bench.target_curves)
    assert set(rows) == {"books"}
    assert rows["books"]["clips"] == 2
    assert rows["books"]["figures"]["pbm_closed"] < 1.0
    assert rows["books"]["figures"]["lag_ms"] == pytest.approx(200, abs=20)
    assert realigned.repeated(small_bench.clips, curves) == []
    right = {"books-0": small_bench.target_curves["books-0"], "books-2": curves["books-2"]}
    assert [c.id for c in realigned.repeated(small_bench.clips, right)] == ["books-0"]


def test_figures_go_only_between_markers() -> None:
    assert table.between_markers(f"a{table.BEGIN}b{table.END}c", "X") == (
        f"a{table.BEGIN}\nX\n{table.END}c"
    )
    with pytest.raises(OutputError, match="figures:begin"):
        table.between_markers("nothing here", "X")


def test_a_figure_that_is_missing_is_a_dash_not_a_zero() -> None:
    text = table.systems_table({"mean face": dict.fromkeys(figures.FIGURES)})
    assert text.count("–") == len(figures.FIGURES)  # noqa: RUF001
    assert "0.00" not in text


def test_an_unknown_sampler_setting_is_refused() -> None:
    from model_runtime.engine import SamplingConfig
    from training.metrics.model_systems import with_sampling

    class Bare:
        sampling = SamplingConfig()

    changed = with_sampling(Bare(), '{"point": {"bilabial": 0.15}}').sampling
    assert changed.point.bilabial == 0.15
    assert changed.steps == SamplingConfig().steps
    for wrong in ('{"guidence": 2}', "{", "[1]"):
        with pytest.raises(RequestError, match="--sampling"):
            with_sampling(Bare(), wrong)


def test_channels_of_the_bench_are_the_contract_s(small_bench: bench.Bench) -> None:
    for clip in small_bench.clips:
        motion = small_bench.targets[clip.id]
        assert motion.shape == (round(clip.seconds * 50 + 0.499), len(CHANNELS))
