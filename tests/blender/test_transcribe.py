# SPDX-License-Identifier: GPL-3.0-or-later
"""Transcribe in Blender: what is heard becomes the transcript, never over what somebody typed."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tests.blender.fake_layout import draw  # noqa: E402
from tests.blender.lines_fixture import add_strip, put_engine_away, use_fake_engine  # noqa: E402

WORDS = "Maybe Pam found five brown puppies"


@pytest.fixture
def asked(room):
    """The questions that came; whatever the sound, WORDS are heard in it."""
    contract = room("model_runtime.contract")
    questions = []

    def hear(question):
        questions.append(question)
        return contract.Recognised(WORDS, "Recognised 6 words")

    use_fake_engine(room, answers={contract.RecogniseRequest: hear})
    yield questions
    put_engine_away(room)


@pytest.fixture
def deaf(room):
    contract = room("model_runtime.contract")
    none = contract.Recognised("", "No English words were recognised in the sound.")
    use_fake_engine(room, answers={contract.RecogniseRequest: lambda _question: none})
    yield
    put_engine_away(room)


@pytest.fixture
def hello(room, empty_scene, tmp_path):
    return add_strip(room, tmp_path / "hello.wav", 10)


@pytest.fixture
def module(room):
    return room("thunder_blender.transcribe")


def test_what_is_heard_becomes_the_transcript(asked, hello, tmp_path) -> None:
    assert bpy.ops.thunder.transcribe() == {"FINISHED"}
    assert hello.thunder_transcript == WORDS
    (question,) = asked
    assert question.sound.audio == tmp_path / "hello.wav"
    assert (question.sound.start, question.sound.duration) == pytest.approx((0.0, 2.0))


def test_scripts_name_the_strip(room, asked, hello, tmp_path) -> None:
    other = add_strip(room, tmp_path / "other.wav", 100)
    bpy.ops.thunder.transcribe(strip=hello.name)
    assert (hello.thunder_transcript, other.thunder_transcript) == (WORDS, "")
    with pytest.raises(RuntimeError, match="no strip 'nobody'"):
        bpy.ops.thunder.transcribe(strip="nobody")


def test_undo_takes_it_back(room, asked, hello) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.thunder.transcribe()
    bpy.ops.ed.undo_push(message="Transcribe")
    bpy.ops.ed.undo()
    (strip,) = room("thunder_blender.lines").sound_strips(bpy.context.scene)
    assert strip.thunder_transcript == ""


def test_what_was_typed_stays_until_replace_is_said(module, asked, hello) -> None:
    hello.thunder_transcript = "Maybe Pam"
    assert module.asks_first(bpy.context, "")
    with pytest.raises(RuntimeError, match="has a transcript already"):
        bpy.ops.thunder.transcribe()
    assert hello.thunder_transcript == "Maybe Pam" and not asked
    bpy.ops.thunder.transcribe(replace=True)
    assert hello.thunder_transcript == WORDS
    assert not module.asks_first(bpy.context, hello.name), "what was heard is heard again"
    bpy.ops.thunder.transcribe()
    hello.thunder_transcript += " in the village"
    assert module.asks_first(bpy.context, hello.name), "a corrected word is typed"


def test_at_the_window_it_asks_first(room, asked, hello, monkeypatch) -> None:
    operators, begun, called = room("operators.transcribe"), [], []
    question = SimpleNamespace(replace_transcript=lambda *how, **what: called.append((how, what)))
    window = SimpleNamespace(
        app=SimpleNamespace(background=False), ops=SimpleNamespace(thunder=question)
    )
    monkeypatch.setattr(operators, "bpy", window)
    monkeypatch.setattr(operators.AskingOperator, "invoke", lambda *_: begun.append(1) or {"BEGUN"})
    context = SimpleNamespace(window=object(), scene=bpy.context.scene)

    def press(**given):
        button = SimpleNamespace(**{"strip": hello.name, "replace": False, **given})
        return operators.THUNDER_OT_transcribe.invoke(button, context, None)

    assert press() == {"BEGUN"}
    hello.thunder_transcript = "Maybe Pam"
    assert press() == {"CANCELLED"} and len(begun) == 1
    assert called == [(("INVOKE_DEFAULT",), {"strip": hello.name})]
    assert press(replace=True) == {"BEGUN"} and len(called) == 1


def test_without_words_the_transcript_stays_and_the_sentence_is_told(
    room, module, deaf, hello
) -> None:
    assert bpy.ops.thunder.transcribe() == {"FINISHED"}
    assert hello.thunder_transcript == ""
    hello.thunder_transcript = "Bonjour"
    waiting = module.transcribing(bpy.context, replace=True)
    assert "No English words" in waiting.land(_answer(room, waiting))
    assert hello.thunder_transcript == "Bonjour"


def test_what_was_typed_or_deleted_meanwhile_is_told(room, module, asked, hello) -> None:
    error = room("model_runtime.contract").ThunderError
    waiting = module.transcribing(bpy.context)
    hello.thunder_transcript = "Hello"
    with pytest.raises(error, match="changed meanwhile, so it stays"):
        waiting.land(_answer(room, waiting))
    room("thunder_blender.compat").sequences(bpy.context.scene).remove(hello)
    with pytest.raises(error, match="deleted meanwhile"):
        waiting.land(_answer(room, waiting))


def test_why_it_is_greyed_out(module, empty_scene) -> None:
    assert "sound strip" in module.disabled_reason(bpy.context, from_panel=True)
    assert "sound strip" in module.disabled_reason(bpy.context, from_panel=False)
    assert not bpy.ops.thunder.transcribe.poll()
    assert not bpy.ops.thunder.use_heard_words.poll()


def test_what_a_take_heard_is_shown_and_taken_over(room, asked, rig, hello) -> None:
    context = _context()
    line = bpy.types.THUNDER_PT_line_view3d
    bpy.ops.thunder.generate(seed=3)
    before = draw(line, context)
    assert "Optional" in before.names("placeholder")
    (action,) = room("thunder_blender.takes").list_takes(rig)
    words = 'He said "well", and ' + "we move on " * 60
    made = {"transcript": "", "alignment": {"used": True, "recognised": words, "words": []}}
    action["thunder_provenance"] = json.dumps(made, sort_keys=True)
    shown = draw(line, context)
    assert f"Heard: {words.strip()}" in shown.names("placeholder")
    assert shown.names("label") == before.names("label"), "no button moves after a take"
    assert "thunder.use_heard_words" in shown.names("operator")
    button = bpy.types.Operator.bl_rna_get_subclass_py("THUNDER_OT_use_heard_words")
    assert button.description(context, None).endswith(words.strip())
    assert bpy.ops.thunder.use_heard_words() == {"FINISHED"}
    assert hello.thunder_transcript == words.strip()
    assert "Optional" in draw(line, context).names("placeholder")
    assert not bpy.ops.thunder.use_heard_words.poll(), "the line has a transcript"
    bpy.ops.thunder.transcribe()  # what was heard is not what somebody typed
    assert hello.thunder_transcript == WORDS


def test_provenance_that_was_changed_by_hand_is_not_heard(room, asked, rig, hello) -> None:
    bpy.ops.thunder.generate(seed=3)
    (action,) = room("thunder_blender.takes").list_takes(rig)
    heard = room("thunder_blender.transcript").heard_words
    for broken in ('"recognised": ', '"recognised": 5', "[]", '"transcript": "\\"recognised\\": "'):
        action["thunder_provenance"] = broken
        assert heard(bpy.context) == ""


def _answer(room, waiting):
    engine = room("thunder_blender.engine").get_engine()
    return engine.wait(engine.submit(waiting.question))


def _context():
    system = SimpleNamespace(ui_scale=1.0)
    region = SimpleNamespace(width=220)

    class Context:
        preferences = SimpleNamespace(system=system)

        def __getattr__(self, name):
            return getattr(bpy.context, name)

    Context.region = region
    return Context()
