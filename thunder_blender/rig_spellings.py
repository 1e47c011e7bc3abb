# SPDX-License-Identifier: GPL-3.0-or-later
"""How other rigs spell the units and visemes: facts about names, no code.

A `{S}` stands for a side. Behind a `*` stands how far the target goes when its unit is at 1, where
that is not 1. Read in public rigs: Character Creator's standard, extended and MetaHuman profiles,
VRoid and VRM, Faceshift, MikuMikuDance, Daz Genesis, MB-Lab, SRanipal, VRChat's unified names,
Meta's and Microsoft's visemes, AccuLips, Papagayo.
"""

from __future__ import annotations

ALIASES: dict[str, str] = {  # unit -> other names of it, beside those with its own words
    "eyeBlink{S}": "Eye_Close_{S} Eyes_Blink_{S} Eye_Closed_{S} blink_{S} Fcl_EYE_Close_{S} "
    "Eyes_Closed_{S} wink_{S} winkA_{S} Eye_Closed_{S}_max",
    "eyeWide{S}": "Eye_Widen_{S} Eyes_Wide_{S} Eye_Open_{S} Fcl_EYE_Spread_{S} Eye_Closed_{S}_min",
    "eyeSquint{S}": "Eye_Squint_Inner_{S} Eyes_Squint_{S} lowerlid_{S} Eye_Squeeze_{S} "
    "Eye_Squint_{S}_max Squint_{S}",
    "eyeLookUp{S}": "Eye_Up_{S} Eyes_Look_Up_{S}",
    "eyeLookDown{S}": "Eye_Down_{S} Eyes_Look_Down_{S}",
    "eyeLookIn{S}": "Eye_In_{S}",
    "eyeLookOut{S}": "Eye_Out_{S}",
    "browDown{S}": "Brow_Drop_{S} Brows_Down_{S} Brows_D_{S} Brow_Lower_{S} Brow_Lowerer_{S} "
    "Brow_Compress_{S}*0.5 Brow_Squeeze_{S}_max",
    "browInnerUp": "Brow_Raise_Inner Brow_Raise_In Brows_Inner_Up Brow_Up_Inner Brows_U_C "
    "Brow_Raise_Inner_{S} Brow_Raise_In_{S} Brow_Inner_Raise_{S} Brows_Mid_Vert_max",
    "browOuterUp{S}": "Brow_Raise_Outer_{S} Brow_Raise_Out_{S} Brows_Outer_Up_{S} "
    "Brow_Up_Outer_{S} Brows_U_{S} Brow_Outer_Raise_{S} Brow_Out_Vert_{S}_max Brow_Up_{S}",
    "cheekPuff": "Puff Cheeks_Puff Cheek_Blow_{S} Mouth_Cheek_Blow_{S} Puff_{S} Mouth_Inflated_max",
    "cheekSquint{S}": "Cheek_Raise_{S} Cheek_Raiser_{S} Eye_Cheek_Raise_{S} Cheeks_Squint_{S}",
    "noseSneer{S}": "Sneer_{S} Nose_Wrinkle_{S} Nose_Wrinkler_{S} Nose_Scrunch_{S}",
    "jawForward": "Jaw_Fwd Jaw_Forwards Jaw_Thrust Jaw_Out_max",
    "jawOpen": "Jaw_Drop Mouth_Jaw_Open Jaw_Down_Open Mouth_Open_max",
    "mouthClose": "Lips_Together Mouth_Lips_Together_UL Mouth_Lips_Together_UR "
    "Mouth_Lips_Together_DL Mouth_Lips_Together_DR Lips_Toward Mouth_Closed "
    "Mouth_Close_Upper_{S} Mouth_Close_Lower_{S}",
    "mouthFunnel": "Lips_Funnel Lip_Funnel Mouth_Funnel_Up_{S} Mouth_Funnel_Down_{S} "
    "Mouth_Funnel_UL Mouth_Funnel_UR Mouth_Funnel_DL Mouth_Funnel_DR Lip_Funneler Lips_Funneler "
    "Mouth_Funnel_Upper_{S} Mouth_Funnel_Lower_{S}",
    "mouthPucker": "Lips_Pucker Mouth_Pucker_Up_{S} Mouth_Pucker_Down_{S} Mouth_Lips_Purse_UL "
    "Mouth_Lips_Purse_UR Mouth_Lips_Purse_DL Mouth_Lips_Purse_DR Mouth_Pucker_UL Mouth_Pucker_UR "
    "Mouth_Pucker_DL Mouth_Pucker_DR Lip_Pucker Mouth_Pout Mouth_Purse_Upper_{S} "
    "Mouth_Purse_Lower_{S}",
    "mouthLeft": "Midmouth_Left",
    "mouthRight": "Midmouth_Right",
    "mouthSmile{S}": "Mouth_Corner_Pull_{S} Lip_Corner_Puller_{S} Smile_{S} Mouth_Smile_{S}_max",
    "mouthFrown{S}": "Mouth_Corner_Depress_{S} Lip_Corner_Depressor_{S} Frown_{S} Mouth_Sad_{S}",
    "mouthDimple{S}": "Mouth_Dimpler_{S} Dimpler_{S}",
    "mouthStretch{S}": "Lips_Stretch_{S} Lip_Stretcher_{S} Lip_Stretch_{S}",
    "mouthPress{S}": "Mouth_Lips_Press_{S} Lips_Press_{S} Lip_Pressor_{S} Mouth_Press_Upper_{S} "
    "Mouth_Press_Lower_{S}",
    "mouthLowerDown{S}": "Mouth_Down_Lower_{S} Mouth_LowerLip_Depress_{S} Lips_Lower_Down_{S} "
    "Lower_Lip_Depressor_{S} Lip_Lower_Down_{S} Lower_Lip_Depress_{S}",
    "mouthUpperUp{S}": "Mouth_Up_Upper_{S} Mouth_UpperLip_Raise_{S} Lips_Upper_Up_{S} "
    "Upper_Lip_Raiser_{S} Lip_Upper_Up_{S} Upper_Lip_Raise_{S}",
    "mouthRollLower": "Mouth_Roll_In_Lower Mouth_Roll_In_Lower_{S} Mouth_LowerLip_RollIn_{S} "
    "Lips_Lower_Close Mouth_Lower_Roll Lower_Lip_Roll_In_{S} Lip_Suck_Lower_{S} Lower_Lip_Suck "
    "Mouth_Lower_Inside Lip_Suck_Lower Lower_Lip_In",
    "mouthRollUpper": "Mouth_Roll_In_Upper Mouth_Roll_In_Upper_{S} Mouth_UpperLip_RollIn_{S} "
    "Lips_Upper_Close Mouth_Upper_Roll Upper_Lip_Roll_In_{S} Lip_Suck_Upper_{S} Upper_Lip_Suck "
    "Mouth_Upper_Inside Lip_Suck_Upper Upper_Lip_In",
    "mouthShrugLower": "Chin_Lower_Raise Jaw_Chin_Raise_DL Jaw_Chin_Raise_DR Mouth_Lower_Shrug "
    "Mouth_Raiser_Lower Mouth_Lower_Overlay",
    "mouthShrugUpper": "Chin_Upper_Raise Jaw_Chin_Raise_UL Jaw_Chin_Raise_UR Mouth_Upper_Shrug "
    "Mouth_Raiser_Upper",
    "tongueOut": "Tongue_Stick_Out Tongue_Out_1 Tongue_Out_max",
}
LOOKS: dict[str, str] = {  # where each eye looks, by the character's sides
    "eyeLookOutLeft": "Eye_L_Look_L Eye_Look_Left_L Eye_Look_L_L Eye_Left_Left",
    "eyeLookInLeft": "Eye_L_Look_R Eye_Look_Right_L Eye_Look_R_L Eye_Left_Right",
    "eyeLookInRight": "Eye_R_Look_L Eye_Look_Left_R Eye_Look_L_R Eye_Right_Left",
    "eyeLookOutRight": "Eye_R_Look_R Eye_Look_Right_R Eye_Look_R_R Eye_Right_Right",
}
BOTH = {  # one key for both sides: it gets the mean of the two units
    "eyeBlink": "eyeBlink blink Eyes_Blink Eye_Close Eyes_Close Eyes_Closed Fcl_EYE_Close まばたき",
    "eyeWide": "eyeWide Eyes_Wide Eye_Widen Fcl_EYE_Spread びっくり",
    "eyeSquint": "eyeSquint Eyes_Squint",
    "eyeLookUp": "eyeLookUp Eyes_Look_Up lookUp",
    "eyeLookDown": "eyeLookDown Eyes_Look_Down lookDown",
    "mouthSmile": "mouthSmile Mouth_Corner_Pull Fcl_MTH_Fun にやり 口角上げ mouthSmile_max",
    "mouthFrown": "mouthFrown Mouth_Corner_Depress Fcl_MTH_Down 口角下げ",
    "mouthDimple": "mouthDimple",
    "mouthStretch": "mouthStretch Lips_Stretch",
    "mouthPress": "mouthPress Lips_Press",
    "mouthLowerDown": "mouthLowerDown Lips_Lower_Down",
    "mouthUpperUp": "mouthUpperUp Lips_Upper_Up Fcl_MTH_Up",
    "browDown": "browDown Brows_Down Brow_Drop Fcl_BRW_Angry 怒り眉",
    "browOuterUp": "browOuterUp Brow_Raise_Outer Fcl_BRW_Surprised 上",
    "cheekSquint": "cheekSquint Cheek_Raise",
    "noseSneer": "noseSneer Sneer Nose_Wrinkle",
}
LOOSE = {"jawOpen": "Mouth_Open"}  # what has no own key for it on many rigs
SAME = {  # words that mean one in a name
    "lip": "mouth", "lips": "mouth", "eyes": "eye", "brows": "brow", "eyebrow": "brow",
    "eyebrows": "brow", "cheeks": "cheek", "forwards": "forward", "foreward": "forward",
}  # fmt: skip
WINKS = {"ウィンク": "eyeBlinkLeft", "ウィンク右": "eyeBlinkRight"}
PREFIXES = frozenset(  # words in front of a key's own name
    "blendshape blendshapes arkit ar ex mesh head face body wolf3d ctrl expressions expression "
    "morph morpher target shape sk key bs fs cc rl default vrc vrm genesis8 facs livelink "
    "ue".split()
)

# Visemes: the pose that a name means, see `rig_visemes.POSES`.
META = {
    **{name.casefold(): name for name in "sil PP FF TH DD kk CH SS nn RR aa E I O U".split()},
    "ih": "I",
    "oh": "O",
    "ou": "U",
}
MICROSOFT = {
    "sil00": "sil", "aaahax01": "ah", "aa02": "aa", "ao03": "ao", "eyehuh04": "E",
    "er05": "RR", "yiyihix06": "I", "wuw07": "U", "ow08": "O", "aw09": "aw",
    "oy10": "oy", "ay11": "ay", "h12": "h", "r13": "RR", "l14": "nn",
    "sz15": "SS", "shchjhzh16": "CH", "thdh17": "TH", "fv18": "FF", "dtn19": "DD",
    "kgng20": "kk", "pbm21": "PP",
}  # fmt: skip
ACCULIPS = {
    "ae": "E", "ah": "ah", "bmp": "PP", "chj": "CH", "ee": "I", "er": "RR", "fv": "FF",
    "ih": "ih", "kghng": "kk", "oh": "O", "r": "RR", "sz": "SS", "tldn": "DD", "th": "TH",
    "woo": "U",
}  # fmt: skip
DAZ = {  # Genesis 3 and 8
    "aa": "aa", "ee": "I", "eh": "E", "er": "RR", "f": "FF", "ih": "ih", "iy": "I", "k": "kk",
    "l": "nn", "m": "PP", "ow": "O", "s": "SS", "sh": "CH", "t": "DD", "th": "TH", "uw": "U",
    "w": "U",
}  # fmt: skip
READER = {  # Character Creator's eight older ones
    "vopen": "aa", "vexplosive": "PP", "vdentallip": "FF", "vtighto": "O", "vtight": "U",
    "vwide": "I", "vaffricate": "CH", "vlipopen": "ih", "vnone": "sil",
}  # fmt: skip
VOWELS = {  # VRoid, VRM 0 and 1, MikuMikuDance
    "a": "aa", "i": "I", "u": "U", "e": "E", "o": "O",
    "aa": "aa", "ih": "I", "ou": "U", "ee": "E", "oh": "O",
    "あ": "aa", "い": "I", "う": "U", "え": "E", "お": "O", "ん": "sil",
}  # fmt: skip
PAPAGAYO = {
    "ai": "aa", "e": "E", "o": "O", "u": "U", "etc": "DD", "l": "nn", "wq": "U", "mbp": "PP",
    "fv": "FF", "rest": "sil",
}  # fmt: skip
VISEME_SETS: dict[str, tuple[dict[str, str], int]] = {  # names, and how many must be there
    "meta": (META, 9),
    "microsoft": (MICROSOFT, 8),
    "acculips": (ACCULIPS, 9),
    "daz": (DAZ, 9),
    "reader": (READER, 5),
    "vowels": (VOWELS, 4),
    "papagayo": (PAPAGAYO, 7),
}
VISEME_PREFIXES = (
    "",
    "viseme",
    "v",
    "ectrlv",
    "vrcv",
    "fclmth",
    "mth",
    "mouth",
    "phoneme",
    "lip",
    "vis",
)
