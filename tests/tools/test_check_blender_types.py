# SPDX-License-Identifier: GPL-3.0-or-later
"""What the type check of the Blender side counts as a finding, on lines that mypy has written."""

from __future__ import annotations

import pytest

from tools.check_blender_types import counts, shown

AT = "thunder_extension/thunder_blender/nla.py:7: error: "
IN_COMPAT = "thunder_extension/thunder_blender/compat.py:7: error: "


@pytest.mark.parametrize(
    "line",
    [
        AT + '"Action" has no attribute "fcurves"  [attr-defined]',
        AT + 'Argument 2 to "f" has incompatible type "Key | None"; expected "Key"  [arg-type]',
        AT + "Function is missing a return type annotation  [no-untyped-def]",
        IN_COMPAT + "Function is missing a return type annotation  [no-untyped-def]",
    ],
)
def test_what_would_break_a_blender_counts(line):
    assert counts(line)


@pytest.mark.parametrize(
    "line",
    [
        AT + '"Object" has no attribute "thunder"  [attr-defined]',
        AT + 'Argument 1 to "f" has incompatible type "Scene | None"; expected "Scene"  [arg-type]',
        AT.replace("error", "note") + "Superclass:",
        IN_COMPAT + '"Action" has no attribute "fcurves"  [attr-defined]',
    ],
)
def test_gaps_of_the_stubs_and_the_room_of_differences_do_not(line):
    assert not counts(line)


def test_a_finding_is_short_and_names_the_file_in_the_repository():
    line = AT + "expected \"Literal['" + "', '".join(["ICON"] * 300) + "']\"  [arg-type]"
    assert shown(line).startswith("thunder_blender/nla.py:7")
    assert len(shown(line)) < 120
