# SPDX-License-Identifier: GPL-3.0-or-later
"""The other lists that were labelled before the grammar read them, see `rig_lists_sealed`."""

from __future__ import annotations

from . import rig_lists_sealed as first
from .rig_lists_learned import Meaning, listed

SKYRIM = """Aah=viseme:aa; BigAah=viseme:aa; BMP=viseme:PP; ChJSh=viseme:CH; DST=viseme:DD|viseme:SS
Eee=viseme:I; Eh=viseme:E; FV=viseme:FF; I=viseme:I|viseme:ih|viseme:ay|viseme:aa; K=viseme:kk
N=viseme:nn|viseme:DD; Oh=viseme:O; OohQ=viseme:U; R=viseme:RR; Th=viseme:TH; W=viseme:U
Blink{}=eyeBlink{}; BrowDown{}=browDown{}; BrowIn{}=browDown{}|; BrowUp{}=browOuterUp{}
LookDown=*eyeLookDown; LookUp=*eyeLookUp; LookLeft=eyeLookOutLeft,eyeLookInRight
LookRight=eyeLookInLeft,eyeLookOutRight; Squint{}=eyeSquint{}; HeadPitch; HeadRoll; HeadYaw"""
FURHAT = """PHONE_AAH=viseme:aa; PHONE_B_M_P=viseme:PP; PHONE_BIGAAH=viseme:aa
PHONE_CH_J_SH=viseme:CH; PHONE_D_S_T=viseme:DD|viseme:SS; PHONE_EE=viseme:I; PHONE_EH=viseme:E
PHONE_F_V=viseme:FF; PHONE_I=viseme:I|viseme:ih|viseme:ay|viseme:aa; PHONE_K=viseme:kk
PHONE_N=viseme:nn|viseme:DD; PHONE_OH=viseme:O; PHONE_OOH_Q=viseme:U; PHONE_R=viseme:RR
PHONE_TH=viseme:TH; PHONE_W=viseme:U; EXPR_ANGER; EXPR_DISGUST; EXPR_FEAR; EXPR_SAD
SMILE_CLOSED=*mouthSmile|; SMILE_OPEN=*mouthSmile|; SURPRISE; BLINK_{}=eyeBlink{}
BROW_DOWN_{}=browDown{}; BROW_IN_{}=browDown{}|; BROW_UP_{}=browOuterUp{}; EPICANTHIC_FOLD
EYE_SQUINT_{}=eyeSquint{}; LOOK_DOWN=*eyeLookDown; LOOK_UP=*eyeLookUp
LOOK_LEFT=eyeLookOutLeft,eyeLookInRight; LOOK_RIGHT=eyeLookInLeft,eyeLookOutRight
LOOK_DOWN_{}=eyeLookDown{}; LOOK_UP_{}=eyeLookUp{}; LOOK_LEFT_LEFT=eyeLookOutLeft
LOOK_LEFT_RIGHT=eyeLookInRight; LOOK_RIGHT_LEFT=eyeLookInLeft; LOOK_RIGHT_RIGHT=eyeLookOutRight
NECK_TILT; NECK_PAN; NECK_ROLL; GAZE_PAN; GAZE_TILT"""
TALKING_HEAD_ANIME = """eyebrow_troubled_{}=browInnerUp|; eyebrow_angry_{}=browDown{}
eyebrow_serious_{}=browDown{}|; eyebrow_happy_{}; eyebrow_lowered_{}=browDown{}
eyebrow_raised_{}=browOuterUp{}; eye_wink_{}=eyeBlink{}; eye_happy_wink_{}=eyeBlink{}|
eye_relaxed_{}; eye_unimpressed_{}; eye_raised_lower_eyelid_{}=eyeSquint{}|
eye_surprised_{}=eyeWide{}; iris_small_{}; mouth_aaa=viseme:aa; mouth_iii=viseme:I
mouth_uuu=viseme:U; mouth_eee=viseme:E; mouth_ooo=viseme:O; mouth_delta; mouth_smirk
mouth_raised_corner_{}=mouthSmile{}; mouth_lowered_corner_{}=mouthFrown{}"""
OPENXR_HTC = """XR_EYE_EXPRESSION_{}_BLINK_HTC=eyeBlink{};
XR_EYE_EXPRESSION_{}_DOWN_HTC=eyeLookDown{}
XR_EYE_EXPRESSION_{}_IN_HTC=eyeLookIn{}; XR_EYE_EXPRESSION_{}_OUT_HTC=eyeLookOut{}
XR_EYE_EXPRESSION_{}_SQUEEZE_HTC=eyeSquint{}; XR_EYE_EXPRESSION_{}_UP_HTC=eyeLookUp{}
XR_EYE_EXPRESSION_{}_WIDE_HTC=eyeWide{}; XR_LIP_EXPRESSION_CHEEK_PUFF_{}_HTC=cheekPuff
XR_LIP_EXPRESSION_CHEEK_SUCK_HTC; XR_LIP_EXPRESSION_JAW_FORWARD_HTC=jawForward
XR_LIP_EXPRESSION_JAW_LEFT_HTC=jawLeft; XR_LIP_EXPRESSION_JAW_OPEN_HTC=jawOpen
XR_LIP_EXPRESSION_JAW_RIGHT_HTC=jawRight; XR_LIP_EXPRESSION_MOUTH_APE_SHAPE_HTC
XR_LIP_EXPRESSION_MOUTH_LOWER_DOWN{}_HTC=mouthLowerDown{}
XR_LIP_EXPRESSION_MOUTH_LOWER_INSIDE_HTC=mouthRollLower; XR_LIP_EXPRESSION_MOUTH_LOWER_{}_HTC
XR_LIP_EXPRESSION_MOUTH_LOWER_OVERLAY_HTC=mouthShrugLower
XR_LIP_EXPRESSION_MOUTH_LOWER_OVERTURN_HTC; XR_LIP_EXPRESSION_MOUTH_POUT_HTC=mouthPucker
XR_LIP_EXPRESSION_MOUTH_RAISER_{}_HTC=mouthSmile{}
XR_LIP_EXPRESSION_MOUTH_STRETCHER_{}_HTC=mouthStretch{}|mouthFrown{}
XR_LIP_EXPRESSION_MOUTH_UPPER_INSIDE_HTC=mouthRollUpper; XR_LIP_EXPRESSION_MOUTH_UPPER_{}_HTC
XR_LIP_EXPRESSION_MOUTH_UPPER_OVERTURN_HTC"""
SMARTBODY = """ChrBrad@face_neutral; ChrBrad@001_inner_brow_raiser_{}=browInnerUp
ChrBrad@002_outer_brow_raiser_{}=browOuterUp{}; ChrBrad@004_brow_lowerer_{}=browDown{}
ChrBrad@005_upper_lid_raiser=*eyeWide; ChrBrad@006_cheek_raiser=*cheekSquint
ChrBrad@007_lid_tightener=*eyeSquint; ChrBrad@010_upper_lip_raiser=*mouthUpperUp
ChrBrad@012_lip_corner_puller_{}=mouthSmile{}; ChrBrad@025_lips_part; ChrBrad@026_jaw_drop=jawOpen
ChrBrad@045_blink_{}=eyeBlink{}; ChrBrad@open=viseme:aa|; ChrBrad@W=viseme:U
ChrBrad@ShCh=viseme:CH; ChrBrad@PBM=viseme:PP; ChrBrad@FV=viseme:FF; ChrBrad@wide=viseme:I|
ChrBrad@tBack=viseme:kk|; ChrBrad@tRoof=viseme:nn|viseme:DD|; ChrBrad@tTeeth=viseme:TH|"""
UNITY_CHAN = """blendShape1.MTH_SMILE1=*mouthSmile|; blendShape1.MTH_SMILE2=*mouthSmile|
blendShape1.MTH_SAP; blendShape1.MTH_CONF; blendShape1.MTH_ANG1; blendShape1.MTH_ANG2
blendShape1.MTH_A=viseme:aa; blendShape1.MTH_I=viseme:I; blendShape1.MTH_U=viseme:U
blendShape1.MTH_E=viseme:E; blendShape1.MTH_O=viseme:O; blendShape2.EYE_SMILE1
blendShape2.EYE_SMILE2; blendShape2.EYE_ANG1; blendShape2.EYE_CONF; blendShape2.EYE_SAP
blendShape2.EYE_DEF_C=*eyeBlink|; blendShape3.BLW_SMILE1; blendShape3.BLW_ANG1=*browDown|
blendShape3.BLW_ANG2=*browDown|; blendShape3.BLW_CONF; blendShape3.BLW_SAP"""
WEB_AGENT = """LIP_CORNER_DEPRESSOR=*mouthFrown; LIP_CORNER_DEPRESSOR_{}=mouthFrown{}
LIP_CORNER_PULLER=*mouthSmile; LIP_CORNER_PULLER_{}=mouthSmile{}; MOUTH_OPEN=jawOpen|
LOWER_LIP_DEPRESSOR=*mouthLowerDown; CHIN_RAISER=mouthShrugLower; LIP_PUCKERER=mouthPucker
TONGUE_SHOW=tongueOut; LIP_STRECHER=*mouthStretch; LIP_FUNNELER=mouthFunnel; LIP_TIGHTENER
LIP_PRESSOR=*mouthPress; BROW_LOWERER=*browDown; BROW_LOWERER_{}=browDown{}
LOWER_{}_BROW=browDown{}; INNER_BROW_RAISER=browInnerUp; OUTER_BROW_RAISER=*browOuterUp
RAISE_{}_BROW=browOuterUp{}; UPPER_LID_RAISER=*eyeWide; LID_TIGHTENER=*eyeSquint
EYES_CLOSED=*eyeBlink; BLINK=*eyeBlink; WINK=*eyeBlink|; NOSE_WRINKLER=*noseSneer
UPPER_LIP_RAISER=*mouthUpperUp; DIMPLER=*mouthDimple; JAW_DROP=jawOpen
MOUTH_STRETCH=jawOpen|mouthStretchLeft|,mouthStretchRight|"""
ACTION_UNITS = """AU1_innerBrowRaise=browInnerUp; AU2_outerBrowRaise=*browOuterUp
AU4_browLower=*browDown; AU5_upperLidRaise=*eyeWide; AU6_cheekRaise=*cheekSquint
AU7_lidTighten=*eyeSquint; AU9_noseWrinkle=*noseSneer; AU10_upperLipRaise=*mouthUpperUp
AU11_nasolabialDeepen; AU12_lipCornerPull=*mouthSmile; AU13_sharpLipPull; AU14_dimple=*mouthDimple
AU15_lipCornerDepress=*mouthFrown; AU16_lowerLipDepress=*mouthLowerDown
AU17_chinRaise=mouthShrugLower; AU18_lipPucker=mouthPucker; AU20_lipStretch=*mouthStretch
AU22_lipFunnel=mouthFunnel; AU23_lipTighten; AU24_lipPress=*mouthPress; AU25_lipsPart
AU26_jawDrop=jawOpen"""
EFFECTS = """browDown{}=browDown{}; browInnerUp{}=browInnerUp; browOuterUp{}=browOuterUp{}
cheekPuff{}=cheekPuff; cheekSquint{}=cheekSquint{}; eyeBlink{}=eyeBlink{}
eyeLookDown{}=eyeLookDown{}; jawForward=jawForward; jawLeft=jawLeft; jawOpen=jawOpen
mouthClose=mouthClose; mouthFunnelLower=mouthFunnel; mouthFunnelUpper=mouthFunnel
mouthLeft=mouthLeft; mouthPucker=mouthPucker; mouthRollLower=mouthRollLower
mouthShrugUpper=mouthShrugUpper; mouthUpperUp{}=mouthUpperUp{}; nastrilDilator{}
noseSneer{}=noseSneer{}; nostrilCompressor{}; swallow"""
GODOT = """FT_EYE_LOOK_OUT_{}=eyeLookOut{}; FT_EYE_CLOSED_{}=eyeBlink{}; FT_EYE_CLOSED=*eyeBlink
FT_EYE_SQUINT_{}=eyeSquint{}; FT_EYE_WIDE_{}=eyeWide{}; FT_EYE_DILATION_{}; FT_EYE_CONSTRICT_{}
FT_BROW_PINCH_{}; FT_BROW_LOWERER_{}=browDown{}; FT_BROW_INNER_UP_{}=browInnerUp
FT_BROW_OUTER_UP_{}=browOuterUp{}; FT_BROW_DOWN_{}=browDown{}|; FT_BROW_UP_{}=browOuterUp{}|
FT_BROW_UP=*browOuterUp|; FT_BROW_DOWN=*browDown|; FT_NOSE_SNEER_{}=noseSneer{}
FT_NOSE_SNEER=*noseSneer; FT_NASAL_DILATION_{}; FT_NASAL_CONSTRICT; FT_CHEEK_SQUINT_{}=cheekSquint{}
FT_CHEEK_PUFF_{}=cheekPuff; FT_CHEEK_PUFF=cheekPuff; FT_CHEEK_SUCK_{}; FT_JAW_OPEN=jawOpen
FT_MOUTH_CLOSED=mouthClose; FT_JAW_{}=jaw{}; FT_JAW_FORWARD=jawForward; FT_JAW_BACKWARD
FT_JAW_CLENCH; FT_LIP_SUCK_UPPER_{}=mouthRollUpper; FT_LIP_SUCK_LOWER_{}=mouthRollLower
FT_LIP_FUNNEL_UPPER_{}=mouthFunnel; FT_LIP_PUCKER_LOWER_{}=mouthPucker
FT_MOUTH_UPPER_UP_{}=mouthUpperUp{}; FT_MOUTH_LOWER_DOWN_{}=mouthLowerDown{}
FT_MOUTH_UPPER_DEEPEN_{}; FT_MOUTH_UPPER_{}; FT_MOUTH_LOWER_{}
FT_MOUTH_CORNER_PULL_{}=mouthSmile{}; FT_MOUTH_CORNER_SLANT_{}; FT_MOUTH_FROWN_{}=mouthFrown{}
FT_MOUTH_STRETCH_{}=mouthStretch{}; FT_MOUTH_DIMPLE_{}=mouthDimple{}
FT_MOUTH_RAISER_UPPER=mouthShrugUpper; FT_MOUTH_RAISER_LOWER=mouthShrugLower
FT_MOUTH_PRESS_{}=mouthPress{}; FT_MOUTH_TIGHTENER_{}; FT_TONGUE_OUT=tongueOut; FT_TONGUE_UP
FT_TONGUE_ROLL"""
NUMBERED_FACES = """Neutral face; Eye Close {}=eyeBlink{}; Eye Squint {}=eyeSquint{}
Eye LookDown {}=eyeLookDown{}; Eye LookIn {}=eyeLookIn{}; Eye Wide {}=eyeWide{}
Mouth Left=mouthLeft; Mouth Right=mouthRight; Mouth Frown {}=mouthFrown{}
Mouth Smile {}=mouthSmile{}; Mouth Press {}=mouthPress{}
Mouth Dimple(Stretch) {}=mouthDimple{}|mouthStretch{}|; Mouth Roll Upper=mouthRollUpper"""
GAME_VISEMES = """Silent=viseme:sil; PP=viseme:PP; FF=viseme:FF; TH=viseme:TH; DD=viseme:DD
KK=viseme:kk; CH=viseme:CH; SS=viseme:SS; NN=viseme:nn; RR=viseme:RR; AA=viseme:aa
EE=viseme:E|viseme:I; II=viseme:I; OO=viseme:O; UU=viseme:U"""
PHONE_CLASSES = """pbmv=viseme:PP; fv=viseme:FF; th=viseme:TH; cdsz=viseme:DD|viseme:SS;
kg=viseme:kk
chjsh=viseme:CH; e=viseme:E; o=viseme:O; i=viseme:I; u=viseme:U; r=viseme:RR
ai=viseme:ay|viseme:aa; aw=viseme:aw; sil=viseme:sil"""
FACE_GAME = """smileLeft=mouthSmileLeft; smileRight=mouthSmileRight; eyeClose=*eyeBlink
mouthOpen=jawOpen; mouthOpenSmile; eyeBrowLeftUp=browOuterUpLeft; eyeBrowRightUp=browOuterUpRight"""
SENTENCES = """Mouth open=jawOpen; Scrunch nose=*noseSneer; Pursed lips=mouthPucker
{} side smile=mouthSmile{}; {} eye close=eyeBlink{}"""

SEALED: dict[str, Meaning] = {
    "Snap's Lens Studio": listed(first.SNAP, "Left", "Right"),
    "Starfield": listed(first.STARFIELD),
    "Cyberpunk 2077": listed(first.CYBERPUNK, "l", "r"),
    "MakeHuman's face rig": listed(first.MAKEHUMAN, "left", "right"),
    "a studio's face shapes": listed(first.STUDIO),
    "Kinect": listed(first.KINECT, "Left", "Right"),
    "an avatar for Kinect": listed(first.KINECT_AVATAR),
    "iClone 7": listed(first.ICLONE),
    "Half-Life 2": listed(first.SOURCE, "left", "right"),
    "Daz Genesis 3 and 8 controls": listed(first.DAZ),
    "Daz Genesis 2": listed(first.VICTORIA),
    "RealSense": listed(first.REALSENSE, "LEFT", "RIGHT"),
    "Autodesk's character generator": listed(first.AUTODESK),
    "Skyrim": listed(SKYRIM, "Left", "Right"),
    "Furhat": listed(FURHAT, "LEFT", "RIGHT"),
    "Talking Head Anime": listed(TALKING_HEAD_ANIME, "left", "right"),
    "OpenXR for HTC": listed(OPENXR_HTC, "LEFT", "RIGHT"),
    "SmartBody": listed(SMARTBODY, "lf", "rt"),
    "Unity-chan": listed(UNITY_CHAN),
    "an agent for the web": listed(WEB_AGENT, "LEFT", "RIGHT"),
    "numbered action units": listed(ACTION_UNITS),
    "a studio for effects": listed(EFFECTS, "Left", "Right"),
    "Godot": listed(GODOT, "LEFT", "RIGHT"),
    "a data set of faces": listed(NUMBERED_FACES, "Left", "Right"),
    "visemes of a game": listed(GAME_VISEMES),
    "classes of phones": listed(PHONE_CLASSES),
    "a face game": listed(FACE_GAME),
    "a scene's sliders": listed(SENTENCES, "Left", "Right"),
}
