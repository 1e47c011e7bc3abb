# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of other rigs' shape keys: all known lists right, lists met elsewhere, nothing guessed."""

from __future__ import annotations

import pytest

from tests.as_extension import room
from tools import measure_automap, rig_lists, rig_lists_found

names = room("thunder_blender.rig_names")


@pytest.mark.parametrize("rig", rig_lists.KNOWN)
def test_known_rigs_are_mapped_all_right(rig):
    assert not rig_lists.wrong(names, rig_lists.KNOWN[rig])


def test_lists_met_elsewhere_are_mapped_at_95_percent_or_better():
    lists = rig_lists_found.FOUND.values()
    wrong = sum(len(rig_lists.wrong(names, meaning)) for meaning in lists)
    assert wrong <= 0.05 * sum(map(len, lists))


def test_no_name_met_elsewhere_is_taken_for_another_unit():
    for listed in rig_lists_found.FOUND.values():
        for name, (meant, made) in rig_lists.wrong(names, listed).items():
            assert not made, (name, meant, made)


@pytest.mark.parametrize("batch", measure_automap.BATCHES)
def test_batches_met_since_stay_at_95_percent_or_better_and_few_guesses_are_wrong(batch):
    found = measure_automap.share(names, measure_automap.BATCHES[batch])
    assert found["percent"] >= 95, found
    assert found["meant_right"] >= 0.95 * found["meant"], found
    assert found["wrong_guesses"] <= 0.011 * found["names"], found


def test_nothing_is_guessed_of_300_unrelated_names_alone_or_beside_a_rig():
    found = measure_automap.unrelated(names)
    assert found["names"] >= 300
    assert not any(found["guessed"].values()), found


def test_nothing_is_guessed_of_unrelated_names():
    unrelated = rig_lists.UNRELATED.split("|")
    assert len(unrelated) >= 50
    assert not names.recognise(unrelated).matches


@pytest.mark.parametrize("alone", ["E", "O", "open", "Smile", "a", "R"])
def test_one_lucky_name_is_no_face(alone):
    assert not names.recognise(["Basis", alone, "Fat", "Tall"]).matches


def test_units_on_one_of_several_meshes_are_known_by_their_company():
    teeth = names.recognise(["JawOpen", "JawForward"])
    assert {match.source for match in teeth.matches} == {"jawOpen", "jawForward"}


def test_a_rig_with_both_uses_its_units_and_knows_its_visemes():
    both = [*rig_lists.KNOWN["ARKit"], *rig_lists.KNOWN["Meta with prefix"]]
    found = names.recognise(both)
    assert found.kind == "mixed"
    assert names.covers_mouth(found.matches)


def test_names_that_blender_numbered_and_full_width_letters_are_read():
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in "jawLeft")
    spelt = ["jawOpen.001", wide, "Mouth Smile Left", "left_eye_blink", "BROW_INNER_UP"]
    sources = [match.source for match in names.recognise(spelt).matches]
    assert sources == ["jawOpen", "jawLeft", "mouthSmileLeft", "eyeBlinkLeft", "browInnerUp"]


def test_numbers_from_one_are_flame_and_from_zero_smplx():
    flame = names.recognise([f"Exp{n}" for n in range(1, 51)])
    smplx = names.recognise([f"Exp{n:03d}" for n in range(50)])
    assert (flame.kind, smplx.kind) == ("flame", "smplx")
    assert flame.matches[0].source == smplx.matches[0].source == "expression:0"


def spare_of(listed):
    return set(names.spare(names.recognise(listed).matches))


def test_keys_that_say_again_what_better_ones_say_are_spare():
    assert spare_of(rig_lists.KNOWN["VRoid"]) == {"Fcl_EYE_Close"}  # there is one for each eye
    assert spare_of(rig_lists_found.FOUND["VRM 1"]) == {"blink"}
    assert spare_of([*rig_lists.KNOWN["ARKit"], "mouthSmile", "eyesClosed", "eyesLookUp"]) == {
        "mouthSmile", "eyesClosed", "eyesLookUp",
    }  # fmt: skip
    older = ["AU_12_LipCornerPuller_L", "AU_12_LipCornerPuller_R", "HB_07_MouthSmile"]
    assert spare_of([*rig_lists_found.FOUND["Rocketbox"], *older]) <= set(older)
    assert spare_of(rig_lists.KNOWN["CC extended"]) == {"Mouth_Drop_Lower"}  # both sides at once
    for rig in ("ARKit", "CC MetaHuman", "MPFB2 face units", "Meta", "SMPL-X"):
        assert not spare_of(rig_lists.KNOWN[rig]), rig


def test_a_prefix_of_any_length_is_known_by_its_company():
    front = "Hero_LOD_2__face_rig_v_"
    listed = [front + name for name in rig_lists.KNOWN["ARKit"]]
    assert len(names.recognise(listed).matches) == 52
    assert not names.recognise([*listed[:3], "Basis"]).matches  # three are no company
    assert not names.recognise(["Tree_Leaf_A", "Tree_Leaf_E", "Tree_Leaf_I", "Tree_Leaf_O"]).matches
    visemes = [f"{front}{name}" for name in rig_lists.META]
    assert len(names.recognise(visemes).matches) == 15


FACE = ["jawOpen", "mouthFunnel", "eyeBlinkLeft", "browDownLeft", "cheekPuff", "noseSneerLeft"]


def sources_of(name, company=()):
    """What one name is mapped to, beside names that make a face."""
    matches = names.recognise([*FACE, *company, name]).matches
    return {match.source for match in matches if match.name == name}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("mouth_upper_lip_raise_r", {"mouthUpperUpRight"}),
        ("Lip Corner Depressor L", {"mouthFrownLeft"}),
        ("AU12_R", {"mouthSmileRight"}),
        ("ActionUnit_9_L", {"noseSneerLeft"}),
        ("levre_superieure_gauche_haut", {"mouthUpperUpLeft"}),
        ("左目_まばたき", {"eyeBlinkLeft"}),
        ("Augenbraue_runter_links", {"browDownLeft"}),
        ("eye_sqiunt_r", {"eyeSquintRight"}),
        ("leftBrowUp_Down", {"browOuterUpLeft"}),
        ("MouthSmile_Frown_L", {"mouthSmileLeft"}),
        ("UpLipUp_L", {"mouthUpperUpLeft"}),
        ("UpLipDown_L", set()),
        ("eyes_look_left", {"eyeLookOutLeft", "eyeLookInRight"}),
        ("mouth_smile_corrective", set()),
        ("jaw_width", set()),
        ("brow_thickness", set()),
        ("AU12", {"mouthSmileLeft", "mouthSmileRight"}),
        ("InnerBrowRaiserL_AU1_L", {"browInnerUp"}),
        ("JawDrop_AU27", {"jawOpen"}),
        ("NeckTighten_AU21", set()),
        ("Open Wide Eyes", {"eyeWideLeft", "eyeWideRight"}),
        ("GazeVerticalLeft", set()),
    ],
)
def test_words_of_a_name_say_what_it_means_in_any_order(name, meant):
    assert sources_of(name) == meant


def test_a_smile_among_emotions_is_no_mouth():
    assert sources_of("smile") == {"mouthSmileLeft", "mouthSmileRight"}
    assert not sources_of("smile", ["angry", "sad", "surprised"])


def test_where_a_list_writes_an_eyes_side_tells_which_eye_looks_where():
    last = ["eye_close_L", "eye_close_R", "eye_open_L", "eye_open_R"]
    assert sources_of("eye_left_R", last) == {"eyeLookInRight"}
    assert sources_of("eye_left_R", ["l_eye_close", "r_eye_close"]) == {"eyeLookInLeft"}
