# SPDX-License-Identifier: GPL-3.0-or-later
"""What a checkpoint's channels are: it travels in the weights' metadata as `extra.motion_space`.

Two kinds: "units" are weights of expression units by name, with the neck; "flame" are a FLAME's
parameters, Exp1..ExpN and the jaw's axis-angle, and belong to one FLAME file.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .contract import CHANNELS, MOTION_FPS, NECK, UNITS, FloatArray, WeightsError

Kind = Literal["units", "flame"]
KINDS: tuple[Kind, ...] = ("units", "flame")
KEY = "motion_space"  # of the extra values in a model file
OPEN_HEAD = "open_head"
MOST = {"mouthRollLower": 0.7}  # `FaceModel.unit_max` of the open head: units that end below 1
JAW: tuple[str, ...] = ("jawPitch", "jawYaw", "jawRoll")  # axis-angle x, y, z in radians
MOUTH = ("jaw", "mouth", "tongue")  # what the names of the mouth's channels begin with
TURNED = ("neckYaw", "neckRoll", "jawYaw", "jawRoll")  # change their sign in a mirror


@dataclass(frozen=True)
class MotionSpace:
    """Names of the channels, what they are, how fast, and of which face.

    `face` is `open_head` or the sha256 of a FLAME file. `pairs` are channels that change places
    in a mirror (indices); channels that stay and turn their sign there are in `turned`.
    Raises WeightsError when the parts do not fit together.
    """

    channels: tuple[str, ...]
    kind: Kind = "units"
    fps: float = float(MOTION_FPS)
    face: str = OPEN_HEAD
    pairs: tuple[tuple[int, int], ...] = ()
    turned: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.channels)
        places = [place for pair in self.pairs for place in pair] + list(self.turned)
        sound = (
            self.kind in KINDS
            and 0 < count == len(set(self.channels))
            and self.fps == MOTION_FPS
            and all(0 <= place < count for place in places)
            and len(places) == len(set(places))
        )
        if not sound:
            raise WeightsError(
                f"The motion space of this checkpoint is not understood ({count} channels of kind "
                f"'{self.kind}' at {self.fps:g} frames a second). It was made by another version."
            )

    def check(self, channels: int) -> None:
        """Raises WeightsError where a network of so many channels cannot speak this space."""
        if channels != len(self.channels):
            raise WeightsError(
                f"The denoiser has {channels} channels and its motion space {len(self.channels)}. "
                "The two do not belong together."
            )

    def index(self, name: str) -> int | None:
        """Place of a channel; None where the space has none of that name."""
        return self.channels.index(name) if name in self.channels else None

    def mouth(self) -> list[int]:
        """Channels that say the words. A FLAME's expressions all move the mouth a little: there
        only the jaw is certain."""
        return [i for i, name in enumerate(self.channels) if name.startswith(MOUTH)]

    def tidied(self, motion: FloatArray) -> FloatArray:
        """Motion (frames, channels) within what the channels can be.

        Units lie between 0 and the most that the open head has of them, and mouthClose is never
        beyond jawOpen; FLAME's parameters are free.
        """
        tidy = np.array(motion, np.float32)
        if self.kind == "flame":
            return tidy
        units = [i for i, name in enumerate(self.channels) if name in UNITS]
        most = np.array([MOST.get(self.channels[i], 1.0) for i in units], np.float32)
        tidy[:, units] = np.clip(tidy[:, units], 0.0, most)
        opened, closed = self.index("jawOpen"), self.index("mouthClose")
        if opened is not None and closed is not None:
            tidy[:, closed] = np.minimum(tidy[:, closed], tidy[:, opened])
        return tidy

    def mirrored(self, motion: npt.NDArray[np.floating]) -> FloatArray:
        """The same performance (frames, channels) in a mirror. Raises WeightsError if unknown."""
        if not self.pairs:
            raise WeightsError("This motion space does not say which channels mirror each other.")
        order = np.arange(len(self.channels))
        for left, right in self.pairs:
            order[[left, right]] = right, left
        swapped = np.asarray(motion, np.float32)[:, order]
        swapped[:, list(self.turned)] *= -1.0
        return swapped

    def channels_of(self, motion: FloatArray) -> FloatArray:
        """Motion (frames, channels) as the contract's CHANNELS (frames, 55), by name.

        Raises WeightsError for a FLAME's parameters, which need that FLAME.
        """
        if self.kind == "flame":
            raise WeightsError(
                "This checkpoint speaks the parameters of a FLAME. Use it on that FLAME's rig, or "
                "train one on units: python -m training.prepare maps FLAME data to them."
            )
        whole = np.zeros((len(motion), len(CHANNELS)), np.float32)
        for column, name in enumerate(self.channels):
            if name in CHANNELS:
                whole[:, CHANNELS.index(name)] = motion[:, column]
        return whole


def unit_space(channels: tuple[str, ...] = CHANNELS) -> MotionSpace:
    """The space of named units and the neck on the open head, its mirror from the names."""
    return MotionSpace(channels, pairs=_pairs(channels), turned=_turned(channels))


def flame_space(expressions: int, sha256: str, neck: bool = True) -> MotionSpace:
    """Exp1..ExpN, the jaw and the neck of one FLAME file."""
    names = tuple(f"Exp{index + 1}" for index in range(expressions))
    channels = (*names, *JAW, *(NECK if neck else ()))
    return MotionSpace(channels, "flame", face=sha256)


def space_of(extra: dict[str, Any]) -> MotionSpace:
    """The motion space in the extra values of a model file; files without one speak CHANNELS.

    Raises WeightsError.
    """
    values = extra.get(KEY)
    if values is None:
        return unit_space()
    try:
        return MotionSpace(
            channels=tuple(str(name) for name in values["channels"]),
            kind=values["kind"],
            fps=float(values["fps"]),
            face=str(values["face"]),
            pairs=tuple((int(left), int(right)) for left, right in values["pairs"]),
            turned=tuple(int(place) for place in values["turned"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"The motion space of this checkpoint cannot be read ({error!r})."
        ) from error


def as_values(space: MotionSpace) -> dict[str, Any]:
    """For the metadata of a model file, as JSON."""
    return asdict(space)


def _pairs(channels: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    return tuple(
        (index, channels.index(other))
        for index, name in enumerate(channels)
        if name.endswith("Left") and (other := f"{name[:-4]}Right") in channels
    )


def _turned(channels: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(channels.index(name) for name in TURNED if name in channels)
