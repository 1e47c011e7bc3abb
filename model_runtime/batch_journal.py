# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch has done, in a way that outlives any kill, and who is doing what right now.

Records are JSON lines, each with a checksum, in `DIR/.thunder/journal/`; a file has one writer at a
time, and a record counts when it is on the disk whole. Claims are byte ranges of one file that the
operating system locks: they vanish with their process, on every machine that shares the folder.
Where a file system knows no locks two runs may do the same line; as outputs are renamed into place
and the same request gives the same bytes, that costs time and nothing else.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .contract import OutputError
from .files import sha256_of

HIDDEN = ".thunder"  # folder of journals and claims inside the folder of results
PART_LETTERS = 64  # of a file's name in that of its temporary file, by files.atomic_file
MOST_WRITERS = 4096  # of one shard at once
DONE, FAILED, STARTED, RUN, FORGET = "done", "failed", "started", "run", "forget"
AWAY = {getattr(errno, name, 0) for name in ("ENOENT", "EIO", "ESTALE", "ENOTCONN", "ENODEV")}
RANGES = 2**31 - 1 if sys.platform == "win32" else 2**62  # places that can be locked

log = logging.getLogger(__name__)
Record = dict[str, Any]


@dataclass
class State:
    """What the journals say about one item (a line with one seed, or its best of several)."""

    done: dict[str, dict[str, Record]] = field(default_factory=dict)  # kind -> key -> output
    result: Record = field(default_factory=dict)  # of the last time it was performed
    failure: str = ""  # of its last attempt
    pending: int = 0  # attempts in a row of which nothing was heard again
    generation: int = 0  # outputs of an earlier one no longer count

    def output(self, kind: str, key: str) -> Record | None:
        """The record of an output that counts."""
        found = self.done.get(kind, {}).get(key)
        return found if found and found.get("generation", 0) >= self.generation else None


class Claims:
    """Locks on names, held by this process until it releases them or ends."""

    def __init__(self, folder: Path) -> None:
        """Raises OutputError where the file of claims cannot be opened."""
        path = folder / "claims"
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise OutputError(_sentence(path, error)) from error
        self._warned = False
        self._held: set[int] = set()

    def take(self, name: str) -> bool:
        """Claim a name; False when another process has it."""
        place = int(hashlib.sha256(name.encode()).hexdigest()[:16], 16) % RANGES
        if place in self._held:
            return False
        try:
            _lock(self._file, place)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                return False
            self._warn(error)
        self._held.add(place)
        return True

    def release(self, names: Iterable[str]) -> None:
        for name in names:
            place = int(hashlib.sha256(name.encode()).hexdigest()[:16], 16) % RANGES
            if place in self._held:
                self._held.discard(place)
                try:
                    _unlock(self._file, place)
                except OSError as error:
                    self._warn(error)

    def close(self) -> None:
        self._held.clear()
        os.close(self._file)

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            log.warning(
                "The folder's file system cannot lock (%s): two runs on it may do a line twice.",
                error.strerror,
            )
        self._warned = True


class Journal:
    """The journals of a folder of results: all are read, one is written."""

    def __init__(self, out: Path, claims: Claims, shard: str = "1-of-1") -> None:
        """Raises OutputError where no journal can be written."""
        self.items: dict[str, State] = {}
        self._folder = out / HIDDEN / "journal"
        self._read: dict[str, int] = {}  # bytes of each file that are known
        self._own = self._open(claims, shard)
        self._device = os.fstat(self._own).st_dev
        self.refresh()

    def refresh(self) -> None:
        """Learn what others have written since."""
        for path in sorted(self._folder.glob("*.jsonl")):
            for record in self._news(path):
                _learn(self.items, record)

    def write(self, records: Sequence[Record]) -> None:
        """Add records and wait until they are on the disk. Raises OutputError."""
        self._append(records, sync=True)

    def note(self, record: Record) -> None:
        """Add a record that only a crash of this process must not lose. Raises OutputError."""
        self._append([record], sync=False)

    def check(self) -> None:
        """Whether the folder is still the one this run began in, and not a bare mount point.

        What is written must not land on another disk than what is journalled. Inode numbers are
        not compared: some network drives make them up. Raises OutputError.
        """
        try:
            found = self._path.stat().st_dev
        except OSError as error:
            raise OutputError(_gone(self._folder)) from error
        if found != self._device and sys.platform != "win32":
            raise OutputError(_gone(self._folder))

    def forget(self, names: Sequence[str]) -> None:
        """Make what was done of these items count no longer. Raises OutputError."""
        later = [(name, self.state(name).generation + 1) for name in names]
        self.write([{"record": FORGET, "item": name, "generation": at} for name, at in later])

    def state(self, item: str) -> State:
        return self.items.get(item, State())

    def close(self) -> None:
        os.close(self._own)

    def _open(self, claims: Claims, shard: str) -> int:
        for number in range(MOST_WRITERS):
            name = f"{shard}.{number}.jsonl"
            if claims.take(f"journal/{name}"):
                self._path = self._folder / name
                try:
                    return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
                except OSError as error:
                    raise OutputError(_sentence(self._path, error)) from error
        raise OutputError(f"{MOST_WRITERS} runs write into '{self._folder}' already.")

    def _append(self, records: Sequence[Record], sync: bool) -> None:
        self.check()
        data = b"".join(encoded(record) for record in records)
        try:
            if _is_torn(self._own):
                data = b"\n" + data
            while data:
                data = data[os.write(self._own, data) :]
            if sync:
                os.fsync(self._own)
        except OSError as error:
            raise OutputError(_sentence(self._path, error)) from error
        self._read[self._path.name] = os.lseek(self._own, 0, os.SEEK_END)
        for record in records:
            _learn(self.items, record)

    def _news(self, path: Path) -> Iterator[Record]:
        start = self._read.get(path.name, 0)
        try:
            with path.open("rb") as file:
                file.seek(start)
                data = file.read()
        except OSError as error:
            log.warning("The journal '%s' cannot be read: %s.", path, error.strerror)
            return
        whole = data.rfind(b"\n") + 1
        self._read[path.name] = start + whole
        yield from decoded(data[:whole], path)


def sweep(claims: Claims, parts: Mapping[Path, str], owners: Mapping[str, set[str]]) -> None:
    """Remove half-written files of runs that died, where nobody is writing now.

    `parts` has the letters of its own name that a temporary file holds, `owners` what to claim for
    them: all of it must be free.
    """
    for path, letters in parts.items():
        names = owners.get(letters, set())
        taken = [name for name in names if claims.take(name)]
        if names and len(taken) == len(names):
            path.unlink(missing_ok=True)
        claims.release(taken)


def forget(out: Path, names: Sequence[str]) -> None:
    """Make these items count as not done, for this run and any later one. Raises OutputError."""
    claims = Claims(out / HIDDEN)
    try:
        journal = Journal(out, claims, "forget")
        journal.forget(names)
        journal.close()
    finally:
        claims.close()


def read_journals(out: Path) -> dict[str, State]:
    """What all journals of a folder say, for those who only read."""
    items: dict[str, State] = {}
    for path in sorted((out / HIDDEN / "journal").glob("*.jsonl")):
        for record in decoded(path.read_bytes(), path):
            _learn(items, record)
    return items


def encoded(record: Record) -> bytes:
    """A record as a line: its JSON, with `sum`, the checksum of the JSON without it."""
    text = _plain(record)
    whole = {**record, "sum": f"{zlib.crc32(text.encode()):08x}"}
    return _plain(whole).encode() + b"\n"


def decoded(data: bytes, path: Path) -> Iterator[Record]:
    """Records of a journal; torn and damaged lines are passed over and told."""
    bad = 0
    for line in data.split(b"\n"):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            total = record.pop("sum")
            good = total == f"{zlib.crc32(_plain(record).encode()):08x}"
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
            good = False
        if good:
            yield record
        else:
            bad += 1
    if bad:
        log.warning("%d damaged lines of the journal '%s' were passed over.", bad, path.name)


def output_record(path: Path, kind: str, key: str, out: Path, generation: int) -> Record:
    """What the journal keeps of a written file. Raises OSError."""
    stat = path.stat()
    return {
        "kind": kind,
        "key": key,
        "generation": generation,
        "path": path.relative_to(out).as_posix(),
        "bytes": stat.st_size,
        "mtime": stat.st_mtime_ns,
        "sha256": sha256_of(path),
    }


def is_there(record: Record | None, out: Path) -> bool:
    """Whether the file that a record tells of is there as it was written."""
    if record is None:
        return False
    path = out / record["path"]
    try:
        stat = path.stat()
        if stat.st_size != record["bytes"]:
            return False
        return stat.st_mtime_ns == record["mtime"] or sha256_of(path) == record["sha256"]
    except OSError:
        return False


def prepare_folder(out: Path) -> None:
    """Make the folder of results. Raises OutputError."""
    for folder in (out, out / HIDDEN, out / HIDDEN / "journal"):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(_sentence(folder, error)) from error


def _learn(items: dict[str, State], record: Record) -> None:
    kind = record.get("record")
    if kind == STARTED:
        for item in record["items"]:
            items.setdefault(item, State()).pending += 1
    if kind not in (DONE, FAILED, FORGET):
        return
    state = items.setdefault(record["item"], State())
    if kind == FORGET:
        state.generation = max(state.generation, record["generation"])
        return
    state.pending = 0
    if kind == FAILED:
        state.failure = record["error"]
        return
    state.failure = ""
    state.result.update(record.get("result", {}))
    for output in record["outputs"]:
        known = state.done.setdefault(output["kind"], {})
        before = known.get(output["key"], {}).get("generation", 0)
        if output.get("generation", 0) >= before:
            known[output["key"]] = output


def _gone(folder: Path) -> str:
    return (
        f"The folder of results '{folder.parent.parent}' has gone or is another one than at the "
        "beginning. Bring its drive back and start the same command again: it goes on with what "
        "is missing."
    )


def _sentence(path: Path, error: OSError) -> str:
    if error.errno in AWAY:
        what = (error.strerror or "").lower()
        return f"'{path}' cannot be reached ({what}). Is its drive there? Start the command again."
    reason = (error.strerror or "the system refused it").lower()
    return f"'{path}' cannot be written: {reason}. Make room there or choose another folder."


def _is_torn(file: int) -> bool:
    """Whether a journal ends in a part of a line."""
    size = os.lseek(file, 0, os.SEEK_END)
    if size == 0:
        return False
    os.lseek(file, size - 1, os.SEEK_SET)
    return os.read(file, 1) != b"\n"


def _plain(record: Record) -> str:
    return json.dumps(record, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int, place: int) -> None:
        os.lseek(file, place, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def _unlock(file: int, place: int) -> None:
        os.lseek(file, place, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: int, place: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place, os.SEEK_SET)

    def _unlock(file: int, place: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_UN, 1, place, os.SEEK_SET)
