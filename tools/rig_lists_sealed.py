# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of shape-key names that were labelled before the grammar of names ever read them.

Collected after the grammar had been finished on `rig_lists`, `rig_lists_found` and
`rig_lists_learned`; the marks are those of `rig_lists_learned.listed`. What a name means was taken
from what its maker or a converter of the maker's names says of it.
"""

from __future__ import annotations

SNAP = """BrowsDown{}=browDown{}; BrowsUpCenter=browInnerUp; BrowsUp{}=browOuterUp{}
CheekSquint{}=cheekSquint{}; EyeBlink{}=eyeBlink{}; EyeDown{}=eyeLookDown{}; EyeIn{}=eyeLookIn{}
EyeOpen{}=eyeWide{}; EyeOut{}=eyeLookOut{}; EyeSquint{}=eyeSquint{}; EyeUp{}=eyeLookUp{}
JawForward=jawForward; JawLeft=jawLeft; JawOpen=jawOpen; JawRight=jawRight; LipsFunnel=mouthFunnel
LipsPucker=mouthPucker; LowerLipClose=mouthRollLower; LowerLipDown{}=mouthLowerDown{}
LowerLipRaise=mouthShrugLower; MouthClose=mouthClose; MouthDimple{}=mouthDimple{}
MouthFrown{}=mouthFrown{}; MouthLeft=mouthLeft; MouthRight=mouthRight; MouthSmile{}=mouthSmile{}
MouthStretch{}=mouthStretch{}; MouthUp{}=mouthUpperUp{}|mouthSmile{}|; Puff=cheekPuff
Sneer{}=noseSneer{}; UpperLipClose=mouthRollUpper
UpperLipRaise=mouthShrugUpper|mouthUpperUpLeft|,mouthUpperUpRight|
UpperLipUp{}=mouthUpperUp{}"""
STARFIELD = """browLowerer{}=browDown{}; innerBrowRaise{}=browInnerUp;
outerBrowRaise{}=browOuterUp{}
eyeClosed{}=eyeBlink{}; eyeOpen{}=eyeWide{}; eyeUp=*eyeLookUp; eyeDown=*eyeLookDown
eyeLeft=eyeLookOutLeft,eyeLookInRight; eyeRight=eyeLookInLeft,eyeLookOutRight
lidTightener{}=eyeSquint{}; squint{}=eyeSquint{}; cheekPuff{}=cheekPuff
cheekRaise{}=cheekSquint{}; cheekSuck{}; dimpler{}=mouthDimple{}; noseWrinkle{}=noseSneer{}
noseDepressor; nostrilCompressor; nostrilDilator; nasolabialFurrow{}; jawOpen=jawOpen; jawClench
jawLeft=jawLeft; jawRight=jawRight; jawThrust=jawForward; upperLipRaise{}=mouthUpperUp{}
upperLipDown{}; upperLipFunnel=mouthFunnel; upperLipPuff; upperLipSuck=mouthRollUpper
upperLipThickness; lowerLipDepress{}=mouthLowerDown{}; lowerLipUp{}=mouthShrugLower|
lowerLipFunnel=mouthFunnel; lowerLipPuff; lowerLipSuck=mouthRollLower; lowerLipThickness
lipCornerPull{}=mouthSmile{}; lipCornerDepress{}=mouthFrown{}; lipCornerIn{}
lipStretch{}=mouthStretch{}; lipPucker=mouthPucker; lipPress=*mouthPress; lipTighten; lipZipper{}
sharpLipPull{}; chinRaise=mouthShrugLower; chinRaiseUpperlipTweak; neckFlex{}; swallow; HideEar
c_jawdrop; c_eyeDown_eyeClosed{}; c_eyeUp_eyeClosed{}; c_eyesClosed50{}; c_squintL_eyesClosedL
c_cheekRaiserL_eyesClosedL; c_puckerer_lowerFunneler; tongueIn; tongueOut=tongueOut; tongueUp
tongueDown; tongueCurlUp; tongueThick"""
CYBERPUNK = """eye_{}_brows_lower=browDown{}; eye_{}_brows_lateral=browDown{}|
eye_{}_brows_raise_in=browInnerUp; eye_{}_brows_raise_out=browOuterUp{}; cheek_{}_puff=cheekPuff
cheek_{}_suck; eye_{}_oculi_squint_outer_lower=cheekSquint{}|
eye_{}_oculi_squint_outer_upper=cheekSquint{}|; eye_{}_oculi_squint_inner=eyeSquint{}
eye_{}_blink=eyeBlink{}; eye_{}_dir_dn=eyeLookDown{}; eye_{}_dir_in=eyeLookIn{}
eye_{}_dir_out=eyeLookOut{}; eye_{}_dir_up=eyeLookUp{}; eye_{}_widen=eyeWide{}
jaw_mid_shift_fwd=jawForward; jaw_mid_shift_l=jawLeft; jaw_mid_shift_r=jawRight
jaw_mid_shift_back; jaw_mid_open=jawOpen; jaw_mid_close; jaw_mid_clench
lips_together_up=mouthClose; lips_together_dn=mouthClose
lips_{}_corner_wide=mouthDimple{}|mouthStretch{}|; lips_{}_corner_dn=mouthFrown{}
lips_{}_corner_up=mouthSmile{}; lips_{}_corner_sharp_up; lips_{}_funnel=mouthFunnel
lips_mid_shift_l=mouthLeft; lips_mid_shift_r=mouthRight; lips_mid_shift_up=mouthShrugUpper|
lips_mid_shift_dn; lips_apart_up; lips_apart_dn; lips_{}_lower_raise=mouthLowerDown{}|
lips_tighten_up; lips_tighten_dn; lips_suck_up=mouthRollUpper; lips_suck_dn=mouthRollLower
lips_{}_purse=mouthPucker; lips_chin_raise=mouthShrugLower; lips_{}_corner_stretch=mouthStretch{}
lips_{}_stretch=mouthStretch{}; lips_{}_upper_raise=mouthUpperUp{}; nose_{}_snear=noseSneer{}
lips_{}_nasolabialDeepener; lips_puff_up; neck_throat_open; neck_{}_turn; neck_{}_stretch
neck_tighten"""
MAKEHUMAN = """brow_mid_down_{}=browDown{}; brow_mid_up_{}=browInnerUp;
brow_outer_down_{}=browDown{}|
brow_outer_up_{}=browOuterUp{}; brow_squeeze=browInnerUp|browDownLeft|,browDownRight|
cheek_balloon_{}=cheekPuff; cheek_narrow_{}; cheek_squint_{}=cheekSquint{}
cheek_up_{}=cheekSquint{}|; lips_lower_in=mouthRollLower; lips_lower_out
lips_mid_lower_down_{}=mouthLowerDown{}; lips_mid_lower_up_{}=mouthShrugLower|
lips_mid_upper_down_{}; lips_mid_upper_up_{}=mouthUpperUp{}; lips_part
lips_upper_in=mouthRollUpper; lips_upper_out; mouth_corner_down_{}=mouthFrown{}
mouth_corner_in_{}; mouth_corner_up_{}=mouthSmile{}; mouth_down; mouth_move_left=mouthLeft
mouth_move_right=mouthRight; mouth_narrow_{}=mouthPucker; mouth_open=jawOpen; mouth_up
mouth_wide_{}=mouthStretch{}|; nose_wrinkle=*noseSneer; tongue_back_up; tongue_out=tongueOut
tongue_up; tongue_wide"""
STUDIO = """brow_up=*browOuterUp; brow_down=*browDown; brow_squeeze=*browDown|;
eye_up_wide=*eyeWide|
eye_down_wide; eye_up_close=*eyeBlink|; eye_down_close; eye_up_mid; eye_down_mid; sneer=*noseSneer
squint=*eyeSquint|cheekSquint; cheek_out=cheekPuff; cheek_in; cheek_up=*cheekSquint; cheek_down
mouth_smile=*mouthSmile; mouth_frown=*mouthFrown; mouth_stretch=*mouthStretch
mouth_narrow=mouthPucker|; mouth_narrow_up; mouth_narrow_down; mouth_corner_up=*mouthSmile
mouth_corner_down=*mouthFrown; mouth_side_left=mouthLeft; lip_roll_out
lip_roll_in=mouthRollLower,mouthRollUpper; lip_pout=mouthPucker; lip_pout_left=mouthLeft|
eye_expand; eye_crush"""
KINECT = """JawOpen=jawOpen; LipPucker=mouthPucker; JawSlideRight=jawRight
LipStretcher{}=mouthStretch{}; LipCornerPuller{}=mouthSmile{}; LipCornerDepressor{}=mouthFrown{}
{}cheekPuff=cheekPuff; {}eyeClosed=eyeBlink{}; {}eyebrowLowerer=browDown{}
LowerlipDepressor{}=mouthLowerDown{}"""
KINECT_AVATAR = """Brow_Down_{}=browDown{}; Cheek_Puffed_{}=cheekPuff; Jaw_{}=jaw{};
Jaw_Open=jawOpen
Smile_{}=mouthSmile{}; Brow_Up_{}=browOuterUp{}; Eye_Closed_{}=eyeBlink{}; Lips_Pucker=mouthPucker
Lip_Lower_Down_{}=mouthLowerDown{}; Lips_Stretch_{}=mouthStretch{}; Frown_{}=mouthFrown{}"""
ICLONE = """Brow_Raise_Inner_Left=browInnerUp; Brow_Raise_Inner_Right=browInnerUp
Brow_Raise_Outer_Left=browOuterUpLeft; Brow_Raise_Outer_Right=browOuterUpRight
Brow_Drop_Left=browDownLeft; Brow_Drop_Right=browDownRight; Brow_Raise_Left=browOuterUpLeft
Brow_Raise_Right=browOuterUpRight; Eyes_Blink=*eyeBlink; Eye_Blink_{}=eyeBlink{}
Eye_Wide_{}=eyeWide{}; Eye_Squint_{}=eyeSquint{}; Nose_Scrunch=*noseSneer; Nose_Flanks_Raise
Nose_Flank_Raise_{}=noseSneer{}|; Nose_Nostrils_Flare; Cheek_Raise_{}=cheekSquint{}; Cheeks_Suck
Cheek_Blow_{}=cheekPuff; Mouth_Smile=*mouthSmile; Mouth_Smile_{}=mouthSmile{}
Mouth_Frown=*mouthFrown; Mouth_Frown_{}=mouthFrown{}; Mouth_Blow; Mouth_Pucker=mouthPucker
Mouth_Pucker_Open=mouthFunnel|mouthPucker|; Mouth_Widen=*mouthStretch|; Mouth_Widen_Sides
Mouth_Dimple_{}=mouthDimple{}; Mouth_Plosive; Mouth_Lips_Tight
Mouth_Lips_Tuck=mouthRollLower|,mouthRollUpper|; Mouth_Lips_Open; Mouth_Lips_Part
Mouth_Bottom_Lip_Down=*mouthLowerDown; Mouth_Top_Lip_Up=*mouthUpperUp
Mouth_Top_Lip_Under=mouthRollUpper; Mouth_Bottom_Lip_Under=mouthRollLower
Mouth_Snarl_Upper_{}=noseSneer{}|mouthUpperUp{}|; Mouth_Snarl_Lower_{}; Mouth_Bottom_Lip_Bite
Mouth_Down; Mouth_Up; Mouth_{}=mouth{}; Mouth_Lips_Jaw_Adjust; Mouth_Bottom_Lip_Trans
Mouth_Skewer; Mouth_Open=jawOpen; Head_Turn_Up; Head_Turn_{}; Head_Tilt_{}
Turn_Jaw_Down=jawOpen|; Turn_Jaw_{}=jaw{}; Move_Jaw_Down=jawOpen|; Move_Jaw_{}=jaw{}|
Left_Eyeball_Look_R=eyeLookInLeft; Left_Eyeball_Look_L=eyeLookOutLeft
Left_Eyeball_Look_Down=eyeLookDownLeft; Left_Eyeball_Look_Up=eyeLookUpLeft
Right_Eyeball_Look_R=eyeLookOutRight; Right_Eyeball_Look_L=eyeLookInRight
Right_Eyeball_Look_Down=eyeLookDownRight; Right_Eyeball_Look_Up=eyeLookUpRight"""
SOURCE = """{}_lowerer=browDown{}; {}_outer_raiser=browOuterUp{}; {}_inner_raiser=browInnerUp
{}_cheek_puffer=cheekPuff; {}_cheek_raiser=cheekSquint{}; {}_lid_closer=eyeBlink{}
{}_lid_droop=eyeBlink{}|; {}_lid_raiser=eyeWide{}; {}_lid_tightener=eyeSquint{}
{}_mouth_drop=mouthLowerDown{}|; {}_upper_raiser=mouthUpperUp{}; {}_dimpler=mouthDimple{}
{}_funneler=mouthFunnel; {}_part; {}_puckerer=mouthPucker; {}_stretcher=mouthStretch{}
{}_corner_depressor=mouthFrown{}; {}_corner_puller=mouthSmile{}; jaw_clencher; jaw_drop=jawOpen
jaw_sideways; lip_bite; lower_lip=*mouthLowerDown|; presser=*mouthPress; tightener
wrinkler=*noseSneer; dilator; bite; blink=*eyeBlink; half_closed; chin_raiser=mouthShrugLower
mouth_sideways; smile=*mouthSmile|; body_rightleft; head_tilt; head_updown; eyes_updown"""
DAZ = """eCTRLEyesClosed=*eyeBlink; eCTRLEyesClosed{}=eyeBlink{}
eCTRLEyelidsLowerUpDown=*eyeSquint|; eCTRLEyelidsLowerUpDown{}=eyeSquint{}|
eCTRLEyelidsUpperUp-Down=*eyeWide|; eCTRLEyelidsUpperUp-Down{}=eyeWide{}|
eCTRLJawOut-In=jawForward|; eCTRLJawSide-Side; eCTRLMouthClosed=mouthClose|
eCTRLMouthCornerUp-Down{}=mouthSmile{}|; eCTRLMouthFrown=*mouthFrown; eCTRLMouthOpen=jawOpen
eCTRLMouthSmile=*mouthSmile; eCTRLMouthSmileOpen; eCTRLMouthSmileSimple{}=mouthSmile{}
eCTRLMouthWide-Narrow=*mouthStretch|; eCTRLBrowInnerUp-Down{}=browInnerUp
eCTRLBrowOuterUp-Down{}=browOuterUp{}; eCTRLBrowSqueeze{}=browDown{}|; eCTRLLipsPart
eCTRLLipsPartCenter; eCTRLLipsPucker-Pressed=mouthPucker; eCTRLLipsPuckerWide
eCTRLLipTopUp-Down=*mouthUpperUp|; eCTRLLipBottomUp-Down=mouthShrugLower|; eCTRLvAA=viseme:aa
eCTRLvEE=viseme:I; eCTRLvEH=viseme:E; eCTRLvER=viseme:RR; eCTRLvF=viseme:FF
eCTRLvIH=viseme:ih|viseme:I; eCTRLvIY=viseme:I; eCTRLvL=viseme:nn|viseme:DD; eCTRLvM=viseme:PP
eCTRLvOW=viseme:O; eCTRLvS=viseme:SS; eCTRLvSH=viseme:CH; eCTRLvT=viseme:DD; eCTRLvTH=viseme:TH
eCTRLvUW=viseme:U; eCTRLvW=viseme:U"""
VICTORIA = """PHMEyesClosed{}=eyeBlink{}; PHMEyesSquint{}=eyeSquint{}; PHMBrowUp{}=browOuterUp{}
PHMBrowDown{}=browDown{}; PHMBrowInnerUp{}=browInnerUp; PHMBrowSqueeze=*browDown|
PHMMouthSmileSimple{}=mouthSmile{}; PHMMouthFrown=*mouthFrown; PHMLipsPucker=mouthPucker
PHMLipsPart; PHMLipsPartCenter; PHMMouthOpen=jawOpen; PHMEyeLidsTopUp{}=eyeWide{}|
PHMEyeLidsBottomDown{}; PHMCheekEyeFlex{}=cheekSquint{}|eyeSquint{}|; PHMBrowOuterDown{}=browDown{}|
PHMBrowInnerDown{}=browDown{}|; VSMAA=viseme:aa; VSMIY=viseme:I; VSMUW=viseme:U; VSMEH=viseme:E
VSMOW=viseme:O; PHMEyesAlmondInner{}; PHMEyesAngle{}; PHMEyesCat; PHMEyesHeightOuter
PHMEyesIrisSize; PHMEyesPuffyLower; PHMEyesSize{}; PHMFaceFlat{}; PHMFaceHeart{}; PHMFaceYoung
PHMFear; PHMFlirtingFeminine{}; PHMGlare; PHMHappy; PHMJawAngle; PHMJawCurve; PHMJawHeight{}
PHMJawIn; PHMJawOut=jawForward|; PHMLacrimalsPinch; PHMLipBottomDown{}=mouthLowerDown{}
PHMLipBottomIn{}=mouthRollLower; PHMLipBottomOut{}; PHMLipLowerDepth; PHMLipTopUp{}=mouthUpperUp{}
PHMLipUpperSize; PHMLipsHeart; PHMLipsPuckerWide; PHMLipsSquare; PHMMouthCornerUpDown=*mouthSmile|
PHMMouthCurves; PHMMouthNarrow{}; PHMMouthOpenWide; PHMMouthSmile=*mouthSmile; PHMMouthSmileOpen
PHMMouthWidth; PHMNoseBump; PHMNoseDepth; PHMNosePinch; PHMNoseWidth; PHMNostrilsWidthL; PHMPain
PHMPupilsDialate; PHMSad; PHMScream; PHMShock; PHMSmileFullFace; PHMSmileOpenFullFace
PHMSnarlLeft=noseSneerLeft|; PHMSnarlRight=noseSneerRight|; PHMSurprise; PHMTeethBeastBottom"""
REALSENSE = """EXPRESSION_BROW_RAISER_{}=browOuterUp{}; EXPRESSION_BROW_LOWERER_{}=browDown{}
EXPRESSION_SMILE=*mouthSmile; EXPRESSION_KISS=mouthPucker; EXPRESSION_MOUTH_OPEN=jawOpen
EXPRESSION_EYES_CLOSED_{}=eyeBlink{}; EXPRESSION_HEAD_TURN_{}; EXPRESSION_HEAD_UP
EXPRESSION_HEAD_DOWN; EXPRESSION_HEAD_TILT_{}
EXPRESSION_EYES_TURN_LEFT=eyeLookOutLeft,eyeLookInRight
EXPRESSION_EYES_TURN_RIGHT=eyeLookInLeft,eyeLookOutRight; EXPRESSION_EYES_UP=*eyeLookUp
EXPRESSION_EYES_DOWN=*eyeLookDown; EXPRESSION_TONGUE_OUT=tongueOut; EXPRESSION_PUFF_{}=cheekPuff"""
AUTODESK = """m_expressions_{}eyeClose_m0=eyeBlink{}; m_expressions_{}eyeOpen_m0=eyeWide{}
m_expressions_{}browDown_m0=browDown{}; m_expressions_{}browUp_m0=browInnerUp|browOuterUp{}
m_expressions_LLbrowUp_m0=browOuterUpLeft|; m_expressions_RRbrowUp_m0=browOuterUpRight|
m_expressions_LLbrowDown_m0=browDownLeft|; m_expressions_RRbrowDown_m0=browDownRight|
m_expressions_{}jaw_m0=jaw{}; m_expressions_{}lipCorner_m0=mouthDimple{}|mouthSmile{}|
m_expressions_{}lipDown_m0=mouthLowerDown{}; m_expressions_{}lipUp_m0=mouthUpperUp{}
m_expressions_{}lipSide_m0=mouth{}; m_expressions_{}lowLid_m0=eyeSquint{}|
m_expressions_{}mouthSad_m0=mouthFrown{}; m_expressions_{}nostril_m0=noseSneer{}|
m_expressions_{}disgust_m0=noseSneer{}|; m_expressions_{}neckTension_m0
m_expressions_{}pityful_m0; m_expressions_{}sad_m0; m_expressions_{}smileClose_m0=mouthSmile{}
m_expressions_{}smileOpen_m0=mouthSmile{}|; m_expressions_{}squint_m0=eyeSquint{}
m_expressions_{}blow_m0=cheekPuff|mouthFunnel|; m_expressions_MouthOpen_m0=jawOpen
m_expressions_JawFront_m0=jawForward; m_expressions_JawCompress_m0
m_expressions_Kiss_m0=mouthPucker; m_expressions_Chin_m0=mouthShrugLower|; m_expressions_Chew_m0
m_expressions_Glotis_m0; m_expressions_Shout_m0; m_expressions_MPB_Up_m0=viseme:PP|
m_expressions_MPB_Down_m0=viseme:PP|; m_expressions_AE_AA_m0=viseme:aa|viseme:E
m_expressions_AO_a_m0=viseme:ao|viseme:aa|viseme:O; m_expressions_Ax_E_m0=viseme:E|viseme:ah
m_expressions_FV_m0=viseme:FF; m_expressions_KG_m0=viseme:kk; m_expressions_S_m0=viseme:SS
m_expressions_SH_CH_m0=viseme:CH; m_expressions_TD_I_m0=viseme:DD|viseme:I
m_expressions_UH_OO_m0=viseme:U|viseme:O|viseme:ah; m_expressions_UW_U_m0=viseme:U
m_expressions_H_EST_m0=viseme:h|"""
