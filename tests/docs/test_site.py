"""The site: it builds without a complaint, and nothing on it is loaded from elsewhere."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, loaded

pytestmark = pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="mkdocs is not installed")

LOADING = {"script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data", "link": "href"}
"""Tags that fetch something by themselves, and where they say what."""
LEAVING = re.compile(r"(?:[a-z]+:)?//", re.IGNORECASE)
STYLED = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')]+)""")


class Fetched(HTMLParser):
    """What a page fetches, and the scripts that are in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "link" and found.get("rel") == "canonical":
            return
        self.addresses.append(found.get(LOADING.get(tag, "")) or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=quiet, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


@pytest.mark.slow
def test_no_page_fetches_from_elsewhere(site: Path) -> None:
    pages = {page.relative_to(site).as_posix(): page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    assert {"index.html", "settings.html", "repository/changelog.html"} <= pages.keys()
    fetched = {name: [one for one in Fetched(page).addresses if LEAVING.match(one)] for name, page in pages.items()}
    assert {name: found for name, found in fetched.items() if found} == {}
    styles = {style.name: STYLED.findall(style.read_text(encoding="utf-8")) for style in site.rglob("*.css")}
    assert {name: found for name, found in styles.items() if found} == {}
    assert [path.name for path in site.rglob("*.py*")] == [], "what makes the pages is none"
    assert (site / "search" / "search_index.js").stat().st_size > 100_000, "searched without a server, too"


def test_a_page_that_fetches_is_seen() -> None:
    page = (
        '<link rel="stylesheet" href="//a.b/c.css"><script src="https://d.e/f.js"></script><a href="https://g.h">x</a>'
    )
    assert [one for one in Fetched(page).addresses if LEAVING.match(one)] == ["//a.b/c.css", "https://d.e/f.js"]


@pytest.mark.parametrize(
    ("uri", "text", "is_on_the_site"),
    [
        ("ops.md", "[a](micro.md#x), [b](#d)", "[a](micro.md#x), [b](#d)"),
        ("ops.md", "[a](https://x.y/README.md)", "[a](https://x.y/README.md)"),
        ("ops.md", "[`a`](../experiments/README.md#steps)", "[`a`](repository/experiments.md#steps)"),
        ("how-to/ci.md", "[a](../../CHANGELOG.md)", "[a](../repository/changelog.md)"),
        ("repository/experiments.md", "[a](../docs/trend.md)", "[a](../trend.md)"),
        ("repository/changelog.md", "[a](docs/flags.md#x), [b](LICENSE)", "[a](../flags.md#x), b"),
        ("ops.md", "[examples/engine](../examples/engine)", "examples/engine"),
        ("ops.md", "[a](../nowhere.md)", "[a](../nowhere.md)"),
        ("ops.md", "```\n[a](../LICENSE)\n```\n", "```\n[a](../LICENSE)\n```\n"),
    ],
)
def test_links_of_the_repository_become_the_site_s(uri: str, text: str, is_on_the_site: str) -> None:
    assert loaded(DOCS / "site_hooks.py").rewritten(text, uri) == is_on_the_site
