# SPDX-License-Identifier: GPL-3.0-or-later
"""Types of the Blender side, against the stubs of Blender 4.5 and of 5.2: two passes of mypy.

    python -m tools.check_blender_types

The stubs contradict each other, so each lives in an environment of its own. Within this repository
the extension has no package name (its root is the repository), so mypy sees it through a link.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tools import environments
from tools.environments import ENVS, ROOT, Environment, SetupError, child_environment

STUBS = {
    version: Environment(f"typing-{version}", (f"typing-{version}.txt",), 0.3)
    for version in ("4.5", "5.2")
}
PACKAGE = "thunder_extension"
ROOMS = ("thunder_blender", "operators", "panels")
# Codes that Blender's own style sets off everywhere: optional context members, property
# annotations that are calls, sets of strings as results of operators.
OFF = ("union-attr", "valid-type", "override")
NOISE = (  # where the stubs are wrong or know less than Blender; each with an example
    r'has no attribute "thunder\w*"',  # properties that this extension registers
    r'"PropertyGroup" has no attribute',  # groups are typed as their base
    r'"ID" has no attribute "animation_data"',  # most kinds of ID have it
    r'"Modifier" has no attribute "\w+"',  # Modifier is the base of all kinds
    r'"UnknownType" has no attribute',
    r'"(Scene|Collection) \| None"; expected "\1"',  # a context has both
    r'"Scene \| None", expected "Scene"',
    r"bpy_prop\b",  # what is indexed or converted is an array or a number in truth
    r"bpy_prop_array",
    r"expected \"Callable\[\[_bpy_types\.Context\], None\]\"",
    r'Definition of "\w+" in base class "\w+" is incompatible',  # a mixin before Operator
    r'"\w+" does not return a value \(it only ever returns None\)',  # 4.5: register_classes_factory
    r'"None" object is not iterable',  # the same
    r'"tuple\[None, None\]"; expected "tuple\[BVHTree',  # 4.5: BVHTree.FromPolygons
    r'Cannot determine type of "\w+"',  # the same
    r'"Vector" object is not iterable',
    r'incompatible type "(Vector \| Any|Any \| Vector)"',
    r'Unsupported right operand type for in \("(Object|Action|ID)"\)',  # custom properties
    r'expected "Literal\[',  # icons and other identifiers that are computed
    r'variable has type "Literal\[',
    r"Incompatible return value type \(got .*Literal\['RUNNING_MODAL'",
    r'has no attribute "__(enter|exit)__"',  # gpu.matrix.push_pop() is a context manager
    r"Untyped decorator makes function",  # bpy.app.handlers.persistent
    r"Cannot infer type of lambda",
    r'Module has no attribute "CREATE_\w+"',  # Windows
)
COMPATIBLE = re.compile(r"/compat\w*\.py:")  # where the versions' differences belong
MISSING = re.compile(r"\[attr-defined\]$")


def main() -> int:
    """Print what is found; 1 when there is something."""
    found = [f"{version}: {line}" for version in STUBS for line in check(version)]
    print("\n".join(found) or "The Blender side agrees with both stubs.")
    return 1 if found else 0


def check(version: str) -> list[str]:
    """What mypy finds with the stubs of one version, without the noise."""
    stubs = environments.ensure(STUBS[version])
    command = [sys.executable, "-m", "mypy", "--config-file=", "--strict", "--no-pretty"]
    command += ["--no-warn-return-any", "--no-warn-unused-ignores", "--follow-imports=silent"]
    command += ["--python-executable", str(stubs), "--no-error-summary"]
    command += ["--cache-dir", str(ENVS / f"typing-{version}" / "cache")]
    command += [f"--disable-error-code={code}" for code in OFF]
    command += [part for room in ROOMS for part in ("-p", f"{PACKAGE}.{room}")]
    done = subprocess.run(
        command, cwd=_linked(), env=child_environment(), capture_output=True, text=True
    )
    if done.returncode not in (0, 1):
        raise SetupError(f"mypy broke off: {(done.stderr or done.stdout).strip()[-500:]}")
    return [shown(line) for line in done.stdout.splitlines() if counts(line)]


def counts(line: str) -> bool:
    """Whether a line of mypy's is a finding."""
    if ": error:" not in line:
        return False
    if COMPATIBLE.search(line) and MISSING.search(line):
        return False
    return not any(re.search(pattern, line) for pattern in NOISE)


def shown(line: str) -> str:
    """A line as people read it: the repository's path, and no list of a thousand icons."""
    short = re.sub(r"Literal\[.{80,}\]", "Literal[...]", line)
    return short.removeprefix(f"{PACKAGE}/")


def _linked() -> Path:
    """A folder in which the repository is a package."""
    folder = ENVS / "typing-link"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / PACKAGE
    if not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(ROOT, target_is_directory=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
