# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine of a Ray cluster does with a shard, and what is told when it cannot; no Ray."""

from __future__ import annotations

import argparse

import pytest

from model_runtime import batch_cli, batch_ray
from tests.model_runtime.batch_help import FakePerformer, contents, sounds, use_fake


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    use_fake(monkeypatch)
    monkeypatch.setattr(batch_ray, "_kept", {})


class Machines:
    """Stands in for Ray: every shard is done at once, on a machine that sees `out` as `seen`."""

    def __init__(self, cpus, out="", seen=""):
        self._cpus, self._out, self._seen = cpus, str(out), str(seen)

    def cluster_resources(self):
        return {"CPU": self._cpus}

    def remote(self, **_resources):
        def wrap(function):
            def call(line):
                return function([self._seen if w == self._out else w for w in line])

            return type("Remote", (), {"remote": staticmethod(call)})

        return wrap

    def wait(self, waiting, **_how):
        return waiting[:1], waiting[1:]

    def get(self, ready):
        return ready


def shards(machines, *words):
    parser = argparse.ArgumentParser()
    batch_cli.add_commands(parser.add_subparsers(dest="command"))
    options = parser.parse_args(["batch", *map(str, words), "--ray", "x"])
    told = []
    batch_cli.prepare_folder(options.out)
    return batch_ray._shards(machines, options, batch_cli.plan_of(options), told.append), told


def test_shards_of_all_machines_do_every_line_once(tmp_path):
    folder, out = sounds(tmp_path / "episode", 5), tmp_path / "out"
    code, told = shards(Machines(2), folder, "--out", out)
    assert code == 0 and told[-1]["made"] == 5 and told[-1]["left"] == 0
    assert len(contents(out)) == 5 and len(FakePerformer.performed) == 5


def test_a_machine_that_does_not_see_the_folder_is_named_and_writes_nothing(tmp_path):
    folder, out, seen = sounds(tmp_path / "episode", 3), tmp_path / "out", tmp_path / "not mounted"
    code, told = shards(Machines(1, out, seen), folder, "--out", out)
    assert code == 1 and told[-1]["left"] == 3
    said = [event["text"] for event in told if event["event"] == "note"]
    assert said and all("not mounted" in text for text in said)
    assert not seen.exists()


def test_lines_that_no_shard_did_are_told_by_the_exit_code(tmp_path, monkeypatch):
    monkeypatch.setattr(batch_ray, "perform_shard", lambda line: (0, ""))
    folder = sounds(tmp_path / "episode", 2)
    code, told = shards(Machines(1), folder, "--out", tmp_path / "out")
    assert code == batch_cli.UNFINISHED and told[-1]["left"] == 2
