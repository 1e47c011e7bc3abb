# SPDX-License-Identifier: GPL-3.0-or-later
"""A line goes to the worker and comes back as a take; jobs wait, are cancelled and tell why not."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.thunder_blender.stub_worker import (
    client,
    contract,
    engine,
    fake,
    launch,
    make_root,
    poll_until,
    process,
    request,
)


@pytest.fixture
def root(tmp_path):
    return make_root(tmp_path / "root")


@pytest.fixture
def worker(root):
    made = client.WorkerEngine(launch(root))
    yield made
    made.close()


@pytest.fixture(params=["worker", "fake"])
def any_engine(request, root):
    made = client.WorkerEngine(launch(root)) if request.param == "worker" else fake.FakeEngine(0.3)
    yield made
    made.close()


def test_a_line_becomes_a_take(any_engine):
    job = any_engine.submit(request("line", seed=7))
    assert (job.state, job.finished, job.take) == ("QUEUED", False, None)
    take = any_engine.wait(job, 60)
    assert job.take is take and job.state == "DONE" and job.progress.fraction == 1.0
    assert take.weights.shape[1] == 55 and take.provenance["seed"] == 7
    assert any_engine.running and any_engine.status == "Idle"


def test_the_same_seed_gives_the_same_take(any_engine):
    one, same, other = (any_engine.wait(any_engine.submit(request(seed=n))) for n in (1, 1, 2))
    assert np.array_equal(one.weights, same.weights)
    assert not np.array_equal(one.weights, other.weights)


def test_an_engine_that_was_not_asked_has_no_process(any_engine):
    any_engine.poll()
    assert not any_engine.running and any_engine.status == "Off"


def test_the_engine_can_be_tested(any_engine):
    job = any_engine.test()
    assert isinstance(any_engine.wait(job, 60), contract.EngineReport)
    assert job.take is None and job.result.device == "cpu"


def test_a_job_changes_only_while_it_is_polled(worker):
    job = worker.submit(request())
    time.sleep(1.0)
    assert job.state == "QUEUED"
    poll_until(worker, lambda: job.finished)


def test_progress_is_told(worker):
    job = worker.submit(request("slow"))
    assert worker.status == "Starting" and job.progress.stage == "Starting the engine"
    poll_until(worker, lambda: job.progress.fraction > 0.1)
    assert job.state == "RUNNING" and job.progress.stage == "Performing"
    assert worker.status.startswith("Performing ") and worker.status.endswith(" %")


def test_jobs_are_done_in_their_order(any_engine):
    jobs = [any_engine.submit(request(seed=seed)) for seed in range(5)]
    while not jobs[-1].finished:
        done = [job.finished for job in jobs]
        assert done == sorted(done, reverse=True)
        any_engine.poll()
    assert [job.take.provenance["seed"] for job in jobs] == list(range(5))


def test_a_running_job_is_cancelled_and_the_process_lives_on(worker):
    job = worker.submit(request("slow"))
    poll_until(worker, lambda: job.state == "RUNNING")
    pid = worker.pid
    job.cancel()
    assert job.state == "RUNNING"  # it has only been asked
    poll_until(worker, lambda: job.finished)
    assert job.state == "CANCELLED" and job.take is None
    with pytest.raises(contract.CancelledError):
        worker.wait(job)
    assert worker.wait(worker.submit(request())).provenance["pid"] == pid


def test_a_job_that_hears_nothing_is_cancelled_by_force(worker):
    deaf, after = worker.submit(request("deaf")), worker.submit(request(seed=3))
    poll_until(worker, lambda: deaf.state == "RUNNING")
    pid = worker.pid
    deaf.cancel()
    start = time.monotonic()
    poll_until(worker, lambda: deaf.finished)
    assert deaf.state == "CANCELLED" and time.monotonic() - start < 5.0
    assert worker.wait(after).provenance["pid"] != pid  # nothing that waited is lost


def test_a_waiting_job_is_cancelled_at_once(any_engine):
    running, waiting, last = (any_engine.submit(request(does)) for does in ("slow", "line", "line"))
    waiting.cancel()
    poll_until(any_engine, lambda: waiting.finished)
    assert waiting.state == "CANCELLED" and not running.finished
    running.cancel()
    assert any_engine.wait(last, 60).weights.size


def test_a_cancel_comes_too_late_for_a_finished_job(any_engine):
    job = any_engine.submit(request())
    any_engine.wait(job)
    job.cancel()
    any_engine.poll()
    assert job.state == "DONE"


def test_free_ends_the_process_and_the_next_line_starts_a_fresh_one(worker):
    first = worker.wait(worker.submit(request()))
    running, waiting = worker.submit(request("slow")), worker.submit(request())
    poll_until(worker, lambda: running.state == "RUNNING")
    worker.free()
    assert (running.state, waiting.state) == ("CANCELLED", "CANCELLED")
    assert not worker.running and worker.status == "Off"
    worker.poll()
    assert not worker.running
    second = worker.wait(worker.submit(request()))
    assert first.provenance["pid"] != second.provenance["pid"]


def test_an_idle_process_ends_and_the_next_line_starts_a_fresh_one(root):
    worker = client.WorkerEngine(launch(root, idle_seconds=0.3))
    first = worker.wait(worker.submit(request()))
    poll_until(worker, lambda: not worker.running)
    assert worker.status == "Off"
    second = worker.wait(worker.submit(request()))
    assert first.provenance["pid"] != second.provenance["pid"]
    worker.close()


def test_nobody_need_look_at_an_idle_engine(root):
    """Heartbeats are not heaped up, and the end of the process is seen without a poll."""
    worker = client.WorkerEngine(launch(root, idle_seconds=3.0))
    worker.wait(worker.submit(request()))
    time.sleep(2.0)
    assert worker._process._heard.qsize() == 0 and worker.status == "Idle"
    limit = time.monotonic() + 30
    while worker.running and time.monotonic() < limit:
        time.sleep(0.05)
    assert worker.status == "Off"
    assert worker.wait(worker.submit(request(seed=4))).provenance["seed"] == 4
    worker.close()


def test_the_interpreter_may_be_a_script(root, tmp_path):
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\n"{sys.executable}" "$@"\n')
    script.chmod(0o755)
    worker = client.WorkerEngine(replace(launch(root), python=script))
    take = worker.wait(worker.submit(request("slow")), 60)
    pid = take.provenance["pid"]
    assert pid != worker.pid
    worker.close()
    limit = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and time.monotonic() < limit:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()


def test_a_line_that_meets_an_ending_process_is_not_lost(root):
    worker = client.WorkerEngine(launch(root, idle_seconds=0.05))
    for seed in range(4):
        assert worker.wait(worker.submit(request(seed=seed)), 60).provenance["seed"] == seed
        time.sleep(0.05 + 0.01 * seed)  # it ends about now; nobody polls
    worker.close()


def test_changed_preferences_start_another_process(root):
    launches = [launch(root)]
    worker = client.WorkerEngine(lambda: launches[-1])
    first, second = (worker.wait(worker.submit(request())).provenance["pid"] for _ in range(2))
    launches.append(replace(launches[0], device="cuda"))
    third = worker.wait(worker.submit(request())).provenance["pid"]
    assert first == second != third
    worker.close()


def test_errors_arrive_as_they_were_raised(worker):
    job = worker.submit(request("missing"))
    with pytest.raises(contract.AudioError, match=r"'missing.wav' does not exist\. Check its name"):
        worker.wait(job)
    assert job.state == "FAILED" and worker.running


def test_a_bug_gives_one_sentence_and_a_traceback_in_the_log(worker, root):
    job = worker.submit(request("bug"))
    with pytest.raises(contract.EngineError) as error:
        worker.wait(job)
    log = root / "engine.log"
    assert "ZeroDivisionError" in str(error.value) and str(log) in str(error.value)
    assert "Traceback" in log.read_text()
    assert worker.wait(worker.submit(request())).weights.size


def test_the_log_of_a_good_day_is_removed_and_that_of_a_bad_one_stays(root):
    for does, stays in (("line", False), ("bug", True)):
        worker = client.WorkerEngine(launch(root))
        job = worker.submit(request(does))
        poll_until(worker, lambda job=job: job.finished)
        worker.close()
        assert (root / "engine.log").exists() is stays


def test_a_log_that_cannot_be_written_stops_nothing(root, tmp_path):
    (tmp_path / "file").touch()
    worker = client.WorkerEngine(launch(root, log=tmp_path / "file" / "engine.log"))
    assert worker.wait(worker.submit(request()), 60).weights.size
    worker.close()


def test_what_a_library_prints_does_no_harm(worker, root):
    take = worker.wait(worker.submit(request("chatty")), 60)
    assert take.provenance["stdin"] == ""
    log = (root / "engine.log").read_text()
    assert all(words in log for words in ("a library's opinion", "and one in C", "and a child"))


def test_the_log_is_bounded(worker, root):
    worker.wait(worker.submit(request("loud")), 60)
    poll_until(worker, lambda: (root / "engine.log").stat().st_size < 1 << 20)


def test_blenders_environment_stays_outside(root, monkeypatch, tmp_path):
    (tmp_path / "numpy.py").write_text("raise SystemExit('the wrong numpy')")
    monkeypatch.chdir(tmp_path)
    outside = (
        "PYTHONPATH",
        "PYTHONHOME",
        "LD_LIBRARY_PATH",
        "DYLD_INSERT_LIBRARIES",
        "VIRTUAL_ENV",
    )
    for name in outside:
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    worker = client.WorkerEngine(launch(root))
    made = worker.wait(worker.submit(request("environment"))).provenance
    worker.close()
    assert not set(outside) & set(made["environment"])
    assert made["environment"]["OMP_WAIT_POLICY"] == "passive"
    assert made["environment"]["CUDA_VISIBLE_DEVICES"] == "1"
    assert str(root) not in made["path"] and str(tmp_path) not in made["path"]


def test_the_worker_is_apart_from_the_terminals_ctrl_c(worker):
    worker.wait(worker.submit(request()))
    assert os.getpgid(worker.pid) != os.getpgid(0)


def test_waiting_has_an_end(worker):
    job = worker.submit(request("slow"))
    with pytest.raises(contract.EngineError, match=r"within 0\.2 s"):
        worker.wait(job, 0.2)
    assert not job.finished
    with pytest.raises(contract.EngineError, match="not given to this engine"):
        worker.wait(engine.Job(request()))


def test_the_extension_has_one_engine(root):
    try:
        engine.set_launch(None)
        assert engine.current_engine() is None
        made = engine.get_engine()
        assert engine.get_engine() is made is engine.current_engine() and not made.running
        with pytest.raises(contract.EngineError, match="Install Runtime"):
            made.wait(made.submit(request()))
        engine.set_launch(lambda: launch(root))
        assert made.wait(made.submit(request())).weights.size
        pid = made.pid
        engine.shut_down()
        assert engine.current_engine() is None and not Path(f"/proc/{pid}").exists()
        engine.shut_down()
        assert engine.get_engine() is not made
        replacement = fake.FakeEngine()
        engine.set_engine(replacement)
        assert engine.get_engine() is replacement
    finally:
        engine.shut_down()
        engine.set_launch(None)


def test_an_error_of_the_launch_is_the_jobs_error():
    def nothing_found():
        raise contract.EngineError("No Python with torch was found. Press Install Runtime.")

    worker = client.WorkerEngine(nothing_found)
    job = worker.submit(request())
    assert job.state == "FAILED" and "Install Runtime" in str(job.error)
    worker.close()


def test_a_fake_engine_can_fail():
    failing = fake.FakeEngine(fail_with=contract.AudioError("No sound."))
    with pytest.raises(contract.AudioError, match="No sound"):
        failing.wait(failing.submit(request()))


def test_the_command_line_names_nothing_by_search_path(root):
    line = process.command(launch(root, weights=Path("w")), Path("log"))
    assert line[:3] == [sys.executable, "-I", "-c"] and line[-2:] == ["--weights", "w"]
    line = process.command(launch(root, recognises=False), Path("log"))
    assert line[-1] == "--no-recognise"
