# SPDX-License-Identifier: GPL-3.0-or-later
"""The phone set (ARPAbet without stress, plus silence) and the classes the lips can show."""

from __future__ import annotations

SILENCE = "SIL"
PHONES: tuple[str, ...] = (
    SILENCE,
    *"AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG".split(),
    *"OW OY P R S SH T TH UH UW V W Y Z ZH".split(),
)
PHONE_INDEX: dict[str, int] = {phone: index for index, phone in enumerate(PHONES)}
UNKNOWN_PHONE = len(PHONES)  # of a frame about which no transcript says anything

BILABIAL = frozenset({"P", "B", "M"})
LABIODENTAL = frozenset({"F", "V"})
ROUNDED = frozenset({"W", "UW", "OW", "UH", "AO", "OY"})
VOWELS = frozenset("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())
CONTACTS: tuple[str, ...] = ("bilabial", "labiodental", "rounded", "silence")

VISEME_CLASSES: tuple[tuple[str, ...], ...] = (  # 12 classes that look alike
    ("SIL",),
    ("P", "B", "M"),
    ("F", "V"),
    ("TH", "DH"),
    ("T", "D", "N", "L"),
    ("K", "G", "NG", "HH"),
    ("CH", "JH", "SH", "ZH"),
    ("S", "Z"),
    ("R", "ER"),
    ("AA", "AE", "AH", "AY", "AW"),
    ("EH", "EY", "IH", "IY", "Y"),
    ("AO", "OW", "OY", "UH", "UW", "W"),
)
VISEME_OF: dict[str, int] = {
    phone: index for index, group in enumerate(VISEME_CLASSES) for phone in group
}
