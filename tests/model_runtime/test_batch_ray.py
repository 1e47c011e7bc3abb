# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch on a real local Ray cluster of several nodes, one of which dies, gives the same bytes."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest

ray = pytest.importorskip("ray", reason="needs the package ray (extra 'farm')")
cluster_utils = pytest.importorskip("ray.cluster_utils")

from tests.model_runtime.batch_help import contents, rows, run, sounds, use_fake  # noqa: E402

ROOT = Path(__file__).parents[2]
NODES = 3
FIGURES = "THUNDER_RAY_FIGURES"  # a file for `tools/bench_batch.py --ray`


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Three nodes of one CPU each on this machine, beside a head that works nothing."""
    monkeypatch.setenv("RAY_memory_monitor_refresh_ms", "0")
    monkeypatch.setenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    monkeypatch.setenv("RAY_worker_niceness", "0")  # a busy machine would starve the nodes
    made = cluster_utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    nodes = [made.add_node(num_cpus=1) for _ in range(NODES)]
    made.wait_for_nodes()
    yield made, nodes
    ray.shutdown()
    made.shutdown()


@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform == "win32", reason="Ray's local clusters are for Linux and macOS")
def test_a_cluster_that_loses_a_node_gives_the_bytes_of_one_machine(cluster, tmp_path, monkeypatch):
    from model_runtime import batch_ray

    made, nodes = cluster
    folder = sounds(tmp_path / "episode", 8, 0.3)
    monkeypatch.setattr(batch_ray, "perform_shard", slow_shard)
    use_fake(monkeypatch)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    out = tmp_path / "cluster"

    def lose_a_node() -> None:
        limit = time.monotonic() + 120
        while time.monotonic() < limit and not list(out.glob("takes/*.npz")):
            time.sleep(0.1)
        made.remove_node(nodes[0], allow_graceful=False)

    thread = threading.Thread(target=lose_a_node)
    thread.start()
    code = run(folder, "--out", out, "--ray", made.address, "--ray-jobs", "6")
    thread.join()
    assert code == 0
    assert {row["status"] for row in rows(out)} == {"done"}
    single = tmp_path / "single"
    assert run(folder, "--out", single) == 0
    differ = sum(contents(out)[name] != data for name, data in contents(single).items())
    if figures := os.environ.get(FIGURES):
        told = {"ray_nodes": NODES, "ray_nodes_lost": 1, "ray_bytes_differ": differ}
        Path(figures).write_text(json.dumps(told))
    assert len(contents(out)) == 8 and differ == 0


def slow_shard(line):
    """A shard with noise for takes, a moment a line, in whatever process Ray gives."""
    sys.path.insert(0, str(ROOT))
    from model_runtime import batch_cli, batch_run
    from tests.model_runtime.batch_help import FakePerformer

    class Slow(FakePerformer):
        def perform(self, items):
            time.sleep(0.5)
            return super().perform(items)

    batch_run.GROUP = 1
    parser = argparse.ArgumentParser()
    batch_cli.add_commands(parser.add_subparsers(dest="command"))
    return batch_cli.perform(parser.parse_args(list(line)), Slow, lambda event: None), ""
