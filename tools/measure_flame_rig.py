# SPDX-License-Identifier: GPL-3.0-or-later
"""How well the words' contacts arrive on an imported FLAME, on the evaluated mesh in Blender.

python tools/measure_flame_rig.py --zip EXTENSION.zip [--json docs/results/rigs.json]
(where the bpy module is installed; --seed picks one of measure_flame's surrogates)

The FLAME is the surrogate of `surrogate_flame`: what its mouth and teeth truly are is known to its
maker, not to the import, which sees the file alone. The open head in the extension still knows the
person it was made from; `measure_flame transfer` leaves that person out. The line and the figures
are those of `measure_rigs`; lengths are in millimetres of the open head. Also told: how far the
evaluated vertices are from FLAME's own function over random shapes, expressions and poses, and how
long the calibration and the mapping of 1,500 frames take.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["BLENDER_USER_RESOURCES"] = tempfile.mkdtemp(prefix="thunder-flame-")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bpy
import numpy as np

from model_runtime.face import FaceModel, load_face
from model_runtime.flame_solve import posed
from tools import make_test_flame, rig_addons, rig_words
from tools.demo_scene import Room, install_extension
from tools.rig_words import FIGURES, RATE
from tools.surrogate_flame import Surrogate, surrogate
from training.metrics import contacts
from training.metrics.results import update_results

SURROGATES = {0: ("Bruno", 0.0), 1: ("Grace", 0.0), 2: ("Chen", 0.0034)}
POSES = 12  # random ones that are compared with FLAME's function
FRAMES = 1500
TRIES, FEW, WIDE = 3000, 6, 3.0  # of the search for what the rig can reach; in coefficients


@dataclass(frozen=True)
class Mouth:
    """What `rig_words.Probe.of` reads, on the surrogate's own vertices."""

    upper: np.ndarray
    lower: np.ndarray
    wet: np.ndarray  # (columns, rings)
    edges: np.ndarray  # of `teeth`
    chin: np.ndarray
    scale: float  # metres on this face for one millimetre of the open head
    teeth: np.ndarray  # (K,3) Blender's axes


class FlameProbe(rig_words.Probe):
    """Reads the surrogate's lips off the evaluated mesh; its teeth are part of the skull."""

    def __init__(self, mouth: Mouth, mesh: bpy.types.Object) -> None:
        self.mesh, self.mouth = mesh, mouth
        super().__init__(mouth)

    def measure(self) -> tuple[float, float, float]:
        return self.of(shown(self.mesh), self.mouth.teeth)


def mouth_of(made: Surrogate, face: FaceModel, scale: float) -> Mouth:
    """The surrogate's mouth."""
    edges = blender_axes(made.incisors)
    return Mouth(*rig_addons.mouth(made, face, edges), scale, edges)


def blender_axes(points: np.ndarray) -> np.ndarray:
    x, y, z = np.moveaxis(np.asarray(points, float), -1, 0)
    return np.stack([x, -z, y], axis=-1)


def shown(mesh: bpy.types.Object) -> np.ndarray:
    """Evaluated vertices in Blender's axes (V,3)."""
    data = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    flat = np.empty(3 * len(data.vertices), np.float32)
    data.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3).astype(float)


def reach(mouth: Mouth, face: FaceModel) -> dict[str, float]:
    """1 for each contact that some expression and pitch of the jaw make, 0 for the others."""
    probe = rig_words.Probe(mouth)
    used = np.unique(np.concatenate([mouth.upper, mouth.lower, mouth.wet.ravel(), mouth.chin]))

    def at(values: np.ndarray) -> tuple[float, float, float]:
        points = np.zeros((len(face.template), 3))
        moved = posed(face, values[None, 1:], np.array([[values[0], 0, 0]]), used)
        points[used] = blender_axes(moved[0])
        return probe.of(points, mouth.teeth)

    rest = at(np.zeros(len(face.expression_basis) + 1))
    closed = _searched(lambda v: max(at(v)[0] - contacts.CLOSED, 0.0), len(face.expression_basis))
    dental = _searched(lambda v: _dental(*at(v)[:2]), len(face.expression_basis))
    return {
        "pbm_closed": float(closed <= 1e-6),
        "fv_contact": float(dental <= 1e-6),
        "rest": float(closed <= 1e-6 or rest[0] <= contacts.REST_APERTURE),
    }


def _dental(gap: float, tooth: float) -> float:
    low, high = contacts.FRICATIVE_APERTURE
    return max(low - gap, 0.0) + max(gap - high, 0.0) + max(tooth - contacts.TOOTH_CONTACT, 0.0)


def _searched(miss: Callable[[np.ndarray], float], expressions: int) -> float:
    """The least miss that a random climb finds from the face at rest."""
    rng = np.random.default_rng(rig_words.SEED)
    best = np.zeros(expressions + 1)
    least = miss(best)
    for _ in range(TRIES):
        if least <= 0:
            break
        step = np.zeros(len(best))
        step[rng.integers(1, len(best), FEW)] = rng.normal(0, 0.4, FEW)
        step[0] = rng.normal(0, 0.03)
        tried = np.clip(best + step, -WIDE, WIDE)
        tried[0] = np.clip(tried[0], -0.15, 0.6)
        if (now := miss(tried)) < least:
            best, least = tried, now
    return least


def figures(
    room: Room, rig: Any, probe: rig_words.Probe, words: rig_words.Line
) -> dict[str, float]:
    """The line as a take on the rig, measured at every frame."""
    contract, takes = room("model_runtime.contract"), room("thunder_blender.takes")
    take = contract.Take(words.motion, contract.CHANNELS, 50.0, {"seed": 1})
    action = takes.create_take(rig, "words", take, RATE, 1)
    takes.choose_take(rig, action)
    measured = []
    for frame in range(1, takes.take_frames(action)[1] + 1):
        bpy.context.scene.frame_set(frame)
        measured.append(probe.measure())
    takes.restore_mine(rig)
    return rig_words.figures(words, np.array(measured))


def without_contacts(
    room: Room, rig: Any, probe: rig_words.Probe, words: rig_words.Line
) -> dict[str, float]:
    """The same by expressions and jaw alone, with nothing done about the lips' gap."""
    kept = list(rig.mesh["thunder_flame_lips"])
    rig.mesh["thunder_flame_lips"] = []
    found = figures(room, rig, probe, words)
    rig.mesh["thunder_flame_lips"] = kept
    return found


def parity(room: Room, rig: Any, flame: Any) -> float:
    """The farthest that a vertex lies from FLAME's own function, in metres."""
    from mathutils import Quaternion, Vector

    runtime, rng = room("model_runtime.flame"), np.random.default_rng(8)
    names = runtime.JOINTS
    keys = [block for block in rig.keys.key_blocks if block.name.startswith("Shape")]
    worst = 0.0
    for _ in range(POSES):
        person, expression = rng.normal(size=len(keys)), rng.normal(size=100)
        turns = rng.normal(0, 0.3, (len(names), 3))
        for index, block in enumerate(keys):
            block.value = person[index]
        for index, value in enumerate(expression):
            rig.keys.key_blocks[f"Exp{index + 1}"].value = value
        for name, turn in zip(names, turns, strict=True):
            axis = Vector(turn.tolist())
            bone = rig.armature.pose.bones[name]
            bone.rotation_euler = Quaternion(axis.normalized(), axis.length).to_euler("XYZ")
        bpy.context.view_layer.update()
        wanted = runtime.forward(flame, person, expression[None], turns[None])[0]
        worst = max(worst, float(np.abs(shown(rig.mesh) - blender_axes(wanted)).max()))
    return worst


def measure(room: Room, seed: int, folder: Path, residual: bool) -> dict[str, Any]:
    """All figures of one surrogate; prints them."""
    person, apart = SURROGATES[seed]
    face, words = load_face(), rig_words.line()
    made = surrogate(seed, person, apart=apart, identities=40)
    file = folder / "generic_model.pkl"
    make_test_flame.write_2020(file, made.parts)
    scene = fresh()
    head = room("thunder_blender.head")
    own = head.create_head(scene.collection, head.HeadParams())
    on_head = figures(room, own, rig_words.HeadProbe(face, own.mesh), words)
    scene = fresh()
    importer = room("thunder_blender.flame_import")
    wanted = importer.FlameImport(file, residual_keys=residual)
    started = time.perf_counter(), time.process_time()
    prepared = importer.prepare(wanted)
    calibrated = _since(started)
    imported = importer.build(scene.collection, prepared)
    print(imported.sentence())
    mouth = mouth_of(made, face, 0.001 * float(prepared.mapping.scale[0]))
    found = figures(room, imported.rig, FlameProbe(mouth, imported.rig.mesh), words)
    plain = without_contacts(room, imported.rig, FlameProbe(mouth, imported.rig.mesh), words)
    can = reach(mouth, prepared.flame.face)
    best = {name: round(min(on_head[name], can[name]), 4) for name in FIGURES}
    solver = room("thunder_blender.flame_motion").solver_of(imported.rig)
    many = np.random.default_rng(0).random((FRAMES, 55)).astype(np.float32)
    started = time.perf_counter(), time.process_time()
    solver.solve(many, room("model_runtime.contract").CHANNELS)
    mapped = _since(started)
    return {
        **found,
        "best": best,
        "without_contacts": plain,
        "reach": can,
        "open_head": on_head,
        "calibration_seconds": calibrated,
        "mapping_seconds_1500_frames": mapped,
        "farthest_vertex_mm": round(1000 * parity(room, imported.rig, prepared.flame), 5),
    }


def _since(started: tuple[float, float]) -> dict[str, float]:
    """Seconds on the clock, which other work on the machine makes longer, and of the processor."""
    clock, own = time.perf_counter() - started[0], time.process_time() - started[1]
    return {"clock": round(clock, 3), "processor": round(own, 3)}


def fresh() -> bpy.types.Scene:
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.context.scene.render.fps = RATE
    return bpy.context.scene


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zip", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seed", type=int, action="append", choices=list(SURROGATES))
    parser.add_argument("--residual", action="store_true", help="with residual keys")
    options = parser.parse_args()
    room = install_extension(options.zip)
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in options.seed or SURROGATES:
            rows[SURROGATES[seed][0]] = measure(room, seed, Path(folder), options.residual)
            print(SURROGATES[seed][0], rows[SURROGATES[seed][0]], flush=True)
    if options.json:
        first, *others = rows.values()
        named = dict(zip(list(rows)[1:], others, strict=True))
        update_results(options.json, {"flame": {**first, "other_surrogates": named}})


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
