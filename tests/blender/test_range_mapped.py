# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair and Regenerate Range on rigs that are not the open head: characters of the artist's and
imported FLAMEs. A closure is spoilt in the rig's own keys, and the engine's answer mends it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from model_runtime.contract import CHANNELS

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tests.blender.lines_fixture import use_fake_engine  # noqa: E402
from tests.blender.spoken_rigs import (  # noqa: E402
    CAST,
    CLOSED,
    FIRST,
    STEP,
    Played,
)

pytest_plugins = ["tests.blender.spoken_rigs"]

AROUND = 8  # motion frames about it
READ_BACK = 0.15  # of the jaw where lips are kept together or at the teeth by other means
SPAN = (1.3, 1.9)  # seconds; the closure lies at 1.6
FRAMES = tuple(FIRST + 25 * second for second in SPAN)


def curves(room, take) -> list[Any]:
    return room("thunder_blender.take_marks").curves(take)


def rows(room, take, outside: tuple[float, float] | None = None) -> list[tuple]:
    """All numbers of a take's keys; with `outside` only those beside these frames."""
    return [
        (curve.data_path, curve.array_index, *p.co, p.interpolation)
        for curve in curves(room, take)
        for p in curve.keyframe_points
        if outside is None or not outside[0] <= p.co[0] <= outside[1]
    ]


def frame_of(motion_frame: float) -> float:
    return FIRST + motion_frame / 2


def spoil(room, played: Played) -> None:
    """About the closure, the mouth's own keys are those of the vowel two shapes before it."""
    movers = room("thunder_blender.range_movers").movers_of(played.rig)
    jaw = CHANNELS.index("jawOpen")
    middle, vowel = frame_of(CLOSED * STEP), frame_of(2 * STEP)
    for curve in curves(room, played.take):
        if jaw not in movers.of(curve.data_path):
            continue
        for point in curve.keyframe_points:
            share = max(0.0, 1 - abs(point.co[0] - middle) / (AROUND / 2))
            point.co[1] += min(1.0, 2 * share) * (curve.evaluate(vowel) - point.co[1])
        curve.update()
    room("thunder_blender.take_marks").mark_content(played.take)
    room("thunder_blender.hand_edits").remember(played.take)


def answers(room, played: Played, more: tuple[str, ...] = ()) -> list[Any]:
    """Let the engine answer a repair with what the span should be, and channels that rise by 0.3;
    the questions that came."""
    contract = room("model_runtime.contract")
    meter = contract.Meter(0.5, np.zeros(1, np.float32), np.zeros(1, np.float32), 50.0, 0.0)
    questions = []

    def mend(question):
        questions.append(question)
        middle = CLOSED * STEP
        share = (2 - np.abs(np.arange(len(played.motion)) - middle) / 7).clip(0, 1)
        share = share[: len(question.weights), None] * (1 - question.kept)
        after = question.weights + share * (played.motion[: len(share)] - question.weights)
        for name in more:
            after[:, CHANNELS.index(name)] += 0.3 * share[:, CHANNELS.index(name)]
        return contract.Repaired(after.astype(np.float32), True, "Repaired.", meter, meter)

    use_fake_engine(room, answers={contract.RepairRequest: mend})
    return questions


def repair() -> set[str]:
    return bpy.ops.thunder.repair(start=FRAMES[0], end=FRAMES[1])


def gap_at(played: Played, motion_frame: float) -> float:
    frame = frame_of(motion_frame)
    bpy.context.scene.frame_set(int(frame), subframe=frame % 1)
    return played.gap()


@pytest.mark.parametrize("name", CAST)
def test_a_spoilt_closure_is_read_mended_and_put_back(room, played, name) -> None:
    found = played(name)
    before, closed = rows(room, found.take, FRAMES), gap_at(found, CLOSED * STEP)
    assert closed < 0.6
    spoil(room, found)
    assert rows(room, found.take, FRAMES) == before, "only the span is spoilt"
    spoilt = gap_at(found, CLOSED * STEP)
    assert spoilt > 5
    asked = answers(room, found)
    assert repair() == {"FINISHED"}
    (question,) = asked
    jaw = question.weights[:, CHANNELS.index("jawOpen")]
    truth = found.motion[: len(jaw), CHANNELS.index("jawOpen")]
    steady = np.abs(np.arange(len(jaw)) - CLOSED * STEP) > AROUND
    assert np.abs(jaw - truth)[steady].max() < READ_BACK and jaw[CLOSED * STEP] > 0.3
    assert gap_at(found, CLOSED * STEP) < closed + 0.3, "the character's own lips meet"
    assert rows(room, found.take, FRAMES) == before, "and nothing beside the span has changed"


def jaw_curve(room, played: Played) -> Any:
    """A curve that the jaw's unit moves."""
    movers = room("thunder_blender.range_movers").movers_of(played.rig)
    jaw = CHANNELS.index("jawOpen")
    return next(c for c in curves(room, played.take) if jaw in movers.of(c.data_path))


@pytest.mark.parametrize("name", ["arkit", "visemes"])
def test_the_artists_own_keys_keep_every_bit(room, played, name) -> None:
    found = played(name)
    curve = jaw_curve(room, found)
    mine = [p for p in curve.keyframe_points if p.co[0] in (50.0, 51.0)]
    for point in mine:
        point.co[1] += 0.2
    path, kept = curve.data_path, {p.co[0]: p.co[1] for p in mine}
    room("thunder_blender.hand_edits").forget("Spoken")
    asked = answers(room, found)
    repair()
    moved_by = room("thunder_blender.range_movers").movers_of(found.rig).of(path)
    assert asked[0].kept[80][sorted(moved_by)].min() == 1.0
    after = dict(keyed(next(c for c in curves(room, found.take) if c.data_path == path)).tolist())
    assert {frame: after[frame] for frame in kept} == kept


def test_locked_curves_and_groups_stay_and_the_borders_are_smooth(room, played) -> None:
    found = played("arkit")
    locked = jaw_curve(room, found)
    locked.lock = True
    before = {(c.data_path, i): keyed(c) for i, c in enumerate(curves(room, found.take))}
    asked = answers(room, found, ("mouthFunnel", "browInnerUp", "jawOpen"))
    repair()
    jaw = CHANNELS.index("jawOpen")
    assert asked[0].kept[:, jaw].min() == 1.0
    inside = np.arange(np.ceil(FRAMES[0]), np.floor(FRAMES[1]) + 1)
    changed = set()
    for i, curve in enumerate(curves(room, found.take)):
        old, new = before[curve.data_path, i], keyed(curve)
        step = np.abs(new - old)[np.isin(old[:, 0], inside), 1]
        if step.max() > 0.05:
            changed.add(curve.data_path.split('"')[1])
        assert max(step[0], step[-1]) <= 0.02 + 0.1 * step.max(), curve.data_path
        if curve.lock:
            assert step.max() == 0.0
    asked_for = {"BrowInnerUp", "MouthFunnel"}
    assert asked_for <= changed <= asked_for | {"MouthClose"}, "which keeps the lips as far apart"
    for group in ("mouth", "brows", "eyes", "head"):
        setattr(found.rig.mesh.thunder, f"lock_{group}", True)
    now = rows(room, found.take)
    repair()
    assert rows(room, found.take) == now


def keyed(curve) -> np.ndarray:
    return np.array([p.co[:] for p in curve.keyframe_points], np.float32)


@pytest.mark.parametrize("name", ["driven", "visemes", "flame"])
def test_a_range_is_performed_anew_in_a_take_of_its_own(room, played, name) -> None:
    found = played(name)
    fake = use_fake_engine(room)
    old, beside = rows(room, found.take), rows(room, found.take, FRAMES)
    options = {"start": FRAMES[0], "end": FRAMES[1], "seed": 3}
    assert bpy.ops.thunder.regenerate_range(**options) == {"FINISHED"}
    hold = fake.requests[-1].hold
    free = np.flatnonzero((hold.kept == 0).any(1))
    assert (free[0], free[-1]) == (65, 95)
    assert rows(room, found.take) == old, "the old take is as it was"
    (new,) = [a for a in room("thunder_blender.takes").list_takes(found.rig) if a != found.take]
    assert rows(room, new, FRAMES) == beside and rows(room, new) != old


def test_padlocks_hold_for_new_takes_of_a_character(room, played) -> None:
    found = played("arkit")
    found.rig.mesh.thunder.lock_mouth = True
    motion = room("thunder_blender.range_motion")
    hold = motion.locked_hold(found.rig, found.take, found.line)
    jaw, brow = CHANNELS.index("jawOpen"), CHANNELS.index("browInnerUp")
    assert hold.kept[:, jaw].min() == 1.0 and hold.kept[:, brow].max() == 0.0
    both = min(len(hold.weights), len(found.motion))
    apart = np.abs(hold.weights[:both, jaw] - found.motion[:both, jaw])
    assert apart.max() < READ_BACK and np.median(apart) < 0.02


@pytest.mark.parametrize("name", ["arkit", "visemes", "jaw_bone", "flame"])
def test_a_new_take_has_the_very_keys_of_locked_curves(room, played, name) -> None:
    """On every kind of rig: what locked channels alone move is the held take's, key by key."""
    found = played(name)
    fake = use_fake_engine(room)
    found.rig.mesh.thunder.lock_mouth = True
    other = next(c for c in curves(room, found.take) if not held(room, found, c))
    other.lock = True  # a padlock of the curve's own, in Blender's channel list
    spot = next(c for c in curves(room, found.take) if held(room, found, c))
    for point in spot.keyframe_points:
        point.co[1] += 0.013  # a hand edit that no mapping gives back
    line = found.line
    order = order_of(room, found)
    assert order.hold is not None and order.held_take == found.take.name
    fake_take = fake.wait(fake.submit(order.request))
    fitted = room("thunder_blender.fit_take").fit_now(found.rig, fake_take, line.rate)
    made = room("thunder_blender.locked_curves").kept(order, fitted)
    new = room("thunder_blender.takes").add_take(found.rig, line, made, "New")
    was = {(c.data_path, c.array_index): keyed(c) for c in curves(room, found.take)}
    same, changed = set(), set()
    for curve in curves(room, new):
        address = curve.data_path, curve.array_index
        old, now = was[address], keyed(curve)
        shared = min(len(old), len(now)) - 1
        moved = np.abs(old[:shared] - now[:shared]).max() > 1e-5
        (changed if moved else same).add(address)
    kept = {a for a in was if held(room, found, a) or a == (other.data_path, other.array_index)}
    assert kept <= same, kept - same
    assert changed, "the rest is performed anew"


def test_a_coefficient_of_a_flame_can_be_locked_by_itself(room, played) -> None:
    """No channel is locked by it, as all of the face moves it; its keys stay all the same."""
    found = played("flame")
    fake = use_fake_engine(room)
    path = 'key_blocks["Exp3"].value'
    curve = next(c for c in curves(room, found.take) if c.data_path == path)
    assert not room("thunder_blender.channel_locks").has_locked(found.take)
    curve.lock = True
    assert room("thunder_blender.channel_locks").has_locked(found.take)
    order = order_of(room, found)
    assert order.hold is None
    fake_take = fake.wait(fake.submit(order.request))
    fitted = room("thunder_blender.fit_take").fit_now(found.rig, fake_take, found.line.rate)
    made = room("thunder_blender.locked_curves").kept(order, fitted)
    new = next(c.values for part in made.curves for c in part if c.data_path == path)
    old = keyed(curve)[:, 1]
    shared = min(len(old), len(new)) - 1
    assert np.abs(new[:shared] - old[:shared]).max() < 1e-5
    free = next(c.values for part in fitted.curves for c in part if c.data_path == path)
    assert np.abs(free[:shared] - old[:shared]).max() > 1e-3


def held(room, found: Played, curve: Any) -> bool:
    """Whether the mouth's channels alone move a curve, or one with this address."""
    path = curve[0] if isinstance(curve, tuple) else curve.data_path
    places = room("thunder_blender.range_movers").movers_of(found.rig).of(path)
    return bool(places) and places <= set(room("thunder_blender.channel_locks").GROUPS["mouth"])


def order_of(room, found: Played) -> Any:
    """What Generate would order for the line of a rig, of which nothing is heard here."""
    request, motion = room("thunder_blender.request"), room("thunder_blender.range_motion")
    hold = motion.locked_hold(found.rig, found.take, found.line)
    return request.Order(
        found.line,
        room("model_runtime.contract").Settings(seed=9),
        found.rig.identifier,
        found.rig.mesh.name,
        bpy.context.scene.name,
        hold=hold,
        held_take=found.take.name,
    )


def test_what_cannot_be_read_is_a_reason(room, played) -> None:
    found = played("arkit")
    curves_of = room("thunder_blender.range_curves")
    assert curves_of.unreadable_reason(found.rig, found.take) == ""
    strange = bpy.data.actions.new("Strange")
    assert "mapping" in curves_of.unreadable_reason(found.rig, strange)
    del found.rig.mesh["thunder_links"]
    assert "no mapping" in curves_of.unreadable_reason(found.rig, found.take)
