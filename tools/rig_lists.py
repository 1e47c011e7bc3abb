# SPDX-License-Identifier: GPL-3.0-or-later
"""Shape-key lists of known rigs with what each name means, and names that mean nothing.

Facts only: the names as their tools write them. `known` are the rigs the mapping was made for,
`found` are lists that were met elsewhere afterwards, in other projects' public files.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from model_runtime.contract import UNITS

Meaning = dict[str, tuple[str, ...]]  # name -> its sources; empty where it means nothing to us

META = "sil PP FF TH DD kk CH SS nn RR aa E I O U".split()
MICROSOFT = {
    "sil_00": "sil", "aa_ah_ax_01": "ah", "aa_02": "aa", "ao_03": "ao", "ey_eh_uh_04": "E",
    "er_05": "RR", "y_iy_ih_ix_06": "I", "w_uw_07": "U", "ow_08": "O", "aw_09": "aw",
    "oy_10": "oy", "ay_11": "ay", "h_12": "h", "r_13": "RR", "l_14": "nn", "s_z_15": "SS",
    "sh_ch_jh_zh_16": "CH", "th_dh_17": "TH", "f_v_18": "FF", "d_t_n_19": "DD",
    "k_g_ng_20": "kk", "p_b_m_21": "PP",
}  # fmt: skip
ACCULIPS = {
    "AE": "E", "Ah": "ah", "B_M_P": "PP", "Ch_J": "CH", "EE": "I", "Er": "RR", "F_V": "FF",
    "Ih": "ih", "K_G_H_NG": "kk", "Oh": "O", "R": "RR", "S_Z": "SS", "T_L_D_N": "DD", "Th": "TH",
    "W_OO": "U",
}  # fmt: skip
CC_EXTENDED = """Brow_Raise_Inner_L=browInnerUp Brow_Raise_Inner_R=browInnerUp
Brow_Raise_Outer_L=browOuterUpLeft Brow_Raise_Outer_R=browOuterUpRight Brow_Drop_L=browDownLeft
Brow_Drop_R=browDownRight Brow_Compress_L=browDownLeft Brow_Compress_R=browDownRight
Eye_Blink_L=eyeBlinkLeft Eye_Blink_R=eyeBlinkRight Eye_Squint_L=eyeSquintLeft
Eye_Squint_R=eyeSquintRight Eye_Wide_L=eyeWideLeft Eye_Wide_R=eyeWideRight
Eye_L_Look_L=eyeLookOutLeft Eye_R_Look_L=eyeLookInRight Eye_L_Look_R=eyeLookInLeft
Eye_R_Look_R=eyeLookOutRight Eye_L_Look_Up=eyeLookUpLeft Eye_R_Look_Up=eyeLookUpRight
Eye_L_Look_Down=eyeLookDownLeft Eye_R_Look_Down=eyeLookDownRight Ear_Up_L= Ear_Up_R= Ear_Down_L=
Ear_Out_R= Nose_Sneer_L=noseSneerLeft Nose_Sneer_R=noseSneerRight Nose_Nostril_Raise_L=
Nose_Nostril_Dilate_R= Nose_Crease_L= Nose_Tip_Up= Cheek_Raise_L=cheekSquintLeft
Cheek_Raise_R=cheekSquintRight Cheek_Suck_L= Cheek_Suck_R= Cheek_Puff_L=cheekPuff
Cheek_Puff_R=cheekPuff Mouth_Smile_L=mouthSmileLeft Mouth_Smile_R=mouthSmileRight
Mouth_Smile_Sharp_L= Mouth_Smile_Sharp_R= Mouth_Frown_L=mouthFrownLeft
Mouth_Frown_R=mouthFrownRight
Mouth_Stretch_L=mouthStretchLeft Mouth_Stretch_R=mouthStretchRight Mouth_Dimple_L=mouthDimpleLeft
Mouth_Dimple_R=mouthDimpleRight Mouth_Press_L=mouthPressLeft Mouth_Press_R=mouthPressRight
Mouth_Tighten_L= Mouth_Tighten_R= Mouth_Blow_L= Mouth_Blow_R= Mouth_Pucker_Up_L=mouthPucker
Mouth_Pucker_Up_R=mouthPucker Mouth_Pucker_Down_L=mouthPucker Mouth_Pucker_Down_R=mouthPucker
Mouth_Funnel_Up_L=mouthFunnel Mouth_Funnel_Up_R=mouthFunnel Mouth_Funnel_Down_L=mouthFunnel
Mouth_Funnel_Down_R=mouthFunnel Mouth_Roll_In_Upper_L=mouthRollUpper
Mouth_Roll_In_Upper_R=mouthRollUpper Mouth_Roll_In_Lower_L=mouthRollLower
Mouth_Roll_In_Lower_R=mouthRollLower Mouth_Roll_Out_Upper_L= Mouth_Roll_Out_Lower_R=
Mouth_Push_Upper_L= Mouth_Pull_Lower_R= Mouth_Up= Mouth_Down= Mouth_L=mouthLeft Mouth_R=mouthRight
Mouth_Upper_L= Mouth_Upper_R= Mouth_Lower_L= Mouth_Lower_R= Mouth_Shrug_Upper=mouthShrugUpper
Mouth_Shrug_Lower=mouthShrugLower Mouth_Drop_Upper= Mouth_Drop_Lower=
Mouth_Up_Upper_L=mouthUpperUpLeft Mouth_Up_Upper_R=mouthUpperUpRight
Mouth_Down_Lower_L=mouthLowerDownLeft Mouth_Down_Lower_R=mouthLowerDownRight Mouth_Chin_Up=
Mouth_Close=mouthClose Mouth_Contract= Tongue_Out=tongueOut Tongue_Up= Tongue_Down= Tongue_Roll=
Jaw_Open=jawOpen Jaw_Forward=jawForward Jaw_Backward= Jaw_L=jawLeft Jaw_R=jawRight Jaw_Up=
Jaw_Down=
Neck_Swallow_Up= Head_Turn_L= Head_Tilt_R=
V_Open=viseme:aa V_Explosive=viseme:PP V_Dental_Lip=viseme:FF V_Tight_O=viseme:O V_Tight=viseme:U
V_Wide=viseme:I V_Affricate=viseme:CH V_Lip_Open=viseme:ih"""
CC_METAHUMAN = """Brow_Down_L=browDownLeft Brow_Down_R=browDownRight Brow_Lateral_L=
Brow_Lateral_R=
Brow_Raise_In_L=browInnerUp Brow_Raise_In_R=browInnerUp Brow_Raise_Outer_L=browOuterUpLeft
Brow_Raise_Outer_R=browOuterUpRight Eye_Blink_L=eyeBlinkLeft Eye_Blink_R=eyeBlinkRight
Eye_Widen_L=eyeWideLeft Eye_Widen_R=eyeWideRight Eye_Squint_Inner_L=eyeSquintLeft
Eye_Squint_Inner_R=eyeSquintRight Eye_Cheek_Raise_L=cheekSquintLeft
Eye_Cheek_Raise_R=cheekSquintRight Eye_LowerLid_Up_L= Eye_UpperLid_Up_R= Eye_Relax_L=
Eye_Face_Scrunch_L= Eye_Lid_Press_R= Eye_Look_Up_L=eyeLookUpLeft Eye_Look_Up_R=eyeLookUpRight
Eye_Look_Down_L=eyeLookDownLeft Eye_Look_Down_R=eyeLookDownRight Eye_Look_Left_L=eyeLookOutLeft
Eye_Look_Right_L=eyeLookInLeft Eye_Look_Left_R=eyeLookInRight Eye_Look_Right_R=eyeLookOutRight
Eye_Pupil_Wide_L= Eye_Pupil_Narrow_R= Ear_Up_L= Nose_Wrinkle_L=noseSneerLeft
Nose_Wrinkle_R=noseSneerRight Nose_Wrinkle_Upper_L= Nose_Nostril_Dilate_L=
Mouth_Cheek_Blow_L=cheekPuff Mouth_Cheek_Blow_R=cheekPuff Mouth_Cheek_Suck_L= Mouth_Left=mouthLeft
Mouth_Right=mouthRight Mouth_Up= Mouth_Down= Mouth_Corner_Depress_L=mouthFrownLeft
Mouth_Corner_Depress_R=mouthFrownRight Mouth_Corner_Pull_L=mouthSmileLeft
Mouth_Corner_Pull_R=mouthSmileRight Mouth_Dimple_L=mouthDimpleLeft Mouth_Dimple_R=mouthDimpleRight
Mouth_LowerLip_Depress_L=mouthLowerDownLeft Mouth_LowerLip_Depress_R=mouthLowerDownRight
Mouth_SharpCorner_Pull_L= Mouth_Stretch_L=mouthStretchLeft Mouth_Stretch_R=mouthStretchRight
Mouth_StretchLips_Close_L= Mouth_UpperLip_Raise_L=mouthUpperUpLeft
Mouth_UpperLip_Raise_R=mouthUpperUpRight Mouth_Funnel_DL=mouthFunnel Mouth_Funnel_DR=mouthFunnel
Mouth_Funnel_UL=mouthFunnel Mouth_Funnel_UR=mouthFunnel Mouth_LowerLip_Bite_L=
Mouth_UpperLip_Bite_R=
Mouth_Lips_Blow_L= Mouth_Lips_Press_L=mouthPressLeft Mouth_Lips_Press_R=mouthPressRight
Mouth_Mouth_Press_DL= Mouth_Lips_Purse_DL=mouthPucker Mouth_Lips_Purse_DR=mouthPucker
Mouth_Lips_Purse_UL=mouthPucker Mouth_Lips_Purse_UR=mouthPucker Mouth_Lips_Push_DL=
Mouth_Lips_Pull_UR= Mouth_Lips_Tighten_DL= Mouth_Lips_Towards_DL= Mouth_LowerLip_Shift_Left=
Mouth_LowerLip_RollIn_L=mouthRollLower Mouth_LowerLip_RollIn_R=mouthRollLower
Mouth_LowerLip_Roll_Out_L= Mouth_UpperLip_RollIn_L=mouthRollUpper
Mouth_UpperLip_RollIn_R=mouthRollUpper Mouth_Lips_Together_DL=mouthClose
Mouth_Lips_Together_DR=mouthClose Mouth_Lips_Together_UL=mouthClose
Mouth_Lips_Together_UR=mouthClose
Jaw_Open=jawOpen Jaw_Open_Extreme= Jaw_Left=jawLeft Jaw_Right=jawRight Jaw_Fwd=jawForward
Jaw_Chin_Raise_DL=mouthShrugLower Jaw_Chin_Raise_DR=mouthShrugLower Jaw_Clench_L="""
VROID = """Fcl_ALL_Neutral= Fcl_ALL_Angry= Fcl_ALL_Fun= Fcl_ALL_Joy= Fcl_ALL_Sorrow=
Fcl_ALL_Surprised= Fcl_BRW_Angry=browDownLeft,browDownRight Fcl_BRW_Fun= Fcl_BRW_Joy=
Fcl_BRW_Sorrow= Fcl_BRW_Surprised=browOuterUpLeft,browOuterUpRight Fcl_EYE_Natural= Fcl_EYE_Angry=
Fcl_EYE_Close=eyeBlinkLeft,eyeBlinkRight Fcl_EYE_Close_R=eyeBlinkRight Fcl_EYE_Close_L=eyeBlinkLeft
Fcl_EYE_Fun= Fcl_EYE_Joy= Fcl_EYE_Joy_R= Fcl_EYE_Joy_L= Fcl_EYE_Sorrow= Fcl_EYE_Surprised=
Fcl_EYE_Spread=eyeWideLeft,eyeWideRight Fcl_EYE_Iris_Hide= Fcl_EYE_Highlight_Hide= Fcl_MTH_Close=
Fcl_MTH_Up=mouthUpperUpLeft,mouthUpperUpRight Fcl_MTH_Down=mouthFrownLeft,mouthFrownRight
Fcl_MTH_Angry= Fcl_MTH_Small= Fcl_MTH_Large= Fcl_MTH_Neutral=
Fcl_MTH_Fun=mouthSmileLeft,mouthSmileRight Fcl_MTH_Joy= Fcl_MTH_Sorrow= Fcl_MTH_Surprised=
Fcl_MTH_SkinFung= Fcl_MTH_SkinFung_R= Fcl_MTH_SkinFung_L= Fcl_MTH_A=viseme:aa Fcl_MTH_I=viseme:I
Fcl_MTH_U=viseme:U Fcl_MTH_E=viseme:E Fcl_MTH_O=viseme:O Fcl_HA_Hide= Fcl_HA_Fung1=
Fcl_HA_Short="""


def _table(text: str) -> Meaning:
    pairs = (entry.partition("=") for entry in text.split())
    return {name: tuple(sources.split(",")) if sources else () for name, _, sources in pairs}


def _plain(spell: Callable[[str], str]) -> Meaning:
    return {spell(unit): (unit,) for unit in UNITS}


def _poses(names: dict[str, str], prefix: str = "") -> Meaning:
    return {prefix + name: (f"viseme:{pose}",) for name, pose in names.items()}


def _side(unit: str, left: str, right: str) -> str:
    for side, short in (("Left", left), ("Right", right)):
        if unit.endswith(side):
            return unit.removesuffix(side) + short
    return unit


def _snake(unit: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in unit)


def _titled(unit: str) -> str:
    return "_".join(part.title() for part in _snake(unit).split("_"))


def _numbered(start: str, first: int, digits: int, count: int) -> Meaning:
    return {f"{start}{first + n:0{digits}d}": (f"expression:{n}",) for n in range(count)}


CC_ORDER = """browInnerUp browDownLeft browDownRight browOuterUpLeft browOuterUpRight eyeLookUpLeft
eyeLookUpRight eyeLookDownLeft eyeLookDownRight eyeLookOutLeft eyeLookInLeft eyeLookInRight
eyeLookOutRight eyeBlinkLeft eyeBlinkRight eyeSquintLeft eyeSquintRight eyeWideLeft eyeWideRight
cheekPuff cheekSquintLeft cheekSquintRight noseSneerLeft noseSneerRight jawOpen jawForward jawLeft
jawRight mouthFunnel mouthPucker mouthLeft mouthRight mouthRollUpper mouthRollLower mouthShrugUpper
mouthShrugLower mouthClose mouthSmileLeft mouthSmileRight mouthFrownLeft mouthFrownRight
mouthDimpleLeft mouthDimpleRight mouthUpperUpLeft mouthUpperUpRight mouthLowerDownLeft
mouthLowerDownRight mouthPressLeft mouthPressRight mouthStretchLeft mouthStretchRight
tongueOut""".split()

KNOWN: dict[str, Meaning] = {
    "ARKit": _plain(str),
    "Live Link": _plain(lambda u: u[0].upper() + u[1:]),
    "sides as _L and _R": _plain(lambda u: _side(u, "_L", "_R")),
    "sides as _left": _plain(lambda u: _side(u, "_left", "_right")),
    "snake case": _plain(_snake),
    "blendShape1.": _plain(lambda u: f"blendShape1.{u}"),
    "ARKit_": _plain(lambda u: f"ARKit_{u}"),
    "MPFB2 face units": _plain(lambda u: f"!ex-{u}"),
    "CC numbered": {f"A{n:02d}_{_titled(u)}": (u,) for n, u in enumerate(CC_ORDER, 1)},
    "CC extended": _table(CC_EXTENDED),
    "CC MetaHuman": _table(CC_METAHUMAN),
    "AccuLips": _poses(ACCULIPS),
    "Meta": {name: (f"viseme:{name}",) for name in META},
    "Meta with prefix": {f"viseme_{name}": (f"viseme:{name}",) for name in META},
    "Microsoft": _poses(MICROSOFT),
    "MPI FLAME": {
        **_numbered("Exp", 1, 1, 100), **{f"Shape{n}": () for n in range(1, 301)},
        **{f"Pose{n}": () for n in range(1, 19)},
    },
    "SMPL-X": {
        **_numbered("Exp", 0, 3, 10), **{f"Shape{n:03d}": () for n in range(10)},
        **{f"Pose{n:03d}": () for n in range(207)},
    },
    "VRoid": _table(VROID),
}  # fmt: skip

# Of the names met elsewhere, as many as were mapped right before any list of that search was looked
# at. What was missing was added after each: words (Daz's div2, plural forms); prefixes of any
# length that names share, and other tools' words; words in any order, lips for mouth. All were
# misses, none a wrong guess.
FIRST_SIGHT = {
    "first_search": {"right": 376, "wrong": 19},
    "second_search": {"right": 241, "wrong": 249},
    "third_search": {"right": 143, "wrong": 32},
    "sixth": {"right": 388, "wrong": 80},  # one of 14 lists, 70 names, ended in an error
}
UNRELATED = """Basis|Key 1|Key 2|Muscle|Fat|Belly|nose width|jawWidth|Jaw Height|eyeSize|mouth
size|
lipThickness|chin_up|Smile corrective|fix_elbow_L|fix_knee_R|corrective_arm_left|Breathe|breath_in|
chest_big|Hips_Wide|waist thin|wind_L|wind_R|skirt_open|door open|open|close|left|right|Up|Down|A|B|
Shrink|hat_fit|body_slim|age|Weight|ears_pointed|hair_long|brow thickness|Eye color|Head_Scale|
neckLength|Finger_Curl_L|foot_R|tail wag|Wing_Flap|hide_shirt|E|Old|Sculpt|teethHide|
mouth_fix""".replace("\n", "")


def counted(room: Callable[[str], ModuleType]) -> dict[str, Any]:
    """How many names are mapped right and wrong, see `measure_automap`."""
    from . import measure_automap

    return measure_automap.counted(room("thunder_blender.rig_names"))


def wrong(
    names: ModuleType, meaning: Meaning
) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Names that are mapped to something else: (what they mean, what was made of them).

    A name that means nothing may be recognised where its link is muted as spare.
    """
    made: dict[str, set[str]] = {}
    matches = names.recognise(list(meaning)).matches
    spare = names.spare(matches)
    for match in matches:
        if meaning[match.name] or match.name not in spare:
            made.setdefault(match.name, set()).add(match.source)
    return {
        name: (sources, tuple(sorted(made.get(name, set()))))
        for name, sources in meaning.items()
        if not _is_meant(made.get(name, set()), sources)
    }


def _is_meant(made: set[str], sources: tuple[str, ...]) -> bool:
    """Whether all that is meant was made and nothing else; of `a|b` one, of `a|` also none."""
    either = [set(source.split("|")) for source in sources]
    allowed = set().union(*either) if either else set()
    return made <= allowed and all("" in choice or choice & made for choice in either)
