# SPDX-License-Identifier: GPL-3.0-or-later
"""The Blender side of the work.

- `head`: a face model becomes a head in the scene, with the help of `head_mesh`, `head_bones`,
  `head_correctives` and `head_materials`
- `rig`: what counts as a rig, and finding it from any of its objects; `rig_copies`: a copied head
  is a character of its own
- `resample`: motion from 50 frames a second to the scene's rate (numpy only)
- `keys`: motion becomes F-curves
- `lines`: which part of which sound a strip lets us hear, and when
- `takes`: the Actions that hold performances: add, list, choose; with `take_marks` (what an Action
  knows of itself), `placement` (seconds of the file to frames, no bpy), `nla` (tracks and strips),
  `mine` (the artist's own Action, set aside), `linked` (heads from other files), `take_edits`,
  `settings_keys`, `bake`, and `take_places` and `take_sync` (takes follow their strips)
- `diagnose`: why does it not move; with `diagnose_face`
- `take_file`: reading the takes that the engine writes
- `sound`: the sound strip, the frame range and the frame rate
- `properties`: what the user chooses in the sidebar, `performance_presets` its presets; `request`
  reads all that from context into an order and says why there can be none; `readiness`: whether
  the engine could start
- `in_thread`: one piece of work in a thread, without bpy.
- `jobs`: the running generation; `fit_take` turns a take into its rig's curves in a thread,
  `apply_take` puts it onto its rig, `take_writing` writes the keys in short `steps`; `hand_edits`
  tells which takes were edited by hand
- `range_task`: some frames of a take anew; `range_motion` reads what it does and what is kept,
  `range_write` brings the range into its keys; on rigs that take no units as keys `range_units`
  reads them back, `range_movers` knows what moves, `range_curves` writes the difference;
  `take_span` finds the frames for it and for `repair`; `channel_locks`: which channels are locked,
  and `locked_curves`: they keep their keys; `layers`: takes of a part of the face; `best_take`:
  seeds that compete by the meter
- `load_line`: a sound file becomes a line; `take_label`: a take's name in its list
- `engine`: jobs and the engine that performs them; `engine_client` is the worker's other end,
  `engine_process` its process and pipes, `engine_fake` stands in for it in tests
- `runtime`: which Python runs the engine; `runtime_devices`: what this machine seems to have;
  `runtime_lock`: what an installed runtime consists of; `runtime_task` installs and removes it in
  a child process, whose script is `runtime_setup`; `runtime_watch` looks at it from a timer;
  `runtime_actions`: what the buttons begin
- `preferences`: the extension's preferences, and how they start the engine; `preferences_draw`
  shows them
- `flame_import`: an artist's FLAME file becomes a rig, `flame_task` does what of it takes long
  in a thread: `flame_rig` builds it, `flame_drivers` let its joints follow, `flame_mapping` keeps
  what `model_runtime.flame_calibration` has found, `flame_residuals` are keys for what its
  expressions cannot say, `flame_motion` and `flame_lips` turn motion into curves and back
- `text`: words that are drawn, for the panels and the preferences; `redraw` has them drawn again
- `mapping`: which curves a motion becomes, by the kind of rig
- characters of the artist's: `rig_use` takes them into use; `rig_names`, `rig_grammar`,
  `rig_phones` and `rig_spellings` know
  what their keys are called, `rig_controls` what drives them, `rig_mapping` is the mapping (no
  bpy), `rig_store` keeps it on the mesh, `rig_plan` turns motion into its curves with
  `rig_visemes`, `rig_neck` and `rig_flame`; `rig_lips`, `rig_teeth` and `rig_measure` find and
  measure the mouth, `rig_contacts` lets it close; `rig_mouth` reads the units off it; `rig_rows`,
  `rig_edit`, `rig_poses` and `rig_presets` are behind the editor; `diagnose_mapping`: why it does
  not move
- `compat`: every difference between Blender 4.2 and 5.2, in one file; `compat_panels`: those of
  panels and requests
"""

from __future__ import annotations

EXTENSION = (__package__ or "").rpartition(".")[0]  # what extension_path_user() wants
