# SPDX-License-Identifier: GPL-3.0-or-later
"""THUNDER: a line of dialogue becomes an editable facial performance.

The rooms:

- `operators/` one verb a file: read the context, call one function, report
- `panels/` drawing only
- `thunder_blender/` the Blender side: rigs, key writing, takes, sound strips
- `model_runtime/` the engine, which does not know Blender; of it only the contract and the
  numpy half of the face are imported here
- `training/`, `tests/`, `tools/`, `docs/`, `examples/` are not part of the extension
"""

from __future__ import annotations

from types import ModuleType


def _modules() -> tuple[ModuleType, ...]:
    from .operators import create_head, free_gpu, load_take, open_preferences, switch_take
    from .panels import main
    from .thunder_blender import preferences, properties

    return (
        properties,
        preferences,
        create_head,
        load_take,
        switch_take,
        free_gpu,
        open_preferences,
        main,
    )


def register() -> None:
    for module in _modules():
        module.register()


def unregister() -> None:
    for module in reversed(_modules()):
        module.unregister()
