# SPDX-License-Identifier: GPL-3.0-or-later
import bpy

settings = bpy.context.scene.thunder.performance(bpy.context)

settings.intensity = 0.6
settings.emotion = "auto"
settings.articulation = 0.9
settings.smoothing = 0.2
