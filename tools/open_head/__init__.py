# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts that tools/build_open_head.py is made of."""
