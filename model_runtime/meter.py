# SPDX-License-Identifier: GPL-3.0-or-later
"""The meter: how probable it is, frame by frame, that a motion says a sound.

The judge, a mesh-to-speech model that supervised no training, tells which speech it sees in the
mouth; that is compared with the sound at many shifts. Lip contacts are measured apart. A small
calibrated network (training.fit_meter) weighs all of it. docs/meter.md.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from .contract import MOTION_FPS, FaceMotion, FloatArray, Meter, WeightsError
from .encoder import EncoderConfig, SpeechEncoder
from .face import FaceModel, load_face
from .hearing import Calibration
from .lips import LipProbe, lip_probe
from .mesh_to_speech import UNITS_NAME, MeshToSpeech, load_centroids, load_m2s
from .meter_advice import advise
from .meter_config import CONTACT_FEATURES, NAME, MeterConfig, MeterNet
from .meter_evidence import (
    Compared,
    Miss,
    compare,
    contact_features,
    frame_features,
    lag_of,
    line_features,
    misses,
)
from .meter_files import holds, meter_file, meter_folder
from .meter_hearing import HeardLine, hear_line, seen_lips
from .meter_lips import SWING_REACH
from .meter_motion import (
    Judged,
    Mouth,
    Rows,
    at_motion_rate,
    judged,
    measured_probe,
    mouth_of,
    touching,
)
from .recognise import HeardPiece, LazyRecogniser, Tell
from .recognise_choice import choose
from .weights import WEIGHTS_DIR, check_file, load_state, read_metadata, weights_path

log = logging.getLogger(__name__)
JUDGE = "m2s_judge"
SILENT = CONTACT_FEATURES.index("silent")
BoolArray = npt.NDArray[np.bool_]


class Evidence(NamedTuple):
    """All that is found of one motion beside one sound, before it is weighed."""

    compared: Compared
    features: FloatArray  # (frames, FRAME_FEATURES)
    contacts: FloatArray  # (frames, len(CONTACT_FEATURES))
    misses: list[Miss]


@dataclass
class Meters:
    """The loaded meter. The same sound and motion always give the same figures."""

    encoder: SpeechEncoder
    centroids: FloatArray
    judge: MeshToSpeech
    net: MeterNet
    face: FaceModel
    probe: LipProbe  # of unit weights
    measured: LipProbe  # of offsets
    model: str = ""  # sha256 of the judge
    recogniser: LazyRecogniser | None = None  # of the words of lines without a transcript

    @property
    def config(self) -> MeterConfig:
        return self.net.config

    @classmethod
    def load(
        cls,
        weights: Path | None = None,
        encoder: SpeechEncoder | None = None,
        device: torch.device | None = None,
        judge: str = JUDGE,
        net: MeterNet | None = None,
        recogniser: LazyRecogniser | None = None,
    ) -> Meters:
        """The meter of the folder `weights`; what it lacks is the bundled one.

        `encoder` is that of an engine that is loaded already; the judge then goes to its device.
        Bundled speech units are of the bundled encoder, which is then loaded beside another.
        Training gives another `judge` file's name, or a `net` that is not fitted yet. With a
        `recogniser`, an engine's, lines without a transcript are heard with the words it finds.
        Raises WeightsError where a file is missing or damaged.
        """
        folder = meter_folder(weights, WEIGHTS_DIR)
        if weights is not None and folder != weights and holds(weights, "encoder"):
            encoder = None
        ears = encoder or load_ears(_found("encoder", folder))
        device = device or next(ears.parameters()).device
        path = _found(judge, folder)
        model, net = check_file(path), net or load_net(_found(NAME, folder))
        if net.config.judge not in ("", model):
            log.warning("the meter was fitted for another judge: run training.fit_meter")
        face, watcher = load_face(), load_m2s(path)
        centroids = load_centroids(_found(UNITS_NAME, folder))
        _check_parts(ears, centroids, watcher, net)
        return cls(
            ears.to(device),
            centroids,
            watcher.to(device),
            net,
            face,
            lip_probe(face),
            measured_probe(face),
            model,
            recogniser,
        )

    def hear(
        self, samples: FloatArray, transcript: str = "", tell: Tell | None = None
    ) -> HeardLine:
        """Listen to 16 kHz sound (n,) once, for any number of motions.

        `tell` hears which share of the words is recognised.
        """
        texts: tuple[HeardPiece, ...] = ()
        if self.recogniser is not None and not transcript.strip():
            texts = self.recogniser.texts(samples, tell)
        parts = self.encoder, self.centroids, self.net
        return hear_line(samples, *parts, transcript, partial(choose, texts))

    def measure(
        self,
        sound: FloatArray | HeardLine,
        motion: FaceMotion,
        transcript: str = "",
        span: tuple[float, float] | None = None,
    ) -> Meter:
        """Measure a motion against 16 kHz sound (n,) or what `hear` made of it.

        `frames` of the result are at 50 fps from the line's start; with `span` (seconds of the
        line) those outside of it are nan, and score, lag and advice are the span's. Raises
        RequestError on motion that is none.
        """
        heard = sound if isinstance(sound, HeardLine) else self.hear(sound, transcript)
        chosen = frames_of(span, heard.frames)
        values = at_motion_rate(motion, heard.frames, self.face)
        evidence = self.evidence(heard, values, chosen, motion)
        return self.weigh(heard, evidence, chosen)

    def line_score(self, sound: FloatArray | HeardLine, weights: FloatArray) -> float:
        """Score of unit weights (frames, 52 or more) at 50 fps, 0..1; nan where nothing is said."""
        motion = FaceMotion(float(MOTION_FPS), np.ascontiguousarray(weights[:, :52], np.float32))
        return self.measure(sound, motion).score

    def evidence(
        self, heard: HeardLine, motion: FloatArray, rows: Rows, keyed: FaceMotion | None = None
    ) -> Evidence:
        """Compare a motion at 50 fps, (frames, 52) or (frames, V, 3), in the frames `rows`.

        `keyed` is the same at the rate that it came in.
        """
        near = self.near(heard, rows)
        reach = self.config.shifts
        said = judged(self.judge, motion, heard.voice, widened(near, reach, heard.frames))
        mouth = self._mouth(motion, widened(near, reach + SWING_REACH, heard.frames), keyed)
        return self.compared(heard, said, mouth, rows)

    def compared(self, heard: HeardLine, said: Judged, mouth: Mouth, rows: Rows) -> Evidence:
        """The same of what the judge and the probe saw already."""
        seen = seen_lips(self.net.lips, mouth)
        compared = compare(heard, said, seen, self.config, self.near(heard, rows))
        found = [miss for miss in misses(heard, mouth, self.config) if _touches(miss, rows)]
        return Evidence(
            compared,
            frame_features(compared, heard.spoken, self.config),
            contact_features(found, mouth, heard.spoken),
            found,
        )

    def near(self, heard: HeardLine, rows: Rows) -> Rows:
        """The frames whose evidence has a part in the figures of `rows`."""
        return widened(rows, self.config.windows[-1] // 2 + 1, heard.frames)

    @torch.inference_mode()
    def weigh(self, heard: HeardLine, evidence: Evidence, rows: Rows) -> Meter:
        """The calibrated figures of some evidence."""
        parts = torch.from_numpy(evidence.features), torch.from_numpy(evidence.contacts)
        logits = self.net.frames(*parts).numpy()
        inside = np.zeros(heard.frames, bool)
        inside[slice(*rows)] = True
        chosen = heard.spoken & inside
        score, lag = float("nan"), float("nan")
        if chosen.any():
            line = line_features(evidence.compared, logits, chosen, self.config)
            score = float(self.net.lines(torch.from_numpy(line)[None]).sigmoid()[0])
            lag = lag_of(evidence.compared, chosen, self.config)
        values = np.where(inside, 1.0 / (1.0 + np.exp(-logits)), np.nan).astype(np.float32)
        moving = np.where(inside, evidence.contacts[:, SILENT], 0.0)
        return Meter(
            score,
            values,
            heard.spoken.astype(np.float32),
            float(MOTION_FPS),
            lag,
            advise(values, heard.spoken & inside, moving, evidence.misses, lag, score),
            heard.phones,
            heard.words,
            self.model,
        )

    def _mouth(self, motion: FloatArray, rows: Rows, keyed: FaceMotion | None) -> Mouth:
        """Lips in the frames `rows`; elsewhere neither apart nor shut."""
        probe = self.probe if motion.ndim == 2 else self.measured
        near = mouth_of(probe, motion[slice(*rows)])
        full = [np.full(len(motion), 0.0, np.float32) for _ in near]
        for values, found in zip(full, near, strict=True):
            values[slice(*rows)] = found
        if keyed is None or keyed.fps == MOTION_FPS:
            return Mouth(*full)
        first, last = (round(row * keyed.fps / MOTION_FPS) for row in rows)
        frames = keyed.weights if keyed.offsets is None else keyed.offsets
        assert frames is not None
        if first >= len(frames):
            return Mouth(*full)
        at_keys = mouth_of(probe, np.asarray(frames[first:last], np.float32))
        return touching(Mouth(*full), at_keys, keyed.fps, first)


def _check_parts(
    ears: SpeechEncoder, centroids: FloatArray, judge: MeshToSpeech, net: MeterNet
) -> None:
    units = {len(centroids), judge.config.units, len(net.config.background) or len(centroids)}
    if centroids.shape[1] != ears.config.width or len(units) > 1:
        raise WeightsError(
            "The speech units, the judge and the meter do not belong to the speech encoder. "
            "Reinstall the extension, or make them again for this encoder."
        )


def frames_of(span: tuple[float, float] | None, frames: int) -> Rows:
    """Motion frames of a span in seconds, at least one."""
    if span is None:
        return (0, frames)
    first = min(max(0, int(np.floor(span[0] * MOTION_FPS))), frames - 1)
    return (first, max(first + 1, min(frames, int(np.ceil(span[1] * MOTION_FPS)))))


def widened(rows: Rows, by: int, frames: int) -> Rows:
    """So many frames more at either end, within the line."""
    return (max(0, rows[0] - by), min(frames, rows[1] + by))


def _touches(miss: Miss, rows: Rows) -> bool:
    return miss.contact.end * MOTION_FPS >= rows[0] - 3 and (
        miss.contact.start * MOTION_FPS <= rows[1] + 3
    )


def load_ears(path: Path) -> SpeechEncoder:
    """The speech encoder of a file. Raises WeightsError."""
    return load_state(SpeechEncoder(EncoderConfig(**read_metadata(path)[0])), path)


def load_net(path: Path) -> MeterNet:
    """The calibrated network of a file. Raises WeightsError."""
    check_file(path)
    return load_state(MeterNet(meter_config(read_metadata(path)[0])), path)


def meter_config(values: dict[str, Any]) -> MeterConfig:
    """MeterConfig from the JSON in a model file. Raises WeightsError."""
    plain: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in values.items()
    }
    try:
        pairs = plain.pop("contacts")
        calibration = Calibration(**{name: tuple(value) for name, value in pairs.items()})
        return MeterConfig(**plain, contacts=calibration)
    except (KeyError, TypeError) as error:
        raise WeightsError(
            f"The meter's file is of another version ({error}). Reinstall the extension."
        ) from error


def _found(name: str, folder: Path) -> Path:
    """The model file in `folder`, or the bundled one. Raises WeightsError."""
    return weights_path(name, meter_file(name, folder, WEIGHTS_DIR).parent)
