# SPDX-License-Identifier: GPL-3.0-or-later
"""Languages other than English: what their voices read, and their phonemes as ARPAbet phones.

The mapping goes by what the lips do first and by the sound second: front rounded vowels become
rounded vowels, uvular r becomes HH, nasal vowels their oral ones. Spanish and Catalan b between
vowels, whose lips hardly touch, stays B.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

WORDS_FILE = Path(__file__).with_name("words.txt")
LANGUAGES = ("de", "fr", "es", "it", "ru", "pt-br", "nl", "pl", "cs", "fi", "ca", "sv", "tr")
UNSEEN = frozenset({"sv", "tr"})  # only test voices speak them


def phone_table(entries: str) -> dict[str, str]:
    """Phones apart by spaces under each symbol, from 'symbol=PHONE' or 'symbol=PHONE+PHONE'."""
    pairs = (entry.rsplit("=", 1) for entry in entries.split())
    return {symbol: phones.replace("+", " ") for symbol, phones in pairs}


_SHARED = phone_table(
    """
    pF=P+F ts=T+S dz=D+Z ts;=CH dz;=JH ss=S sx=SH **=D B=B Q=G c=K J=G n_=N
    Y=UH Y:=UW W=UH W~=AH 8=UH y:=UW E:=EH a:=AA &=AE &~=AH &U~=AW
    OY=OY oi=OY oI=OY ai=AY au=AW ei=EY EI=EY VU=AW Wy=OY
    &i=AE+IY ie=IY+EH iU=IY+UH EU=EH+UH uo=UW+OW yY=UW+UH Yy=UH+UW ja=Y+AA ju=Y+UW
    """
)
_OWN = {
    "de": phone_table("r=HH 3=AH"),
    "fr": phone_table("r=HH"),
    "ru": phone_table("y=IH 8=OW"),
    "pt-br": phone_table("y=IY &=AH"),
    "pl": phone_table("y=IH"),
    "cs": phone_table("R^=ZH c=T+Y J=D+Y"),
}


def espeak_phones(language: str) -> dict[str, str]:
    """espeak-ng's phonemes of a language that its English table lacks or that differ there."""
    return _SHARED | _OWN.get(language, {})


_FESTIVAL_VOWELS = "a=AA a:=AA e=EH e:=EH i=IY i:=IY o=OW o:=OW u=UW u:=UW"
_FESTIVAL_SAME = "p=P b=B m=M f=F v=V t=T d=D n=N l=L r=R k=K g=G s=S z=Z w=W j=Y h=HH"
_FESTIVAL = phone_table(f"{_FESTIVAL_VOWELS} {_FESTIVAL_SAME} #=SIL _=SIL pau=SIL")
FESTIVAL_PHONES = {
    "cs": _FESTIVAL
    | phone_table("c=T+S c~=CH ch=HH d~=D+Y dz=D+Z n~=N r~=ZH r~*=SH s~=SH t~=T+Y z~=ZH dz~=JH"),
    "fi": _FESTIVAL
    | phone_table("@=AE @:=AE 7=UH 7:=UH y=UW y:=UW N=NG N:=NG")
    | {f"{symbol}:": phone for symbol, phone in phone_table(_FESTIVAL_SAME).items()},
    "it": _FESTIVAL
    | phone_table("a1=AA e1=EH E1=EH i1=IY o1=OW O1=AO u1=UW E=EH O=AO J=N+Y L=L+Y nf=N ng=NG")
    | phone_table("dZ=JH dz=D+Z tS=CH ts=T+S S=SH"),
    "ca": _FESTIVAL
    | phone_table("a1=AA e1=EH E1=EH i1=IY o1=OW O1=AO u1=UW E=EH O=AO ax=AH J=N+Y L=L+Y rr=R")
    | phone_table("S=SH Z=ZH ts=T+S dz=D+Z tS=CH dZ=JH N=NG"),
}


@cache
def words(language: str) -> tuple[str, ...]:
    """The words that a language's voices read."""
    for line in WORDS_FILE.read_text(encoding="utf-8").splitlines():
        name, _, listed = line.partition(":")
        if name == language:
            return tuple(listed.split())
    raise ValueError(f"no words for the language '{language}'")


def draw_lines(language: str, count: int, rng: np.random.Generator) -> list[str]:
    """`count` lines: two to nine words in random order, some with commas, some with a number."""
    return [_line(words(language), rng) for _ in range(count)]


def _line(pool: tuple[str, ...], rng: np.random.Generator) -> str:
    chosen = [str(word) for word in rng.choice(pool, int(rng.integers(2, 10)), replace=False)]
    if rng.random() < 0.15:
        chosen[int(rng.integers(len(chosen)))] = str(rng.integers(0, 2000))
    if len(chosen) > 4 and rng.random() < 0.4:
        chosen[int(rng.integers(1, len(chosen) - 2))] += ","
    return " ".join(chosen)
