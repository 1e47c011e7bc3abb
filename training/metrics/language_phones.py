# SPDX-License-Identifier: GPL-3.0-or-later
"""German, French, Spanish and Italian phones of espeak-ng as the nearest phone of our own set.

Nearest for the eye: rounded front vowels become rounded ones, the Spanish approximant of b and v
stays a B, since the lips come together for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from model_runtime.contract import ThunderError

from ..corpus.alignment import Segment
from ..corpus.espeak import Event


def _table(lines: str) -> dict[str, tuple[str, ...]]:
    """'symbol=PHONE' or 'symbol=PHONE+PHONE', apart by spaces."""
    pairs = (entry.rsplit("=", 1) for entry in lines.split())
    return {symbol: tuple(phones.split("+")) for symbol, phones in pairs}


_ALL = _table(
    """
    p=P b=B m=M f=F v=V w=W w2=W t=T d=D n=N l=L s=S z=Z z2=Z k=K g=G N=NG j=Y r=R R=R R2=R *=R
    **=R h=HH x=HH S=SH Z=ZH tS=CH dZ=JH ts=T+S dz=D+Z T=TH D=DH Q=G n^=N l^=L B=B
    a=AA a-=AA A=AA A:=AA a:=AA E=EH E:=EH e=EY e:=EY I=IH i=IY i:=IY O=AO o=OW o:=OW U=UH u=UW
    u:=UW @=AH @-=AH @2=AH 3=AH 3:=AH y=UW y:=UW y-=UW Y=UH Y:=UW W=UH
    aI=AY aU=AW eI=EY eU=EH+UH oI=OY OI=OY OY=OY aI2=AY
    """
)
TABLES: dict[str, dict[str, tuple[str, ...]]] = {
    "de": _ALL | _table("pF=P+F C=SH 3=AH UR=UH+R"),
    "fr": _ALL | _table("O~=AO A~=AA E~=AE W~=UH A@=AA y-=UW e-=EH"),
    "es": _ALL,
    "it": _ALL | _table("ss=S"),
}


def phones_of(events: Sequence[Event], seconds: float, language: str) -> list[Segment]:
    """espeak's events as phones; a symbol standing for several shares its time between them.

    Raises ThunderError for a symbol that no phone is known for.
    """
    kept = [(start, names) for start, name in events if (names := names_of(name, language))]
    ends = [start for start, _ in kept[1:]] + [seconds]
    found: list[Segment] = []
    for (start, names), end in zip(kept, ends, strict=True):
        step = (min(end, seconds) - start) / len(names)
        for k, phone in enumerate(names if step > 0 else ()):
            found.append(Segment(phone, start + k * step, start + (k + 1) * step))
    return found


def names_of(symbol: str, language: str) -> tuple[str, ...]:
    """Phones of one symbol; none for marks that belong to the phone before."""
    if symbol.startswith("_"):
        return ("SIL",)
    bare = symbol.lstrip("',%=").rstrip(';!"')
    if not bare or bare.startswith("("):  # "(en)": a word of another language begins
        return ()
    table = TABLES[language]
    found = table.get(bare) or table.get(bare.rstrip("0123456789#-"))
    if found is None:
        raise ThunderError(
            f"espeak-ng's phoneme '{symbol}' of '{language}' has no phone. "
            "Add it to training/metrics/language_phones.py."
        )
    return found
