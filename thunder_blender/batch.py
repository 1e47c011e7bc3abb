# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch in Blender: the engine's own processes make the takes, this one makes scenes of them.

Both go on at the same time. What is done stands in the journals of the folder of results, so that
a run which dies at any point, with or without its engine, is finished by the next one.
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..model_runtime.batch_cli import (
    SOME_FAILED,
    UNFINISHED,
    Plan,
    batch,
    child_arguments,
    seconds_given,
)
from ..model_runtime.batch_crew import Crew, exit_code
from ..model_runtime.batch_follow import blame, place
from ..model_runtime.batch_journal import (
    DONE,
    FAILED,
    HIDDEN,
    PART_LETTERS,
    Claims,
    Journal,
    State,
    is_there,
    output_record,
    sweep,
)
from ..model_runtime.batch_lines import CURVES
from ..model_runtime.batch_tell import Teller
from ..model_runtime.batch_work import Item
from ..model_runtime.contract import OutputError, ThunderError
from . import batch_outputs, batch_scene, preferences
from .engine import Launch
from .engine_process import bootstrap, clean_environment

TAKES = "takes"  # the kind that puts all of a character's lines into one file
LOOK = 0.2  # seconds

log = logging.getLogger(__name__)


def perform(options: argparse.Namespace) -> int:
    """Run a batch with Blender's outputs; gives the exit code of `batch_cli`."""
    try:
        _choose_weights(options)
    except ThunderError as error:
        log.error("%s", error)
        return 1
    return batch(options, _run, _report)


def _choose_weights(options: argparse.Namespace) -> None:
    """Models that the command line does not name are those of the preferences, and so is whether
    words are recognised."""
    weights = None if options.weights else preferences.chosen_weights()
    options.weights = weights.folder if weights else options.weights
    own = preferences.preferences()
    options.no_recognise = options.no_recognise or not (own is None or own.recognise_words)


def _run(options: argparse.Namespace, plan: Plan, tell: Teller) -> int:
    launch = preferences.launch()
    crew = Crew(lambda: _start(launch, child_arguments(options)), options.jobs)
    run = SceneRun(options, plan, tell, crew)
    try:
        crew.begin()
        return run.run()
    finally:
        crew.stop()
        run.close()


def report(options: argparse.Namespace) -> int:
    """Write the report of all shards; gives the exit code of `batch_cli`.

    It is the engine's Python's work, which has what draws the stills.
    """
    try:
        _choose_weights(options)
        line = child_arguments(options)[1:]
        at = line.index("--parent")
        process = _start(preferences.launch(), ["report", *line[:at], *line[at + 2 :]])
    except ThunderError as error:
        log.error("%s", error)
        return 1
    process.communicate()
    return process.returncode


def _report(options: argparse.Namespace, plan: Plan) -> None:
    report(options)


def _start(launch: Launch, arguments: Iterable[str]) -> subprocess.Popen[bytes]:
    line = [str(launch.python), "-I", "-c", bootstrap("__main__"), str(launch.worker_root)]
    line += arguments
    environment = {"OMP_NUM_THREADS": "1", **clean_environment(os.environ)}
    return subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment)


@dataclass
class SceneRun:
    """Takes what the crew finishes and makes the scenes of it."""

    options: argparse.Namespace
    plan: Plan
    tell: Callable[[dict[str, Any]], None]
    crew: Crew
    counts: dict[str, int] = field(default_factory=lambda: {"made": 0, "kept": 0, "failed": 0})
    _start: float = field(default_factory=time.monotonic)
    _ready: deque[Item] = field(default_factory=deque)
    _gathered: dict[str, list[Item]] = field(default_factory=dict)  # by a scene's file name

    def __post_init__(self) -> None:
        self._claims = Claims(self.options.out / HIDDEN)
        self._journal = Journal(self.options.out, self._claims, "blender")
        self._scenes = batch_scene.Scenes(self.options.out)
        self._awaited = {item.name: item for item in self.plan.items}
        together = [item for item in self.plan.items if TAKES in item.line.outputs]
        self._stems = batch_scene.scene_stems(together)
        self._told: dict[str, str] = {}  # status of each item that was counted

    def close(self) -> None:
        self._scenes.close()
        self._journal.close()
        self._claims.close()

    def run(self) -> int:
        """Until the crew has ended and every scene is made; gives the exit code."""
        while not self.crew.over or self._ready:
            event = self.crew.next(0.0 if self._ready else LOOK)
            if event is not None:
                self._hear(event)
            elif self._ready:
                self._lines_scenes(self._ready.popleft())
        for name, items in self._gathered.items():
            self._characters_scene(name, items)
        self._sweep()
        code = exit_code(self.crew.codes)
        if code == 1:
            self.counts["failed"] += len(blame(self._journal, [*self._awaited.values()]))
        return self._end(code)

    def _sweep(self) -> None:
        """Remove what runs that died left half written."""
        parts = batch_outputs.half_written(self.options.out)
        owners: dict[str, set[str]] = {}
        for item in self.plan.items if parts else ():
            for kind in set(item.line.outputs) & set(batch_outputs.ENDINGS):
                name = item.path(batch_outputs.ENDINGS[kind]).name[:PART_LETTERS]
                owners.setdefault(name, set()).add(f"scene/{item.name}")
        for stem in self._stems.values():
            name = self._scene_path(stem).name[:PART_LETTERS]
            owners.setdefault(name, set()).add(f"scenes/{stem}")
        sweep(self._claims, parts, owners)

    def _scene_path(self, stem: str) -> Path:
        return self.options.out / "scenes" / f"{stem}{_part(self.options.shard)}.blend"

    def _end(self, code: int) -> int:
        left = len(self.plan.items) - sum(self.counts.values())
        seconds = round(time.monotonic() - self._start, 2)
        self.tell({"event": "end", **self.counts, "left": left, "stopped": "", "seconds": seconds})
        if code in (1, 2, 130) and left:
            return code
        if left:
            return UNFINISHED
        return SOME_FAILED if self.counts["failed"] else 0

    def _hear(self, event: dict[str, Any]) -> None:
        item = self._awaited.pop(event.get("item", ""), None)
        if event.get("event") != "line" or item is None:
            return
        if event["status"] == "failed":
            self._count("failed", item, event)
        elif set(item.line.outputs) <= set(CURVES):
            self._count("made" if event["status"] == "done" else "kept", item, event)
        else:
            self._ready.append(item)

    def _lines_scenes(self, item: Item) -> None:
        """Make the scenes of one line that are missing."""
        if self._out_of_time():
            return
        if not self._claims.take(f"scene/{item.name}"):
            self._ready.append(item)  # another run is at it
            time.sleep(LOOK)
            return
        start = time.monotonic()
        try:
            self._journal.refresh()
            state = self._journal.state(item.name)
            outputs = self._write(item, self._missing(item, state))
            if outputs:
                self._journal.write([{"record": DONE, "item": item.name, "outputs": outputs}])
        except ThunderError as error:
            self._fail(item, error)
            return
        finally:
            self._claims.release([f"scene/{item.name}"])
        if TAKES in item.line.outputs:
            stem = self._stems[item.line.character or batch_scene.NEW_HEAD, item.line.scene]
            self._gathered.setdefault(stem, []).append(item)
        took = {**state.result, "took": time.monotonic() - start}
        self._count("made" if outputs else "kept", item, took)

    def _missing(self, item: Item, state: State) -> dict[str, str]:
        """The kinds of one line's scene that are not there as they should be, and their keys."""
        take = str(state.result.get("key", ""))
        kinds = [kind for kind in item.line.outputs if kind in batch_outputs.ENDINGS]
        keys = {kind: self._scenes.key(kind, [(item, take)]) for kind in kinds}
        out = self.options.out
        return {k: key for k, key in keys.items() if not is_there(state.output(k, key), out)}

    def _write(self, item: Item, keys: dict[str, str]) -> list[dict[str, Any]]:
        """Write kinds of one line's scene; what the journal is to keep. Raises ThunderError."""
        if not keys:
            return []
        rig = self._scenes.open(item.line)
        batch_scene.show([batch_scene.put_in(rig, item, self.options.out)])
        content = batch_scene.content_hash()
        records = []
        for kind in sorted(keys, key=list(batch_outputs.ENDINGS).index):
            path = self.options.out / item.path(batch_outputs.ENDINGS[kind])
            self._journal.check()
            batch_outputs.write(kind, path, rig)
            records.append(self._record(path, kind, keys[kind], item, content))
        return records

    def _characters_scene(self, stem: str, items: list[Item]) -> None:
        """All takes of a character in one file, by one run at a time."""
        if self._out_of_time():
            return
        while not self._claims.take(f"scenes/{stem}"):
            time.sleep(LOOK)
        try:
            self._journal.refresh()
            self._characters_file(self._scene_path(stem), items)
        finally:
            self._claims.release([f"scenes/{stem}"])

    def _characters_file(self, path: Path, items: list[Item]) -> None:
        ordered = sorted(items, key=lambda one: (one.line.start_frame, one.name))
        states = {item.name: self._journal.state(item.name) for item in ordered}
        pairs = [(item, str(states[item.name].result.get("key", ""))) for item in ordered]
        key = self._scenes.key(TAKES, pairs)
        out = self.options.out
        if all(is_there(states[item.name].output(TAKES, key), out) for item in ordered):
            return
        self._journal.check()
        try:
            batch_scene.check_rates(ordered)
            rig = self._scenes.open(ordered[0].line)
            batch_scene.show([batch_scene.put_in(rig, item, out) for item in ordered])
            content = batch_scene.content_hash()
            batch_outputs.save(path)
        except ThunderError as error:
            self._journal.write([_failure(item, error) for item in ordered])
            for item in ordered:
                self.counts[self._told[item.name]] -= 1
            self.counts["failed"] += len(ordered)
            self.tell({"event": "note", "text": f"failed {path.name} - {error}"})
            return
        records = [(one, self._record(path, TAKES, key, one, content)) for one in ordered]
        self._journal.write(
            [{"record": DONE, "item": one.name, "outputs": [record]} for one, record in records]
        )
        self.tell({"event": "note", "text": f"Wrote {path}"})

    def _record(self, path: Path, kind: str, key: str, item: Item, content: str) -> dict[str, Any]:
        generation = self._journal.state(item.name).generation
        try:
            record = output_record(path, kind, key, self.options.out, generation)
        except OSError as error:
            raise OutputError(f"'{path}' cannot be read again: {error.strerror}.") from error
        return {**record, "content": content}

    def _fail(self, item: Item, error: ThunderError) -> None:
        self._journal.write([_failure(item, error)])
        self._count("failed", item, {"error": str(error)})

    def _count(self, status: str, item: Item, facts: dict[str, Any]) -> None:
        self.counts[status] += 1
        self._told[item.name] = status
        shown: dict[str, Any] = {
            name: facts[name] for name in ("score", "took", "error") if name in facts
        }
        status = "done" if status == "made" else status
        where = place(self.counts, len(self.plan.items), self._start)
        self.tell({"event": "line", "status": status, "item": item.name, **shown, **where})

    def _out_of_time(self) -> bool:
        limit = seconds_given(self.options.time_limit)
        return bool(limit) and time.monotonic() - self._start >= limit


def _failure(item: Item, error: ThunderError) -> dict[str, Any]:
    text = str(error)
    return {"record": FAILED, "item": item.name, "id": item.line.line_id, "error": text}


def _part(shard: str) -> str:
    number, shards = shard.split("/")
    return "" if int(shards) == 1 else f".{int(number)}-of-{int(shards)}"
