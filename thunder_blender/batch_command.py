# SPDX-License-Identifier: GPL-3.0-or-later
"""`blender -b [SCENE] --command thunder_blender batch LINES --out DIR`: no window needed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy

from ..model_runtime import batch_cli
from . import EXTENSION, batch

COMMAND = "thunder_blender"
SUCCESS, USAGE = 0, 2


def main(arguments: Sequence[str]) -> int:
    """Run the command; gives the exit code, which Blender ends with."""
    try:
        options = _parser().parse_args([str(word) for word in arguments])
    except SystemExit as ended:  # argparse has said what is wrong, or shown its help
        return int(ended.code or SUCCESS)
    if options.ray:
        sys.stderr.write("error: --ray makes curves only: use python -m model_runtime batch.\n")
        return USAGE
    if options.scene is None and bpy.data.filepath:
        options.scene = Path(bpy.data.filepath)
    return batch.perform(options) if options.command == "batch" else batch.report(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"blender -b [SCENE] --command {COMMAND}")
    commands = parser.add_subparsers(dest="command", required=True)
    formatter = argparse.RawDescriptionHelpFormatter
    whole = commands.add_parser(
        "batch",
        help=batch_cli.HELP,
        description=batch_cli.__doc__,
        formatter_class=formatter,
    )
    batch_cli.add_arguments(whole)
    merge = commands.add_parser("report", help="write the report of all shards of a batch")
    batch_cli.add_arguments(merge)
    return parser


class _Registered:
    handle: Any = None


def register() -> None:
    if _Registered.handle is None and EXTENSION:
        _Registered.handle = bpy.utils.register_cli_command(COMMAND, main)


def unregister() -> None:
    if _Registered.handle is not None:
        bpy.utils.unregister_cli_command(_Registered.handle)
        _Registered.handle = None
