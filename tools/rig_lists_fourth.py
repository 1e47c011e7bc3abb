# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of shape-key names met after the grammar had been mended on `rig_lists_fresh`.

Labelled, too, before the grammar read them; the marks are those of `rig_lists_learned.listed`.
"""

from __future__ import annotations

from .rig_lists_learned import Meaning, listed

PLAYER = """{}BrowUp_Down=browOuterUp{}; midBrowUp_Down=browInnerUp; browsIn=*browDown|
{}EyeOpen_Close=eyeWide{}; {}EyeUp_Down=eyeLookUp{}; {}EyeIn_Out=eyeLookIn{}|
jawOpen_Close=jawOpen; jawForward_Back=jawForward; jawLeft_Right=jawLeft|
mouthLeft_Right=mouthLeft|; mouthUp_Down; mouthNarrow_Pucker=mouthPucker|
{}MouthSmile_Frown=mouthSmile{}; {}UpperLipUp_Down=mouthUpperUp{}
{}LowerLipUp_Down=mouthShrugLower|; noseSneer=*noseSneer; {}CheekPuff_Squint=cheekPuff
tongueOut=tongueOut; tongueUp_Down"""
TRACKER = """JawRight=jawRight; JawLeft=jawLeft; JawForward=jawForward; MouthOpenWide=jawOpen|
LipUpperUp_{}=mouthUpperUp{}; LipLowerDown_{}=mouthLowerDown{}; MouthSmile_{}=mouthSmile{}
MouthFrown_{}=mouthFrown{}; MouthPouty=mouthPucker|; LipsPucker=mouthPucker; CheekSuckLeft
CheekSuckRight; TongueInOut=tongueOut|; TongueLength; TongueRaiseLower; TongueRoll2
TongueSideSide"""
CODED = """MouthOpen=jawOpen|; MouthWide=*mouthStretch|; MouthPucker=mouthPucker; JawOpen=jawOpen
MouthCorner_Left; MouthCorner_Right; UpperLipRaiser=*mouthUpperUp; LowerLipRaiser=mouthShrugLower|
LipPresser=*mouthPress; EyeBlink=*eyeBlink; InnerBrowRaiser=browInnerUp
OuterBrowRaiser=*browOuterUp; BrowLowerer=*browDown; EyeHoriz; EyeVert"""
CONTRACT = """vis_aa=viseme:aa; vis_ee=viseme:I|viseme:E; vis_ih=viseme:ih|viseme:I
vis_oh=viseme:O; vis_ou=viseme:U; vis_mbp=viseme:PP; vis_fv=viseme:FF; vis_l=viseme:nn|viseme:DD
blink_{}=eyeBlink{}; expr_angry; expr_friendly; expr_fear; expr_pain; expr_sleep"""
TEN = """REST=viseme:sil|; VIS_A=viseme:aa; VIS_E=viseme:E; VIS_I=viseme:I; VIS_O=viseme:O
VIS_U=viseme:U; VIS_FV=viseme:FF; VIS_MBP=viseme:PP; VIS_SZ=viseme:SS; VIS_L=viseme:nn|viseme:DD"""
EXCHANGE = """BrowsMidDown=*browDown|; BrowsMidUp=browInnerUp; BrowsSqueeze=*browDown|
BrowsDown_{}=browDown{}; BrowsOutUp_{}=browOuterUp{}; UpLidDown_{}=eyeBlink{}|
LoLidUp_{}=eyeSquint{}|; Sneer_{}=noseSneer{}; CheekUp_{}=cheekSquint{}; Squint_{}=eyeSquint{}
MouthOpen=jawOpen; TongueOut=tongueOut; TongueUp; TongueLeft; TongueRight; Smile_{}=mouthSmile{}
Frown_{}=mouthFrown{}; Narrow_{}=mouthPucker|; UpLipUp_{}=mouthUpperUp{}; UpLipDown_{}
LoLipUp_{}=mouthShrugLower|; LoLipDown_{}=mouthLowerDown{}"""
STREET = """open_u_{}=viseme:U|; open_e_{}=viseme:E|; open_o_{}=viseme:O|; lip_up; lip_down
lip_left=mouthLeft; lip_right=mouthRight; lip_gi; lip_gin; lip_bp=viseme:PP|; lip_woo=viseme:U|
lipside_senter_{}; lipside_up_{}=mouthSmile{}; lipside_down_{}=mouthFrown{}
lipside_wide_{}=mouthStretch{}|; liptwist_left; liptwist_right; jaw_up; jaw_down=jawOpen
jaw_left=jawLeft; jaw_right=jawRight; jaw_front=jawForward; jaw_back; eye_open_{}=eyeWide{}
eye_close_{}=eyeBlink{}; eye_up_{}=eyeLookUp{}; eye_down_{}=eyeLookDown{}
eye_left_L=eyeLookOutLeft; eye_left_R=eyeLookInRight; eye_right_L=eyeLookInLeft
eye_right_R=eyeLookOutRight; eye_anger_{}; eye_pain_{}; eye_sad_{}; eye_suprise_{}=eyeWide{}|
special_00; special_01; special_02; special_03; special_04; special_05"""
CONVERTER = """JawMoveLeft=jawLeft; JawMoveRight=jawRight; JawOpen=jawOpen
LipsOpenKiss=mouthFunnel; LowerLipsUp=mouthRollLower|mouthShrugLower|
LowerLipsDown=*mouthLowerDown; LowerLipsDown2=*mouthLowerDown|; LipsKiss=mouthPucker
Mouth{}Smile=mouthStretch{}|mouthSmile{}; Mouth{}Smile2=mouthDimple{}|mouthSmile{}|
Mouth{}Smile3=mouthSmile{}|; UpperLipDown=mouthRollUpper|; UpperLipUp=*mouthUpperUp|
UpperLipUp2=*mouthUpperUp|; Mouth{}Frown=mouthFrown{}; MouthMoveLeft=mouthLeft
MouthMoveRight=mouthRight; CheeksPump=cheekPuff; FaceTension=*noseSneer|"""
FLAT = """Mouth_Open=jawOpen; Mouth_Wide=*mouthStretch|; Mouth_Smile=*mouthSmile
Mouth_Frown=*mouthFrown; Mouth_Ah=viseme:aa|viseme:ah; Mouth_Oh=viseme:O; Mouth_Ee=viseme:I
Mouth_Oo=viseme:U; Mouth_Mm=viseme:PP; Mouth_Ff=viseme:FF; Blink_{}=eyeBlink{}
Squint_{}=eyeSquint{}; Wide_{}=eyeWide{}; Look_Up_{}=eyeLookUp{}; Look_Down_{}=eyeLookDown{}
Look_Left_L=eyeLookOutLeft; Look_Right_L=eyeLookInLeft; Look_Left_R=eyeLookInRight
Look_Right_R=eyeLookOutRight; Eyebrow_Raise_{}=browOuterUp{}; Eyebrow_Furrow_{}=browDown{}
Eyebrow_Sad_{}=browInnerUp|"""
BROADCAST = """smile=*mouthSmile|; frown=*mouthFrown|; eye_blink_{}=eyeBlink{}
mouth_open=jawOpen|; eyebrow_raise_{}=browOuterUp{}; jaw_open=jawOpen; cheek_puff=cheekPuff
mouth_pucker=mouthPucker; eye_squint_{}=eyeSquint{}; mouth_smile_{}=mouthSmile{}
eyebrow_furrow_{}=browDown{}; nose_flare_{}; subtle_smile; gentle_frown; hand_fist_left
thumb_up_left; hand_open_left; finger_point_left"""
STUDIO = """eye_dn_{}=eyeLookDown{}; eye_right_right=eyeLookOutRight
eye_left_right=eyeLookInRight; eye_left_left=eyeLookOutLeft; eye_right_left=eyeLookInLeft
brow_arcUp_{}=browOuterUp{}|; brow_arcDn_{}=browDown{}|; brow_furrow_{}=browDown{}
lid_arcUprUp_{}=eyeWide{}|"""

FOURTH: dict[str, Meaning] = {
    "an expression player": listed(PLAYER, "left", "right"),
    "a face tracker's morphs": listed(TRACKER),
    "action units of a game": listed(CODED),
    "an engine's contract": listed(CONTRACT, "l", "r"),
    "ten visemes": listed(TEN),
    "MakeHuman exchange": listed(EXCHANGE),
    "a street game's faces": listed(STREET),
    "a Faceshift converter": listed(CONVERTER, "Left", "Right"),
    "a flat puppet": listed(FLAT),
    "a broadcast avatar": listed(BROADCAST, "left", "right"),
    "a studio's rig": listed(STUDIO, "left", "right"),
}
