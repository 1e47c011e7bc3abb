# SPDX-License-Identifier: GPL-3.0-or-later
"""Best of N, and takes of a part of the face over other animation."""

from __future__ import annotations

from types import MethodType, SimpleNamespace

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

import numpy as np  # noqa: E402

from tests.blender.lines_fixture import add_strip, put_engine_away, use_fake_engine  # noqa: E402


@pytest.fixture
def engine(room):
    """An engine whose meter likes seeds that leave a small rest by 10."""
    contract = room("model_runtime.contract")
    fake_motion = room("thunder_blender.engine_fake").fake_motion

    def meter(score: float):
        frames = np.full(100, score, np.float32)
        return contract.Meter(score, frames, np.ones(100, np.float32), 50.0, 0.0)

    def rank(question):
        """Takes in the order of the meter; "tried" tells of all seeds that were asked about."""
        order = sorted(question.seeds, key=lambda one: one % 10)
        tried = [[one, 0.9 - 0.05 * (one % 10)] for one in order]
        takes = tuple(
            contract.Take(fake_motion(one, 2.0), provenance={"seed": one, "tried": tried})
            for one in order[: question.keep]
        )
        return contract.Ranked(takes, tuple(meter(score) for _, score in tried[: question.keep]))

    answers = {contract.BestRequest: rank}
    yield use_fake_engine(room, answers=answers)
    put_engine_away(room)


@pytest.fixture
def hello(room, engine, rig, empty_scene, tmp_path):
    empty_scene.render.fps = 25
    return add_strip(room, tmp_path / "hello.wav", 10)


@pytest.fixture
def few_seeds(room, monkeypatch):
    """Rolled seeds are small, so that the fake meter can tell them by their motion."""
    best = room("thunder_blender.best_take")
    monkeypatch.setattr(best, "roll_seed", lambda used: min(set(range(13, 40)) - used))


@pytest.mark.parametrize("keep", ["BEST", "ALL"])
def test_models_that_speak_a_flame_are_told_before_anything_runs(
    keep, hello, rig, room, engine, monkeypatch
) -> None:
    flame = room("thunder_blender.runtime_weights").Speaks("flame", 56, "a" * 64, 50)
    monkeypatch.setattr(room("thunder_blender.readiness"), "chosen_speech", lambda: flame)
    with pytest.raises(RuntimeError, match=r"Weights Folder.*Generate Variants.*Measure each take"):
        bpy.ops.thunder.best_of(rig=rig.mesh.name, count=2, keep=keep)
    assert not room("thunder_blender.takes").list_takes(rig)


def test_the_best_is_kept_and_plays_with_its_meter(few_seeds, hello, rig, room, engine) -> None:
    assert bpy.ops.thunder.best_of(count=8) == {"FINISHED"}
    takes = room("thunder_blender.takes")
    (action,) = takes.list_takes(rig)
    info = takes.take_info(action, rig)
    assert (info.seed, info.chosen) == (20, True) and info.meter == pytest.approx(0.9)
    assert rig.mesh.thunder.take == action
    assert engine.requests[-1].seeds == tuple(range(13, 21))


def test_all_are_kept_where_that_is_wanted(few_seeds, hello, rig, room, engine) -> None:
    rig.mesh.thunder.best_keep, rig.mesh.thunder.variants = "ALL", 5
    assert bpy.ops.thunder.best_of() == {"FINISHED"}
    takes = room("thunder_blender.takes")
    found = [takes.take_info(action, rig) for action in takes.list_takes(rig)]
    assert sorted(info.seed for info in found) == [13, 14, 15, 16, 17]
    (chosen,) = [info for info in found if info.chosen]
    assert chosen.seed == 13 and all(info.meter is not None for info in found)
    (question,) = engine.requests  # all of them in one go, no sketches and no measuring apart
    assert (question.seeds, question.keep) == ((13, 14, 15, 16, 17), 5)


def test_many_come_in_batches_and_the_sentence_tells_of_all(few_seeds, hello, room, engine) -> None:
    best, requests = room("thunder_blender.best_take"), room("thunder_blender.request")
    found = best.contest(requests.order_from_context(bpy.context), 11, "ALL")
    shares = []
    while (question := found.question) is not None:
        shares.append(found.share(0.5))
        found.land(engine.wait(engine.submit(question)))
    assert [len(each.seeds) for each in engine.requests] == [8, 3]
    assert shares == pytest.approx([4 / 11, 9.5 / 11])
    assert "best of 11" in found.finish()


def test_it_is_one_undo_step(few_seeds, hello, rig) -> None:
    bpy.ops.ed.undo_push(message="Start")
    bpy.ops.thunder.best_of("EXEC_DEFAULT", True, count=3, keep="ALL")
    assert len([a for a in bpy.data.actions if "thunder_seed" in a]) == 3
    bpy.ops.ed.undo()
    assert not [a for a in bpy.data.actions if "thunder_seed" in a]


def test_locks_hold_for_the_best_as_well(few_seeds, hello, rig, room, engine) -> None:
    bpy.ops.thunder.generate(seed=7, name="Old")
    rig.mesh.thunder.lock_brows = True
    bpy.ops.thunder.best_of(count=4)
    kept = engine.requests[-1].line.hold.kept
    brows = list(room("thunder_blender.channel_locks").GROUPS["brows"])
    assert kept[:, brows].all() and kept.sum() == kept[:, brows].sum()


@pytest.mark.parametrize(
    ("layer", "moves", "rests"),
    [
        ("MOUTH", "jawOpen", "browInnerUp"),
        ("UPPER", "browInnerUp", "jawOpen"),
    ],
)
def test_a_layer_leaves_the_rest_to_what_lies_below(layer, moves, rests, hello, rig, room) -> None:
    """The artist animates both; the take of a layer replaces its own part alone."""
    blocks = rig.keys.key_blocks
    present = [name for name in (moves, rests) if name in blocks]
    if len(present) < 2:
        pytest.skip("the small head lacks one of them")
    for name in present:
        blocks[name].value = 0.25
        blocks[name].keyframe_insert("value", frame=1)
    rig.mesh.thunder.layer = layer
    bpy.ops.thunder.generate(seed=7, name="Layer")
    action = bpy.data.actions["Layer"]
    paths = {c.data_path for c in room("thunder_blender.take_marks").curves(action)}
    assert f'key_blocks["{moves}"].value' in paths and f'key_blocks["{rests}"].value' not in paths
    values = []
    for frame in range(15, 55, 5):
        bpy.context.scene.frame_set(frame)
        values.append((blocks[moves].value, blocks[rests].value))
    assert np.ptp([one for one, _ in values]) > 0.1
    assert np.allclose([other for _, other in values], 0.25)


def test_what_a_take_does_not_move_cannot_be_kept_of_it(hello, rig, engine) -> None:
    rig.mesh.thunder.layer = "MOUTH"
    bpy.ops.thunder.generate(seed=7)
    rig.mesh.thunder.layer, rig.mesh.thunder.lock_brows = "WHOLE", True
    bpy.ops.thunder.generate(seed=8)
    assert engine.requests[-1].hold is None


def test_every_channel_is_in_one_group(room) -> None:
    groups = room("thunder_blender.channel_locks").GROUPS
    places = sorted(place for group in groups.values() for place in group)
    assert places == list(range(55))


@pytest.fixture
def modal(room, engine):
    """The operator as a window drives it: `step` is one tick of its timer, `esc` a press of Esc."""
    operator = room("operators.best_of").THUNDER_OT_best_of
    requests, best = room("thunder_blender.request"), room("thunder_blender.best_take")
    said: list[tuple[str, str]] = []
    context = SimpleNamespace(
        window=SimpleNamespace(modal_operators=[]),
        window_manager=SimpleNamespace(windows=[], event_timer_remove=lambda _: None),
        workspace=SimpleNamespace(status_text_set=lambda _: None),
    )

    def begin(count: int, keep: str):
        found = best.contest(requests.order_from_context(bpy.context), count, keep)
        self = SimpleNamespace(found=found, job=engine.submit(found.question), timer=None)
        self.finishing = None
        self.bl_label, self.report = "Best of N", lambda kind, text: said.append((*kind, text))
        for name in ("_show", "_leave", "_end", "_finish"):
            setattr(self, name, MethodType(getattr(operator, name), self))
        self.step = lambda: operator.modal(self, context, SimpleNamespace(type="TIMER", value=""))
        press = SimpleNamespace(type="ESC", value="PRESS")
        self.esc = lambda: operator.modal(self, context, press)
        self.said = said
        return self

    return begin


def test_a_window_shows_progress_and_ends_with_the_take(modal, few_seeds, hello, rig, room) -> None:
    running = modal(4, "BEST")
    results = [running.step()]
    while "PASS_THROUGH" in results[-1] and "FINISHED" not in results[-1]:
        results.append(running.step())
    assert len(room("thunder_blender.takes").list_takes(rig)) == 1
    assert running.said[-1][0] == "INFO" and "best of 4" in running.said[-1][1]


def test_esc_keeps_the_takes_that_are_there(modal, few_seeds, hello, rig, room, engine) -> None:
    running = modal(13, "ALL")
    while len(running.found.found) < 8:
        running.step()
    engine.seconds_per_line = 60.0
    running.step()
    running.esc()
    results = [running.step()]
    while "PASS_THROUGH" in results[-1] and "FINISHED" not in results[-1]:
        results.append(running.step())
    assert len(room("thunder_blender.takes").list_takes(rig)) == 8
    assert ("WARNING", "Cancelled") in running.said


def test_what_fails_is_told_and_leaves_nothing(modal, few_seeds, hello, rig, room, engine) -> None:
    engine.fail_with = room("model_runtime.contract").AudioError("The sound is gone.")
    running = modal(6, "BEST")
    assert "CANCELLED" in running.step()
    assert running.said == [("WARNING", "The sound is gone.")]
    assert not room("thunder_blender.takes").list_takes(rig)
