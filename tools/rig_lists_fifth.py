# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of shape-key names met after the grammar had been mended on `rig_lists_fourth`.

Labelled, too, before the grammar read them; the marks are those of `rig_lists_learned.listed`.
"""

from __future__ import annotations

from .rig_lists_learned import Meaning, listed

CHANNELS = """eyeBlink{}=eyeBlink{}; eyeClosure{}=eyeBlink{}; eyeUpperLidRaise{}=eyeWide{}
eyeLowerLid{}; eyeWide{}=eyeWide{}; eyeSquint{}=eyeSquint{}; eyeGlare{}; browRaise{}=browOuterUp{}
browDown{}=browDown{}; browInner{}; browAngry{}=browDown{}|; browInnerUp=browInnerUp
mouthSmile{}=mouthSmile{}; mouthFrown{}=mouthFrown{}; lipTightener{}; mouthOpen=jawOpen|
mouthPucker{}=mouthPucker; jawOpen=jawOpen; jaw{}=jaw{}; cheekPuff=cheekPuff
cheekPuff{}=cheekPuff; cheekSquint{}=cheekSquint{}"""
INSTRUCTOR = """mouthOpen=jawOpen|; mouthClose=mouthClose; jawOpen=jawOpen; jawForward=jawForward
jawLeft=jawLeft; jawRight=jawRight; lipRound=mouthFunnel|mouthPucker|; lipWide=*mouthStretch|
lipSmile=*mouthSmile; lipPress=*mouthPress; lipCornerUp=*mouthSmile; lipCornerDown=*mouthFrown
lipCornerRaise=*mouthSmile; lipCornerLower=*mouthFrown; cheekRaise=*cheekSquint
cheekPuff=cheekPuff; tongueOut=tongueOut; tongueUp; tongueDown; tongueLeft; tongueRight
tongueCurl; tongueTipUp; eyeBlinkLeft=eyeBlinkLeft; eyeBlinkRight=eyeBlinkRight
browRaise=*browOuterUp|browInnerUp|; browLower=*browDown; neckRotate; headTilt"""
POSER = """eye_blink_{}=eyeBlink{}; eye_look_in_{}=eyeLookIn{}; eye_look_out_{}=eyeLookOut{}
eye_dilation_{}; eyebrow_down_{}=browDown{}; eyebrow_up_{}=browOuterUp{}; eyebrow_steep_{}
mouth_open=jawOpen; mouth_smile=*mouthSmile; mouth_frown=*mouthFrown; mouth_pucker=mouthPucker
mouth_lower; mouth_upper; head_pitch; head_yaw; head_roll"""
EXPRESSION_ENGINE = """EYEBROW_DOWN_{}=browDown{}; EYEBROW_Up_{}=browOuterUp{}
EYELID_CLOSE_{}=eyeBlink{}; EYELID_OPEN_{}=eyeWide{}; EYEBALL_TURN_L=eyeLookOutLeft,eyeLookInRight
EYEBALL_TURN_R=eyeLookInLeft,eyeLookOutRight; EYEBALL_TURN_U=*eyeLookUp
EYEBALL_TRUN_D=*eyeLookDown; MOUTH_OPEN=jawOpen; MOUTH_LEFT_RAISE=mouthSmileLeft|
MOUTH_RIGHT_RAISE=mouthSmileRight|; MOUTH_LEFT=mouthLeft; MOUTH_RIGHT=mouthRight"""
GENERATED = """blink_{}=eyeBlink{}; mouth_open=jawOpen|; eyebrow_raise_{}=browOuterUp{}
squint_{}=eyeSquint{}; jaw_open=jawOpen; pucker=mouthPucker; anger; disgust; fear; joy; contempt
cheek_puff=cheekPuff; tongue_out=tongueOut; wink_{}=eyeBlink{}|; dimple_{}=mouthDimple{}
nostril_flare; lip_corner_up_{}=mouthSmile{}; chin_raise=mouthShrugLower"""
MUSCLES = """eye_brow_up=*browOuterUp; eye_brow_down=*browDown; eye_brow_sad=browInnerUp|
nose_wrinkle=*noseSneer; lip_corner_up_left=mouthSmileLeft; lip_corner_up_right=mouthSmileRight
lip_corner_up_both=*mouthSmile; clench; lip_stretch_down=*mouthFrown|; kiss=mouthPucker; lip_open
lip_tighten; neutral"""
EXTRAS = """lips_together=mouthClose|; lip_corner_up=*mouthSmile; lip_corner_down=*mouthFrown
jaw_clench; tongue_out=tongueOut; tongue_tip_interdental; upper_lip_raise=*mouthUpperUp
lower_lip_depress=*mouthLowerDown; cheek_puff=cheekPuff; cheek_suck
mouth_corner_stretch=*mouthStretch"""
DIARY = """eyeOpenness{}=eyeWide{}|; eyeBlink{}=eyeBlink{}; browRaise{}=browOuterUp{}
browFurrow=*browDown; mouthOpen=jawOpen|; mouthSmile{}=mouthSmile{}; mouthPucker=mouthPucker
jawOpen=jawOpen; cheekPuff{}=cheekPuff; noseWrinkle=*noseSneer; headPitch; headYaw; headRoll
faceWidth; faceHeight; eyeDistance; noseMouthDistance; mouthWidth; faceCenterX"""
SIGNER = """browInnerDn{}=browDown{}|; browSqueeze{}=browDown{}|; eyeSquint{}=eyeSquint{}
eyeWidenUpper{}=eyeWide{}; jawOpen=jawOpen; lipFunnelerLower=mouthFunnel
lipFunnelerUpper=mouthFunnel; lipCloseLower=mouthClose|; lipCloseUpper=mouthClose|
lipPresser{}=mouthPress{}; lipPucker=mouthPucker; lipWiden{}=mouthStretch{}|; lipSmileOpen{}
lipCornerUp{}=mouthSmile{}; cheekUp{}=cheekSquint{}"""
SCANNED = """brow_lower_{}=browDown{}; brow_raise_c=browInnerUp|; brow_raise_{}=browOuterUp{}
cheek_puff_{}=cheekPuff; cheek_raise_{}=cheekSquint{}; cheek_suck_{}; eye_blink1_{}=eyeBlink{}
eye_blink2_{}=eyeBlink{}|; eye_lidTight_{}=eyeSquint{}; eye_shutTight_{}=eyeBlink{}|
eye_upperLidRaise_{}=eyeWide{}; eye_downLidRaise_{}=eyeSquint{}|; jaw_sideways_l=jawLeft
jaw_sideways_r=jawRight; jaw_thrust_c=jawForward; mouth_chew_c=mouthClose|
mouth_chinRaise_d=mouthShrugLower; mouth_chinRaise_u=mouthShrugUpper
mouth_dimple_{}=mouthDimple{}; mouth_funnel_dl=mouthFunnel; mouth_funnel_dr=mouthFunnel
mouth_funnel_ul=mouthFunnel; mouth_funnel_ur=mouthFunnel
mouth_lipCornerDepressFix_{}=mouthFrown{}|; mouth_lipCornerDepress_{}=mouthFrown{}
mouth_lipCornerPullOpen_{}=mouthSmile{}|; mouth_lipCornerPull_{}=mouthSmile{}
mouth_lipStretchOpen_{}=mouthStretch{}|; mouth_lipStretch_{}=mouthStretch{}
mouth_lowerLipDepress_{}=mouthLowerDown{}; mouth_lowerLipProtrude_c; mouth_oh_c=viseme:O|
mouth_oo_c=viseme:U|; mouth_pressFix_c=*mouthPress|; mouth_press_{}=mouthPress{}
mouth_pucker_{}=mouthPucker; mouth_screamFix_c; mouth_sideways_l=mouthLeft
mouth_sideways_r=mouthRight; mouth_stretch_c=jawOpen|; mouth_suck_dl=mouthRollLower
mouth_suck_dr=mouthRollLower; mouth_suck_ul=mouthRollUpper; mouth_suck_ur=mouthRollUpper
mouth_upperLipRaise_{}=mouthUpperUp{}; nose_wrinkle_{}=noseSneer{}; eye_lookDown1_{}=eyeLookDown{}
eye_lookDown2_{}=eyeLookDown{}|; eye_lookLeft_l=eyeLookOutLeft; eye_lookRight_l=eyeLookInLeft
eye_lookLeft_r=eyeLookInRight; eye_lookRight_r=eyeLookOutRight; eye_lookUp_{}=eyeLookUp{}
nose_out_{}; tooth_l; tooth_r; cheek_UP=*cheekSquint|; tongue_u; tongue_d"""
PHONE = """NONE; BROWS_UP=*browOuterUp; JAW_OPEN=jawOpen; EYE_BLINK=*eyeBlink
NOSE_SNEER=*noseSneer; MOUTH_PUCKER_CENTER=mouthPucker; MOUTH_PUCKER_RIGHT=mouthPucker|mouthRight|
MOUTH_PUCKER_LEFT=mouthPucker|mouthLeft|"""

FIFTH: dict[str, Meaning] = {
    "channels of a humanoid": listed(CHANNELS, "Left", "Right"),
    "an instructor": listed(INSTRUCTOR),
    "a poser of pictures": listed(POSER, "left", "right"),
    "an expression engine": listed(EXPRESSION_ENGINE),
    "a generated rig": listed(GENERATED),
    "muscles measured": listed(MUSCLES),
    "extras of a timeline": listed(EXTRAS),
    "a diary's metrics": listed(DIARY, "Left", "Right"),
    "a signing avatar": listed(SIGNER),
    "a scanned face": listed(SCANNED, "l", "r"),
    "a phone's gestures": {
        f"AXMT_FACIAL_EXPRESSION_{name}": meant for name, meant in listed(PHONE).items()
    },
}
