# SPDX-License-Identifier: GPL-3.0-or-later
"""How well a motion says its line: contacts, rest, timing and liveliness, and the table of them."""
