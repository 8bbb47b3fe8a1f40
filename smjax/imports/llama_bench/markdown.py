"""llama-bench's table for people: a few of its fields, rounded, and no samples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from smjax.imports.source import Source

_TEST = re.compile(r"(?:pp\s?(\d{1,9}))?(\s?\+\s?)?(?:tg\s?(\d{1,9}))?(?:\s?@\s?d(\d{1,9}))?")
_BUILD = re.compile(r"build: (\w+) \((\d+)\)")
_RATE = re.compile(r"\s*(\S+)\s*(?:±|\+/-)\s*(\S+)\s*")
_NAMES = {
    "model": "model_type",
    "backend": "backends",
    "threads": "n_threads",
    "ngl": "n_gpu_layers",
    "fa": "flash_attn",
}
"""What columns are called that have another name elsewhere and that mean something here."""
_NEEDED = ("model", "test", "t/s")


def tests(source: Source) -> Iterator[tuple[int, dict[str, Any], dict[str, Any]]]:
    """Line, fields and what the columns say, of each row of each table; text around tables is passed over."""
    build = _build(source)
    headings: list[str] = []
    for number, line in enumerate(source.text.splitlines(), 1):
        if not line.lstrip().startswith("|"):
            headings = [] if not line.strip() else headings
            if headings and line.strip() and not _BUILD.match(line.strip()):
                raise source.wrong(f"line {number}", "a row of the table, from | to |", line.strip()[:40])
            continue
        cells = _cells(source, number, line)
        if "t/s" in cells:
            headings = _headings(source, number, cells)
        elif not headings:
            raise source.wrong(f"line {number}", "a heading with t/s above it", line.strip()[:40])
        elif not set("".join(cells)) <= set("-: "):
            if len(cells) != len(headings):
                raise source.wrong(f"line {number}", f"{len(headings)} cells", f"{len(cells)}")
            said = dict(zip(headings, cells, strict=True))
            yield number, _fields(source, number, said) | build, said


def _build(source: Source) -> dict[str, str]:
    found = {match.groups() for match in _BUILD.finditer(source.text)}
    if len(found) != 1:
        return {}
    ((commit, number),) = found
    return {"build_commit": commit, "build_number": number}


def _cells(source: Source, number: int, line: str) -> list[str]:
    text = line.strip()
    if not text.endswith("|") or len(text) < 2:
        raise source.wrong(f"line {number}", "a row of the table, from | to |", text[-40:])
    return [cell.strip() for cell in text[1:-1].split("|")]


def _headings(source: Source, number: int, cells: list[str]) -> list[str]:
    if lacking := [name for name in _NEEDED if name not in cells]:
        raise source.wrong(f"line {number}", f"a column {lacking[0]}", ", ".join(cells))
    if len(set(cells)) < len(cells):
        raise source.wrong(f"line {number}", "each column once", next(c for c in cells if cells.count(c) > 1))
    return cells


def _fields(source: Source, number: int, said: dict[str, str]) -> dict[str, Any]:
    test, rate = _TEST.fullmatch(said["test"]), _RATE.fullmatch(said["t/s"])
    if not test or (test[1] is None and test[3] is None) or bool(test[2]) != (None not in (test[1], test[3])):
        raise source.wrong(f"line {number}: test", "pp512, tg128, pp512+tg128, or one of these @ d1024", said["test"])
    if not rate:
        raise source.wrong(f"line {number}: t/s", "an average ± a deviation", said["t/s"])
    named = {_NAMES.get(name, name): value for name, value in said.items() if name not in ("test", "t/s")}
    sizes = {"n_prompt": test[1] or "0", "n_gen": test[3] or "0", "n_depth": test[4] or "0"}
    return named | sizes | {"avg_ts": rate[1], "stddev_ts": rate[2]}
