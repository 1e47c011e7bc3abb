# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine: sound in, motion out. Knows no Blender; `contract` is what it shares with it."""
