# SPDX-License-Identifier: GPL-3.0-or-later
import bpy

settings = bpy.context.scene.thunder.performance(bpy.context)

settings.intensity = 1.4
settings.emotion = "auto"
settings.articulation = 1.2
settings.smoothing = 0.0
