# SPDX-License-Identifier: GPL-3.0-or-later
import bpy

settings = bpy.context.scene.thunder.performance(bpy.context)

settings.intensity = 1.0
settings.emotion = "auto"
settings.articulation = 1.0
settings.smoothing = 0.0
