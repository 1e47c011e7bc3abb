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
    """In the order of registration: properties come before those who show them."""
    from .operators import (
        batch_review as batch_review_operators,
    )
    from .operators import (
        best_of,
        cancel,
        cancel_runtime,
        create_head,
        export_mesh,
        export_motion,
        free_gpu,
        generate,
        hear_mesh,
        import_flame,
        import_motion,
        install_runtime,
        load_line,
        load_take,
        map_links,
        map_poses,
        map_presets,
        meter_jump,
        meter_measure,
        meter_pointer,
        open_preferences,
        performance_preset,
        regenerate_range,
        remove_runtime,
        repair,
        roll_seed,
        switch_take,
        take_bake,
        take_copy_settings,
        take_delete,
        take_edit,
        take_rename,
        take_star,
        take_why,
        test_runtime,
        transcribe,
        update_flame_joints,
        use_active_strip,
        use_character,
        variants,
        watch,
    )
    from .panels import batch as batch_panel
    from .panels import (
        character,
        line,
        mapping,
        menus,
        meter,
        meter_overlays,
        performance,
        submenus,
        takes,
    )
    from .panels import generate as generate_panel
    from .thunder_blender import (
        batch_command,
        batch_review,
        building,
        jobs,
        meter_draw,
        meter_keys,
        meter_properties,
        meter_task,
        meter_watch,
        performance_presets,
        preferences,
        properties,
        rig_rows,
        take_label,
        take_sync,
        timers,
    )

    return (
        properties,
        rig_rows,
        preferences,
        performance_presets,
        take_label,
        jobs,
        timers,
        building,
        take_sync,
        meter_properties,
        meter_task,
        meter_watch,
        meter_draw,
        meter_keys,
        batch_command,
        batch_review,
        batch_review_operators,
        cancel,
        create_head,
        import_flame,
        import_motion,
        export_motion,
        export_mesh,
        update_flame_joints,
        free_gpu,
        generate,
        hear_mesh,
        load_line,
        load_take,
        map_links,
        map_poses,
        map_presets,
        meter_measure,
        meter_jump,
        meter_pointer,
        open_preferences,
        install_runtime,
        remove_runtime,
        repair,
        test_runtime,
        cancel_runtime,
        performance_preset,
        roll_seed,
        switch_take,
        take_bake,
        take_copy_settings,
        take_delete,
        take_edit,
        take_rename,
        take_star,
        take_why,
        transcribe,
        use_active_strip,
        use_character,
        variants,
        regenerate_range,
        best_of,
        watch,
        line,
        character,
        mapping,
        performance,
        generate_panel,
        takes,
        meter,
        meter_overlays,
        batch_panel,
        menus,
        submenus,
    )


def register() -> None:
    for module in _modules():
        module.register()


def unregister() -> None:
    for module in reversed(_modules()):
        module.unregister()
