# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of shape-key names found when the grammar had stood still for a day.

Labelled and put into the history before the grammar read them; the marks are those of
`rig_lists_learned.listed`.
"""

from __future__ import annotations

from .rig_lists_learned import Meaning, listed

ADD_ON = """Brow_Up_{}=browOuterUp{}; Brow_Down_{}=browDown{}; Brow_Angry_{}=browDown{}|
Brow_Sad_{}=browInnerUp|; Brow_Smile_{}; Brow_Serious_{}=browDown{}|; Eyelid_Close_{}=eyeBlink{}
Eyelid_Smile_{}; Eyelid_Surprise_{}=eyeWide{}|; Eyelid_Jito_{}; Eyelid_Angry_{}; Eyelid_Sad_{}
Eyelid_Squint_{}=eyeSquint{}; EyeOuterCorner_Down_{}; MouthLeft=mouthLeft; MouthRight=mouthRight
MouthUp; MouthDown; Mouth_Spread_{}=mouthStretch{}|; Mouth_Narrow_{}=mouthPucker|
Mouth_CornerUp_{}=mouthSmile{}; Mouth_CornerDown_{}=mouthFrown{}"""
CONTROLS = """BrowLower=*browDown; BrowInnerRaise=browInnerUp; BrowOutterRaise=*browOuterUp
UpperLidOpenClose=*eyeWide|; LowerLidOpenClose; LowerLidSquint=*eyeSquint; Squint=*eyeSquint
EyeBallUpDown=*eyeLookUp|; EyeBallLeftRight=eyeLookOutLeft|,eyeLookInRight|; PupilDialate
{}_sneerA=noseSneer{}|; {}_sneerB=noseSneer{}|; {}_Nostril_Dialate; CheekRaise=*cheekSquint
CheekPuff=cheekPuff; JawOpenClose=jawOpen; JawLeftRight=jawLeft|; LipPart
{}_UpperLipRaise=mouthUpperUp{}; {}_LipCornerDown=mouthFrown{}; {}_LipStretch=mouthStretch{}
{}_LowerLipDrop=mouthLowerDown{}; {}_LipCornerPull=mouthSmile{}; {}_LipPucker=mouthPucker
{}_LipFunneler=mouthFunnel; {}_LipUpperPressor=mouthPress{}|; {}_LipLowerPressor=mouthPress{}|
{}_LipUpperSuckIn=mouthRollUpper; {}_LipLowerSuckIn=mouthRollLower; {}_ChinRaiser=mouthShrugLower
Neutral; {}_Ear_Up_Down; {}_Ear_Back"""
SIGNS = """InnerBrowRaiser{}_AU1_{}=browInnerUp; OuterBrowRaiser{}_AU2_{}=browOuterUp{}
BrowLower{}_AU4_{}=browDown{}; EyesUpperLidRaiser{}_AU5_{}=eyeWide{}
CheekRaiser{}_AU6_{}=cheekSquint{}; LidTightener_AU7=*eyeSquint
LipsTowardsEachother_AU8=mouthClose|; NoseWrinkler{}_AU9_{}=noseSneer{}
UpperLipRaiser{}_AU10_{}=mouthUpperUp{}; UpperLipRaiserN_AU10_N=*mouthUpperUp|
NasolabialDeepener{}_AU11_{}; LipCornerPuller{}_AU12_{}=mouthSmile{}
SharpLipPuller{}_AU13_{}=mouthSmile{}|; SharpLipPullerN_AU13_N=*mouthSmile|
Dimpler{}_AU14_{}=mouthDimple{}; LipCornerDepressor{}_AU15_{}=mouthFrown{}
LowerLipDepressor{}_AU16_{}=mouthLowerDown{}; ChinRaiser_AU17=mouthShrugLower
Pucker_AU18=mouthPucker; TongueShow_AU19=tongueOut; TongueShowD_AU19D=tongueOut|
LipStretcher{}_AU20_{}=mouthStretch{}; NeckTighten_AU21; Funneler_AU22=mouthFunnel
LipTightenerH_AU23H; LipTightenerV_AU23V; LipPressor_AU24=*mouthPress; LipParts_AU25
JawDropLipTowards_AU26=jawOpen|; JawDrop_AU27=jawOpen
LipSuck_AU28=mouthRollLower|,mouthRollUpper|; JawThrust_AU29=jawForward
JawSlideLeft_AU30_L=jawLeft; JawSlideRight_AU30_R=jawRight; JawClench{}_AU31_{}; LipBite_AU32
CheekBlow{}_AU33_{}=cheekPuff|; CheekPuff{}_AU34_{}=cheekPuff; CheekPuffN_AU34_N=cheekPuff
CheekSuck{}_AU35_{}; EyesClose{}_AU43_{}=eyeBlink{}; Squint{}_AU44_{}=eyeSquint{}
EyeWink{}_AU46_{}=eyeBlink{}|; EyesLookLeft_AU61=eyeLookOutLeft,eyeLookInRight
EyesLookRight_AU62=eyeLookInLeft,eyeLookOutRight; EyesLookUp_AU63=*eyeLookUp
EyesLookDown_AU64=*eyeLookDown; MouthSlideLeft=mouthLeft; MouthSlideRight=mouthRight"""
DOLL = """Standard; Angry; Joy; Happy; Sad; Shocked; Eyebrows Angry=*browDown|; Eyebrows Joy
Eyebrows Happy; Eyebrows Sad=browInnerUp|; Eyebrows Shocked=*browOuterUp|browInnerUp|; Eyes Angry
Close Eyes=*eyeBlink; Close Eye (Right)=eyeBlinkRight; Close Eye (Left)=eyeBlinkLeft; Eyes Joy
Wink=*eyeBlink|; Wink (Right)=eyeBlinkRight|; Wink (Left)=eyeBlinkLeft|; Eyes Sad
Eyes Shocked=*eyeWide|; Open Wide Eyes=*eyeWide; Hide Eyes; Hide Eyes Glare; Mouth Up; Mouth Down
Mouth Angry; Mouth Narrow=mouthPucker|; Mouth Wide=*mouthStretch|; Mouth Normal; Mouth Joy
Mouth Happy=*mouthSmile|; Mouth Sad=*mouthFrown|; Mouth Shocked; Flesh Double Teeth
Flesh Double Teeth (Right); Flesh Double Teeth (Left); Mouth A=viseme:aa; Mouth I=viseme:I
Mouth U=viseme:U; Mouth E=viseme:E; Mouth O=viseme:O; Hide Teeth; Fang Teeth; Fang Teeth (Down)
Fang Teeth (Up); Shark Teeth; Shark Teeth (Down); Shark Teeth (Up); Mouse Teeth
Mouse Teeth (Down); Mouse Teeth (Up); Shorter Teeth; Shorter Teeth (Up); Shorter Teeth (Down)"""
MOODS = """Eyes_Blink=*eyeBlink; Eyes_Happy; Eyes_Crying; Eyes_White; Eyes_Furious; Eyes_Relax
Mouth_Smile=*mouthSmile; Mouth_Sad=*mouthFrown|; Mouth_Shock; Mouth_Neko; Brow_Angry=*browDown|
Brow_Worried=browInnerUp|; Brow_Confident; Blush; Sweat"""
ENDS = """Smile{} Max=mouthSmile{}; Smile{} Min=mouthFrown{}|; EyeOpen{} Max=eyeWide{}|
EyeOpen{} Min=eyeBlink{}|; BrowRaise{} Max=browOuterUp{}; BrowRaise{} Min=browDown{}|
MouthOpen Max=jawOpen; MouthOpen Min"""
SCULPTED = """jaw_open=jawOpen; kiss=mouthPucker; {}_brow_lower=browDown{}
{}_brow_narrow=browDown{}|; {}_brow_raise=browOuterUp{}; {}_eye_closed=eyeBlink{}
{}_eye_lower_open; {}_eye_upper_open=eyeWide{}; {}_nose_wrinkle=noseSneer{}; {}_puff=cheekPuff
{}_sad=mouthFrown{}|; {}_smile=mouthSmile{}; {}_suck"""
RIGGER = """{}_BrowUpper=browOuterUp{}|; {}_BrowLower=browDown{}; {}_BrowInner
{}_BrowUpper1=browOuterUp{}|browInnerUp|; {}_BrowUpper2=browOuterUp{}|browInnerUp|
{}_BrowUpper3=browOuterUp{}|browInnerUp|; {}_BrowLower1=browDown{}|; {}_BrowLower2=browDown{}|
{}_BrowLower3=browDown{}|; {}_BrowInner1; {}_BrowInner2; {}_BrowInner3; {}_BrowInner4
{}_LidUpperLower=eyeBlink{}; {}_LidUpperUpper=eyeWide{}; {}_LidLowerUpper=eyeSquint{}|
{}_LidLowerLower; {}_LidInnerLower1; {}_LidInnerUpper1; {}_LidInnerUpper2; {}_LidInnerLower3
{}_Smile=mouthSmile{}; {}_Frown=mouthFrown{}; {}_Wide=mouthStretch{}|; {}_Narrow=mouthPucker|
{}_Cheek; LipUpperUp=*mouthUpperUp; LipLowerLower=*mouthLowerDown; JawOpen=jawOpen
JawLeft=jawLeft; JawRight=jawRight; JawRotateRight=jawRight|; JawRotateLeft=jawLeft|
LipLeft=mouthLeft; LipRight=mouthRight; LipUp; LipDn"""
VIEWER = """EyeWide{}=eyeWide{}; NoseSneer=*noseSneer; NostrilFlare; NoseWrinkle=*noseSneer
CheekPuff{}=cheekPuff; CheekRaise{}=cheekSquint{}; Smile{}=mouthSmile{}; Frown{}=mouthFrown{}
MouthOpen=jawOpen|; MouthPucker=mouthPucker; MouthStretch=*mouthStretch|; LipUpperUp=*mouthUpperUp
LipLowerDown=*mouthLowerDown; LipCornerPull=*mouthSmile; LipPress=*mouthPress; JawOpen=jawOpen
JawLeft=jawLeft; JawRight=jawRight; JawForward=jawForward; TongueOut=tongueOut; TongueUp
TongueSide"""
AVATARS = """mouthOpen=jawOpen; mouthWide=*mouthStretch|; mouthSmile{}=mouthSmile{}
mouthFrown{}=mouthFrown{}; mouthPucker=mouthPucker; mouthFunnel=mouthFunnel; mouthLeft=mouthLeft
mouthRight=mouthRight; lipUpperUp=*mouthUpperUp; lipLowerDown=*mouthLowerDown
lipCornerPull{}=mouthSmile{}; eyeBlink{}=eyeBlink{}; eyeWide{}=eyeWide{}; eyeSquint{}=eyeSquint{}
browUp{}=browOuterUp{}; browDown{}=browDown{}; browInnerUp=browInnerUp; noseFlare{}"""
TRACKED = """EyeOpeness{}=eyeWide{}|; EyeWide{}=eyeWide{}; EyeSquint{}=eyeSquint{}
EyeLidTightener{}=eyeSquint{}; GazeVertical{}; GazeHorizontal{}; Blink{}=eyeBlink{}
JawOpen=jawOpen; LipCornerPull{}=mouthSmile{}; LipCornerDepressor{}=mouthFrown{}
CheekPuff{}=cheekPuff; CheekRaiser{}=cheekSquint{}; LipStretch{}=mouthStretch{}
MouthOpen=jawOpen|; TongueOut=tongueOut; PitchNorm; PitchDelta; EnergyNorm; EnergyDelta
BrowInnerUp=browInnerUp; BrowOuterUp{}=browOuterUp{}; BrowLowerer{}=browDown{}
BrowPinch{}=browDown{}|"""
GAME = """Eyes impatient; Eyebrows bored; Mouth smile sharp=*mouthSmile|
Eyebrows serious=*browDown|; Eyes distress; Mouth open=jawOpen; Mouth i big=viseme:I|
Blink=*eyeBlink; Eyebrows displeased=*browDown|; Eyebrows shocked=*browOuterUp|browInnerUp|
Mouth happy broad closed; Eyebrows doubt left; Eyebrows doubt right
Eyes squeeze right=eyeBlinkRight|eyeSquintRight|; Mouth doki moderate; Mouth tongue out=tongueOut
Eyebrows down=*browDown; Mouth displeased; Mouth cartoon mouth closed; _bg_Top; _bg_Tie"""
CUES = """mouthSmile{}=mouthSmile{}; mouthFrown{}=mouthFrown{}; browDown{}=browDown{}
browInnerUp=browInnerUp; jawOpen=jawOpen; eyeWide{}=eyeWide{}; noseWrinkle{}=noseSneer{}
lipPress=*mouthPress; lipUpperUp=*mouthUpperUp; lipLowerDown=*mouthLowerDown
cheekSquint{}=cheekSquint{}; jawForward=jawForward"""
HERO = """Blink.{}=eyeBlink{}; CheekRaise.{}=cheekSquint{}; Mouth_Smile=*mouthSmile
Mouth_Rest=viseme:sil|"""

SIXTH: dict[str, Meaning] = {
    "an add-on for rigs": listed(ADD_ON),
    "controls of a film's rig": listed(CONTROLS),
    "an archive of signs": listed(SIGNS),
    "a doll": listed(DOLL),
    "moods of a game": listed(MOODS),
    "two ends": listed(ENDS, "Left", "Right"),
    "a sculpted set": {f"Mery_{name}": meant for name, meant in listed(SCULPTED, "l", "r").items()},
    "a rigger's tool": listed(RIGGER),
    "a viewer": listed(VIEWER),
    "avatars in general": listed(AVATARS, "Left", "Right"),
    "a tracker's features": listed(TRACKED, "Left", "Right"),
    "a sandbox game": listed(GAME),
    "cues of a mood": listed(CUES, "Left", "Right"),
    "a game's hero": listed(HERO),
}
