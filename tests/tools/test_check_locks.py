# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock files against what an index tells: what agrees, what does not, what it does not have."""

from __future__ import annotations

from tools import build_runtime, check_locks, lock_runtime
from tools.check_locks import Row
from tools.lock_runtime import Pin

LOCKED = {
    "numpy": Pin("2.4.6", {"a": "a", "b": "b"}),
    "scipy": Pin("1.17.1", {"c": "c"}),
    "torch": Pin("2.13.0+cpu", {"d": "d"}),
}


def told(**sums):
    return {name: Pin("any", {"file.whl": digest}) for name, digest in sums.items()}


def test_a_package_is_the_same_when_the_lock_has_the_sum_of_a_wheel_that_fits():
    row = check_locks.compare(LOCKED, told(numpy="b", scipy="c"), Row("linux-cpu", "3.13"))
    assert (row.same, row.wrong, row.elsewhere) == (["numpy", "scipy"], [], ["torch 2.13.0+cpu"])


def test_another_sum_and_a_missing_package_are_wrong():
    row = check_locks.compare(LOCKED, told(numpy="z"), Row("linux-cpu", "3.13"))
    assert row.wrong == ["numpy", "scipy"]
    text = check_locks.table([row])
    assert "WRONG: linux-cpu, 3.13: numpy" in text and "torch 2.13.0+cpu" in text


def test_the_index_is_asked_for_the_locks_own_versions(monkeypatch):
    asked = {}

    def resolve(command, wanted, options):
        asked.update(wanted=wanted, options=options)
        text, _, _ = build_runtime.read_lock("linux-rocm")
        pins = {name: lock_runtime.pin_of(e) for name, e in build_runtime.entries(text).items()}
        return {name: Pin(pin.version, pin.wheels) for name, pin in pins.items()}

    monkeypatch.setattr(lock_runtime, "resolve", resolve)
    row = check_locks.check(("uv",), "linux-rocm", "3.13", fetch=False)
    assert not row.wrong and row.elsewhere == ["torch 2.14.0+rocm7.2"]
    assert not [line for line in asked["wanted"] if "+" in line or "torch" in line]
    assert asked["options"][-2:] == ["--python-version", "3.13"]
    assert "--no-deps" in asked["options"]
