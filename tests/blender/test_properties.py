# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sidebar keeps, and how it becomes the settings of a request."""

from __future__ import annotations

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tests.blender.lines_fixture import add_strip, put_engine_away, use_fake_engine  # noqa: E402

GROUPS = ("ThunderSceneProperties", "ThunderPerformance", "ThunderStatus")


@pytest.fixture
def request_(room):
    return room("thunder_blender.request")


@pytest.fixture
def line(room):
    """Two seconds at 25 frames a second from frame 10, twice as fast as recorded."""
    from pathlib import Path

    return room("thunder_blender.lines").Line("hello", "id", Path("a.wav"), 0.0, 2.0, 2.0, 10, 25)


def animate(mesh, name: str, keys: dict[float, object]) -> None:
    for frame, value in keys.items():
        setattr(mesh.thunder, name, value)
        mesh.thunder.keyframe_insert(name, frame=frame)


@pytest.mark.parametrize("group", GROUPS)
def test_every_property_says_what_it_is_and_ends_without_a_stop(room, group) -> None:
    kind = getattr(room("thunder_blender.properties"), group)
    for prop in kind.bl_rna.properties:
        if prop.identifier in {"rna_type", "name"}:
            continue
        assert prop.name and prop.description, prop.identifier
        assert not prop.description.endswith("."), prop.identifier


def test_only_intensity_and_emotion_can_be_animated(rig) -> None:
    known = rig.mesh.thunder.bl_rna.properties
    assert {p.identifier for p in known if p.is_animatable and p.type != "STRING"} >= {
        "intensity",
        "emotion",
    }
    for name in ("seed", "lock_seed", "articulation", "smoothing", "variants"):
        assert not known[name].is_animatable, name


def test_limits_are_those_of_the_contract(rig, room) -> None:
    contract, known = room("model_runtime.contract"), rig.mesh.thunder.bl_rna.properties
    for name, bounds in (
        ("intensity", contract.INTENSITY_RANGE),
        ("articulation", contract.ARTICULATION_RANGE),
        ("smoothing", contract.SMOOTHING_RANGE),
        ("seed", contract.SEED_RANGE),
    ):
        assert (known[name].hard_min, known[name].hard_max) == pytest.approx(bounds), name
    emotions = [item.identifier for item in known["emotion"].enum_items]
    assert emotions == [contract.AUTO, *contract.EMOTIONS]


def test_settings_of_a_still_character_are_plain_numbers(rig, line, request_) -> None:
    rig.mesh.thunder.intensity = 0.8
    settings = request_.settings_of(rig.mesh, line, {})
    assert (settings.intensity, settings.emotion) == (0.8, "auto")


def test_an_animated_intensity_becomes_keys_in_seconds_of_the_line(rig, line, request_) -> None:
    animate(rig.mesh, "intensity", {10: 0.0, 35: 1.0})
    keys = request_.settings_of(rig.mesh, line, {}).intensity
    seconds, values = zip(*keys, strict=True)
    assert seconds[0] == 0.0 and values[0] == 0.0
    assert values[-1] == pytest.approx(1.0)
    assert seconds[-1] >= 2.0, "one second of the scene is two of the file"
    assert list(values) == sorted(values)


def test_an_overshooting_curve_stays_within_the_limits(rig, line, request_) -> None:
    animate(rig.mesh, "intensity", {10: 1.5, 20: 1.5, 21: 0.0, 35: 1.5})
    keys = request_.settings_of(rig.mesh, line, {}).intensity
    assert all(0.0 <= value <= 1.5 for _, value in keys)


def test_an_animated_emotion_becomes_names(rig, line, request_) -> None:
    animate(rig.mesh, "emotion", {1: "happy", 20: "sad"})
    settings = request_.settings_of(rig.mesh, line, {})
    names = [name for _, name in settings.emotion]
    assert names[0] == "happy" and names[-1] == "sad"
    turn = next(second for second, name in settings.emotion if name == "sad")
    assert turn == pytest.approx(0.8), "frame 20 is 10 frames in, at twice the speed"


def test_a_curve_that_does_not_change_is_one_value(rig, line, request_) -> None:
    animate(rig.mesh, "intensity", {10: 0.5, 30: 0.5})
    assert request_.settings_of(rig.mesh, line, {}).intensity == 0.5


def test_a_muted_curve_does_not_count(rig, line, request_, room) -> None:
    animate(rig.mesh, "intensity", {10: 0.0, 30: 1.0})
    curve = room("thunder_blender.compat_panels").object_curve(rig.mesh, "thunder.intensity")
    curve.mute = True
    rig.mesh.thunder.intensity = 0.7
    assert request_.settings_of(rig.mesh, line, {}).intensity == pytest.approx(0.7)


def test_what_is_given_wins_over_a_curve(rig, line, request_) -> None:
    animate(rig.mesh, "intensity", {10: 0.0, 30: 1.0})
    assert request_.settings_of(rig.mesh, line, {"intensity": 0.3}).intensity == 0.3


def test_the_rig_is_picked_or_active_or_the_only_one(rig, room, face, empty_scene, request_):
    head = room("thunder_blender.head")
    assert request_.current_rig(bpy.context).mesh == rig.mesh
    other = head.create_head(empty_scene.collection, head.HeadParams(name="Anna"), face)
    bpy.context.view_layer.objects.active = None
    assert request_.current_rig(bpy.context) is None
    assert request_.rig_reason(bpy.context) == request_.MANY_RIGS
    bpy.context.view_layer.objects.active = other.armature
    assert request_.current_rig(bpy.context).mesh == other.mesh
    empty_scene.thunder.rig = rig.mesh
    assert request_.current_rig(bpy.context).mesh == rig.mesh


def test_reasons_come_in_order(room, empty_scene, face, tmp_path, request_) -> None:
    head = room("thunder_blender.head")
    assert request_.disabled_reason(bpy.context) == request_.NO_RIG
    head.create_head(empty_scene.collection, head.HeadParams(), face)
    assert request_.disabled_reason(bpy.context) == request_.NO_STRIP
    strip = add_strip(room, tmp_path / "hello.wav", 1)
    use_fake_engine(room)
    assert request_.disabled_reason(bpy.context) == ""
    (tmp_path / "hello.wav").unlink()
    assert "is missing" in request_.disabled_reason(bpy.context)
    strips = room("thunder_blender.compat").sequences(empty_scene)
    color = strips.new_effect(
        "Blue", "COLOR", 2, 1, **{"length" if bpy.app.version >= (5, 0) else "frame_end": 50}
    )
    empty_scene.sequence_editor.active_strip = color
    assert "'Blue' is no sound strip" in request_.disabled_reason(bpy.context)
    empty_scene.thunder.strip = strip.name
    assert "is missing" in request_.disabled_reason(bpy.context)
    empty_scene.thunder.strip = "gone"
    assert "no strip 'gone'" in request_.disabled_reason(bpy.context)
    put_engine_away(room)


def test_without_python_the_reason_says_where_to_click(room, rig, tmp_path, monkeypatch) -> None:
    add_strip(room, tmp_path / "hello.wav", 1)
    contract, readiness = room("model_runtime.contract"), room("thunder_blender.readiness")

    def none(**_options):
        raise contract.EngineError("No Python. Press Install Runtime.")

    monkeypatch.setattr(room("thunder_blender.preferences"), "find_python", none)
    readiness.forget()
    with pytest.raises(RuntimeError, match="Install Runtime"):
        bpy.ops.thunder.generate()
    assert room("thunder_blender.request").engine_is_missing(bpy.context)
    readiness.forget()


def test_the_pickers_offer_what_fits(rig, room, empty_scene, tmp_path) -> None:
    properties = room("thunder_blender.properties")
    add_strip(room, tmp_path / "Hello.wav", 1)
    add_strip(room, tmp_path / "bye.wav", 1, channel=2)
    assert properties._strip_names(None, bpy.context, "HE") == ["Hello"]
    assert properties._is_rig(None, rig.armature)
    assert not properties._is_rig(None, bpy.data.objects.new("Cube", None))


def test_the_selected_take_survives_new_actions_and_deletion(rig) -> None:
    own = rig.mesh.thunder
    action = bpy.data.actions.new("m")
    own.take_index = bpy.data.actions.find("m")
    bpy.data.actions.new("a")
    assert own.take == action and own.take_index == bpy.data.actions.find("m")
    bpy.data.actions.remove(action)
    assert own.take is None and own.take_index == -1


def test_the_transcript_stays_with_the_strip(room, tmp_path) -> None:
    strip = add_strip(room, tmp_path / "hello.wav", 1)
    strip.thunder_transcript = "Good morning"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    (again,) = room("thunder_blender.lines").sound_strips(bpy.context.scene)
    assert again.thunder_transcript == "Good morning"


def test_load_line_uses_a_free_channel_and_becomes_the_line(room, empty_scene, tmp_path) -> None:
    from tests.blender.lines_fixture import write_wave

    add_strip(room, tmp_path / "first.wav", 1)
    empty_scene.thunder.strip = "first"
    empty_scene.frame_end = 20
    path = write_wave(tmp_path / "second.wav")
    assert bpy.ops.thunder.load_line(filepath=str(path), frame=5) == {"FINISHED"}
    if hasattr(bpy.types.WorkSpace, "sequencer_scene") and bpy.context.workspace:
        assert bpy.context.workspace.sequencer_scene == bpy.context.scene
    strip = room("thunder_blender.request").current_strip(bpy.context)
    assert (strip.name, strip.channel) == ("second", 2)
    assert empty_scene.frame_end >= 52
    with pytest.raises(RuntimeError, match="no sound at"):
        bpy.ops.thunder.load_line(filepath=str(tmp_path / "none.wav"))


def test_use_active_strip_and_roll_seed(rig, room, empty_scene, tmp_path) -> None:
    with pytest.raises(RuntimeError, match="Select a sound strip"):
        bpy.ops.thunder.use_active_strip()
    add_strip(room, tmp_path / "hello.wav", 1)
    bpy.ops.thunder.use_active_strip()
    assert empty_scene.thunder.strip == "hello"
    bpy.ops.thunder.roll_seed()
    assert 0 <= rig.mesh.thunder.seed < 1_000_000
    rig.mesh.thunder.lock_seed = True
    with pytest.raises(RuntimeError, match="seed is locked"):
        bpy.ops.thunder.roll_seed()
