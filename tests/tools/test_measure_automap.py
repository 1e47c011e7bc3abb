# SPDX-License-Identifier: GPL-3.0-or-later
"""Counting Auto Map's names: right, left alone, wrong, and what is guessed of unrelated ones."""

from __future__ import annotations

from types import SimpleNamespace

from tools import measure_automap


def matcher(**made):
    """One that maps these names and no others."""
    return SimpleNamespace(
        recognise=lambda names: SimpleNamespace(
            matches=tuple(
                SimpleNamespace(name=name, source=made[name]) for name in names if name in made
            )
        ),
        spare=lambda matches: frozenset(),
    )


LISTS = {
    "one": {"a": ("jawOpen",), "b": ("jawLeft",), "c": ()},
    "two": {"d": ("mouthFunnel|mouthPucker",), "e": ("cheekPuff|",), "f": ()},
}


def test_all_that_is_meant_and_nothing_else_is_right():
    made = matcher(a="jawOpen", b="jawLeft", d="mouthPucker")
    found = measure_automap.share(made, LISTS)
    assert (found["names"], found["right"], found["wrong_guesses"]) == (6, 6, 0)
    assert (found["meant"], found["meant_right"]) == (3, 3)
    assert (found["from"], found["to"]) == (100, 100)


def test_what_is_left_alone_is_missed_and_what_is_mapped_elsewhere_is_a_wrong_guess():
    made = matcher(a="jawRight", d="mouthFunnel", f="jawOpen")
    found = measure_automap.share(made, LISTS)
    assert (found["right"], found["wrong_guesses"]) == (3, 2)  # b is missed; a and f are guessed
    assert (found["meant"], found["meant_right"]) == (3, 1)
    assert found["from"] < found["percent"] < found["to"]


def test_a_guess_of_an_unrelated_name_is_counted_in_each_company():
    found = measure_automap.unrelated(matcher(Fat="jawOpen"))
    assert set(map(tuple, found["guessed"].values())) == {("Fat",)}


def test_batches_do_not_share_their_lists():
    lists = [
        tuple(listed) for batch in measure_automap.BATCHES.values() for listed in batch.values()
    ]
    assert len(set(lists)) == len(lists)
    assert len(lists) >= 100
