# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: RUF001
"""Lists of shape-key names that the grammar of names was developed on, beside `rig_lists_found`.

Read in other projects' public files; only the names, with what their makers say of them. `{}`
stands for a side (how the list writes it is given beside it) and in a meaning for Left and Right;
`*` before a unit means both sides. Of what stands between `|` each is right, an empty one: left
alone.
"""

from __future__ import annotations

from collections.abc import Iterator

Meaning = dict[str, tuple[str, ...]]
SIDES = ("Left", "Right")


def listed(text: str, left: str = "L", right: str = "R") -> Meaning:
    """The names of a list, one entry a line or between `;`: `name=meaning,meaning`."""
    found: Meaning = {}
    for entry in text.replace("\n", ";").split(";"):
        name, _, meant = entry.strip().partition("=")
        for spelt, sources in _sided(name, meant, (left, right)):
            if spelt:
                found[spelt] = tuple(_both(sources))
    return found


def _sided(name: str, meant: str, sides: tuple[str, str]) -> Iterator[tuple[str, str]]:
    if "{}" not in name:
        yield name, meant
        return
    for spelt, side in zip(sides, SIDES, strict=True):
        yield name.replace("{}", spelt), meant.replace("{}", side)


def _both(sources: str) -> Iterator[str]:
    for source in filter(None, sources.split(",")):
        if source.startswith("*"):
            yield from (
                "|".join(each + side if each else "" for each in source[1:].split("|"))
                for side in SIDES
            )
        else:
            yield source


META_FACE = """BrowLowerer{}=browDown{}; CheekPuff{}=cheekPuff; CheekRaiser{}=cheekSquint{};
CheekSuck{}
ChinRaiserB=mouthShrugLower; ChinRaiserT=mouthShrugUpper; Dimpler{}=mouthDimple{}
EyesClosed{}=eyeBlink{}; EyesLookDown{}=eyeLookDown{}; EyesLookLeftL=eyeLookOutLeft
EyesLookLeftR=eyeLookInRight; EyesLookRightL=eyeLookInLeft; EyesLookRightR=eyeLookOutRight
EyesLookUp{}=eyeLookUp{}; InnerBrowRaiser{}=browInnerUp; JawDrop=jawOpen; JawSidewaysLeft=jawLeft
JawSidewaysRight=jawRight; JawThrust=jawForward; LidTightener{}=eyeSquint{}
LipCornerDepressor{}=mouthFrown{}; LipCornerPuller{}=mouthSmile{}; LipFunnelerLB=mouthFunnel
LipFunnelerLT=mouthFunnel; LipFunnelerRB=mouthFunnel; LipFunnelerRT=mouthFunnel
LipPressor{}=mouthPress{}; LipPucker{}=mouthPucker; LipStretcher{}=mouthStretch{}
LipSuckLB=mouthRollLower; LipSuckLT=mouthRollUpper; LipSuckRB=mouthRollLower
LipSuckRT=mouthRollUpper; LipTightener{}; LipsToward=mouthClose
LowerLipDepressor{}=mouthLowerDown{}; MouthLeft=mouthLeft; MouthRight=mouthRight
NoseWrinkler{}=noseSneer{}; OuterBrowRaiser{}=browOuterUp{}; UpperLidRaiser{}=eyeWide{}
UpperLipRaiser{}=mouthUpperUp{}; TongueTipInterdental; TongueTipAlveolar; TongueOut=tongueOut"""
ROBLOX = """ChinRaiser=mouthShrugLower; ChinRaiserUpperLip=mouthShrugUpper; FlatPucker=mouthPucker|
Funneler=mouthFunnel; LowerLipSuck=mouthRollLower; LipPresser=*mouthPress; LipsTogether=mouthClose
MouthLeft=mouthLeft; MouthRight=mouthRight; Pucker=mouthPucker; UpperLipSuck=mouthRollUpper
{}CheekPuff=cheekPuff; {}Dimpler=mouthDimple{}; {}LipCornerDown=mouthFrown{}
{}LowerLipDepressor=mouthLowerDown{}; {}LipCornerPuller=mouthSmile{}; {}LipStretcher=mouthStretch{}
{}UpperLipRaiser=mouthUpperUp{}; JawDrop=jawOpen; JawLeft=jawLeft; JawRight=jawRight
Corrugator=*browDown|; {}BrowLowerer=browDown{}; {}OuterBrowRaiser=browOuterUp{}
{}NoseWrinkler=noseSneer{}; {}InnerBrowRaiser=browInnerUp; EyesLookDown=*eyeLookDown
EyesLookLeft=eyeLookOutLeft,eyeLookInRight; EyesLookUp=*eyeLookUp
EyesLookRight=eyeLookInLeft,eyeLookOutRight; {}CheekRaiser=cheekSquint{}
{}EyeUpperLidRaiser=eyeWide{}; {}EyeClosed=eyeBlink{}; TongueDown; TongueOut=tongueOut; TongueUp"""
CITIZEN = """lipcornerpuller{}=mouthSmile{}; innerbrowraiser{}=browInnerUp;
outerbrowraiser{}=browOuterUp{}
openjaw{}=jawOpen; lipcornerdepressor{}=mouthFrown{}; upperlidraiser{}=eyeWide{}
lipstretcher{}=mouthStretch{}; cheekraiser{}=cheekSquint{}; nosewrinkler{}=noseSneer{}"""
MANGA = """まばたき=*eyeBlink; 笑い; ウィンク=eyeBlinkLeft; ウィンク右=eyeBlinkRight;
ウィンク２=eyeBlinkLeft
ｳｨﾝｸ２右=eyeBlinkRight; なごみ; はぅ; びっくり=*eyeWide; じと目; ｷﾘｯ; 瞳小; 瞳大; ハイライト消し;
恐ろしい子！
真面目=*browDown; 困る=browInnerUp; にこり; 怒り=*browDown; 上=*browOuterUp; 下=*browDown
上左=browOuterUpLeft; 上右=browOuterUpRight; 下左=browDownLeft; 困る左=browInnerUp; 前
あ=viseme:aa; い=viseme:I; う=viseme:U; え=viseme:E; お=viseme:O; ん=viseme:sil; あ２; ワ; ∧; ω;
ω□; □; ▲
にやり=*mouthSmile; にやり２=*mouthSmile|; ぺろっ=tongueOut|; べー=tongueOut|; てへぺろ=tongueOut|
口角上げ=*mouthSmile; 口角下げ=*mouthFrown; 右口角上げ=mouthSmileRight; 口横広げ=*mouthStretch
口横狭め=mouthPucker|; 口左=mouthLeft; 頬染め; 照れ; 涙; 青ざめ; 歯無し上; 歯無し下; 見開き=*eyeWide
下まぶた上げ右=eyeSquintRight|; 目細め=*eyeSquint; 歯消し; メガネ"""

LEARNED: dict[str, Meaning] = {
    "Meta's face tracking": listed(META_FACE),
    "Roblox": listed(ROBLOX, "Left", "Right"),
    "s&box": listed(CITIZEN),
    "MikuMikuDance, more": listed(MANGA),
}
