# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that makes the models: corpus, articulation, training, evaluation. Never shipped."""
