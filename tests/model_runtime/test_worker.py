# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker as it is: a process with torch and a debug-size network, and its parts in process."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch

from model_runtime import devices, wire, worker_sound, worker_tasks
from model_runtime.audio import read_audio
from model_runtime.contract import (
    AudioError,
    BestRequest,
    CancelledError,
    EngineError,
    GenerateRequest,
    Progress,
    RequestError,
    Settings,
    Take,
    WeightsError,
)
from model_runtime.denoiser import Denoiser, DenoiserConfig
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.engine import Engine
from model_runtime.weights import save_model, write_checksums
from model_runtime.worker import Worker
from model_runtime.worker_tasks import Tasks, with_seconds_left

ROOT = Path(__file__).parents[2]
LINE = ROOT / "examples" / "line.flac"
SMALL = DenoiserConfig(width=16, layers=1, heads=2, window=64, overlap=8)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    config = EncoderConfig(width=16, layers=1, heads=2)
    save_model(SpeechEncoder(config), config, folder / "encoder.safetensors")
    save_model(Denoiser(SMALL), SMALL, folder / "denoiser.safetensors", sampling={"steps": 60})
    write_checksums(folder)
    return folder


class Client:
    """The other end of a worker's pipes."""

    def __init__(self, *options: object) -> None:
        command = [sys.executable, "-m", "model_runtime.worker", *map(str, options)]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def send(self, message: wire.Message) -> None:
        self.process.stdin.write(wire.pack(message))
        self.process.stdin.flush()

    def until(self, *kinds: str) -> tuple[wire.Message, list[wire.Message]]:
        """The next message of one of `kinds`, and those before it but for the heartbeats."""
        before = []
        while (message := wire.read_message(self.process.stdout)) is not None:
            if message.kind in kinds:
                return message, before
            if message.kind != wire.ALIVE:
                before.append(message)
        raise EOFError(before)

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def client(weights):
    made = Client("--weights", weights, "--device", "cpu")
    ready, before = made.until(wire.READY)
    assert [message.kind for message in before] == [wire.HELLO]
    assert before[0].body["protocol"] == wire.PROTOCOL and ready.body["device"] == "cpu"
    yield made
    made.end()


def ask(number: int, path: Path = LINE, **settings: object) -> wire.Message:
    return wire.request_message(number, GenerateRequest(path, Settings(**settings)))


@pytest.mark.timeout(300)
def test_a_take_comes_with_progress_and_provenance(client, weights):
    client.send(ask(1, seed=7, intensity=0.5))
    answer, before = client.until(wire.TAKE, wire.ERROR)
    take = wire.read_take(answer)
    audio = read_audio(LINE)
    expected = Engine.load(weights, torch.device("cpu")).generate(
        audio.samples, Settings(seed=7, intensity=0.5)
    )
    assert wire.job_number(answer) == 1
    assert np.abs(take.weights - expected.weights).max() < 1e-3
    made = take.provenance
    assert made["audio"]["sha256"] == audio.sha256 and made["audio"]["name"] == "line.flac"
    assert (made["seed"], made["intensity"], made["start"], made["duration"]) == (7, 0.5, 0.0, None)
    assert made["device"] == "cpu" and "torch" in made["versions"] and "fallback" not in made
    told = [wire.read_progress(message) for message in before]
    assert {progress.stage for progress in told} >= {"Listening", "Performing"}
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions) and told[-1].seconds_left is not None


@pytest.mark.timeout(300)
def test_a_transcript_goes_there_and_its_words_come_back(client):
    request = GenerateRequest(LINE, Settings(), transcript="Ma\u00efbe Pam, or not")
    client.send(wire.request_message(2, request))
    answer, _ = client.until(wire.TAKE, wire.ERROR)
    made = wire.read_take(answer).provenance
    assert made["transcript"] == request.transcript
    found = made["alignment"]  # an untrained ear understands nothing
    assert found["used"] is False and found["words"] == [] and "does not fit" in found["note"]


@pytest.mark.timeout(300)
def test_cancels_are_seen_between_steps_and_in_the_queue(client):
    for number in (10, 11, 12):
        client.send(ask(number))
    client.until(wire.PROGRESS)
    client.send(wire.Message(wire.CANCEL, {"id": 11}))
    client.send(wire.Message(wire.CANCEL, {"id": 10}))
    answers = {}
    while 12 not in answers:
        answer, _ = client.until(wire.TAKE, wire.ERROR)
        answers[wire.job_number(answer)] = answer
    assert list(answers) == [11, 10, 12] and answers[12].kind == wire.TAKE
    assert all(isinstance(wire.read_error(answers[n]), CancelledError) for n in (10, 11))


@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_cancels_leave_no_memory_behind(client):
    def resident_mb() -> float:
        return int(Path(f"/proc/{client.process.pid}/statm").read_text().split()[1]) * 4096 / 2**20

    def cycle(first: int, count: int) -> None:
        for number in range(first, first + count):
            client.send(ask(number, seed=number))
            client.until(wire.PROGRESS)
            client.send(wire.Message(wire.CANCEL, {"id": number}))
            client.until(wire.TAKE, wire.ERROR)

    cycle(1000, 10)
    before = resident_mb()
    cycle(2000, 40)
    assert resident_mb() - before < 20


@pytest.mark.timeout(300)
def test_failures_are_sentences_and_the_worker_goes_on(client, tmp_path):
    client.send(ask(20, tmp_path / "nowhere.wav"))
    beyond = GenerateRequest(LINE, Settings(), start=60.0)
    client.send(wire.request_message(21, beyond))
    wrong = ask(22)
    wrong.body["seed"] = -1
    client.send(wrong)
    errors = [wire.read_error(client.until(wire.ERROR)[0]) for _ in range(3)]
    assert [type(error) for error in errors] == [AudioError, AudioError, RequestError]
    assert "nowhere.wav' does not exist" in str(errors[0])
    assert "lies behind the end" in str(errors[1])
    client.send(wire.Message(wire.TEST, {"id": 23}))
    report = wire.read_report(client.until(wire.REPORT)[0])
    assert report.device == "cpu" and report.torch == torch.__version__
    assert report.memory_mb > 50 and report.seconds_per_second > 0


@pytest.mark.timeout(300)
def test_it_ends_when_idle_and_when_told_and_with_its_input(weights):
    idle = Client("--weights", weights, "--idle", 0.2)
    told, orphan = Client("--weights", weights), Client("--weights", weights)
    told.send(wire.Message(wire.QUIT, {}))
    orphan.process.stdin.close()
    assert idle.until(wire.BYE) and idle.process.wait(60) == 0
    assert told.until(wire.BYE) and told.process.wait(60) == 0
    assert orphan.process.wait(60) == 0
    for one in (idle, told, orphan):
        one.process.stdout.close()
        if not one.process.stdin.closed:
            one.process.stdin.close()


@pytest.mark.timeout(300)
def test_rubbish_on_its_input_is_answered_and_ends_it(weights):
    one = Client("--weights", weights)
    one.process.stdin.write(b"GET / HTTP/1.1\r\n\r\n")
    one.process.stdin.flush()
    assert "damaged" in str(wire.read_error(one.until(wire.ERROR)[0]))
    assert one.process.wait(60) != 0
    one.end()


@pytest.mark.timeout(300)
def test_missing_models_are_told_before_anything_is_asked(tmp_path):
    one = Client("--weights", tmp_path)
    error, _ = one.until(wire.ERROR)
    assert wire.job_number(error) is None and "missing in" in str(wire.read_error(error))
    assert one.process.wait(60) != 0
    one.end()


# in process ---------------------------------------------------------------------------------------


class FullGpu:
    """An engine whose memory runs out for the first `failures` lines on its device."""

    denoiser = SimpleNamespace(config=SMALL)
    failures: dict[str, int] = {}

    def __init__(self, device: torch.device) -> None:
        self.device = device

    @classmethod
    def load(cls, weights=None, device=None, *, recognises=True):
        cls.fail(f"load {device}")
        return cls(device)

    @classmethod
    def fail(cls, what):
        if cls.failures.get(what, 0):
            cls.failures[what] -= 1
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    def generate(self, samples, settings, progress, transcript, hold):
        progress(Progress("Performing", 0.5))
        self.fail(self.device.type)
        return Take(np.full((5, 55), self.device.type == "cpu", np.float32))


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(worker_tasks, "Engine", FullGpu)
    monkeypatch.setattr(devices, "available", lambda: ("cuda", "cpu"))
    monkeypatch.setattr(FullGpu, "failures", {})
    return FullGpu.failures


def perform(tasks: Tasks) -> tuple[Take, list[str]]:
    stages = []

    def progress(told: Progress) -> bool:
        stages.append(told.stage)
        return True

    return tasks.generate(GenerateRequest(LINE), progress), stages


@pytest.mark.parametrize(
    ("failures", "device", "says"),
    [
        ({}, "cuda", "Performing"),
        ({"cuda": 1}, "cuda", "Performing (GPU memory freed)"),
        ({"cuda": 2}, "cpu", "Performing on the CPU, GPU is full"),
        ({"load cuda": 1}, "cpu", "Performing"),
    ],
)
def test_a_full_gpu_ends_on_the_cpu_and_says_so(gpu, failures, device, says):
    gpu.update(failures)
    tasks = Tasks("auto", None, time.time())
    take, stages = perform(tasks)
    assert take.provenance["device"] == device and stages[-1] == says
    assert ("fallback" in take.provenance) == (device == "cpu")
    if "load cuda" not in failures:  # the next line tries the GPU again
        assert perform(tasks)[0].provenance["device"] == "cuda"


def test_what_is_too_much_together_is_done_one_by_one(gpu, monkeypatch):
    """Several lines at once fill the GPU; the second attempt draws each by itself, on the GPU."""
    lines = [SimpleNamespace(samples=None, settings=None, transcript="", hold=None)] * 3

    def many(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(FullGpu, "generate_many", many, raising=False)
    told: list[Progress] = []
    tasks = Tasks("auto", None, time.time())
    takes, made = tasks.on_device(
        lambda engine, progress: engine.generate_many(lines, progress),
        lambda one: told.append(one) or True,
    )
    assert len(takes) == 3 and made == {"device": "cuda"}
    assert {one.stage for one in told} == {"Performing (GPU memory freed)"}
    assert [round(one.fraction, 3) for one in told] == [0.167, 0.5, 0.833]


def test_best_of_n_needs_units(monkeypatch):
    flame = SimpleNamespace(space=SimpleNamespace(kind="flame"))
    monkeypatch.setattr(worker_tasks.Engine, "load", lambda *_, **__: flame)
    tasks = Tasks("cpu", None, time.time())
    with pytest.raises(RequestError, match="no seed can be found best"):
        tasks.answer(BestRequest(GenerateRequest(LINE), (1, 2)), lambda _: True)


def test_models_with_other_fields_are_of_another_version(monkeypatch, tmp_path):
    def load(*_, **__):
        raise TypeError("EncoderConfig() got an unexpected keyword argument 'depth'")

    monkeypatch.setattr(worker_tasks.Engine, "load", load)
    with pytest.raises(WeightsError, match=r"another version .*depth"):
        Tasks("cpu", tmp_path, time.time())


def test_a_full_computer_says_so(gpu):
    gpu.update({"cuda": 2, "cpu": 1})
    with pytest.raises(EngineError, match="Memory ran out"):
        perform(Tasks("cuda", None, time.time()))


def test_other_errors_are_not_taken_for_a_full_gpu(gpu, monkeypatch):
    def broken(*_):
        raise RuntimeError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(FullGpu, "generate", broken)
    with pytest.raises(RuntimeError, match="assert") as error:
        perform(Tasks("auto", None, time.time()))
    assert devices.is_broken_gpu(error.value) and not devices.is_out_of_memory(error.value)


def test_devices_are_named_and_chosen():
    assert devices.available()[-1] == "cpu" and devices.choose("cpu") == "cpu"
    assert devices.device_name("cpu")
    with pytest.raises(EngineError, match="finds no Apple GPU"):
        devices.choose("mps")
    with pytest.raises(EngineError, match="not known"):
        devices.choose("tpu")


def test_the_time_left_is_judged_by_what_is_done():
    told, now = [], [0.0]
    tell = with_seconds_left(lambda progress: bool(told.append(progress)) or True, lambda: now[0])
    for now[0], fraction in ((0.0, 0.0), (2.0, 0.25), (4.0, 0.5), (8.0, 1.0)):
        assert tell(Progress("Performing", fraction))
    assert [progress.seconds_left for progress in told] == [None, 6.0, 4.0, 0.0]


def test_progress_is_not_told_too_often():
    class Sink(list):
        def write(self, data):
            self.append(bytes(data))
            return len(data)

    sink = Sink()
    worker = Worker(None, sink, argparse.Namespace())
    for step in range(1000):
        assert worker._progress(1, Progress("Performing", step / 1000))
    assert 1 <= len(sink) < 50


@pytest.fixture(scope="module")
def long_sound(tmp_path_factory):
    """40 s of noise in two channels at 44.1 kHz, long enough to be read by seeking."""
    path = tmp_path_factory.mktemp("sound") / "long.wav"
    noise = np.random.default_rng(0).standard_normal((40 * 44_100, 2)) * 0.1
    soundfile.write(path, noise, 44_100, subtype="FLOAT")
    return path


@pytest.mark.parametrize(
    ("start", "duration"), [(10.0, 2.0), (0.0, 3.0), (38.5, None), (39.0, 60.0)]
)
def test_a_part_of_a_long_sound_is_that_part(long_sound, start, duration):
    whole = read_audio(long_sound)
    part = worker_sound.read_part(long_sound, start, duration)
    end = min(40.0, start + (duration or 40.0))
    assert part.seconds == pytest.approx(end - start, abs=1e-3) and part.sha256 == whole.sha256
    expected = whole.samples[round(start * 16_000) : round(end * 16_000)]
    inner = slice(800, min(len(expected), len(part.samples)) - 800)  # the filter's edges differ
    assert np.abs(part.samples[inner] - expected[inner]).max() < 1e-4


def test_a_part_of_a_short_sound_is_exact():
    whole, part = read_audio(LINE), worker_sound.read_part(LINE, 1.5, 2.0)
    assert np.array_equal(part.samples, whole.samples[24_000:56_000])
    assert part.seconds == 2.0 and part.sha256 == whole.sha256
    assert np.array_equal(worker_sound.read_part(LINE, 0.0, None).samples, whole.samples)


@pytest.mark.parametrize(
    ("start", "duration", "says"),
    [(40.0, None, "behind the end"), (500.0, 1.0, "behind the end"), (39.99, 1.0, "too short")],
)
@pytest.mark.parametrize("long", [True, False])
def test_a_part_without_sound_is_refused(long_sound, long, start, duration, says):
    path, shift = (long_sound, 0.0) if long else (LINE, 40.0 - read_audio(LINE).seconds)
    with pytest.raises(AudioError, match=says):
        worker_sound.read_part(path, start - shift, duration)


def test_the_last_sound_is_kept_until_its_file_changes(tmp_path):
    path, last = tmp_path / "a.wav", worker_sound.LastSound()
    soundfile.write(path, np.full(16_000, 0.1), 16_000)
    one = last.read(path, 0.0, None)
    assert last.read(path, 0.0, None) is one
    assert last.read(path, 0.1, None) is not one
    soundfile.write(path, np.full(20_000, 0.2), 16_000)
    assert len(last.read(path, 0.0, None).samples) == 20_000
    path.unlink()
    with pytest.raises(AudioError, match="does not exist"):
        last.read(path, 0.0, None)
