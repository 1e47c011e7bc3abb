# SPDX-License-Identifier: GPL-3.0-or-later
"""espeak-ng through its C library: sound and phoneme events, as phones with repaired closures.

espeak-ng tells no timings on its command line for its own voices; the library's callback does
(speak_lib.h). The library keeps state, so equal bytes need a fresh process and the same order.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from difflib import SequenceMatcher
from functools import cache

import numpy as np
import numpy.typing as npt

from model_runtime.contract import ThunderError
from model_runtime.phones import VOWELS

from .alignment import Segment
from .closure import repair_closures
from .languages import espeak_phones, phone_table

ACCENTS = (  # voices without extra data; British is 'en', since 'en-gb' is refused by 1.51
    "en-us",
    "en",
    "en-gb-x-rp",
    "en-gb-scotland",
    "en-gb-x-gbclan",
    "en-gb-x-gbcwmd",
    "en-029",
)
ACCENT_WEIGHTS = (0.46, 0.18, 0.1, 0.1, 0.06, 0.04, 0.06)
VARIANTS = tuple(
    "Alex Alicia Andrea Andy Annie AnxiousAndy Demonic Denis Diogo Gene Gene2 Henrique Hugo Jacky "
    "Lee Marco Mario Michael Mike Nguyen RicishayMax RicishayMax2 RicishayMax3 Storm Tweaky "
    "UniRobot adam anika anikaRobot announcer antonio aunty belinda benjamin boris caleb croak "
    "david ed edward edward2 f1 f2 f3 f4 f5 grandma grandpa gustave iven iven2 iven3 iven4 john "
    "kaukovalta klatt klatt2 klatt3 klatt4 klatt5 klatt6 linda m1 m2 m3 m4 m5 m6 m7 m8 marcelo max "
    "michel miguel norbert pablo paul pedro quincy rob robert robosoft robosoft2 robosoft3 "
    "robosoft4 robosoft5 robosoft6 robosoft7 robosoft8 sandro shelby steph steph2 steph3 travis "
    "victor whisper whisperf zac".split()
)
_SAME_VOICE = {"anikaRobot": "anika", "AnxiousAndy": "Andy", "whisperf": "whisper"}


_COMMON = phone_table(
    """
    p=P b=B t=T d=D k=K g=G f=F v=V s=S z=Z m=M n=N l=L r=R w=W D=DH T=TH S=SH Z=ZH N=NG tS=CH
    dZ=JH h=HH j=Y r-=R R=R w#=W z#=Z L=L l#=L x=K t#=D t2=T t[=T d#=D d[=D *=D ?=T C=SH
    n-=AH+N m-=AH+M l-=AH+L @L=AH+L
    @=AH @2=AH @5=AH @-=AH a#=AH V=AH V#=AH I=IH I#=IH I2=IH i=IY i:=IY E=EH E2=EH E#=EH e=EH e:=EY
    a=AE A=AA A:=AA O:=AO O=AO O2=AO o:=OW o=OW U=UH u=UW u:=UW y=UW 3:=ER IR=ER VR=ER eI=EY aI=AY
    aI2=AY OI=OY aU=AW oU=OW A:r=AA+R 3:r=ER
    """
)
_RHOTIC = phone_table(
    """
    e@=EH+R i@=IY+AH i@3=IY+R U@=UH+R A@=AA+R O@=AO+R o@=AO+R 3=ER aI@=AY+AH aI3=AY+ER aU@=AW+ER
    0=AA 0#=AA aa=AE
    """
)
_NON_RHOTIC = phone_table(
    """
    e@=EH i@=IH+AH i@3=IH+AH U@=UH+AH A@=AA O@=AO o@=AO 3=AH aI@=AY+AH aI3=AY+AH aU@=AW+AH
    0=AO 0#=AO aa=AA
    """
)

Event = tuple[float, str]  # seconds, espeak's own phoneme name


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)
_RETRIEVAL, _PHONEME_EVENTS, _PHONEME, _UTF8 = 1, 1, 7, 1
_PARAMETERS = {"rate": 1, "volume": 2, "pitch": 3, "pitch_range": 4}


def is_installed() -> bool:
    return ctypes.util.find_library("espeak-ng") is not None


def speaker_of(variant: str) -> str:
    """Speaker of a variant; numbered versions of one design (robosoft2) are one speaker."""
    base = variant.rstrip("0123456789")
    return "espeak:" + _SAME_VOICE.get(variant, base if len(base) > 1 else variant)


class Espeak:
    """The library, initialised; one per process. Raises ThunderError when it is missing."""

    def __init__(self) -> None:
        self._library = _library()
        self._library.espeak_Terminate()  # a second start without an end hangs
        self._sound: list[npt.NDArray[np.int16]] = []
        self._events: list[tuple[int, str]] = []
        self._callback = _CALLBACK(self._receive)  # kept: the library holds only a pointer
        self.rate = int(self._library.espeak_Initialize(_RETRIEVAL, 0, None, _PHONEME_EVENTS))
        self._library.espeak_SetSynthCallback(self._callback)

    def events(
        self, text: str, voice: str, **settings: int
    ) -> tuple[npt.NDArray[np.float32], list[Event]]:
        """Samples (n,) at `self.rate` and espeak's phoneme events.

        `settings`: rate (words a minute), pitch and pitch_range (0..100), volume.
        Raises ThunderError when espeak-ng refuses the voice.
        """
        self._sound.clear()
        self._events.clear()
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ThunderError(f"espeak-ng does not know the voice '{voice}'. Install its data.")
        for name, value in settings.items():
            self._library.espeak_SetParameter(_PARAMETERS[name], value, 0)
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 1, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        sound = np.concatenate(self._sound) if self._sound else np.zeros(0, np.int16)
        events = [(sample / self.rate, name) for sample, name in self._events]
        return sound.astype(np.float32) / 32768.0, events

    def say(
        self, text: str, voice: str, **settings: int
    ) -> tuple[npt.NDArray[np.float32], list[Segment]]:
        """Samples (n,) at `self.rate` and phones, closures repaired."""
        samples, events = self.events(text, voice, **settings)
        marks = stress_of(events, self._phonemes(text))
        raw = phones_of(events, len(samples) / self.rate, phonemes_of(voice), marks)
        return samples, repair_closures(samples, self.rate, raw)

    def _phonemes(self, text: str) -> str:
        """espeak's phoneme names of `text` with its stress marks, apart by spaces."""
        buffer = ctypes.create_string_buffer(text.encode())
        place = ctypes.c_void_p(ctypes.addressof(buffer))
        clauses = []
        while place.value:
            found = self._library.espeak_TextToPhonemes(ctypes.byref(place), _UTF8, ord("_") << 8)
            clauses.append((found or b"").decode("utf8", "replace"))
        return " ".join(clauses).replace("_", " ")

    def _receive(self, wave: object, count: int, events: object) -> int:
        if wave and count > 0:
            self._sound.append(np.ctypeslib.as_array(wave, (count,)).copy())
        index = 0
        while (event := events[index]).type != 0:  # type: ignore[index]
            if event.type == _PHONEME:
                self._events.append((event.sample, event.id.string.decode("utf8", "replace")))
            index += 1
        return 0


def stress_of(events: list[Event], phonemes: str) -> list[int | None]:
    """Stress 0..2 of each event, None where espeak's two accounts of the text differ."""
    spoken = [(name.lstrip("',%="), _stress(name)) for name in phonemes.split()]
    sounding = [k for k, (_, name) in enumerate(events) if not name.startswith("_")]
    marks: list[int | None] = [None] * len(events)
    heard = [events[k][1] for k in sounding]
    matcher = SequenceMatcher(None, heard, [name for name, _ in spoken], autojunk=False)
    for ours, theirs, count in matcher.get_matching_blocks():
        for step in range(count):
            marks[sounding[ours + step]] = spoken[theirs + step][1]
    return marks


def phonemes_of(voice: str) -> dict[str, str]:
    """espeak's phoneme names of a voice ('en-us+f3', 'de+f3') and the phones they stand for."""
    language = voice.partition("+")[0]
    if language.startswith("en"):
        return _COMMON | (_RHOTIC if language == "en-us" else _NON_RHOTIC)
    return _COMMON | _NON_RHOTIC | espeak_phones(language)


def phones_of(
    events: list[Event],
    seconds: float,
    table: dict[str, str],
    marks: list[int | None] | None = None,
) -> list[Segment]:
    """espeak's events as phones; a symbol standing for several shares its time between them."""
    known = zip(events, marks or [None] * len(events), strict=True)
    kept = [(start, ns, mark) for (start, name), mark in known if (ns := _names(name, table))]
    ends = [start for start, _, _ in kept[1:]] + [seconds]
    found: list[Segment] = []
    for (start, names, mark), end in zip(kept, ends, strict=True):
        step = (min(end, seconds) - start) / len(names)
        for k, phone in enumerate(names if step > 0 else []):
            stress = mark if phone in VOWELS else None
            found.append(Segment(phone, start + k * step, start + (k + 1) * step, stress))
            mark = 0 if phone in VOWELS and mark is not None else mark
    return found


def _stress(name: str) -> int:
    """1 for espeak's primary mark ', 2 for its secondary mark, else 0 (as in ARPAbet)."""
    return 1 if name.startswith("'") else 2 if name.startswith(",") else 0


def _names(symbol: str, table: dict[str, str]) -> list[str]:
    if symbol.startswith("_") or not symbol:
        return ["SIL"]
    whole = symbol.lstrip("',%=")  # stress stands before, palatalisation behind
    bare = whole.rstrip(';~!^"')
    if not bare:
        return []  # a lone mark belongs to the phone before it
    found = table.get(whole) or table.get(bare) or table.get(bare.rstrip("0123456789#-"))
    if found is None:
        raise ThunderError(f"espeak-ng's phoneme '{symbol}' has no phone. Add it to espeak.py.")
    return found.split()


@cache
def _library() -> ctypes.CDLL:
    name = ctypes.util.find_library("espeak-ng")
    if name is None:
        raise ThunderError(
            "espeak-ng is not installed. Install it (Debian: apt install espeak-ng)."
        )
    library = ctypes.CDLL(name)
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    return library
