# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch of curves: what is missing is claimed, performed, written, journalled, group by group.

Memory does not grow with the number of lines: sounds and takes of one group are held, and of the
rest a few hundred bytes each.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from .audio import Audio, read_audio
from .batch_contacts import Score
from .batch_journal import (
    DONE,
    FAILED,
    HIDDEN,
    PART_LETTERS,
    RUN,
    STARTED,
    Claims,
    Journal,
    Record,
    output_record,
    sweep,
)
from .batch_lines import METERS
from .batch_meter import meter_bytes
from .batch_perform import Ask, Outcome, Performed
from .batch_work import Item, curve_kinds, missing_kinds, output_key, stamp, take_key
from .contract import AudioError, EngineError, Meter, OutputError, RequestError, Take, ThunderError
from .files import sha256_of, write_atomic
from .takefile import read_take, write_take

POOL = 256  # items looked at together
GROUP = 16  # items performed together at most
GROUP_BYTES = 32 << 20  # of their sound files
MOST_REFUSED = 8  # outputs that fail in a row until the run gives up
PAUSE = 1.0  # seconds between two looks at what another run is doing

log = logging.getLogger(__name__)
Tell = Callable[[dict[str, Any]], None]


class Performs(Protocol):
    """`batch_perform.Performer`, or what stands in for it."""

    def perform(self, items: Ask) -> list[Outcome]: ...

    def measure(self, item: Item, audio: Audio, take: Take) -> Score: ...


@dataclass(frozen=True)
class RunOptions:
    """How a run behaves; nothing here changes a take."""

    out: Path
    shard: tuple[int, int] = (1, 1)
    fail_fast: bool = False
    time_limit: float = 0.0  # seconds; 0: none
    group: int = field(default_factory=lambda: GROUP)


@dataclass
class Summary:
    """What a run did: numbers of items."""

    total: int = 0
    made: int = 0
    kept: int = 0  # done before, or by another run
    failed: int = 0
    stopped: str = ""  # why the rest was left: "time" or "failure"

    @property
    def finished(self) -> int:
        return self.made + self.kept + self.failed

    @property
    def left(self) -> int:
        return self.total - self.finished


@dataclass
class _Todo:
    """An item that is not done, and what its key and order need."""

    item: Item
    key: str
    sound: Record  # stamp and sha256
    suspect: int = 0  # attempts that ended without a word


@dataclass
class Run:
    """One run over a list of items. `run` is the way in."""

    options: RunOptions
    models: dict[str, str]
    performer: Callable[[], Performs]  # called when the first line is to be performed
    tell: Tell
    summary: Summary = field(default_factory=Summary)
    _start: float = field(default_factory=time.monotonic)
    _engine: Performs | None = None
    _refused: int = 0

    def run(self, items: Sequence[Item]) -> Summary:
        """Do what is missing. Raises OutputError when the folder can no longer be written."""
        self.summary.total = len(items)
        claims = Claims(self.options.out / HIDDEN)
        try:
            self._journal = Journal(self.options.out, claims, _shard_name(self.options.shard))
            self._claims = claims
            self._journal.write([{"record": RUN, "pid": os.getpid(), "time": time.time()}])
            self._all(items)
            self._journal.close()
        finally:
            claims.close()
        return self.summary

    def _all(self, items: Sequence[Item]) -> None:
        others: list[Item] = []
        for first in range(0, len(items), POOL):
            others += self._pool(items[first : first + POOL])
        while others and not self._must_stop():
            time.sleep(PAUSE)
            self._journal.refresh()
            others = self._pool(others)
        if not self.summary.left:
            self._sweep(items)

    def _sweep(self, items: Sequence[Item]) -> None:
        """Remove what runs that died left half written, where nobody is writing now."""
        found = (self.options.out / "takes").glob(".*.part")
        parts = {path: path.name[1:].rsplit(".", 2)[0] for path in found}
        owners: dict[str, set[str]] = {}  # long names begin alike
        for item in items if parts else ():
            for kind in curve_kinds(item):
                owners.setdefault(item.path(kind).name[:PART_LETTERS], set()).add(item.name)
        sweep(self._claims, parts, owners)

    def _pool(self, items: Sequence[Item]) -> list[Item]:
        """Do what is missing of these; gives those that another run has claimed."""
        todo = [one for item in items if (one := self._missing(item))]
        taken: list[Item] = []
        for group in grouped(todo, self.options.group):
            if self._must_stop():
                break
            mine = [one for one in group if self._claims.take(one.item.name)]
            taken += [one.item for one in group if one not in mine]
            try:
                self._group(mine)
            finally:
                self._claims.release(one.item.name for one in mine)
        return taken

    def _missing(self, item: Item) -> _Todo | None:
        """What is to be done for an item; None when it is done or cannot be."""
        state = self._journal.state(item.name)
        try:
            sound = known_sound(item.line.audio, state.result.get("sound", {}))
        except OSError as error:
            self._failed(item, AudioError(_no_sound(item, error)))
            return None
        key = take_key(item, sound["sha256"], self.models)
        if not missing_kinds(item, key, state, self.options.out):
            self.summary.kept += 1
            self._report("kept", item, state.result)
            return None
        return _Todo(item, key, sound, state.pending)

    def _group(self, todo: Sequence[_Todo]) -> None:
        if not todo:
            return
        self._journal.refresh()  # another run may have done some before they were claimed
        fresh = [one for one in todo if self._missing_still(one)]
        ready: list[tuple[_Todo, Audio]] = []
        for one in fresh:
            if not self._from_take(one):
                try:
                    ready.append((one, read_audio(one.item.line.audio)))
                except ThunderError as error:
                    self._failed(one.item, error)
        if not ready:
            return
        self._journal.note({"record": STARTED, "items": [one.item.name for one, _ in ready]})
        start = time.monotonic()
        outcomes = self._performer().perform([(one.item, audio) for one, audio in ready])
        seconds = (time.monotonic() - start) / len(ready)
        for (one, audio), outcome in zip(ready, outcomes, strict=True):
            if isinstance(outcome, ThunderError):
                self._failed(one.item, outcome)
            else:
                self._write(one, audio, outcome, seconds)

    def _missing_still(self, one: _Todo) -> bool:
        state = self._journal.state(one.item.name)
        if missing_kinds(one.item, one.key, state, self.options.out):
            return True
        self.summary.kept += 1
        self._report("kept", one.item, state.result)
        return False

    def _performer(self) -> Performs:
        self._engine = self._engine or self.performer()
        return self._engine

    def _from_take(self, one: _Todo) -> bool:
        """Write further kinds of a take that is there already; whether that was all."""
        state = self._journal.state(one.item.name)
        missing = missing_kinds(one.item, one.key, state, self.options.out)
        if "npz" in missing:
            return False
        try:
            take = read_take(self.options.out / one.item.path("npz"))
        except RequestError:
            return False
        try:
            meter = self._measured(one, take) if set(missing) & set(METERS) else None
            outputs = [self._output(one, kind, take, meter) for kind in missing]
        except (OutputError, OSError) as error:
            self._refuse(one.item, error)
            return True
        except ThunderError as error:
            self._failed(one.item, error)
            return True
        self._done(one, outputs, {})
        return True

    def _measured(self, one: _Todo, take: Take) -> Meter | None:
        """The meter of a take that is there already. Raises ThunderError."""
        audio = read_audio(one.item.line.audio)
        self._journal.note({"record": STARTED, "items": [one.item.name]})
        return self._performer().measure(one.item, audio, take).meter

    def _write(self, one: _Todo, audio: Audio, performed: Performed, seconds: float) -> None:
        take, meter = performed.take, performed.score.meter
        try:
            outputs = [self._output(one, kind, take, meter) for kind in curve_kinds(one.item)]
        except (OutputError, OSError) as error:
            self._refuse(one.item, error)
            return
        except EngineError as error:
            self._failed(one.item, error)
            return
        self._refused = 0
        self._done(one, outputs, _result(one, audio, performed, seconds))

    def _output(self, one: _Todo, kind: str, take: Take, meter: Meter | None) -> Record:
        path = self.options.out / one.item.path(kind)
        self._journal.check()
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind not in METERS:
            write_take(take, path, None if kind == "npz" else one.item.line.fps)
        elif meter is None:
            raise EngineError(
                "The meter cannot measure this take: its channels are not the face's."
            )
        else:
            write_atomic(path, meter_bytes(kind, meter, one.item))
        key = output_key(kind, one.key, one.item)
        generation = self._journal.state(one.item.name).generation
        return output_record(path, kind, key, self.options.out, generation)

    def _done(self, one: _Todo, outputs: list[Record], result: Record) -> None:
        name = one.item.name
        record = {"record": DONE, "item": name, "outputs": outputs, "result": result}
        self._journal.write([{**record, "id": one.item.line.line_id}])
        self.summary.made += 1
        self._report("done", one.item, self._journal.state(name).result)

    def _failed(self, item: Item, error: ThunderError) -> None:
        text = str(error)
        record = {"record": FAILED, "item": item.name, "id": item.line.line_id, "error": text}
        self._journal.write([record])
        self.summary.failed += 1
        self._report("failed", item, {"error": text})
        if self.options.fail_fast:
            self.summary.stopped = "failure"

    def _refuse(self, item: Item, error: Exception) -> None:
        """An output could not be written; many in a row mean that none can."""
        self._refused += 1
        self._failed(item, OutputError(str(error)))
        if self._refused >= MOST_REFUSED:
            raise OutputError(f"{self._refused} outputs in a row failed, the last one so: {error}")

    def _must_stop(self) -> bool:
        limit = self.options.time_limit
        if not self.summary.stopped and limit and time.monotonic() - self._start >= limit:
            self.summary.stopped = "time"
        return bool(self.summary.stopped)

    def _report(self, status: str, item: Item, facts: Record) -> None:
        shown = ("score", "seconds", "took", "error")
        told: dict[str, Any] = {name: facts[name] for name in shown if name in facts}
        self.tell({"event": "line", "status": status, "item": item.name, **told, **self._place()})

    def _place(self) -> dict[str, Any]:
        """How far the run is, and how long it will take if it goes on like this."""
        done, elapsed = self.summary, time.monotonic() - self._start
        rate = done.made / elapsed if elapsed > 0 else 0.0
        left = round(done.left / rate) if rate else None
        counts = {"finished": done.finished, "total": done.total, "failed": done.failed}
        return {**counts, "rate": round(rate, 3), "seconds_left": left}


def grouped(todo: Sequence[_Todo], most: int) -> Iterator[list[_Todo]]:
    """Groups of items of like length; those that ended a process before come last and alone."""
    calm = sorted((one for one in todo if one.suspect < 2), key=_order)
    group: list[_Todo] = []
    for one in calm:
        if group and (len(group) >= most or (len(group) + 1) * one.sound["bytes"] > GROUP_BYTES):
            yield group
            group = []
        group.append(one)
    if group:
        yield group
    for one in sorted((one for one in todo if one.suspect >= 2), key=lambda one: one.suspect):
        yield [one]


def _order(one: _Todo) -> tuple[int, str]:
    return one.sound["bytes"], one.item.name


def known_sound(path: Path, known: Record) -> Record:
    """Stamp and hash of a sound; the hash is not made again while the stamp is the same.

    Raises OSError.
    """
    now = stamp(path)
    if {name: known.get(name) for name in now} == now and "sha256" in known:
        return known
    return {**now, "sha256": sha256_of(path)}


def _result(one: _Todo, audio: Audio, performed: Performed, seconds: float) -> Record:
    score = performed.score
    return {
        "sound": one.sound,
        "key": one.key,
        "seconds": round(audio.seconds, 3),
        "silent": audio.silent,
        "recognised": performed.take.provenance.get("alignment", {}).get("recognised", ""),
        "seed": performed.take.provenance["seed"],
        "tried": [list(pair) for pair in performed.tried],
        "score": score.value,
        "score_kind": score.kind,
        "worst_second": score.worst_second,
        "curve": list(score.curve),
        "advice": [score.advice, score.advice_second],
        "lag_ms": score.lag_ms,
        "took": round(seconds, 3),
    }


def _no_sound(item: Item, error: OSError) -> str:
    reason = (error.strerror or "the system refused it").lower()
    return f"The sound '{item.line.audio}' cannot be read: {reason}. Check its name and folder."


def _shard_name(shard: tuple[int, int]) -> str:
    return f"{shard[0]}-of-{shard[1]}"
