# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of other rigs' shape keys: all known lists right, lists met elsewhere, nothing guessed."""

from __future__ import annotations

import pytest

from tests.as_extension import room
from tools import rig_lists, rig_lists_found

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
