# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: RUF001
"""The words in which makers of rigs name parts of a face and what they do: facts, no code.

`WORDS` has, for each concept, the words that mean it in several languages; a word under two
concepts may mean either (`lower`: the lower lip, or to lower). `PATTERNS` says which concepts
together are
which unit. `IDIOMS` are the few names that their words alone would not explain.
"""

from __future__ import annotations

WORDS: dict[str, str] = {
    # parts of a face
    "brow": "brow brows ebrow eyebrow eyebrows brw 眉 眉毛 まゆ 눈썹 braue brauen augenbraue "
    "augenbrauen sourcil sourcils ceja cejas sobrancelha sobrancelhas sopracciglio sopracciglia "
    "бровь брови бровей",
    "eye": "eye eyes eyeball eyeballs oculi ocular 目 眼 眼睛 双眼 両目 瞳 눈 auge augen oeil "
    "yeux ojo ojos olho olhos occhio occhi глаз глаза",
    "lid": "lid lids eyelid eyelids 瞼 まぶた 眼皮 눈꺼풀 lider augenlid lidern paupiere paupieres "
    "parpado parpados palpebra palpebre веко веки",
    "pupil": "pupil pupils iris",
    "cheek": "臉頰 cheek cheeks 頬 ほほ ほっぺ 脸颊 腮 볼 뺨 wange wangen joue joues mejilla "
    "mejillas bochecha bochechas guancia guance щека щеки щёки",
    "nose": "nose nasal 鼻 鼻子 코 nase nez nariz naso нос",
    "nostril": "nostril nostrils naris 鼻孔",
    "mouth": "mouth mth mou 口 嘴 くち 입 mund "
    "bouche boca bocca рот рта",
    "lip": "lip lips labial labium 唇 嘴唇 입술 lippe lippen levre levres labio labios labbro "
    "labbra губа губы губ",
    "jaw": "jaw jaws mandible 顎 あご 下巴 下颌 턱 kiefer unterkiefer machoire mandibula mandibola "
    "mascella quijada челюсть челюсти",
    "chin": "chin mentalis kinn menton barbilla queixo mento подбородок подбородка",
    "tongue": "舌頭 tongue 舌 舌头 ベロ 혀 zunge langue lengua lingua язык",
    # which part
    "middle": "mid middle center centre central c m",
    "inner": "inner in inside inn inr medial 内 内側 안쪽 "
    "innen innere interieur interno interna внутр",
    "outer": "outer out outside otr lateral outter 外 外側 바깥쪽 aussen aussere exterieur "
    "externo externa esterno внешн",
    "upper": "upper top upr upp uppr superior up u t 上 위 윗 obere ober oberer superieure "
    "superieur superiore верхн верхняя",
    "lower": "lower bottom low lo dn lwr bot btm inferior lowr down d b 下 아래 아랫 untere unter "
    "unterer inferieure inferieur inferiore нижн нижняя",
    "corner": "corner corners lipside lipsides mouthside crn cnr crnr zygomatic 角 mundwinkel "
    "winkel coin coins commissure "
    "comisura comisuras angolo canto cantos уголок уголки 입꼬리",
    # what it does
    "up": "upward upwards rise 挑 leve leves levee levantada levantado levantadas up raise raised "
    "raiser raising lift lifted lifter elevate elevator uplift u 上 上げ 上がり 上扬 抬 抬起 올림 "
    "올리기 위로 hoch rauf heben haut lever leve arriba subir elevar levantar cima alzare su "
    "sollevare вверх поднять поднята подняты",
    "down": "downward downwards down lower lowered lowerer lowering drop dropped dropper depress "
    "depressor depressed dn dwn fall d 下 下げ 下がり 下压 내림 내리기 아래로 runter senken bas "
    "baisser baisse abajo bajar baixo baixar "
    " abaixado abaixada bajado bajada giu abbassare вниз опустить опущена опущены",
    "open": "opn 張 open opened opener opening 開 開く 開け 张 张开 张大 睁 열기 벌림 벌리기 "
    "offen auf offnen ouvert ouverte ouverts ouvrir abierto abierta abiertos abrir aberto aberta "
    "aperto aperta aprire открыт открыты открыть открыта",
    "close": "clsd close closed closer closing closure shut clos closes 閉 閉じ 闭 闭上 闭合 감기 "
    "감음 닫기 다물기 zu geschlossen schliessen ferme fermee fermes fermer cerrado cerrada "
    "cerrados cerrar fechado fechada fechar chiuso chiusa chiusi chiudere закрыт закрыты закрыть "
    "закрыта",
    "blink": "metoji mabataki blink blinks blinking blinked wink winking winks まばたき 瞬き "
    "ウィンク ウインク 眨 眨眼 깜빡 깜빡임 눈깜빡임 윙크 blinzeln zwinkern cligner clignement "
    "parpadeo parpadear guino guinar piscar piscada ammiccare моргание моргать моргнуть",
    "wide": "wide widen widened widener bigger big spread enlarge 見開き 瞪 瞪大 크게 weit gross "
    "ecarquille ecarquilles",
    "squint": "sqnt squint squints squinting squinter squinch 細め 眯 眯眼 찡그림 kneifen "
    "zusammenkneifen plisser plisse entrecerrar entrecerrado прищур прищурить",
    "tighten": "tighten tightened tightener tight tightner",
    "squeeze": "squeeze squeezed squeezer",
    "look": "look looks looking gaze dir direction 視線 看 视线 시선 blick schauen regard "
    "regarder mirar mirada olhar sguardo взгляд смотреть",
    "knit": "furrow furrowed furrower corrugator corrugate knit compress 皱 찌푸림 runzeln "
    "stirnrunzeln froncer fronce ceno fruncir fruncido franzir corrugare хмурить нахмурить",
    "angry": "angry anger mad 怒り 怒 생기",
    "surprise": "surprised surprise びっくり 驚き 惊讶",
    "sad": "sad",
    "smile": "sml smile smiles smiling smiley 笑 微笑 笑い 笑顔 미소 웃음 웃기 lacheln lachen "
    "lacheln sourire sonrisa sonreir sorriso sorrir sorridere улыбка улыбаться",
    "frown": "撇 frown frowns frowning frowned",
    "pull": "pull puller pulled",
    "dimple": "dimple dimples dimpler dimpled 酒窝 えくぼ 보조개 fossette hoyuelo grubchen",
    "stretch": "stretch stretched stretcher stretching risorius 横広げ 拉伸 늘리기 strecken etirer "
    "estirar esticar stirare растянуть",
    "press": "press pressed presser pressor pressing 抿 pressen presser apretar apretado "
    "pressionar premere сжать сжаты",
    "compress": "compress compressed compressor",
    "pucker": "pucker puckered puckerer puckering puckers purse pursed pout pouting pouty kiss "
    "kissy 嘟 嘟嘴 嘟起 噘 噘嘴 撅 撅嘴 すぼめ とがらせ 오므리기 뽀뽀 kuss schmollen spitzen moue "
    "bisou beso besar fruncidos beijo bico bacio трубочкой поцелуй",
    "funnel": "funnel funneler funneller funnels funneled 漏斗 trichter entonnoir embudo funil "
    "imbuto воронка",
    "roll": "under roll rolled rolling rollin curl inward inwards 内卷 巻き込み",
    "suck": "suck sucked sucker sucking tuck tucked",
    "shrug": "shrug shrugged shrugger",
    "puff": "빵빵 puff puffed puffer puffs puffing pump pumped blow blown blowing balloon "
    "bulge 膨らみ "
    "膨らまし 膨らませ ぷくー 鼓 鼓起 부풀리기 부풀림 aufblasen aufgeblasen gonfler gonfle "
    "gonflees inflar inflado inflada inflados infladas inchar inchada inchadas gonfiare gonfio "
    "надуть надуты",
    "inflate": "inflate inflated",
    "sneer": "snear sneer sneers sneering wrinkle wrinkled wrinkler wrinkles scrunch scrunched "
    "snarl crinkle 皱鼻",
    "forward": "forward forwards foreward fwd forth thrust protrude protruded protrusion front 前 "
    "前突 前伸 vor vorne avant avance adelante frente avanti вперед вперёд",
    "out": "out show stick stickout sticking extend extended protrude raus rausstrecken dehors "
    "tiree tirer afuera fuera sacar fora fuori 吐 出す 出し 내밀기 伸ばし",
    "together": "together seal sealed",
    "toward": "toward towards",
    "turn": "turn turned turning",
    "narrow": "narrow narrowed narrower",
    "move": "移 移动 移動 move moved shift shifted slide slid swing sideways sideway side sides",
}  # fmt: skip
SIDES: dict[str, str] = {  # words for the character's sides
    "left": "l left lft lf lt links linke linkes linker gauche izquierda izquierdo izq esquerda "
    "esquerdo sinistra sinistro sx лево левый левая левое влево 左 왼쪽 왼",
    "right": "r right rgt rt rght rechts rechte rechtes rechter droit droite derecha derecho der "
    "direita direito destra destro dx право правый правая правое вправо 右 오른쪽 오른",
}  # fmt: skip
QUARTERS = {  # corners of the mouth: which lip, and which side
    "ul": "upper left", "ur": "upper right", "dl": "lower left", "dr": "lower right",
    "lb": "left lower", "rb": "right lower", "tl": "upper left", "tr": "upper right",
    "bl": "lower left", "br": "lower right", "ll": "lower left", "lr": "lower right",
    "lu": "left upper", "ru": "right upper", "ld": "left lower", "rd": "right lower",
}  # fmt: skip
QUARTERS_AMBIGUOUS = {"lt": "left upper", "rt": "right upper"}  # also words for a side
NOISE = frozenset(  # words that say nothing of the shape
    "blendshape blendshapes blend arkit ar ex mesh face facial body wolf3d ctrl ctl ctrls "
    "control expressions expression expr simple morph morpher morphs target targets shape shapes "
    "sk key keys bs fs cc rl default vrc vrm genesis8 genesis9 facs livelink ue max jnt val value "
    "weight slider param action pose poses anim rig geo geometry msh group grp lod lod0 e ectrl "
    "phm pctrl au fac fcl unit the of a both all full do を の する る く 向 "
    "muscle 表情".split()
)
STOP = frozenset(  # words that make another shape of it
    "min neg negative minus inverse inverted opposite corrective correctives correction correct "
    "crt cor fix fixed fixer combo comb combination inbetween not no half extra aggr size width "
    "height length depth thickness thin thick color colour scale shape2 bone joint driver driven "
    "helper".split()
)

SIDED = frozenset(  # units of which there is one for each side
    "eyeBlink eyeWide eyeSquint eyeLookUp eyeLookDown eyeLookIn eyeLookOut browDown browOuterUp "
    "cheekSquint noseSneer mouthSmile mouthFrown mouthDimple mouthStretch mouthPress "
    "mouthLowerDown mouthUpperUp".split()
)
# Concepts that may be left out have a `?`, those of which one is needed have `/` between them.
# Behind `@` stands how sure it is, where that is not 0.9 (under 0.8: only where nothing better
# is there), behind `*` how far the key goes when its unit is at 1.
PATTERNS: dict[str, str] = {
    "eyeBlink": "eye? lid? blink; eye lid? close; lid close; eye lid down @.7; lid down @.7;"
    "eye? lid upper close @.82; eye upper close @.82",
    "eyeWide": "eye lid? wide; lid wide; eye upper lid? wide @.82; eye? lid upper up @.82; eye "
    "open; eye? lid open @.82; eye? lid up @.7; eye surprise @.7; eye upper up @.7; "
    "eye upper open @.7; eye open wide @.82",
    "eyeSquint": "eye? lid? squint; eye? lid tighten; eye? lower lid tighten @.82; eye? lower lid "
    "squint;eye squeeze; eye? lid? inner squint; eye? lower lid up @.82; eye? lower lid close @.7; "
    "eye lower up @.7",
    "eyeLookUp": "eye? look up; eye up; eye turn up",
    "eyeLookDown": "eye? look down; eye down; eye turn down",
    "eyeLookIn": "eye look inner; eye inner",
    "eyeLookOut": "eye look outer/out; eye outer/out",
    "browDown": "brow down; brow knit *.5; brow squeeze *.5 @.7; brow angry; brow frown @.82; "
    "brow inner/middle down @.7;knit @.7",
    "browInnerUp": "brow inner/middle up; brow sad @.7",
    "browOuterUp": "brow outer/out up; brow up; brow surprise",
    "cheekPuff": "cheek puff; mouth cheek puff; puff; cheek out/outer puff; cheek inflate @.82; "
    "mouth inflate @.82; cheek out/outer @.7",
    "cheekSquint": "eye? cheek squint; eye? cheek up; lid? cheek up",
    "noseSneer": "nose? sneer; nose up @.7",
    "jawOpen": "mouth? jaw open; jaw move down @.7; jaw turn down @.7; jaw down @.7; mouth open "
    "@.8; mouth jaw down open; chin down @.7; mouth? jaw open down",
    "jawForward": "mouth? jaw forward; jaw out/outer; chin forward @.7",
    "jawLeft": "jaw left move?; jaw left turn @.82; chin left move? @.7",
    "jawRight": "jaw right move?; jaw right turn @.82; chin right move? @.7",
    "mouthClose": "mouth close; mouth together; mouth close upper/lower; mouth together "
    "upper/lower; mouth toward @.82; mouth toward upper/lower @.82",
    "mouthFunnel": "mouth? funnel; mouth? funnel upper/lower; mouth pucker open @.82",
    "mouthPucker": "mouth? pucker; mouth? pucker upper/lower; mouth narrow @.7; mouth pucker "
    "forward/out/outer @.82",
    "mouthLeft": "mouth left move?; mouth left turn @.82",
    "mouthRight": "mouth right move?; mouth right turn @.82",
    "mouthSmile": "mouth? corner? smile; mouth? smile close @.82; mouth corner up; mouth corner "
    "pull; mouth corner up pull; corner up @.82; corner pull @.82",
    "mouthFrown": "mouth? corner? frown; mouth corner down; mouth corner down pull; mouth sad; "
    "corner down @.82",
    "mouthDimple": "mouth? cheek? corner? dimple",
    "mouthStretch": "mouth stretch; mouth corner stretch; mouth corner mouth stretch wide @.82",
    "mouthPress": "mouth press; mouth press upper/lower; mouth press together; mouth compress @.7",
    "mouthLowerDown": "lip down @.7; mouth lower down",
    "mouthUpperUp": "lip up @.7; mouth upper up",
    "mouthRollLower": "lip lower close; mouth lower roll; mouth lower roll inner; mouth lower "
    "suck; mouth lower suck inner;mouth lower inner; mouth lower close inner",
    "mouthRollUpper": "lip upper close; mouth upper roll; mouth upper roll inner; mouth upper "
    "suck; mouth upper suck inner;mouth upper inner; mouth upper close inner",
    "mouthRollLower+mouthRollUpper": "mouth roll @.8; mouth suck @.8; mouth roll inner @.8; mouth "
    "suck inner @.8",
    "mouthShrugLower": "jaw? chin up; jaw? chin lower up; mouth lower shrug; mouth lower up @.82; "
    "chin shrug; mouth chin up @.82; mouth lower chin up; chin lower mouth up",
    "mouthShrugUpper": "jaw? chin upper up; mouth upper shrug; mouth upper chin up",
    "mouthShrugLower+mouthShrugUpper": "mouth shrug @.8",
    "tongueOut": "mouth? tongue out; tongue forward; mouth? tongue out forward",
}  # fmt: skip
INITIALS = {"b": "brow", "e": "eye", "m": "mouth"}  # where a list begins its names with all three
OPPOSITES = (  # said together the first of them is the way a key goes
    ("up", "down"), ("out", "in"), ("open", "close"), ("open", "closed"), ("wide", "narrow"),
    ("pucker", "pressed"), ("forward", "back"), ("smile", "frown"), ("puff", "squint"),
    ("puff", "suck"),
)  # fmt: skip
BARE = frozenset(
    ("smile", "frown", "angry", "surprise", "sad")
)  # may be an emotion of the whole face
ACTION_UNITS: dict[int, str] = {  # Ekman and Friesen's numbers
    1: "browInnerUp", 2: "browOuterUp", 4: "browDown", 5: "eyeWide", 6: "cheekSquint",
    7: "eyeSquint", 8: "mouthClose", 9: "noseSneer", 10: "mouthUpperUp", 12: "mouthSmile",
    14: "mouthDimple", 15: "mouthFrown", 16: "mouthLowerDown", 17: "mouthShrugLower",
    18: "mouthPucker", 19: "tongueOut", 20: "mouthStretch", 22: "mouthFunnel", 24: "mouthPress",
    26: "jawOpen", 27: "jawOpen", 28: "mouthRollLower+mouthRollUpper", 29: "jawForward", 30: "jaw",
    34: "cheekPuff", 43: "eyeBlink", 45: "eyeBlink", 46: "eyeBlink", 61: "eyesLeft",
    62: "eyesRight", 63: "eyeLookUp", 64: "eyeLookDown",
}  # fmt: skip
IDIOMS: dict[str, str] = {  # unit -> names that their words do not explain
    "eyeWide{S}": "eye_closed_{S}_min",
    "browDown": "怒り眉",
    "browDown{S}": "brow_squeeze_{S}_max*.5 lowerer_{S}",
    "browInnerUp{S}": "inner_raiser_{S}",
    "browInnerUp": "brows_mid_vert_max Brows_U_C",
    "browOuterUp{S}": "brow_out_vert_{S}_max outer_raiser_{S}",
    "jawForward": "jaw_out_max",
    "jawOpen": "Jaw_Drop",
    "mouthLeft": "Midmouth_Left",
    "mouthRight": "Midmouth_Right",
    "mouthSmile": "Fcl_MTH_Fun にやり にっこり口 にこり口",
    "mouthFrown": "Fcl_MTH_Down",
    "mouthUpperUp": "Fcl_MTH_Up Lips_Upper_Up",
    "mouthUpperUp{S}": "upper_raiser_{S}",
    "mouthStretch": "stretcher",
    "mouthStretch{S}": "stretcher_{S}",
    "mouthPress": "presser pressor",
    "mouthPress{S}": "presser_{S} pressor_{S}",
    "mouthShrugLower": "Mouth_Raiser_Lower Mouth_Lower_Overlay",
    "mouthShrugUpper": "Mouth_Raiser_Upper",
    "tongueOut": "메롱 べー ぺろっ ぺろ べろ出し てへぺろ Tongue_Out_1",
}
MANGA: dict[str, str] = {  # MikuMikuDance's brows, told by the vowels beside them
    "上": "browOuterUp", "下": "browDown", "真面目": "browDown", "困る": "browInnerUp",
    "怒り": "browDown", "びっくり": "eyeWide", "見開き": "eyeWide",
    "ウィンク": "eyeBlinkLeft@.86", "ウィンク右": "eyeBlinkRight@.86",  # these smile
    "ウィンク2": "eyeBlinkLeft", "ウィンク2右": "eyeBlinkRight",
}  # fmt: skip
