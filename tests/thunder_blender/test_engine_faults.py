# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever happens to the worker: one clear sentence, the next line works, nothing is left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.thunder_blender.stub_worker import (
    REPOSITORY,
    client,
    contract,
    engine,
    launch,
    make_root,
    our_threads,
    poll_until,
    request,
    wire,
)

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture
def root(tmp_path):
    return make_root(tmp_path / "root")


@pytest.fixture
def worker(root):
    made = client.WorkerEngine(launch(root))
    yield made
    pid = made.pid
    made.close()
    assert pid is None or not is_alive(pid)


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone_within(pid: int, seconds: float) -> bool:
    limit = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < limit:
        time.sleep(0.02)
    return not is_alive(pid)


def children() -> set[str]:
    """Our child processes, zombies too."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {pid for task in tasks for pid in task.read_text().split()}


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@linux
@pytest.mark.timeout(600)
def test_killed_at_twenty_random_moments(worker):
    """Only the line that was performed is lost, and it says so; the waiting ones are done."""
    rng = np.random.default_rng(7)
    for round_ in range(20):
        if not worker.running:
            worker.wait(worker.submit(request()), 60)
        jobs = [worker.submit(request(does, round_)) for does in ("slow", "line", "line")]
        pid, limit = worker.pid, time.monotonic() + rng.uniform(0, 0.5 if round_ % 2 else 0.05)
        while time.monotonic() < limit:
            worker.poll()
            time.sleep(0.005)
        os.kill(pid, signal.SIGKILL)
        poll_until(worker, lambda pid=pid: worker.pid != pid)
        jobs[0].cancel()
        poll_until(worker, lambda jobs=jobs: all(job.finished for job in jobs))
        assert jobs[0].state in ("FAILED", "CANCELLED"), round_
        if jobs[0].state == "FAILED":
            assert "killed" in str(jobs[0].error) and "fresh engine" in str(jobs[0].error)
        assert [job.state for job in jobs[1:]] == ["DONE", "DONE"], round_
        assert not is_alive(pid)


@linux
def test_killed_while_it_starts(root):
    for wait in (0.0, 0.02, 0.1, 0.2):
        worker = client.WorkerEngine(launch(root))
        job = worker.submit(request())
        poll_until(worker, lambda worker=worker: worker.pid)
        time.sleep(wait)
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGKILL)
        poll_until(worker, lambda job=job: job.finished)
        told = str(job.error)  # on a busy machine it may have started meanwhile
        assert job.state == "DONE" or "could not start" in told or "ended unexpectedly" in told
        assert worker.wait(worker.submit(request()), 60).weights.size
        worker.close()


@pytest.mark.parametrize(
    ("does", "says"),
    [
        ("crash", "signal 11"),
        ("exit", r"exit code 7\)\. Its last words: the driver has left"),
        ("rubbish", "Warning"),
        ("damaged", "checksum"),
        ("half", "middle of a message"),
        ("unknown", "unexpected"),
        ("gpu", "CUDA error"),
    ],
)
def test_a_broken_worker_gives_one_sentence_and_the_next_line_works(worker, does, says):
    lost, waiting = worker.submit(request(does)), worker.submit(request(seed=5))
    with pytest.raises(contract.EngineError, match=says) as error:
        worker.wait(lost, 60)
    assert "\n" not in str(error.value)
    assert worker.wait(waiting, 60).provenance["seed"] == 5
    assert worker.wait(worker.submit(request()), 60).weights.size


FLAKY = """
import random
from pathlib import Path
from . import real_life
from .real_life import *

class Flaky:
    # one byte of one frame is damaged, by the first process only
    def __init__(self, sink):
        self.sink, self.left = sink, random.Random({seed}).randrange(8)
        self.done = Path({marker!r})

    def write(self, data):
        self.left -= 1
        if self.left == 0 and not self.done.exists():
            self.done.touch()
            data = bytearray(data)
            data[random.Random({seed}).randrange(len(data))] ^= 1 << {seed} % 8
        return self.sink.write(data)

def claim_pipes():
    source, sink = real_life.claim_pipes()
    return source, Flaky(sink)
"""


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_byte_from_the_worker_costs_at_most_its_line(tmp_path, seed):
    real = (REPOSITORY / "model_runtime" / "worker_life.py").read_text()
    flaky = FLAKY.format(seed=seed, marker=str(tmp_path / "damaged"))
    root = make_root(tmp_path / "root", worker_life=flaky, real_life=real)
    worker = client.WorkerEngine(launch(root, silent_seconds=6.0, start_seconds=30.0))
    jobs = [worker.submit(request("line", number)) for number in range(3)]
    poll_until(worker, lambda: all(job.finished for job in jobs))
    for number, job in enumerate(jobs):
        if job.state == "DONE":
            assert job.take.provenance["seed"] == number
        else:
            assert "\n" not in str(job.error) and "fresh engine" in str(job.error)
    assert worker.wait(worker.submit(request(seed=9)), 60).provenance["seed"] == 9
    worker.close()


@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_byte_to_the_worker_costs_at_most_the_running_line(worker, monkeypatch, seed):
    worker.wait(worker.submit(request()), 60)
    running = worker.submit(request("slow"))
    poll_until(worker, lambda: running.state == "RUNNING")
    rng, real = np.random.default_rng(seed), wire.pack

    def damaged(message):
        monkeypatch.setattr(wire, "pack", real)
        data = bytearray(real(message))
        data[rng.integers(8, len(data))] ^= 1 << int(rng.integers(8))
        return bytes(data)

    monkeypatch.setattr(wire, "pack", damaged)
    sent = worker.submit(request(seed=5))
    assert worker.wait(sent, 60).provenance["seed"] == 5
    assert running.state == "FAILED" and "damaged" in str(running.error)


def test_a_process_is_not_given_the_last_words_of_another(worker, root):
    (root / "engine.log").write_text("the words of an earlier process\n")
    with pytest.raises(contract.EngineError, match="signal 11") as error:
        worker.wait(worker.submit(request("crash")), 60)
    assert "earlier" not in str(error.value)
    with pytest.raises(contract.EngineError, match="the driver has left"):
        worker.wait(worker.submit(request("exit")), 60)


@linux
def test_a_worker_that_hangs_is_ended(root):
    worker = client.WorkerEngine(launch(root, silent_seconds=4.0))
    job = worker.submit(request("stopped"))
    with pytest.raises(contract.EngineError, match=r"no sign of life for 4 s"):
        worker.wait(job, 60)
    assert worker.wait(worker.submit(request()), 60).weights.size
    worker.close()


@linux
def test_blenders_own_stall_is_not_the_workers_silence(root):
    worker = client.WorkerEngine(launch(root, silent_seconds=4.0))
    job = worker.submit(request("slow"))
    poll_until(worker, lambda: job.state == "RUNNING")
    os.kill(worker.pid, signal.SIGSTOP)  # as on a laptop that sleeps with the lid closed
    time.sleep(5.0)
    worker.poll()
    os.kill(worker.pid, signal.SIGCONT)
    assert worker.wait(job, 60).weights.size
    worker.close()


STARTS = {
    "another version": (
        "from . import wire\nwire.PROTOCOL = 99\nfrom .real_worker import main",
        "another version than this extension",
    ),
    "rubbish": (
        "import sys\ndef main():\n    print('Welcome!', flush=True)\n    sys.stdin.read()",
        "damaged .*Welcome",
    ),
    "ends at once": ("def main():\n    return 0", "could not start with"),
    "dies": ("raise OSError('libtorch_cpu.so: cannot open')", r"libtorch_cpu\.so"),
    "silent": ("import time\ndef main():\n    time.sleep(60)", "no sign of life"),
    "closes its pipe": (
        "import os, time\ndef main():\n    os.close(1)\n    time.sleep(60)",
        "could not start",
    ),
}


@pytest.mark.parametrize("how", STARTS)
def test_a_worker_that_cannot_start_says_so(tmp_path, how):
    text, says = STARTS[how]
    real = (REPOSITORY / "model_runtime" / "worker.py").read_text()
    root = make_root(tmp_path / "root", worker=text, real_worker=real)
    worker = client.WorkerEngine(launch(root, start_seconds=3.0 if how == "silent" else 60.0))
    jobs = [worker.submit(request()) for _ in range(2)]
    for job in jobs:
        with pytest.raises(contract.EngineError, match=says) as error:
            worker.wait(job, 60)
        assert "\n" not in str(error.value)
    assert not worker.running
    worker.close()


def test_a_package_that_is_missing_is_named(tmp_path):
    root = make_root(tmp_path / "root", worker_tasks="import a_package_like_torch")
    worker = client.WorkerEngine(launch(root))
    with pytest.raises(contract.EngineError, match=r"'a_package_like_torch' is missing.*Install"):
        worker.wait(worker.submit(request()), 60)
    worker.close()


@pytest.mark.parametrize("python", ["nowhere/python", "."])
def test_a_python_that_is_missing_is_named(root, python):
    worker = client.WorkerEngine(replace(launch(root), python=Path(python)))
    job = worker.submit(request())
    poll_until(worker, lambda: job.finished)
    assert job.state == "FAILED" and not worker.running
    assert f"'{Path(python)}' cannot be started" in str(job.error)


@linux
def test_a_python_that_is_none_says_so(root):
    worker = client.WorkerEngine(replace(launch(root), python=Path("/bin/echo")))
    job = worker.submit(request())
    poll_until(worker, lambda: job.finished)
    assert job.state == "FAILED" and "\n" not in str(job.error)
    worker.close()


@linux
@pytest.mark.timeout(600)
def test_two_hundred_cancels_leave_nothing_behind(worker):
    """Threads, files, processes and memory stay what they were."""

    def cycle(count: int) -> None:
        for number in range(count):
            job = worker.submit(request("slow", number))
            if number % 3:
                poll_until(worker, lambda job=job: job.state == "RUNNING")
            job.cancel()
            poll_until(worker, lambda job=job: job.finished)
            assert job.state == "CANCELLED"
            if number % 40 == 39:
                worker.free()

    def held() -> tuple[int, int, int]:
        worker.free()
        limit = time.monotonic() + 10
        while (our_threads() or children()) and time.monotonic() < limit:
            time.sleep(0.02)
        return len(our_threads()), len(children()), len(list(Path("/proc/self/fd").iterdir()))

    cycle(20)
    before, memory = held(), resident_mb()
    cycle(200)
    assert held() == before and before[:2] == (0, 0)
    assert resident_mb() - memory < 10
    assert worker.wait(worker.submit(request()), 60).weights.size


PARENT = """
import sys, threading, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.thunder_blender.stub_worker import client, launch, poll_until, request
worker = client.WorkerEngine(launch(Path(sys.argv[2]), grace_seconds=60))
def go():
    job = worker.submit(request(sys.argv[3]))
    poll_until(worker, lambda: job.state == "RUNNING")
if sys.argv[4] == "thread":
    thread = threading.Thread(target=go)
    thread.start()
    thread.join()
else:
    go()
print(worker.pid, flush=True)
if sys.argv[4] == "exit":
    sys.exit()
time.sleep(120)
"""


def start_parent(root: Path, does: str, how: str) -> tuple[subprocess.Popen, int]:
    code = textwrap.dedent(PARENT)
    command = [sys.executable, "-c", code, str(REPOSITORY), str(root), does, how]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return parent, int(parent.stdout.readline())


@linux
@pytest.mark.parametrize("does", ["slow", "deaf"])
@pytest.mark.parametrize("how", ["main", "thread"])
def test_the_worker_dies_with_blender(root, does, how):
    parent, pid = start_parent(root, does, how)
    try:
        time.sleep(0.7)
        assert is_alive(pid)  # the end of a thread is not the end of Blender
        parent.kill()
        parent.wait()
        assert gone_within(pid, 2.0)
    finally:
        parent.kill()
        parent.stdout.close()


@linux
def test_the_worker_dies_when_blender_forgets_it(root):
    parent, pid = start_parent(root, "deaf", "exit")
    parent.wait()
    parent.stdout.close()
    assert gone_within(pid, 2.0)


@linux
def test_unregistering_in_mid_line_leaves_nothing(root):
    engine.set_launch(lambda: launch(root))
    made = engine.get_engine()
    job = made.submit(request("deaf"))
    poll_until(made, lambda: job.state == "RUNNING")
    pid = made.pid
    engine.shut_down()
    engine.set_launch(None)
    assert job.state == "CANCELLED" and not is_alive(pid) and not our_threads()
