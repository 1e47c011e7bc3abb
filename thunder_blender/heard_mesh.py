# SPDX-License-Identifier: GPL-3.0-or-later
"""What a face says, as a sound strip near its line: muted, and replaced when it is made again.

The sound is packed into the file: nothing is written beside it, and undo takes all of it back.
Before 5.0 Blender draws a strip red whose sound's path leads nowhere, packed or not: there a copy
is kept in the extension's folder, as of every packed sound that is a line.
"""

from __future__ import annotations

import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..model_runtime.contract import (
    MOTION_FPS,
    UNITS,
    Answer,
    AudioError,
    FaceMotion,
    FloatArray,
    HeardMesh,
    HearRequest,
    Sound,
)
from . import compat, lines, meter_mesh, range_curves, range_motion, request, sound, steps, takes
from .lines import HEARD, Line, LineError
from .readiness import engine_reason
from .rig import Rig, RigError

LOUDEST = 32767  # of 16 bits
CHANNELS = 128  # as many as the sequencer has
RED_WHEN_PACKED = bpy.app.version < (5, 0, 0)


@dataclass(frozen=True)
class Hearing:
    """One face to be heard. It names data-blocks, so that it stays true through undo."""

    rig_name: str
    rig_id: str
    scene: str
    line: Line
    what: str  # of the face is heard: a take's name, or "the animation"
    question: HearRequest

    def land(self, answer: Answer) -> str:
        """Put the sound on its strip, and say so. Raises LineError where the line is gone."""
        assert isinstance(answer, HeardMesh), "a HearRequest is answered with HeardMesh"
        scene = bpy.data.scenes.get(self.scene)
        strip = scene and lines.find_strip(scene, self.line.line_id)
        if scene is None or strip is None:
            raise LineError(
                f"The strip '{self.line.strip_name}' was deleted meanwhile. Undo that, and listen "
                "again."
            )
        now = lines.line_of_strip(scene, strip)
        put = put_strip(scene, strip, now, self.rig_id, self.rig_name, answer)
        state = "muted" if put.mute else "heard"
        return (
            f"What {self.rig_name} says in {self.what} is on channel {put.channel}, {state}: "
            f"{put.name}"
        )


def hearing_steps(context: bpy.types.Context, take: str = "") -> steps.Steps[Hearing]:
    """Gather what is to be heard: the animation as the mesh shows it, or a take's own curves.

    Raises ThunderError with the reason when something is missing.
    """
    rig = request.required_rig(context)
    scene = compat.sequencer_scene(context)
    strip = request.current_strip(context)
    if strip is None:
        raise LineError(f"{request.NO_STRIP}.")
    line, sequencer = lines.line_of_strip(scene, strip), scene.name
    identifier, name = rig.identifier, rig.mesh.name
    if take:
        motion = _of_take(rig, line, take)
    else:
        motion = (yield from meter_mesh.gather_steps(rig, line)).motion
    said = Sound(line.path, line.start, line.duration)
    what = take or "the animation"
    question = HearRequest(said, motion)
    return Hearing(name, identifier, sequencer, line, what, question)


def disabled_reason(context: bpy.types.Context) -> str:
    """Why no face can be heard; cheap enough for drawing."""
    if reason := request.rig_reason(context) or request.strip_reason(context):
        return reason
    return meter_mesh.unmapped_reason(request.required_rig(context)) or engine_reason()


def _of_take(rig: Rig, line: Line, name: str) -> FaceMotion:
    action = next((item for item in takes.list_takes(rig) if item.name == name), None)
    if action is None:
        raise RigError(f"{rig.mesh.name} has no take '{name}'. Choose one from the list.")
    if reason := range_curves.unreadable_reason(rig, action):
        raise RigError(f"{reason}, or switch to it and listen to the animation instead.")
    weights = range_motion.sampled(rig, action, line)[:, : len(UNITS)]
    return FaceMotion(float(MOTION_FPS), np.ascontiguousarray(weights))


def put_strip(
    scene: bpy.types.Scene, strip: Any, line: Line, rig_id: str, rig_name: str, heard: HeardMesh
) -> Any:
    """The strip with what a face says, in place of the one that was there. Raises AudioError."""
    mark = f"{line.line_id} {rig_id}"
    old = next((s for s in compat.all_sequences(scene) if s.get(HEARD) == mark), None)
    active = scene.sequence_editor.active_strip
    frame = int(np.floor(line.first_frame + 1e-4))
    samples = _in_time(heard, line, (line.first_frame - frame) / line.rate)
    made = _written(f"Heard {line.strip_name}", samples, heard.rate)
    length = int(np.ceil(len(samples) / heard.rate * line.rate))
    muted, channel = (True, 0) if old is None else (old.mute, old.channel)
    if old is not None:
        _remove(scene, old)
    channel = channel or _free_channel(scene, strip.channel, frame, frame + length)
    put = _strip_of(scene, made, f"{rig_name} says {line.strip_name}", channel, frame)
    put[HEARD], put.mute, put.select = mark, muted, False
    scene.sequence_editor.active_strip = active or strip
    return put


def _in_time(heard: HeardMesh, line: Line, lead: float) -> FloatArray:
    """The samples as fast as the line is played, after `lead` seconds of silence."""
    samples = heard.samples
    if abs(line.speed - 1.0) > 1e-3:
        places = np.arange(int(len(samples) / line.speed)) * line.speed
        samples = np.interp(places, np.arange(len(samples)), samples).astype(np.float32)
    return np.concatenate((np.zeros(round(lead * heard.rate), np.float32), samples))


def _written(name: str, samples: FloatArray, rate: int) -> Path:
    """A WAV of 16 bits in the temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="thunder-heard-"))
    path = folder / f"{bpy.path.clean_name(name)}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples.clip(-1.0, 1.0) * LOUDEST).astype("<i2").tobytes())
    return path


def _strip_of(scene: bpy.types.Scene, path: Path, name: str, channel: int, frame: int) -> Any:
    """A strip of a file that is packed and then gone from the disk. Raises AudioError."""
    try:
        put = sound.add_sound(scene, path, frame, channel)
        put.name = put.sound.name = name
        put.sound.pack()
        kept = str(lines.sound_path(put)) if RED_WHEN_PACKED else f"//{path.name}"
        put.sound.filepath = kept
    except RuntimeError as error:
        raise AudioError(f"Blender cannot pack the sound of the face ({error}).") from error
    finally:
        path.unlink(missing_ok=True)
        path.parent.rmdir()
    return put


def restore_copies() -> None:
    """Write the copies anew that strips need in order not to be red: after a file was opened that
    another machine has made, or whose copies were swept. Blender 5.0 and later need none."""
    if not RED_WHEN_PACKED:
        return
    for scene in bpy.data.scenes:
        for strip in (s for s in compat.all_sequences(scene) if HEARD in s and s.sound):
            kept = strip.sound
            if kept.packed_file and not Path(bpy.path.abspath(kept.filepath)).is_file():
                kept.filepath = str(lines.sound_path(strip))


def _remove(scene: bpy.types.Scene, strip: Any) -> None:
    unheard = strip.sound
    compat.sequences(scene).remove(strip)
    if unheard is not None and not unheard.users:
        bpy.data.sounds.remove(unheard)


def _free_channel(scene: bpy.types.Scene, line: int, first: int, after: int) -> int:
    """The channel nearest below the line's on which nothing lies in these frames, else above."""
    taken = {
        strip.channel
        for strip in compat.all_sequences(scene)
        if compat.strip_range(strip)[0] < after and compat.strip_range(strip)[1] > first
    }
    choices = [*range(line - 1, 0, -1), *range(line + 1, CHANNELS + 1)]
    return next(channel for channel in choices if channel not in taken)
