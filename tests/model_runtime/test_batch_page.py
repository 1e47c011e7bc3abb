# SPDX-License-Identifier: GPL-3.0-or-later
"""report.html in a browser: what it shows and what it cannot be made to do; curves in place."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from model_runtime.batch_contacts import POINTS, thinned
from tests.model_runtime.batch_help import run, sounds, use_fake

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
NASTY = '<img src=x onerror="document.title=1">&<b id=evil>'


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A report of four lines, one of them with HTML for its id and one that failed."""
    use_fake(monkeypatch)
    folder = sounds(tmp_path / "episode", 4)
    (folder / "line_03.wav").write_text("no sound")
    rows = [{"id": f"line_{n}", "audio": f"episode/line_0{n}.wav"} for n in range(4)]
    rows[1] |= {"id": NASTY, "character": "<script>document.title=2</script>"}
    (tmp_path / "lines.json").write_text(json.dumps(rows))
    assert run(tmp_path / "lines.json", "--out", tmp_path / "out") == 3
    return tmp_path / "out" / "report.html"


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]


def parsed(text):
    tags = Tags()
    tags.feed(text)
    return tags


def test_the_page_names_no_address_and_runs_nothing(page):
    tags = parsed(page.read_text("utf-8"))
    assert not {"script", "link", "iframe", "object"} & set(tags.tags)
    assert all(link.startswith("data:image/png;base64,") or ":" not in link for link in tags.links)
    assert all((page.parent / link).is_file() for link in tags.links if not link.startswith("data"))


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_chromium_shows_every_line_and_takes_ids_for_text(page, tmp_path):
    shown = browser(tmp_path, page, "--dump-dom").decode()
    tags = parsed(shown)
    assert tags.tags.count("tr") == 5 and tags.tags.count("svg") == 3
    assert "&lt;b id=evil&gt;" in shown and "<b id" not in shown
    assert "<title>out: batch report</title>" in shown
    assert tags.tags.count("img") == 3


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_chromium_draws_the_page(page, tmp_path):
    picture = tmp_path / "page.png"
    browser(tmp_path, page, f"--screenshot={picture}", "--window-size=1200,800")
    assert picture.stat().st_size > 20_000


def browser(tmp_path: Path, page: Path, *words: str) -> bytes:
    home = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", *words, page.as_uri()]
    known = {**os.environ, **home}
    ran = subprocess.run(command, env=known, capture_output=True, timeout=240, check=True)
    return ran.stdout


@pytest.mark.parametrize("frames", [7, 60, 61, 80, 119, 1234])
def test_a_thinned_curve_keeps_every_dip_where_it_is(frames):
    for place in range(0, frames, max(1, frames // 9)):
        curve = np.ones(frames, np.float32)
        curve[place] = 0.1
        small = thinned(curve)
        assert len(small) == min(frames, POINTS)
        assert abs(np.argmin(small) / len(small) - place / frames) <= 1 / len(small)
