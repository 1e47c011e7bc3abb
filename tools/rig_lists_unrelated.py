# SPDX-License-Identifier: GPL-3.0-or-later
"""Shape-key names that mean no unit and no viseme: body, clothes, hair, props, a face's
proportions.

Some are near misses on purpose: they name a mouth or an eye and say its size, or an up and a down
of something else.
"""

from __future__ import annotations

BODY = """Muscle|Fat|Belly|Breathe|breath_in|breath_out|Chest Expand|chest_big|Hips_Wide|waist thin|
Weight|body_slim|Body_Thin|Body_Heavy|Pregnant|Pear Figure|Bodybuilder|Neck_Length|neckLength|
Neck Thick|Neck_Swallow|Shoulder_Broad|Shoulder_Up_L|Shoulder_Up_R|shoulder_fix_L|Arm_Long|
Arm_Bend_L|
Elbow_Bend_R|fix_elbow_L|fix_knee_R|corrective_arm_left|Knee_Bend_Left|Leg_Thick|Leg_Open|Thigh_Gap|
Thigh_Big_L|Calf_Size|Foot_R|foot_flat|Foot_Roll_L|Toe_Up_L|Toes_Curl|High_Heels|HeelsOff|Hand_Big|
Hand_Open_L|Hand_Close_R|Fist_L|Fist_R|Finger_Curl_L|Finger_Spread_R|Thumb_Up|Thumb_Down_L|
Wrist_Twist|
Glute_Size|Butt_Big|Butt_Squeeze|Breast_Up|Breast_Down|Breast_Press_L|BreastsGone|Nipples|
Navel_Depth|
Abs_Define|Ribs_Show|Spine_Curve|Back_Arch|Bend_Forward|Twist_Left|Twist_Right|Lean_Back|Head_Scale|
Head_Tilt_L|Head_Turn_R|Head_Up|Head_Down|Head Width|Skull_Narrow|Forehead_High|Vein_Bulge|Tail_Wag|
Tail_Up|Wing_Flap|Wing_Open_L|Wing_Fold_R|Horn_Long|Fin_Down|Claw_Out|Paw_Press|Scale_Skin|Hoof_L"""
CLOTHES = """hide_shirt|Shirt_Open|Shirt_Off|Jacket_Open|Jacket_Closed|jacket_zip|Coat_Long|
Hood_Up|Hood_Down|
Sleeve_Roll|Sleeve_Short_L|Sleeves_Up|Collar_Up|Collar_Fold|Tie_Loose|Skirt_Short|skirt_open|
Skirt_Lift|SkirtPuff|Dress_Wide|Pants_Tight|Pants_Roll|Shrink_Body|Shrink|Shrink_Arms|Belt_Tighten|
Belt_Buckle|Shoe_L|shoe_fit|Boots_Low|Sock_Left|Sock_Right|Glove_R|Mask_Off|Mask_Down|Helmet_Close|
helmet_visor_up|Visor_Open|hat_fit|Hat_Tilt|Cap_Forward|Cap_Back|Glasses_On|Glasses_Down|Goggles_Up|
Scarf_Blow|Cape_Wind|Cloak_Open|Bikini|Bra_Size|Underwear_Hide|Kimono_Loose|Ribbon_Up|Button_Open|
Pocket_Full|Wrinkle_Elbow|Wrinkle_Cloth|Fold_Left|Fold_Right|Stretch_Knee|Stretch_Fabric|
Pucker_Seam"""
HAIR = """hair_long|Hair_Short|HairBack|Hair_Left|Hair_Right|Hair_Up|Hair_Down|Hair_Wide|
Bangs_Open|Bangs_Close|
Bangs_L|Bangs_R|Ponytail_Wind|Braid_Roll|wind_L|wind_R|Beard_Long|Beard_Puff|Mustache_Curl|
Moustache_Width|Sideburn_L|Fringe_Up|Ahoge|Eyelash_Length|eyelashes_thick|Lashes_Long"""
PROPS = """Door_Open|door_close|Window_Left|Drawer_Out|Lid_Box_Open|Box_Open|Book_Open|Bag_Full|
Lever_Down|
Lever_Up|Button_Press|Wheel_Left|Wheel_Right|Steer_R|Trunk_Open|Hood_Open_Car|Engine_Blow|Flag_Wave|
Leaf_Fall|Petal_Open|Flower_Close|Curtain_Draw|Balloon_Inflate|Tire_Flat|Cushion_Press|Rope_Twist|
Wave_Height|Water_Up|Grass_Bend|Sail_Full|Gun_Trigger|Bow_Pull|Sword_Long|Antenna_Out|
Spring_Stretch|
Piston_Down|Crease|Dent_1|Damage_02|Melt|Explode|LOD1|Key 1|Key 2|Key 14|Basis|Sculpt|Smooth"""
FEATURES = """nose width|Nose_Length|Nose_Big|NoseTip|nose_bridge_high|jawWidth|Jaw Height|
Jaw_Line|JawSquare|
Chin_Size|chin_cleft|Chin_Length|eyeSize|Eye_Size_L|Eye_Distance|Eye color|Eye_Depth|
eye_shape_round|
EyeIris_Scale|Pupil_Size|mouth size|Mouth_Width|mouth_height|Mouth Scale|lipThickness|Lip_Full|
Lips_Thin|Upper_Lip_Height|LowerLip_Size|brow thickness|Brow_Height|Brow_Distance|Cheek_Fat|
Cheekbones|
cheek_thin|ears_pointed|Ear_Size|Ears_Up|Ear_Up_L|Elf_Ears|Age|Old|Young|age_wrinkles|Freckles|
Blush|Tears|Sweat|teethHide|Teeth_Long|Fangs|Tooth_Gap|Tongue_Size|Smile corrective|mouth_fix|
mouthOpen_corrective|Asian|Caucasian|Female|Male|Child"""
CHANCE = (
    "open|close|left|right|Up|Down|A|B|C|D|E|O|R|in|out|wide|Face_01|Face_02|Test|test2|Custom|New"
)

UNRELATED: tuple[str, ...] = tuple(
    name
    for text in (BODY, CLOTHES, HAIR, PROPS, FEATURES, CHANCE)
    for name in text.replace("\n", "").split("|")
)
