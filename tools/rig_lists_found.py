# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of shape-key names met in other projects' public files after the mapping was made."""

from __future__ import annotations

from model_runtime.contract import UNITS

Meaning = dict[str, tuple[str, ...]]

FACESHIFT = """EyeBlink_L=eyeBlinkLeft EyeBlink_R=eyeBlinkRight EyeSquint_L=eyeSquintLeft
EyeSquint_R=eyeSquintRight EyeDown_L=eyeLookDownLeft EyeDown_R=eyeLookDownRight
EyeIn_L=eyeLookInLeft EyeIn_R=eyeLookInRight EyeOpen_L=eyeWideLeft EyeOpen_R=eyeWideRight
EyeOut_L=eyeLookOutLeft EyeOut_R=eyeLookOutRight EyeUp_L=eyeLookUpLeft EyeUp_R=eyeLookUpRight
BrowsD_L=browDownLeft BrowsD_R=browDownRight BrowsU_C=browInnerUp BrowsU_L=browOuterUpLeft
BrowsU_R=browOuterUpRight JawFwd=jawForward JawLeft=jawLeft JawOpen=jawOpen JawChew=
JawRight=jawRight MouthLeft=mouthLeft MouthRight=mouthRight MouthFrown_L=mouthFrownLeft
MouthFrown_R=mouthFrownRight MouthSmile_L=mouthSmileLeft MouthSmile_R=mouthSmileRight
MouthDimple_L=mouthDimpleLeft MouthDimple_R=mouthDimpleRight LipsStretch_L=mouthStretchLeft
LipsStretch_R=mouthStretchRight LipsUpperClose=mouthRollUpper LipsLowerClose=mouthRollLower
LipsUpperUp=mouthUpperUpLeft,mouthUpperUpRight LipsLowerDown=mouthLowerDownLeft,mouthLowerDownRight
LipsUpperOpen= LipsLowerOpen= LipsFunnel=mouthFunnel LipsPucker=mouthPucker
ChinLowerRaise=mouthShrugLower ChinUpperRaise=mouthShrugUpper Sneer=noseSneerLeft,noseSneerRight
Puff=cheekPuff CheekSquint_L=cheekSquintLeft CheekSquint_R=cheekSquintRight"""
MIRA = """Mouth_Smile_L=mouthSmileLeft Mouth_Smile_R=mouthSmileRight Mouth_Frown_L=mouthFrownLeft
Mouth_Frown_R=mouthFrownRight Mouth_Dimple_L=mouthDimpleLeft Mouth_Dimple_R=mouthDimpleRight
Mouth_Stretch_L=mouthStretchLeft Mouth_Stretch_R=mouthStretchRight Mouth_Pucker_Up_L=mouthPucker
Mouth_Pucker_Up_R=mouthPucker Mouth_Funnel_Up_L=mouthFunnel Mouth_Funnel_Up_R=mouthFunnel
Mouth_Press_L=mouthPressLeft Mouth_Press_R=mouthPressRight Mouth_Shrug_Upper=mouthShrugUpper
Eye_Blink_L=eyeBlinkLeft Eye_Blink_R=eyeBlinkRight Eye_Wide_L=eyeWideLeft Eye_Wide_R=eyeWideRight
Eye_Squint_L=eyeSquintLeft Eye_Squint_R=eyeSquintRight Eye_L_Look_L=eyeLookOutLeft
Eye_R_Look_L=eyeLookInRight Eye_L_Look_R=eyeLookInLeft Eye_R_Look_R=eyeLookOutRight
Eye_L_Look_Up=eyeLookUpLeft Eye_R_Look_Up=eyeLookUpRight Eye_L_Look_Down=eyeLookDownLeft
Eye_R_Look_Down=eyeLookDownRight Jaw_Open=jawOpen Jaw_Forward=jawForward V_Open= V_Tight_O= V_Wide=
V_Lip_Open= Brow_Raise_Inner_L=browInnerUp Brow_Raise_Inner_R=browInnerUp
Brow_Raise_Outer_L=browOuterUpLeft Brow_Raise_Outer_R=browOuterUpRight Brow_Drop_L=browDownLeft
Brow_Drop_R=browDownRight Brow_Compress_L=browDownLeft Brow_Compress_R=browDownRight
Cheek_Raise_L=cheekSquintLeft Cheek_Raise_R=cheekSquintRight Cheek_Puff_L=cheekPuff
Cheek_Puff_R=cheekPuff Nose_Sneer_L=noseSneerLeft Nose_Sneer_R=noseSneerRight"""
MAN03 = """A01_Brow_Inner_Up=browInnerUp A02_Brow_Down_Left=browDownLeft
A03_Brow_Down_Right=browDownRight A04_Brow_Outer_Up_Left=browOuterUpLeft
A05_Brow_Outer_Up_Right=browOuterUpRight A14_Eye_Blink_Left=eyeBlinkLeft
A15_Eye_Blink_Right=eyeBlinkRight A16_Eye_Squint_Left=eyeSquintLeft
A17_Eye_Squint_Right=eyeSquintRight A18_Eye_Wide_Left=eyeWideLeft A19_Eye_Wide_Right=eyeWideRight
A25_Jaw_Open=jawOpen A26_Jaw_Forward=jawForward A27_Jaw_Left=jawLeft A28_Jaw_Right=jawRight
A29_Mouth_Funnel=mouthFunnel A30_Mouth_Pucker=mouthPucker A31_Mouth_Left=mouthLeft
A32_Mouth_Right=mouthRight A33_Mouth_Roll_Upper=mouthRollUpper A34_Mouth_Roll_Lower=mouthRollLower
A37_Mouth_Close=mouthClose A38_Mouth_Smile_Left=mouthSmileLeft
A39_Mouth_Smile_Right=mouthSmileRight
A40_Mouth_Frown_Left=mouthFrownLeft A41_Mouth_Frown_Right=mouthFrownRight
A44_Mouth_Upper_Up_Left=mouthUpperUpLeft A45_Mouth_Upper_Up_Right=mouthUpperUpRight
A46_Mouth_Lower_Down_Left=mouthLowerDownLeft A47_Mouth_Lower_Down_Right=mouthLowerDownRight
A48_Mouth_Press_Left=mouthPressLeft A49_Mouth_Press_Right=mouthPressRight
A50_Mouth_Stretch_Left=mouthStretchLeft A51_Mouth_Stretch_Right=mouthStretchRight Mouth_Open="""
DAZ = """facs_jnt_JawRight=jawRight facs_jnt_JawOpen=jawOpen facs_jnt_JawLeft=jawLeft
facs_jnt_JawForward=jawForward facs_jnt_EyeWideRight=eyeWideRight facs_jnt_EyeWideLeft=eyeWideLeft
facs_jnt_EyeBlinkRight=eyeBlinkRight facs_jnt_EyeBlinkLeft=eyeBlinkLeft
facs_ctrl_EyeLookUpRight=eyeLookUpRight facs_ctrl_EyeLookUpLeft=eyeLookUpLeft
facs_ctrl_EyeLookOutRight=eyeLookOutRight facs_ctrl_EyeLookOutLeft=eyeLookOutLeft
facs_ctrl_EyeLookInRight=eyeLookInRight facs_ctrl_EyeLookInLeft=eyeLookInLeft
facs_ctrl_EyeLookDownRight=eyeLookDownRight facs_ctrl_EyeLookDownLeft=eyeLookDownLeft
facs_ctrl_CheekPuff=cheekPuff facs_ctrl_BrowInnerUp=browInnerUp facs_bs_TongueOut=tongueOut
facs_bs_NoseSneerRight_div2=noseSneerRight facs_bs_NoseSneerLeft_div2=noseSneerLeft
facs_bs_EyeSquintLeft_div2=eyeSquintLeft facs_bs_EyeSquintRight_div2=eyeSquintRight
facs_bs_CheekSquintLeft_div2=cheekSquintLeft facs_bs_CheekSquintRight_div2=cheekSquintRight
facs_bs_MouthSmileLeft_div2=mouthSmileLeft facs_bs_MouthSmileRight_div2=mouthSmileRight
facs_bs_MouthUpperUpLeft_div2=mouthUpperUpLeft facs_bs_MouthUpperUpRight_div2=mouthUpperUpRight
facs_bs_MouthClose_div2=mouthClose facs_bs_MouthFunnel_div2=mouthFunnel
facs_bs_MouthRollLower_div2=mouthRollLower facs_bs_BrowDownLeft_div2=browDownLeft
facs_bs_BrowDownRight_div2=browDownRight facs_jnt_JawRecess= facs_bs_NasalFlare_div2="""
VRCHAT = """EyeLookOutRight=eyeLookOutRight EyeLookInRight=eyeLookInRight
EyeLookUpRight=eyeLookUpRight
EyeLookDownRight=eyeLookDownRight EyeLookOutLeft=eyeLookOutLeft EyeLookInLeft=eyeLookInLeft
EyeLookUpLeft=eyeLookUpLeft EyeLookDownLeft=eyeLookDownLeft EyeClosedRight=eyeBlinkRight
EyeClosedLeft=eyeBlinkLeft EyeSquintRight=eyeSquintRight EyeSquintLeft=eyeSquintLeft
EyeWideRight=eyeWideRight EyeWideLeft=eyeWideLeft EyeDilationRight= EyeDilationLeft=
EyeConstrictRight= EyeConstrictLeft= BrowPinchRight= BrowPinchLeft= BrowLowererRight=browDownRight
BrowLowererLeft=browDownLeft BrowInnerUpRight=browInnerUp BrowInnerUpLeft=browInnerUp
BrowOuterUpRight=browOuterUpRight BrowOuterUpLeft=browOuterUpLeft NoseSneerRight=noseSneerRight
NoseSneerLeft=noseSneerLeft NasalDilationRight= NasalConstrictLeft=
CheekSquintRight=cheekSquintRight
CheekSquintLeft=cheekSquintLeft CheekPuffRight=cheekPuff CheekPuffLeft=cheekPuff CheekSuckRight=
JawOpen=jawOpen MouthClosed=mouthClose JawRight=jawRight JawLeft=jawLeft JawForward=jawForward
JawBackward= LipFunnel=mouthFunnel LipPucker=mouthPucker MouthUpperUpLeft=mouthUpperUpLeft
MouthLowerDownLeft=mouthLowerDownLeft MouthRaiserLower=mouthShrugLower TongueOut=tongueOut
MouthSmileRight=mouthSmileRight MouthSmileLeft=mouthSmileLeft MouthFrownRight=mouthFrownRight
MouthStretchLeft=mouthStretchLeft"""
METAHUMAN = """CTRL_expressions_browDownL=browDownLeft CTRL_expressions_browDownR=browDownRight
CTRL_expressions_browLateralL= CTRL_expressions_browRaiseInL=browInnerUp
CTRL_expressions_browRaiseInR=browInnerUp CTRL_expressions_browRaiseOuterL=browOuterUpLeft
CTRL_expressions_browRaiseOuterR=browOuterUpRight CTRL_expressions_earUpL=
CTRL_expressions_eyeBlinkL=eyeBlinkLeft CTRL_expressions_eyeBlinkR=eyeBlinkRight
CTRL_expressions_eyeCheekRaiseL=cheekSquintLeft CTRL_expressions_eyeCheekRaiseR=cheekSquintRight
CTRL_expressions_eyeFaceScrunchL= CTRL_expressions_eyeLidPressR=
CTRL_expressions_eyeLookDownL=eyeLookDownLeft CTRL_expressions_eyeLookDownR=eyeLookDownRight
CTRL_expressions_eyeLookLeftL=eyeLookOutLeft CTRL_expressions_eyeLookLeftR=eyeLookInRight
CTRL_expressions_eyeLookRightL=eyeLookInLeft CTRL_expressions_eyeLookRightR=eyeLookOutRight
CTRL_expressions_eyeLookUpL=eyeLookUpLeft CTRL_expressions_eyeLookUpR=eyeLookUpRight
CTRL_expressions_eyeLowerLidDownL= CTRL_expressions_eyeLowerLidUpR="""
MMD = """あ=viseme:aa い=viseme:I う=viseme:U え=viseme:E お=viseme:O
まばたき=eyeBlinkLeft,eyeBlinkRight
ウィンク=eyeBlinkLeft ウィンク右=eyeBlinkRight 口角上げ=mouthSmileLeft,mouthSmileRight
口角下げ=mouthFrownLeft,mouthFrownRight びっくり=eyeWideLeft,eyeWideRight 瞳小= 瞳大= じと目=
なごみ="""
VRM1 = """aa=viseme:aa ih=viseme:I ou=viseme:U ee=viseme:E oh=viseme:O
blink=eyeBlinkLeft,eyeBlinkRight blinkLeft=eyeBlinkLeft blinkRight=eyeBlinkRight
lookUp=eyeLookUpLeft,eyeLookUpRight lookDown=eyeLookDownLeft,eyeLookDownRight lookLeft= lookRight=
happy= angry= sad= relaxed= surprised= neutral="""


def _table(text: str) -> Meaning:
    pairs = (entry.partition("=") for entry in text.split())
    return {name: tuple(sources.split(",")) if sources else () for name, _, sources in pairs}


def _unity(unit: str) -> str:
    for side in ("Left", "Right"):
        if unit.endswith(side) and unit.removesuffix(side) not in ("jaw", "mouth"):
            return f"{unit.removesuffix(side)}_{side[0]}"
    return unit


FOUND: dict[str, Meaning] = {
    "Unity's ARKit": {_unity(unit): (unit,) for unit in UNITS},
    "Faceshift": _table(FACESHIFT),
    "a Character Creator head for the web": _table(MIRA),
    "an ActorCore man": _table(MAN03),
    "Daz Genesis 8.1": _table(DAZ),
    "VRChat unified": _table(VRCHAT),
    "VRChat visemes": {
        f"vrc.v_{name}": (f"viseme:{pose}",)
        for name, pose in zip(
            "sil pp ff th dd kk ch ss nn rr aa e ih oh ou".split(),
            "sil PP FF TH DD kk CH SS nn RR aa E I O U".split(),
            strict=True,
        )
    },
    "MetaHuman controls": _table(METAHUMAN),
    "MikuMikuDance": _table(MMD),
    "VRM 1": _table(VRM1),
    "a web avatar's prefixes": {f"blendShapes.{u[0].upper() + u[1:]}": (u,) for u in UNITS},
}
