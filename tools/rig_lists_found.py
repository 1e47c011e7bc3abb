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
CTRL_expressions_eyeLowerLidDownL= CTRL_expressions_eyeLowerLidUpR=
CTRL_expressions_eyeSquintInnerL=eyeSquintLeft CTRL_expressions_eyeSquintInnerR=eyeSquintRight"""
MMD = """あ=viseme:aa い=viseme:I う=viseme:U え=viseme:E お=viseme:O
まばたき=eyeBlinkLeft,eyeBlinkRight
ウィンク=eyeBlinkLeft ウィンク右=eyeBlinkRight 口角上げ=mouthSmileLeft,mouthSmileRight
口角下げ=mouthFrownLeft,mouthFrownRight びっくり=eyeWideLeft,eyeWideRight 瞳小= 瞳大= じと目=
なごみ="""
VRM1 = """aa=viseme:aa ih=viseme:I ou=viseme:U ee=viseme:E oh=viseme:O
blink=eyeBlinkLeft,eyeBlinkRight blinkLeft=eyeBlinkLeft blinkRight=eyeBlinkRight
lookUp=eyeLookUpLeft,eyeLookUpRight lookDown=eyeLookDownLeft,eyeLookDownRight
lookLeft=eyeLookOutLeft,eyeLookInRight lookRight=eyeLookInLeft,eyeLookOutRight
happy= angry= sad= relaxed= surprised= neutral="""

# Met in a second search, after the words of the first one's misses were added.
SRANIPAL = """Eye_Right_Look_Up=eyeLookUpRight Eye_Right_Look_Down=eyeLookDownRight
Eye_Right_Left=eyeLookInRight Eye_Right_Right=eyeLookOutRight Eye_Left_Look_Up=eyeLookUpLeft
Eye_Left_Look_Down=eyeLookDownLeft Eye_Left_Right=eyeLookInLeft Eye_Left_Left=eyeLookOutLeft
Eye_Right_Blink=eyeBlinkRight Eye_Left_Blink=eyeBlinkLeft Eye_Right_squeeze=eyeSquintRight
Eye_Left_squeeze=eyeSquintLeft Eye_Right_Wide=eyeWideRight Eye_Left_Wide=eyeWideLeft
Eye_Right_Dilation= Eye_Left_Dilation= Eye_Right_Constrict= Eye_Left_Constrict=
Cheek_Puff_Right=cheekPuff Cheek_Puff_Left=cheekPuff Cheek_Suck= Jaw_Open=jawOpen Mouth_Ape_Shape=
Jaw_Right=jawRight Jaw_Left=jawLeft Jaw_Forward=jawForward Mouth_Upper_Inside=mouthRollUpper
Mouth_Lower_Inside=mouthRollLower Mouth_Upper_Overturn= Mouth_Lower_Overturn= Mouth_Pout=mouthPucker
Mouth_Upper_Up_Right=mouthUpperUpRight Mouth_Upper_Up_Left=mouthUpperUpLeft
Mouth_Lower_Down_Right=mouthLowerDownRight Mouth_Lower_Down_Left=mouthLowerDownLeft
Mouth_Smile_Right=mouthSmileRight Mouth_Smile_Left=mouthSmileLeft Mouth_Sad_Right=mouthFrownRight
Mouth_Sad_Left=mouthFrownLeft Mouth_Lower_Overlay=mouthShrugLower Tongue_LongStep1=
Tongue_LongStep2= Tongue_Up= Tongue_Down= Tongue_Right= Tongue_Left= Tongue_Roll="""
UNIFIED = """BrowDownLeft=browDownLeft BrowDownRight=browDownRight BrowInnerUpLeft=browInnerUp
BrowInnerUpRight=browInnerUp BrowOuterUpLeft=browOuterUpLeft BrowOuterUpRight=browOuterUpRight
EyeClosedLeft=eyeBlinkLeft EyeClosedRight=eyeBlinkRight EyeConstrict= EyeDilation=
LipSuckLower=mouthRollLower LipSuckUpper=mouthRollUpper MouthRaiserLower=mouthShrugLower
MouthRaiserUpper=mouthShrugUpper MouthClosed=mouthClose LipFunnel=mouthFunnel LipPucker=mouthPucker
CheekSuckLeft= CheekSuckRight= MouthTightenerLeft= MouthTightenerRight=
MouthLowerDownLeft=mouthLowerDownLeft MouthLowerDownRight=mouthLowerDownRight
MouthDimpleLeft=mouthDimpleLeft MouthDimpleRight=mouthDimpleRight MouthPressLeft=mouthPressLeft
MouthPressRight=mouthPressRight MouthStretchRight=mouthStretchRight TongueDown= TongueUp=
TongueDownLeftMorph= TongueUpRightMorph= TongueLeft= TongueRight= TongueOut=tongueOut
JawOpen=jawOpen"""
MBLAB = """Expressions_abdomExpansion_max= Expressions_browOutVertL_max=browOuterUpLeft
Expressions_browOutVertL_min= Expressions_browOutVertR_max=browOuterUpRight
Expressions_browSqueezeL_max=browDownLeft Expressions_browSqueezeL_min=
Expressions_browSqueezeR_max=browDownRight Expressions_browsMidVert_max=browInnerUp
Expressions_browsMidVert_min= Expressions_chestExpansion_max= Expressions_deglutition_max=
Expressions_eyeClosedL_max=eyeBlinkLeft Expressions_eyeClosedL_min=eyeWideLeft
Expressions_eyeClosedR_max=eyeBlinkRight Expressions_eyeClosedR_min=eyeWideRight
Expressions_eyeClosedPressureL_max= Expressions_eyeClosedPressureR_min=
Expressions_eyeSquintL_max=eyeSquintLeft Expressions_eyeSquintL_min=
Expressions_eyeSquintR_max=eyeSquintRight Expressions_eyesHoriz_max= Expressions_eyesVert_min=
Expressions_jawOut_max=jawForward Expressions_jawOut_min= Expressions_mouthBite_max=
Expressions_mouthChew_max= Expressions_mouthInflated_max=cheekPuff Expressions_mouthInflated_min=
Expressions_mouthOpenAggr_max= Expressions_mouthOpenHalf_max= Expressions_mouthOpenLarge_max=
Expressions_mouthOpenTeethClosed_max= Expressions_mouthOpen_max=jawOpen Expressions_mouthOpen_min=
Expressions_mouthSmileL_max=mouthSmileLeft Expressions_mouthSmileR_max=mouthSmileRight
Expressions_mouthSmileOpen2_max= Expressions_mouthSmileOpen_min=
Expressions_mouthSmile_max=mouthSmileLeft,mouthSmileRight Expressions_nostrilsExpansion_max=
Expressions_pupilsDilatation_max= Expressions_tongueHoriz_max= Expressions_tongueOut_max=tongueOut
Expressions_tongueOut_min= Expressions_tongueTipUp_max="""
DAZ_VISEMES = """eCTRLvAA=viseme:aa eCTRLvEE=viseme:I eCTRLvEH=viseme:E eCTRLvER=viseme:RR
eCTRLvF=viseme:FF eCTRLvIH=viseme:ih eCTRLvIY=viseme:I eCTRLvK=viseme:kk eCTRLvL=viseme:nn
eCTRLvM=viseme:PP eCTRLvOW=viseme:O eCTRLvS=viseme:SS eCTRLvSH=viseme:CH eCTRLvT=viseme:DD
eCTRLvTH=viseme:TH eCTRLvUW=viseme:U eCTRLvW=viseme:U"""
METAHUMAN_MESH = """eye_blink_L=eyeBlinkLeft eye_blink_R=eyeBlinkRight
eye_lookDown_L=eyeLookDownLeft eye_lookDown_R=eyeLookDownRight eye_lookLeft_L=eyeLookOutLeft
eye_lookLeft_R=eyeLookInRight eye_lookRight_L=eyeLookInLeft eye_lookRight_R=eyeLookOutRight
eye_lookUp_L=eyeLookUpLeft eye_lookUp_R=eyeLookUpRight eye_squintInner_L=eyeSquintLeft
eye_squintInner_R=eyeSquintRight eye_widen_L=eyeWideLeft eye_widen_R=eyeWideRight
jaw_fwd=jawForward jaw_left=jawLeft jaw_right=jawRight jaw_open=jawOpen mouth_left=mouthLeft
mouth_right=mouthRight mouth_cornerPull_left=mouthSmileLeft mouth_cornerPull_right=mouthSmileRight
mouth_cornerDepress_L=mouthFrownLeft mouth_cornerDepress_R=mouthFrownRight
mouth_dimple_left=mouthDimpleLeft mouth_dimple_right=mouthDimpleRight
mouth_stretch_left=mouthStretchLeft mouth_stretch_right=mouthStretchRight
mouth_lowerLipRollIn_L=mouthRollLower mouth_lowerLipRollIn_R=mouthRollLower
mouth_upperLipRollIn_L=mouthRollUpper mouth_upperLipRollIn_R=mouthRollUpper
mouth_lipsPress_L=mouthPressLeft mouth_lipsPress_R=mouthPressRight
mouth_lowerLipDepress_left=mouthLowerDownLeft mouth_lowerLipDepress_right=mouthLowerDownRight
mouth_upperLipRaise_left=mouthUpperUpLeft mouth_upperLipRaise_right=mouthUpperUpRight
mouth_funnel_DL=mouthFunnel mouth_lipsPurse_DL=mouthPucker mouth_down= mouth_lowerLipRollOut_L=
brow_down_L=browDownLeft brow_down_R=browDownRight brow_raiseIn_L=browInnerUp
brow_raiseIn_R=browInnerUp brow_raiseOuter_left=browOuterUpLeft
brow_raiseOuter_right=browOuterUpRight nose_wrinkle_left=noseSneerLeft
nose_wrinkle_right=noseSneerRight"""
GENESIS9 = """JawOpen=jawOpen JawOpenWide= JawForward=jawForward JawLeft=jawLeft JawRight=jawRight
JawClenchLeft= JawClenchRight= MouthSmileLeft=mouthSmileLeft MouthSmileRight=mouthSmileRight
MouthSmileWidenLeft= MouthSmileWidenRight= MouthFrownLeft=mouthFrownLeft
MouthFrownRight=mouthFrownRight MouthCloseLowerLeft=mouthClose MouthCloseLowerRight=mouthClose
MouthCloseUpperLeft=mouthClose MouthCloseUpperRight=mouthClose MouthPurseLowerLeft=mouthPucker
MouthPurseLowerRight=mouthPucker MouthPurseUpperLeft=mouthPucker MouthPurseUpperRight=mouthPucker
MouthFunnelLowerLeft=mouthFunnel MouthFunnelLowerRight=mouthFunnel MouthFunnelUpperLeft=mouthFunnel
MouthFunnelUpperRight=mouthFunnel MouthForwardLowerLeft= MouthForwardUpperRight=
MouthCompressLowerLeft= MouthCompressUpperRight= MouthLipsPartCenter= MouthLipsPartLeft=
MouthWidenLeft= MouthWidenRight= MouthLipsWarbleLeft= MouthPressLowerLeft=mouthPressLeft
MouthPressLowerRight=mouthPressRight MouthPressUpperLeft=mouthPressLeft
MouthPressUpperRight=mouthPressRight MouthRollLowerLeft=mouthRollLower
MouthRollLowerRight=mouthRollLower MouthRollUpperLeft=mouthRollUpper
MouthRollUpperRight=mouthRollUpper MouthShrugLowerLeft=mouthShrugLower
MouthShrugLowerRight=mouthShrugLower MouthShrugUpperLeft=mouthShrugUpper
MouthShrugUpperRight=mouthShrugUpper MouthUpperUpLeft=mouthUpperUpLeft
MouthUpperUpRight=mouthUpperUpRight MouthLowerDownLeft=mouthLowerDownLeft
MouthLowerDownRight=mouthLowerDownRight MouthStretchLeft=mouthStretchLeft
MouthStretchRight=mouthStretchRight MouthDimpleLeft=mouthDimpleLeft
MouthDimpleRight=mouthDimpleRight BrowDownLeft=browDownLeft BrowDownRight=browDownRight
BrowInnerUpLeft=browInnerUp BrowInnerUpRight=browInnerUp BrowOuterUpLeft=browOuterUpLeft
BrowOuterUpRight=browOuterUpRight BrowSqueezeLeft= BrowSqueezeRight= EyeBlinkLeft=eyeBlinkLeft
EyeBlinkRight=eyeBlinkRight CheekPuffLeft=cheekPuff CheekPuffRight=cheekPuff
CheekSquintLeft=cheekSquintLeft CheekSquintRight=cheekSquintRight CheekInflateLeft=
CheekHollowRight= TongueOut=tongueOut"""
CHARLES = "mouthNarrow lipsSeal lipsPart tongueTipUp"
READY = """mouthOpen eyesLookUp=eyeLookUpLeft,eyeLookUpRight
eyesLookDown=eyeLookDownLeft,eyeLookDownRight"""
FACEPLUS = """Blink_Left=eyeBlinkLeft Blink_Right=eyeBlinkRight BrowsDown_Left=browDownLeft
BrowsDown_Right=browDownRight BrowsIn_Left= BrowsIn_Right= BrowsOuterLower_Left=
BrowsOuterLower_Right= BrowsUp_Left=browOuterUpLeft BrowsUp_Right=browOuterUpRight
CheekPuff_Left=cheekPuff CheekPuff_Right=cheekPuff EyesWide_Left=eyeWideLeft
EyesWide_Right=eyeWideRight Frown_Left=mouthFrownLeft Frown_Right=mouthFrownRight JawBackward=
JawForeward=jawForward JawRotateY_Left= JawRotateY_Right= JawRotateZ_Left= JawRotateZ_Right=
Jaw_Down= Jaw_Left=jawLeft Jaw_Right=jawRight Jaw_Up= LowerLipDown_Left=mouthLowerDownLeft
LowerLipDown_Right=mouthLowerDownRight LowerLipIn=mouthRollLower LowerLipOut=
Midmouth_Left=mouthLeft Midmouth_Right=mouthRight MouthDown= MouthNarrow_Left=mouthPucker|
MouthNarrow_Right=mouthPucker|
MouthOpen=jawOpen MouthUp=
MouthWhistle_NarrowAdjust_Left= MouthWhistle_NarrowAdjust_Right= NoseScrunch_Left=noseSneerLeft
NoseScrunch_Right=noseSneerRight Smile_Left=mouthSmileLeft Smile_Right=mouthSmileRight
Squint_Left=eyeSquintLeft Squint_Right=eyeSquintRight TongueUp= UpperLipIn=mouthRollUpper
UpperLipOut= UpperLipUp_Left=mouthUpperUpLeft UpperLipUp_Right=mouthUpperUpRight"""
RENDERED = """BrowDown_L=browDownLeft BrowDown_R=browDownRight BrowInnerUp=browInnerUp
BrowOuterUp_L=browOuterUpLeft BrowOuterUp_R=browOuterUpRight CheekPuff=cheekPuff
CheeksSquint_L=cheekSquintLeft CheeksSquint_R=cheekSquintRight EyeBlink_L=eyeBlinkLeft
EyeSquint_R=eyeSquintRight EyeWide_L=eyeWideLeft JawForward=jawForward JawOpen=jawOpen
LookDown=eyeLookDownLeft,eyeLookDownRight LookLeft=eyeLookOutLeft,eyeLookInRight
LookRight=eyeLookInLeft,eyeLookOutRight LookUp=eyeLookUpLeft,eyeLookUpRight
MouthShrug_Lower=mouthShrugLower MouthShrug_Upper=mouthShrugUpper MouthPress_L=mouthPressLeft
MouthUpperUp_R=mouthUpperUpRight NoseSneer_L=noseSneerLeft"""
ROCKETBOX_VISEMES = "Sil PP FF TH DD KK CH SS nn RR aa E I O U".split()


def _table(text: str) -> Meaning:
    pairs = (entry.partition("=") for entry in text.split())
    return {name: tuple(sources.split(",")) if sources else () for name, _, sources in pairs}


def _unity(unit: str) -> str:
    for side in ("Left", "Right"):
        if unit.endswith(side) and unit.removesuffix(side) not in ("jaw", "mouth"):
            return f"{unit.removesuffix(side)}_{side[0]}"
    return unit


def _prefixed(prefix: str, listed: Meaning) -> Meaning:
    return {prefix + name: sources for name, sources in listed.items()}


def _visemes(names: list[str], spell: str = "{}") -> Meaning:
    poses = "sil PP FF TH DD kk CH SS nn RR aa E I O U".split()
    spelt = (spell.format(name, number=n) for n, name in enumerate(names))
    return {name: (f"viseme:{pose}",) for name, pose in zip(spelt, poses, strict=True)}


SECOND: dict[str, Meaning] = {
    "SRanipal": _table(SRANIPAL),
    "Unified Expressions of another tool": _table(UNIFIED),
    "VRChat visemes with slashes": _visemes(
        "sil PP FF TH DD kk CH SS nn RR aa E ih oh ou".split(), "vrc/{}"
    ),
    "MB-Lab": _table(MBLAB),
    "Daz Genesis 3 and 8 visemes": _table(DAZ_VISEMES),
    "Daz visemes on a mesh": _prefixed("head__", _table(DAZ_VISEMES)),
    "Daz Genesis 9": _prefixed("Genesis9__facs_bs_", _table(GENESIS9)),
    "MetaHuman meshes": _prefixed("head_lod0_mesh__", _table(METAHUMAN_MESH)),
    "Rocketbox": {
        f"AK_{n:02d}_{u[0].upper() + u[1:]}": (u,) for n, u in enumerate(sorted(UNITS), 1)
    },
    "Rocketbox in Unity": _visemes(ROCKETBOX_VISEMES, "blendShape1.AA_VI_{number:02d}_{}"),
    "Charles": {**{u: (u,) for u in UNITS}, **dict.fromkeys(CHARLES.split(), ())},
    "Ready Player Me": {
        **{u: (u,) for u in UNITS if u != "tongueOut"},
        **_visemes("sil PP FF TH DD kk CH SS nn RR aa E I O U".split(), "viseme_{}"),
        **_table(READY),
    },
}

THIRD: dict[str, Meaning] = {
    "Mixamo": _table(FACEPLUS),
    "Mixamo, prefixed": _prefixed("Mix::", _table(FACEPLUS)),
    "ICT's face kit": {
        (_unity(u) + side): (u,)
        for u in UNITS
        for side in (("_L", "_R") if u in ("browInnerUp", "cheekPuff") else ("",))
        if u != "tongueOut"
    },
    "a renderer's": _table(RENDERED),
}

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
    **SECOND,
    **THIRD,
    "a web avatar's prefixes": {f"blendShapes.{u[0].upper() + u[1:]}": (u,) for u in UNITS},
}
