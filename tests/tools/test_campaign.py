# SPDX-License-Identifier: GPL-3.0-or-later
"""The short form of `dev.py test --campaign`: kills inside every step of a batch lose nothing."""

from __future__ import annotations

import json
import sys

import pytest

from tools import campaign


@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_batch_that_is_killed_everywhere_ends_as_if_nothing_had_been(tmp_path, capsys):
    found = tmp_path / "campaign.json"
    code = campaign.main(["--lines", "12", "--kills", "8", "--quiet", "--out", str(found)])
    figures = json.loads(found.read_text("utf-8"))
    assert code == 0, figures
    assert figures["kills"] >= 7 and figures["torn_journals"] >= 1
    assert figures["leftovers"] == 0
    assert figures["lost_drives"] == 1 or figures["drive"].startswith("not tested")
    assert figures["full_disks"] == 1 or figures["disk"].startswith("not tested")


def test_the_comparison_sees_a_loss_a_repeat_and_a_difference(tmp_path):
    from model_runtime.batch_journal import DONE, encoded

    given = {"lines": 1, "kills": 0, "seed": 0, "real": False, "blender": None}
    options = type("Options", (), given)()
    one = campaign.Campaign(tmp_path, options)
    out = tmp_path / "out"
    (out / "takes").mkdir(parents=True)
    (out / campaign.JOURNAL).mkdir(parents=True)
    (out / "takes" / "a.npz").write_bytes(b"other")
    record = {"record": DONE, "item": "a", "outputs": []}
    (out / campaign.JOURNAL / "x.jsonl").write_bytes(encoded(record) * 2)
    one.compare(out, {"a.npz": "0" * 64, "b.npz": "1" * 64})
    assert (one.result.lost, one.result.repeated, one.result.bytes_differ) == (1, 1, 1)
    assert not one.result.good
