# SPDX-License-Identifier: GPL-3.0-or-later
"""File names for line ids, whatever people call their lines, and the shard a line falls into."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

LONGEST = 80  # bytes of the readable part of a name; seed, kind and a temporary ending follow
LONGEST_ID = 300  # letters
_PLAIN = re.compile(r"[\w][\w.-]*", re.UNICODE)
_OTHER = re.compile(r"[^\w-]+", re.UNICODE)
_RESERVED = {"con", "prn", "aux", "nul"} | {
    f"{n}{i}" for n in ("com", "lpt") for i in "0123456789¹²³"
}


def file_stem(line_id: str) -> str:
    """A name that every file system takes and that lies in its folder.

    A plain id is its own name. Any other becomes readable letters, '~' and eight digits of its
    hash, so that two ids never share a name. Depends on the id alone.
    """
    text = unicodedata.normalize("NFC", line_id)
    if text == line_id and _is_plain(text):
        return text
    letters = _OTHER.sub("_", text).strip("._-")
    while len(letters.encode()) > LONGEST:
        letters = letters[:-1]
    return f"{letters or 'line'}~{_digest(line_id)[:8]}"


def alone(stems: Mapping[Key, str]) -> dict[Key, str]:
    """The same names, each with a hash of its key where a file system may take two for one."""
    known = Counter(seen(stem) for stem in stems.values())
    return {
        key: f"{stem}~{_digest(repr(key))[:8]}" if known[seen(stem)] > 1 else stem
        for key, stem in stems.items()
    }


def seen(name: str) -> str:
    """A name as file systems may compare it: without case, in one spelling."""
    return unicodedata.normalize("NFC", name.casefold())


def shard_of(line_id: str, shards: int) -> int:
    """The shard 1..shards a line belongs to; lines added or removed move no other line."""
    return int(_digest(line_id)[:15], 16) % shards + 1


def _is_plain(text: str) -> bool:
    return (
        bool(_PLAIN.fullmatch(text))
        and not text.endswith(".")
        and text.partition(".")[0].casefold() not in _RESERVED
        and len(text.encode()) <= LONGEST
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
