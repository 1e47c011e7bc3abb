# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a list holds: never a traceback, never a path outside the folder of results."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis (tools/requirements)")

from hypothesis import HealthCheck, example, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from model_runtime import __main__ as cli  # noqa: E402
from model_runtime.batch_journal import decoded, encoded  # noqa: E402
from model_runtime.batch_lines import COLUMNS, OUTPUTS, read_lines  # noqa: E402
from model_runtime.batch_names import alone, file_stem  # noqa: E402
from model_runtime.batch_work import Choosing, items_of  # noqa: E402
from model_runtime.contract import ThunderError  # noqa: E402

NASTY = [
    "../../x",
    "/etc/x",
    "C:\\x",
    "\\\\host\\share",
    "CON",
    "nul.txt",
    "x" * 300,
    "a\0b",
    ".",
    "",
]
NASTY += [
    "..",
    "~root",
    "é" * 200,
    "\u202e",
    "a/b",
    "-rf",
    "=1+1",
    "😀",
    "\ud800",
    "%2e%2e",
    "LPT1.s0",
    "COM¹",
    "Con",
    "AUX.wav",
    "prn ",
    "caf\u00e9",  # one name in two spellings
    "cafe\u0301",
    "\u212bngstrom",
    "\u00c5ngstrom",
    "Line",
    "line",
    "LINE",
    "stra\u00dfe",
    "STRASSE",
]
TEXT = st.one_of(st.sampled_from(NASTY), st.text(max_size=40))
CELL = st.one_of(
    TEXT, st.sampled_from(["1", "1-9", "0:1,2:0.3", "happy", "npz,csv", "nan", "1e999"])
)
ROW = st.dictionaries(st.sampled_from([*COLUMNS, "what"]), CELL, max_size=8)
SHARED = [HealthCheck.function_scoped_fixture]  # each example writes the folder anew
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=SHARED)


def within(out: Path, path: Path) -> bool:
    return (out / path).resolve().is_relative_to(out.resolve())


@QUICK
@given(st.one_of(TEXT, st.text()))
@example("../../x")
def test_a_name_stays_in_its_folder_and_fits_every_file_system(name):
    stem = file_stem(name)
    assert Path(stem).name == stem and stem not in (".", "..")
    assert len(stem.encode("utf-8", "surrogatepass")) <= 100
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f]', stem)
    assert not stem.endswith((".", " "))
    assert not re.fullmatch(r"(?i)(con|prn|aux|nul|(com|lpt)[\d¹²³])(\..*)?", stem)


def listed(tmp_path, *names):
    path = tmp_path / "lines.json"
    path.write_text(json.dumps([{"id": name, "audio": "a.wav"} for name in names]), "utf-8")
    return read_lines(path)


def test_spellings_of_one_name_become_two_files_and_ids_that_differ_in_case_are_refused(tmp_path):
    read = listed(tmp_path, "caf\u00e9", "cafe\u0301", "Line", "line", "CON", "con")
    kept = [line.line_id for line in read.lines]
    assert kept == ["caf\u00e9", "cafe\u0301", "Line", "CON", "con"]
    assert len({unicodedata.normalize("NFC", line.stem).casefold() for line in read.lines}) == 5
    ((name, sentence),) = read.problems
    assert name == "line" and "lines.json:1" in sentence and "'Line'" in sentence


def test_every_id_of_the_nasty_ones_stays_in_the_folder_whole_or_is_named(tmp_path):
    out, names = tmp_path / "out", [name for name in NASTY if name != "\ud800"]
    read = listed(tmp_path, *names)
    told = {name for name, _ in read.problems}
    assert {line.line_id for line in read.lines} | told >= {name for name in names if name}
    for item in items_of(read.lines, Choosing()):
        for kind in OUTPUTS:
            assert (out / item.path(kind)).resolve().parent == (out / "takes").resolve()
            assert len(item.path(kind).name.encode()) < 200


@given(st.lists(TEXT, unique=True, max_size=6))
def test_names_of_scenes_are_never_two_for_one(names):
    stems = alone({name: file_stem(name) for name in names})
    assert len({unicodedata.normalize("NFC", stem.casefold()) for stem in stems.values()}) == len(
        names
    )


@QUICK
@given(st.lists(ROW, max_size=4))
def test_any_json_list_gives_items_inside_the_folder_or_sentences(tmp_path, rows):
    path = tmp_path / "lines.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    check(path, tmp_path / "out")


@QUICK
@given(st.lists(st.lists(CELL.filter(lambda cell: "\ud800" not in cell), max_size=6), max_size=4))
def test_any_csv_gives_items_inside_the_folder_or_sentences(tmp_path, rows):
    path = tmp_path / "lines.csv"
    text = "\n".join(",".join(row) for row in [["id", "audio", "seed", "outputs"], *rows])
    path.write_text(text, encoding="utf-8")
    check(path, tmp_path / "out")


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes_as_a_list_give_a_sentence(tmp_path, data):
    path = tmp_path / "lines.csv"
    path.write_bytes(data)
    check(path, tmp_path / "out")


def check(path: Path, out: Path) -> None:
    try:
        read = read_lines(path)
    except ThunderError as error:
        assert str(error)
        return
    assert all(re.match(r"[^:]+:\d+: ", sentence) for _, sentence in read.problems)
    items = items_of(read.lines, Choosing(3))
    for form in ("NFC", "NFD"):  # as file systems compare names
        names = [unicodedata.normalize(form, item.name).casefold() for item in items]
        assert len(names) == len(set(names)), form
    for item in items:
        assert all(within(out, item.path(kind)) for kind in OUTPUTS)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(ROW, min_size=1, max_size=3))
def test_the_command_itself_never_ends_in_a_traceback(tmp_path, rows):
    path = tmp_path / "lines.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    out = tmp_path / "out"
    code = cli.main(["batch", str(path), "--out", str(out), "--dry-run", "--keep-going"])
    assert code in (0, 2) and not out.exists()


@QUICK
@given(
    st.dictionaries(st.text(max_size=8), st.one_of(st.integers(), TEXT, st.none()), max_size=4),
    st.integers(0, 400),
)
def test_a_cut_or_whole_journal_gives_back_what_was_written_whole(record, cut):
    record.pop("sum", None)
    line = encoded(record)
    assert list(decoded(line, Path("x"))) == [record]
    assert list(decoded(line + line[: min(cut, len(line) - 2)], Path("x"))) == [record]
