# SPDX-License-Identifier: GPL-3.0-or-later
"""How the command lines of this room end."""

from __future__ import annotations

import sys
from collections.abc import Callable

from model_runtime.contract import ThunderError


def exit_code(command: Callable[[], None]) -> int:
    """Run a command: 0, or 1 with a ThunderError's sentence on stderr."""
    try:
        command()
    except ThunderError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
