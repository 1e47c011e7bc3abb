# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate through both doors: the blocking one of scripts, and the ticks of the modal one."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tests.blender.lines_fixture import add_strip, put_engine_away, use_fake_engine  # noqa: E402


@pytest.fixture
def engine(room):
    yield use_fake_engine(room)
    put_engine_away(room)


@pytest.fixture
def hello(room, empty_scene, tmp_path):
    """A sound strip of two seconds at frame 10, in a scene of 25 frames a second."""
    empty_scene.render.fps = 25
    return add_strip(room, tmp_path / "hello.wav", 10)


@pytest.fixture
def takes(room):
    return room("thunder_blender.takes")


@pytest.fixture
def jobs(room):
    return room("thunder_blender.jobs")


@pytest.fixture
def order(engine, rig, hello, room):
    """What a click on Generate would order now, with seed 7."""
    request = room("thunder_blender.request")
    rig.mesh.thunder.seed = 7
    return request.order_from_context(bpy.context)


def begin(jobs, *orders) -> None:
    """Start as `invoke` does; the timer needs a window and is stood in for."""
    timers = SimpleNamespace(event_timer_add=lambda *_, **__: None)
    jobs.begin(SimpleNamespace(window_manager=timers, window=None), list(orders))


def ticks(jobs) -> list:
    """Tick to the end; the ticks that had something to say."""
    found = []
    while jobs.running():
        found.append(jobs.tick())
        time.sleep(0.001)
    return [tick for tick in found if tick.applied or tick.failed or tick.cancelled]


def test_a_script_generates_with_everything_said(engine, rig, hello, takes) -> None:
    done = bpy.ops.thunder.generate(
        strip="hello",
        rig=rig.mesh.name,
        seed=7,
        intensity=0.8,
        emotion="happy",
        articulation=1.2,
        smoothing=0.3,
        name="First",
    )
    assert done == {"FINISHED"}
    (request,) = engine.requests
    assert (request.audio.name, request.start, request.duration) == ("hello.wav", 0.0, 2.0)
    settings = request.settings
    assert (settings.seed, settings.intensity, settings.emotion) == (7, 0.8, "happy")
    assert (settings.articulation, settings.smoothing) == (1.2, 0.3)
    (action,) = takes.list_takes(rig)
    info = takes.take_info(action, rig)
    assert (info.name, info.seed, info.chosen) == ("First", 7, True)
    assert rig.mesh.thunder.seed == 1, "a seed that was given is not rolled on"


def test_what_a_script_leaves_out_is_the_characters_own(engine, rig, hello) -> None:
    own = rig.mesh.thunder
    own.seed, own.intensity, own.emotion, own.lock_seed = 5, 0.4, "sad", True
    bpy.ops.thunder.generate()
    settings = engine.requests[0].settings
    assert (settings.seed, settings.intensity, settings.emotion) == (5, 0.4, "sad")
    assert own.seed == 5, "a locked seed stays"


def test_the_strips_transcript_goes_along(engine, rig, hello) -> None:
    bpy.ops.thunder.generate()
    hello.thunder_transcript = " Good morning "
    bpy.ops.thunder.generate()
    bpy.ops.thunder.variants(count=2)
    assert [request.transcript for request in engine.requests] == ["", *["Good morning"] * 3]


def test_an_unlocked_seed_is_rolled_after_a_take(engine, rig, hello) -> None:
    rig.mesh.thunder.seed = 5
    bpy.ops.thunder.generate()
    assert engine.requests[0].settings.seed == 5
    assert rig.mesh.thunder.seed != 5


def test_invoke_in_the_background_is_execute(engine, rig, hello, takes) -> None:
    assert bpy.ops.thunder.generate("INVOKE_DEFAULT", seed=3) == {"FINISHED"}
    assert takes.list_takes(rig)


def test_variants_have_seeds_of_their_own_and_one_plays(engine, rig, hello, takes) -> None:
    bpy.ops.thunder.variants(count=3)
    found = [takes.take_info(action, rig) for action in takes.list_takes(rig)]
    assert len({info.seed for info in found}) == 3
    assert sum(info.chosen for info in found) == 1


def test_variants_leave_the_chosen_take_alone(engine, rig, hello, takes) -> None:
    bpy.ops.thunder.generate(seed=1, name="Good")
    rig.mesh.thunder.variants = 2
    bpy.ops.thunder.variants()
    (chosen,) = [a.name for a in takes.list_takes(rig) if takes.take_info(a, rig).chosen]
    assert chosen == "Good"
    assert len(takes.list_takes(rig)) == 3


def test_one_take_is_one_undo_step(engine, rig, hello, room) -> None:
    bpy.ops.ed.undo_push(message="Start")
    bpy.ops.thunder.generate("EXEC_DEFAULT", True, seed=7)
    assert bpy.data.actions
    bpy.ops.ed.undo()
    assert not [action for action in bpy.data.actions if "thunder_take" in action]


def test_the_modal_door_shows_progress_and_applies(engine, order, rig, jobs, takes) -> None:
    engine.seconds_per_line, now = 2.0, [0.0]
    engine._clock = lambda: now[0]
    begin(jobs, order)
    status = bpy.context.window_manager.thunder
    assert (status.running, status.what) == (True, "hello on Head")
    jobs.tick()
    now[0] = 1.0
    assert jobs.tick().running
    assert (status.stage, status.seconds_left) == ("Performing", 1.0)
    assert status.fraction == pytest.approx(0.5)
    assert not takes.list_takes(rig)
    now[0] = 2.5
    tick = ticks(jobs)[-1]
    assert (tick.running, status.running) == (False, False)
    assert "Head.hello.s7" in tick.applied
    assert takes.chosen_take(rig, order.line.line_id).name == "Head.hello.s7"


def test_while_one_runs_no_other_starts(engine, order, jobs) -> None:
    engine.seconds_per_line = 60.0
    begin(jobs, order)
    for name in ("generate", "variants"):
        with pytest.raises(RuntimeError, match="being generated"):
            getattr(bpy.ops.thunder, name)()
    assert bpy.ops.thunder.cancel() == {"FINISHED"}
    assert bpy.context.window_manager.thunder.stage == "Cancelling"
    (tick,) = ticks(jobs)
    assert "Cancelled: hello on Head" in tick.cancelled
    assert not bpy.context.window_manager.thunder.running
    with pytest.raises(RuntimeError, match="No take is being generated"):
        bpy.ops.thunder.cancel()


@pytest.mark.parametrize(
    ("sentence", "settled_there"),
    [
        ("The engine has no memory left. Close a program.", False),
        ("The engine could not start. Press Install Runtime in the preferences.", True),
    ],
)
def test_a_failure_is_kept_for_the_panel_until_put_away(
    engine, order, room, jobs, sentence, settled_there
) -> None:
    contract = room("model_runtime.contract")
    engine.fail_with = contract.EngineError(sentence)
    begin(jobs, order)
    (tick,) = ticks(jobs)
    status = bpy.context.window_manager.thunder
    assert tick.failed == status.error == sentence
    assert status.needs_runtime == settled_there and not status.running
    bpy.ops.thunder.dismiss_error()
    assert (status.error, status.needs_runtime) == ("", False)


def test_a_failure_in_a_script_is_an_error(engine, rig, hello, room) -> None:
    contract = room("model_runtime.contract")
    engine.fail_with = contract.AudioError("There is no sound in hello.wav. Choose another.")
    with pytest.raises(RuntimeError, match=r"no sound in hello\.wav"):
        bpy.ops.thunder.generate()
    assert not bpy.data.actions


def test_a_deleted_head_loses_nothing_else(engine, order, rig, jobs) -> None:
    begin(jobs, order)
    bpy.data.objects.remove(rig.mesh)
    (tick,) = ticks(jobs)
    assert "'Head' was deleted" in tick.failed and "seed 7" in tick.failed
    assert not jobs.running()


def test_a_deleted_strip_leaves_the_take_on_the_head(engine, order, rig, room, jobs, takes) -> None:
    begin(jobs, order)
    scene = bpy.context.scene
    strips = room("thunder_blender.compat").sequences(scene)
    strips.remove(strips["hello"])
    (tick,) = ticks(jobs)
    assert "'hello' was deleted meanwhile" in tick.applied
    assert len(takes.list_takes(rig)) == 1


def test_a_moved_strip_takes_its_take_along(engine, order, rig, hello, jobs, takes) -> None:
    begin(jobs, order)
    if hasattr(hello, "content_start"):
        hello.content_start = 110
    else:
        hello.frame_start = 110
    ticks(jobs)
    action = takes.chosen_take(rig, order.line.line_id)
    (pair,) = takes.take_strips(rig)
    assert action.name == "Head.hello.s7"
    assert pair[1].frame_start + pair[1].blend_in == pytest.approx(110, abs=1)


def test_renamed_rig_and_strip_are_found_again(engine, order, rig, hello, jobs, takes) -> None:
    begin(jobs, order)
    rig.mesh.name, hello.name = "Anna", "greeting"
    (tick,) = ticks(jobs)
    assert "performed by Anna" in tick.applied
    assert takes.list_takes(rig)[0].name == "Anna.greeting.s7"


def test_undo_between_order_and_take(engine, rig, hello, room, jobs, takes) -> None:
    bpy.ops.ed.undo_push(message="Start")
    rig.mesh.location.x = 1.0
    bpy.ops.ed.undo_push(message="Move")
    begin(jobs, room("thunder_blender.request").order_from_context(bpy.context))
    bpy.ops.ed.undo()
    (tick,) = ticks(jobs)
    assert tick.applied
    found = room("thunder_blender.rig").find_scene_rig(bpy.context.scene, None)
    assert len(takes.list_takes(found)) == 1


def test_another_file_ends_the_job(engine, order, jobs) -> None:
    engine.seconds_per_line = 60.0
    begin(jobs, order)
    bpy.ops.wm.read_homefile(use_empty=True)
    assert not jobs.running()
    assert not bpy.context.window_manager.thunder.running
    assert engine.status == "Idle"


def test_a_status_that_was_saved_does_not_come_back(room, tmp_path) -> None:
    path = str(tmp_path / "scene.blend")
    room("thunder_blender.jobs").status(running=True, error="Old", stage="Performing")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    status = bpy.context.window_manager.thunder
    assert (status.running, status.error, status.stage) == (False, "", "")


def test_among_several_heads_the_button_asks_and_a_script_says(
    engine, rig, hello, room, face, empty_scene, takes
) -> None:
    head = room("thunder_blender.head")
    anna = head.create_head(empty_scene.collection, head.HeadParams(name="Anna"), face)
    bpy.context.view_layer.objects.active = None
    with bpy.context.temp_override(thunder_panel=empty_scene.thunder):
        assert not bpy.ops.thunder.generate.poll()
        assert not bpy.ops.thunder.variants.poll()
    with pytest.raises(RuntimeError, match="Select one of the heads"):
        bpy.ops.thunder.generate()
    for mesh in (rig.mesh, anna.mesh):
        bpy.ops.thunder.generate(rig=mesh.name, seed=2)
    assert [len(takes.list_takes(each)) for each in (rig, anna)] == [1, 1]
    with pytest.raises(RuntimeError, match=r"'Bob' is no rig.*Anna, Head"):
        bpy.ops.thunder.generate(rig="Bob")
    with pytest.raises(RuntimeError, match="no strip 'nowhere'"):
        bpy.ops.thunder.generate(rig="Anna", strip="nowhere")


def test_a_saved_file_keeps_what_was_made_and_nothing_of_the_job(
    engine, order, rig, jobs, tmp_path
) -> None:
    engine.seconds_per_line = 60.0
    begin(jobs, order)
    path = str(tmp_path / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert not bpy.context.window_manager.thunder.running
    assert bpy.data.objects["Head"].thunder.seed == 7
    assert not [action for action in bpy.data.actions if "thunder_take" in action]


def test_an_unexpected_error_ends_the_job_and_is_not_swallowed(
    engine, order, jobs, monkeypatch
) -> None:
    begin(jobs, order)
    monkeypatch.setattr(jobs, "apply_steps", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ticks(jobs)
    assert not jobs.running()


def test_two_hundred_cancels_leave_nothing(engine, order, jobs) -> None:
    engine.seconds_per_line = 60.0
    before = {name: len(getattr(bpy.data, name)) for name in ("actions", "objects", "sounds")}
    for _ in range(200):
        begin(jobs, order)
        jobs.tick()
        jobs.cancel()
        ticks(jobs)
    assert {name: len(getattr(bpy.data, name)) for name in before} == before
    assert engine.status == "Idle"
    assert not engine._jobs


def test_both_doors_write_the_same_keys(engine, order, rig, jobs, takes, room) -> None:
    begin(jobs, order)
    ticks(jobs)
    room("thunder_blender.jobs").wait(order)
    modal, blocking = takes.list_takes(rig)
    marks = room("thunder_blender.take_marks")
    assert marks.content_hash(modal) == marks.content_hash(blocking)
    assert modal[marks.SECONDS] == blocking[marks.SECONDS]
    assert modal[marks.LAST_FRAME] == blocking[marks.LAST_FRAME]


def until_writing(jobs) -> None:
    """Tick until a part of the keys is there."""
    while not [action for action in bpy.data.actions if "thunder_draft" in action]:
        assert jobs.tick().running
        time.sleep(0.001)


@pytest.fixture
def slow_writing(room, monkeypatch):
    """One curve at each tick, as on a slow machine."""
    monkeypatch.setattr(room("thunder_blender.steps").Stepped.go_on, "__defaults__", (0.0,))


def test_cancel_while_keys_are_written_leaves_nothing(engine, order, jobs, slow_writing) -> None:
    begin(jobs, order)
    until_writing(jobs)
    assert bpy.context.window_manager.thunder.stage == "Writing keys"
    bpy.ops.thunder.cancel()
    (tick,) = ticks(jobs)
    assert tick.cancelled == "Cancelled: hello on Head"
    assert not bpy.data.actions and not jobs.running()


def test_a_head_deleted_while_keys_are_written(engine, order, rig, jobs, slow_writing) -> None:
    begin(jobs, order)
    until_writing(jobs)
    bpy.data.objects.remove(rig.mesh)
    (tick,) = ticks(jobs)
    assert "'Head' was deleted" in tick.failed
    assert not [action for action in bpy.data.actions if "thunder_draft" in action]


def test_the_extensions_end_leaves_no_half_take(engine, order, jobs, slow_writing) -> None:
    begin(jobs, order)
    until_writing(jobs)
    jobs.abandon()
    assert not bpy.data.actions


def test_what_fails_in_the_thread_is_raised(engine, order, jobs, monkeypatch, room) -> None:
    monkeypatch.setattr(room("thunder_blender.fit_take"), "fitted", lambda *_: 1 / 0)
    begin(jobs, order)
    with pytest.raises(ZeroDivisionError):
        ticks(jobs)
    assert not jobs.running()


def test_a_tick_is_short_also_for_a_long_line(engine, rig, room, empty_scene, tmp_path, jobs):
    empty_scene.render.fps = 24
    add_strip(room, tmp_path / "long.wav", 1, seconds=30.0)
    begin(jobs, room("thunder_blender.request").order_from_context(bpy.context))
    longest = 0.0
    while jobs.running():
        start = time.thread_time()  # what this thread worked; other programs do not count
        jobs.tick()
        longest = max(longest, time.thread_time() - start)
        time.sleep(0.001)
    assert longest < 0.06, f"{1000 * longest:.0f} ms"


def test_models_of_a_flame_are_refused_on_another_rig_before_the_work(
    engine, rig, hello, room, monkeypatch
) -> None:
    request, weights = room("thunder_blender.request"), room("thunder_blender.runtime_weights")
    speaks = weights.Speaks("flame", 56, "efcd14cc" + "0" * 56, 50)
    monkeypatch.setattr(request, "chosen_speech", lambda: speaks)
    reason = request.disabled_reason(bpy.context)
    assert "parameters of FLAME 2020" in reason and "'Head' is no FLAME" in reason
    with pytest.raises(RuntimeError, match="Bring that file in with Import FLAME"):
        bpy.ops.thunder.generate(strip="hello", rig=rig.mesh.name)
    assert not engine.requests
    rig.mesh["thunder_mapping"], rig.mesh["thunder_flame"] = "flame", "e75a09" + "0" * 58
    assert "'Head' was made from a FLAME file (sha256 e75a0900...)" in request.models_reason(rig)
    rig.mesh["thunder_flame"] = speaks.face
    assert request.models_reason(rig) == ""
    rig.mesh.thunder.layer = "MOUTH"
    assert "of the whole face only" in request.models_reason(rig)
