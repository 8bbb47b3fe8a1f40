"""Links between files of the repository lead somewhere, also where they are read as files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, without_fences

LINK = re.compile(r"\]\((?P<path>[^()\s#:]*)(?:#(?P<anchor>[^()\s]*))?\)")


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Each link's file, and the anchor in it."""
    for found in LINK.finditer(without_fences(page.read_text(encoding="utf-8"))):
        yield (page.parent / found["path"] if found["path"] else page), found["anchor"] or ""


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", without_fences(page.read_text(encoding="utf-8")), re.MULTILINE)
    texts = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings)
    return {re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-") for text in texts}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor in links(page):
        assert path.exists(), f"{path.relative_to(ROOT)}: there is no such file"
        is_heading = anchor and path.suffix == ".md"
        assert not is_heading or anchor in anchors(path), f"{path.relative_to(ROOT)}: there is no heading for #{anchor}"
