"""What the site's builder does beside its plugins: pages that lie outside of `docs/`, and links to what is no page.

In the repository every link is one that a reader of the files can follow. On the site a link to a file without a page
there is its text alone; one to a file that there is not is left for the builder to complain about.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
OUTSIDE = {
    "CHANGELOG.md": "repository/changelog.md",
    "CONTRIBUTING.md": "repository/contributing.md",
    "experiments/README.md": "repository/experiments.md",
}
"""Files of the repository that are pages too, and where on the site."""

_FENCE = re.compile(r"^ *(```|~~~).*?^ *\1 *$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])*)\]\((?P<path>[^()\s#:]+)(?P<anchor>#[^()\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie outside."""
    for path, uri in OUTSIDE.items():
        files.append(File.generated(config, uri, content=(ROOT / path).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn the links of a file of the repository into those of a page of the site."""
    return rewritten(markdown, page.file.src_uri)


def rewritten(markdown: str, uri: str) -> str:
    """The same text as a page of the site at `uri`; what is code stays as it is."""
    source = next((path for path, page in OUTSIDE.items() if page == uri), f"docs/{uri}")
    parts, end = [], 0
    for fence in _FENCE.finditer(markdown):
        parts += [_links(markdown[end : fence.start()], source, uri), fence[0]]
        end = fence.end()
    return "".join([*parts, _links(markdown[end:], source, uri)])


def _links(text: str, source: str, uri: str) -> str:
    def link(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), found["path"]))
        page = OUTSIDE.get(target, target.removeprefix("docs/") if target.startswith("docs/") else None)
        if page is not None:
            return f"[{found['text']}]({posixpath.relpath(page, posixpath.dirname(uri) or '.')}{found['anchor'] or ''})"
        return found["text"] if (ROOT / target).exists() else found[0]

    return _LINK.sub(link, text)
