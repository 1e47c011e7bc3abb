# SPDX-License-Identifier: GPL-3.0-or-later
"""`python farm/run_batch.py batch LINES --out DIR ...`: the engine's command line from anywhere.

The package `model_runtime` is the one beside this folder, or in the folder THUNDER_HOME (a
checkout, or an installed extension). Farm managers call this where no Blender is needed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> int:
    home = Path(os.environ.get("THUNDER_HOME") or Path(__file__).resolve().parent.parent)
    if not (home / "model_runtime" / "__main__.py").is_file():
        sys.stderr.write(f"error: There is no model_runtime in {home}. Set THUNDER_HOME.\n")
        return 1
    sys.path.insert(0, str(home))
    os.environ["PYTHONPATH"] = str(home)  # for the processes of --jobs
    from model_runtime.__main__ import main as command_line

    return command_line()


if __name__ == "__main__":
    sys.exit(main())
