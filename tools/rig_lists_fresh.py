# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of shape-key names met after the grammar had been mended on `rig_lists_sealed`.

Labelled, too, before the grammar read them; the marks are those of `rig_lists_learned.listed`.
"""

from __future__ import annotations

from .rig_lists_learned import Meaning, listed

AUDIO2FACE = """browLower{}=browDown{}; innerBrowRaiser{}=browInnerUp;
outerBrowRaiser{}=browOuterUp{}
eyesLookLeft=eyeLookOutLeft,eyeLookInRight; eyesLookRight=eyeLookInLeft,eyeLookOutRight
eyesLookUp=*eyeLookUp; eyesLookDown=*eyeLookDown; eyesClose{}=eyeBlink{}
eyesUpperLidRaiser{}=eyeWide{}; squint{}=eyeSquint{}; cheekRaiser{}=cheekSquint{}
cheekPuff{}=cheekPuff; noseWrinkler{}=noseSneer{}; jawDrop=jawOpen; jawDropLipTowards=mouthClose|
jawThrust=jawForward; jawSlideLeft=jawLeft; jawSlideRight=jawRight; mouthSlideLeft=mouthLeft
mouthSlideRight=mouthRight; dimple{}=mouthDimple{}; lipCornerPuller{}=mouthSmile{}
lipCornerDepressor{}=mouthFrown{}; lipStretcher{}=mouthStretch{}; upperLipRaiser{}=mouthUpperUp{}
lowerLipDepressor{}=mouthLowerDown{}; chinRaiser=mouthShrugLower; lipPressor=*mouthPress
pucker=mouthPucker; funneler=mouthFunnel; lipSuck=mouthRollLower,mouthRollUpper"""
AFFECTIVA = """smile=*mouthSmile|; innerBrowRaise=browInnerUp; browRaise=*browOuterUp
browFurrow=*browDown; noseWrinkle=*noseSneer; upperLipRaise=*mouthUpperUp
lipCornerDepressor=*mouthFrown; chinRaise=mouthShrugLower; lipPucker=mouthPucker
lipPress=*mouthPress; lipSuck=mouthRollLower,mouthRollUpper; mouthOpen=jawOpen|; smirk
eyeClosure=*eyeBlink; attention; eyeWiden=*eyeWide; cheekRaise=*cheekSquint; lidTighten=*eyeSquint
dimpler=*mouthDimple; lipStretch=*mouthStretch; jawDrop=jawOpen; joy; fear; disgust; sadness; anger
surprise; contempt; valence; engagement; stuckOutTongue=tongueOut|; flushed; scream"""
MAGIA = """Bs.Eyebrows_Smile_{}; Bs.Eyebrows_Smilethinly_{}; Bs.Eyebrows_Sad_{}=browInnerUp|
Bs.Eyebrows_Anger_{}=browDown{}|; Bs.Eyebrows_Down_{}=browDown{}; Bs.Eyebrows_Forward_{}
Bs.Eyebrows_Outside_Up_{}=browOuterUp{}; Bs.Eyebrows_Outside_Down_{}=browDown{}|
Bs.Eyebrows_Inside_Up_{}=browInnerUp; Bs.Eyebrows_Inside_Down_{}=browDown{}|
Bs.Eyebrows_InsideLong_Down_{}; Bs.Eyebrows_Up_{}=browOuterUp{}|; Bs.Eyelid_Close_{}=eyeBlink{}
Bs.Eyelid_Close_Smile_{}=eyeBlink{}|; Bs.Eyelid_Sad_{}; Bs.Eyelid_Anger_{}
Bs.Eyelid_Open_{}=eyeWide{}|; Bs.Eyelid_Forward_{}; Bs.Eyelid_Smilethinly_{}; Bs.Pupil_Upset
Bs.Mouth_Up_{}=mouthSmile{}|; Bs.Mouth_Down_{}=mouthFrown{}|; Bs.Mouth_Narrow=mouthPucker|
Bs.Mouth_Wide=*mouthStretch|; Bs.Mouth_OpenVertically=jawOpen; Bs.Mouth_OpenVertically_Up
Bs.Mouth_OpenVertically_Down; Bs.Tooth_Back; Bs.Tooth_OutUpper; Bs.Blink_Eyebrows_Down_{}
Bs.Unique_01"""
DRAGON = """VISEME_AA_AH=viseme:aa|viseme:ah; VISEME_AO_AW=viseme:ao|viseme:aw|viseme:O
VISEME_CH_SH_ZH=viseme:CH; VISEME_EH_AE_AY=viseme:E|viseme:ay; VISEME_EY=viseme:E
VISEME_L=viseme:nn|viseme:DD; VISEME_M_B_P=viseme:PP
VISEME_N_NG_D_Z=viseme:nn|viseme:DD|viseme:kk; VISEME_R_ER=viseme:RR"""
BODY_TRACKER = """VISEME_SILENCE=viseme:sil; VISEME_AA=viseme:aa; VISEME_AH=viseme:ah|viseme:aa
VISEME_AO=viseme:ao|viseme:O; VISEME_AW=viseme:aw; VISEME_CH=viseme:CH; VISEME_EE=viseme:I
VISEME_EH=viseme:E; VISEME_ER=viseme:RR; VISEME_IH=viseme:ih|viseme:I; VISEME_OO=viseme:U
VISEME_OH=viseme:O; VISEME_PP=viseme:PP; VISEME_TH=viseme:TH; VISEME_WW=viseme:U"""
LIVE_TALKING = """viseme_sil=viseme:sil; viseme_aa=viseme:aa; viseme_ae=viseme:E|viseme:aa
viseme_ah=viseme:ah|viseme:aa; viseme_ao=viseme:ao|viseme:O; viseme_bmp=viseme:PP
viseme_ch=viseme:CH; viseme_dt=viseme:DD; viseme_eh=viseme:E; viseme_er=viseme:RR
viseme_fv=viseme:FF; viseme_kg=viseme:kk; viseme_l=viseme:nn|viseme:DD; viseme_r=viseme:RR
viseme_th=viseme:TH; viseme_uw=viseme:U"""
ARPABET = """viseme_aa=viseme:aa; viseme_ae=viseme:E|viseme:aa; viseme_ah=viseme:ah|viseme:aa
viseme_ao=viseme:ao|viseme:O; viseme_aw=viseme:aw; viseme_ay=viseme:ay; viseme_eh=viseme:E
viseme_er=viseme:RR; viseme_ey=viseme:E; viseme_ih=viseme:ih|viseme:I; viseme_iy=viseme:I
viseme_ow=viseme:O; viseme_oy=viseme:oy; viseme_uh=viseme:U|viseme:ah|viseme:ih
viseme_uw=viseme:U; viseme_b=viseme:PP; viseme_ch=viseme:CH; viseme_d=viseme:DD
viseme_dh=viseme:TH; viseme_f=viseme:FF; viseme_g=viseme:kk; viseme_hh=viseme:h
viseme_jh=viseme:CH; viseme_k=viseme:kk"""
RECORDER = """Jaw right=jawRight; Jaw forward=jawForward; Smile=*mouthSmile; Frown=*mouthFrown
Smile sides=*mouthSmile|; Pucker=mouthPucker; Funnel O=mouthFunnel; Stretch=*mouthStretch
Press lips=*mouthPress; Suck lips=mouthRollLower,mouthRollUpper; Upper lip=*mouthUpperUp|
Lower lip=*mouthLowerDown|; Cheeks puff=cheekPuff; Cheeks suck; Tongue out=tongueOut
Tongue motion"""
FACEWARE = """mouth_{}Mouth_stretch=mouthStretch{}; mouth_{}Mouth_narrow=mouthPucker|; mouth_up
mouth_down; mouth_upperLip_{}_up=mouthUpperUp{}; mouth_lowerLip_{}_down=mouthLowerDown{}
mouth_{}Mouth_frown=mouthFrown{}; mouth_{}Mouth_smile=mouthSmile{}
eyes_lookRight=eyeLookInLeft,eyeLookOutRight; eyes_lookLeft=eyeLookOutLeft,eyeLookInRight
eyes_lookDown=*eyeLookDown; eyes_lookUp=*eyeLookUp; eyes_{}Eye_blink=eyeBlink{}
eyes_{}Eye_wide=eyeWide{}; brows_{}Brow_up=browOuterUp{}; brows_{}Brow_down=browDown{}
brows_midBrows_up=browInnerUp; brows_midBrows_down=*browDown|; jaw_open=jawOpen; jaw_left=jawLeft
jaw_right=jawRight; mouth_phoneme_oo=viseme:U; mouth_right=mouthRight; mouth_left=mouthLeft
mouth_phoneme_mbp=viseme:PP; mouth_phoneme_ch=viseme:CH; mouth_phoneme_fv=viseme:FF; head_Up
head_Down; head_Left; head_Right; head_LeftTilt; head_RightTilt"""
PUPPET = """{}_mouth_corner_up=mouthSmile{}; {}_mouth_corner_down=mouthFrown{}
{}_mouth_corner_left; {}_mouth_corner_right; {}_mouth_corner_fwd; {}_mouth_corner_back
upper_lip_{}; upper_lip_{}_down; upper_lip_{}_up=mouthUpperUp{}; upper_lip_mid_down
upper_lip_mid_up=*mouthUpperUp|; lower_lip_{}; lower_lip_{}_down=mouthLowerDown{}
lower_lip_{}_up=mouthShrugLower|; lower_lip_mid_down=*mouthLowerDown|
lower_lip_mid_up=mouthShrugLower|; {}_blink=eyeBlink{}; nostrils_flare; nostrils_narrow
nose_stretch_downwards; {}_frown=mouthFrown{}|browDown{}|; ch=viseme:CH|; mbp=viseme:PP|
normalFV=viseme:FF|; strongFV=viseme:FF|; extreme_mouth_narrow; upper_lip_roll_out
upper_lip_roll_in=mouthRollUpper; lower_lip_roll_out; lower_lip_roll_in=mouthRollLower
smile_{}=mouthSmile{}; {}_blow=cheekPuff|; {}_suck; upper_lip_fwd; upper_lip_back; lower_lip_fwd
lower_lip_back; mouth_up; mouth_down; sneer_{}=noseSneer{}; {}_cheek_squint=cheekSquint{}
{}_brow_up=browOuterUp{}; {}_brow_down=browDown{}; {}_brow_squeeze=browDown{}|
mid_brows_up=browInnerUp; mid_brows_down=*browDown|; brows_squeeze=*browDown|; im_jaw_open=jawOpen
im_jaw_close; upper_lip_thick_mid; upper_lip_thick_{}; lower_lip_thick_mid; lower_lip_thick_{}
upper_lip_thin_mid; upper_lip_thin_{}; lower_lip_thin_mid; lower_lip_thin_{}
corners_wide_{}=mouthStretch{}|; corners_narrow_{}=mouthPucker|; scrunch_{}=noseSneer{}|
{}_lip_narrow=mouthPucker|; {}_lip_wide=mouthStretch{}|; oo=viseme:U|; oo_tight=viseme:U|"""
FOX = """EXP_BLINK=*eyeBlink; EXP_BROW_RAISE=*browOuterUp; EXP_BROW_FROWN=*browDown
EXP_CHEEK_RAISE=*cheekSquint; EXP_MUZZLE; EXP_LIPS_CLOSED=mouthClose|; EXP_SMILE=*mouthSmile
EXP_FROWN=*mouthFrown|; EXP_MOUTH_NARROW=mouthPucker|; EXP_MOUTH_WIDE=*mouthStretch|
EXP_MOUTH_O=viseme:O|; EXP_MOUTH_E=viseme:E|; EXP_VISEME_FV=viseme:FF|
EXP_VISEME_L=viseme:nn|viseme:DD|"""
IDOL = """M_egao; M_shinken; M_wide=*mouthStretch|; M_up=*mouthSmile|; M_n2; M_down=*mouthFrown|
M_narrow=mouthPucker|; B_v_{}; B_hati_{}=browInnerUp|; B_agari_{}=browOuterUp{}|; B_odoroki_{}
B_down=*browDown; B_yori; E_metoji_{}=eyeBlink{}; E_wink_{}=eyeBlink{}|; E_open_{}=eyeWide{}
EL_wide; EL_up"""
MANGA_IN_ENGLISH = """Eyelid_Serious; Eyelid_Angry; Eyelid_Sad; EyeOuterCorner_Down
Eyelid_Squint=*eyeSquint; A=viseme:aa; I=viseme:I; U=viseme:U; E=viseme:E; O=viseme:O; Wa
Mouth_Shout; I2; O2; E2; Wa2; Mouth_Triangle; Mouth_Smirk; MouthRight=mouthRight
MouthLeft=mouthLeft; MouthUp; MouthDown; Mouth_Spread=*mouthStretch|; Mouth_Narrow=mouthPucker|
Mouth_CornerDown=*mouthFrown; Mouth_CornerUp=*mouthSmile; Mouth_Spread_{}=mouthStretch{}|
Mouth_Narrow_{}=mouthPucker|; Mouth_CornerDown_{}=mouthFrown{}; Mouth_CornerUp_{}=mouthSmile{}
Brow_Serious=*browDown|; Brow_Sad=browInnerUp|; Brow_Angry=*browDown; Brow_Smile
Brow_Up_{}=browOuterUp{}; Brow_Up=*browOuterUp"""
COMPANION = """neutral; happy; sad; angry; surprised; focused; thinking; jawOpen=jawOpen
mouthSmile{}=mouthSmile{}; mouthFrown{}=mouthFrown{}; mouthStretch=*mouthStretch
mouthPucker=mouthPucker; blink{}=eyeBlink{}; eyeSquint=*eyeSquint; eyeWide=*eyeWide
eyebrowUp{}=browOuterUp{}; eyebrowDown=*browDown"""
ROBOT = """browDown{}=browDown{}; browInnerUp=browInnerUp; browOuter{}=browOuterUp{}|
cheekPuff=cheekPuff; eyeBlink{}=eyeBlink{}; eyeLookIn{}=eyeLookIn{}; eyeSquint{}=eyeSquint{}
jawOpen=jawOpen; mouthClose=mouthClose; mouthFrown=*mouthFrown; mouthPucker=mouthPucker
mouthSmile{}=mouthSmile{}; mouthPress{}=mouthPress{}; mouthRollLower=mouthRollLower
mouthShrugLower=mouthShrugLower; mouthFunnel=mouthFunnel; mouthPurse=mouthPucker|
mouthLeft=mouthLeft; noseSneer{}=noseSneer{}; tongueUp; tongueDown
cheekSquish{}=cheekSquint{}|; ear{}; eyebrowDown{}=browDown{}|; eyebrowUp{}=browOuterUp{}
jawLeft=jawLeft; mouthShrug=mouthShrugLower|,mouthShrugUpper|; mouthPress=*mouthPress|"""
CREATOR = """mesh_nose_small; mesh_nose_wide; mesh_nose_flat; mesh_nose_long; mesh_eyes_left_down
mesh_mouth_upper_lip_thin; mesh_mouth_lower_lip_thick; mesh_mouth_narrow; mesh_mouth_sunken
mesh_expression_frown=*mouthFrown|; mesh_expression_smile=*mouthSmile
mesh_expression_brows_down=*browDown; mesh_expression_brows_up=*browOuterUp
mesh_expression_eyes_closed=*eyeBlink; mesh_expression_eyes_wide=*eyeWide"""
RENAMED = """jawOpen=jawOpen; jaw{}=jaw{}; eyeUp=*eyeLookUp; eyeDn=*eyeLookDown
lipFunnelerLower=mouthFunnel; lipFunnelerUpper=mouthFunnel; lipPucker=mouthPucker
lipPucker_Up=mouthPucker|; lipPucker_Dn=mouthPucker|; lipSmileOpen{}
lipSneer{}=noseSneer{}|mouthUpperUp{}; noseCompress; noseFlare; lipSticky{}"""

FRESH: dict[str, Meaning] = {
    "Audio2Face": listed(AUDIO2FACE),
    "Affectiva": listed(AFFECTIVA),
    "a game's faces": listed(MAGIA),
    "DragonBot": listed(DRAGON),
    "a body tracker": listed(BODY_TRACKER),
    "LiveTalking": listed(LIVE_TALKING),
    "the phones of English": listed(ARPABET),
    "steps of a recording": listed(RECORDER),
    "Faceware": listed(FACEWARE, "left", "right"),
    "a puppet for Maya": listed(PUPPET, "left", "right"),
    "a fox": listed(FOX),
    "an idol game": listed(IDOL, "l", "r"),
    "MikuMikuDance in English": listed(MANGA_IN_ENGLISH),
    "a companion": listed(COMPANION, "Left", "Right"),
    "a robot": listed(ROBOT, "Left", "Right"),
    "a character creator's sliders": listed(CREATOR),
    "a renaming add-on": listed(RENAMED),
}
