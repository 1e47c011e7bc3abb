# SPDX-License-Identifier: GPL-3.0-or-later
"""Mappings without Blender: links add up, presets come back, bad ones end in a sentence."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from tests.as_extension import room

mapping_of = room("thunder_blender.rig_mapping")
Link, Mapping, key = mapping_of.Link, mapping_of.Mapping, mapping_of.key_target
ONE = np.ones(3, np.float32)


@pytest.fixture
def mapping():
    links = (
        Link("mouthSmileLeft", key("Smile_L"), 0.8, 0.1, confidence=0.9),
        Link("mouthSmileRight", key("Smile_R"), 0.8),
        Link("jawOpen", key("Smile_L"), 0.5, high=0.2),
        Link("jawOpen", key('Odd "name"'), mute=True),
    )
    return Mapping("arkit", links, ((key("Smile_L"), 0.0, 1.0),))


def test_links_of_one_target_add_up_and_stay_in_its_range(mapping):
    values = mapping_of.apply(mapping, {"mouthSmileLeft": 0.5 * ONE, "jawOpen": ONE})
    np.testing.assert_allclose(values[key("Smile_L")], 0.4 + 0.1 + 0.2)
    full = mapping_of.apply(mapping, {"mouthSmileLeft": 2 * ONE, "jawOpen": ONE})
    np.testing.assert_allclose(full[key("Smile_L")], 1.0)
    assert key('Odd "name"') not in values


def test_a_preset_comes_back_as_it_was(mapping):
    assert mapping_of.from_json(mapping_of.to_json(mapping)) == mapping
    assert mapping_of.key_name(mapping.links[3].target.path) == 'Odd "name"'


def test_mirroring_changes_the_other_side_or_adds_it(mapping):
    changed = mapping.with_link(0, gain=0.3)
    mirrored = mapping_of.mirror(changed, 0)
    assert mirrored.links[1].gain == 0.3
    assert mirrored.links[1].source == "mouthSmileRight"
    with pytest.raises(mapping_of.MappingError, match="no other side"):
        mapping_of.mirror(Mapping("", (Link("jawOpen", key("Jaw")),)), 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"format": "other"}',
        "[" * 100_000,
        '{"format": "thunder_blender mapping", "edition": 99}',
        '{"format": "thunder_blender mapping", "edition": 1, "links": [{"source": "x"}]}',
        '{"format": "thunder_blender mapping", "edition": 1, "links": 5}',
    ],
)
def test_what_is_no_mapping_is_told(text):
    with pytest.raises(mapping_of.MappingError):
        mapping_of.from_json(text, "a file")


def test_broken_presets_end_in_sentences(mapping):
    text, rng = mapping_of.to_json(mapping), random.Random(1)
    for _ in range(500):
        letters = list(text)
        for _ in range(rng.randint(1, 4)):
            letters[rng.randrange(len(letters))] = chr(rng.randrange(32, 0x2000))
        try:
            mapping_of.from_json("".join(letters))
        except mapping_of.MappingError as error:
            assert str(error)


def test_numbers_that_are_none_are_refused(mapping):
    body = json.loads(mapping_of.to_json(mapping))
    body["links"][0]["gain"] = "nan"
    with pytest.raises(mapping_of.MappingError, match="cannot be read"):
        mapping_of.from_json(json.dumps(body))
