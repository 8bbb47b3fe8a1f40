"""The formats that llama-bench prints, each as its tests: what kind a file is shows in how it begins.

Reference: llama.cpp, tools/llama-bench (its printers).
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from smjax.imports.llama_bench import markdown, sql
from smjax.imports.source import NEW_LINE, Source, json_from

TESTS_MAX = 10_000
"""Of a file: each becomes a record, and a file of its own."""
_EXPECTED = "llama-bench's output (-o jsonl, json, csv, sql or md)"


@dataclass(frozen=True)
class Entry:
    """One test."""

    place: str
    """`line 3`."""
    fields: dict[str, Any]
    """By the names of `-o json`, as far as the format has them; of a format without types all are texts."""
    said: dict[str, Any]
    """As the file says it."""


def entries(source: Source) -> list[Entry]:
    """All tests of a file; raises RequestError, with the line, for one that is not as llama-bench writes it."""
    each = itertools.islice(_reader(source)(source), TESTS_MAX + 1)
    found = [Entry(f"line {line}", fields, said) for line, fields, said in each]
    if len(found) > TESTS_MAX:
        raise source.wrong(found[-1].place, f"{TESTS_MAX:,} tests at most", "another", "cut the file into several")
    if not found:
        raise source.wrong("", "tests of llama-bench", "none")
    return found


_Found = Iterator[tuple[int, dict[str, Any], dict[str, Any]]]
"""Line, fields, and what they are made from."""


def _reader(source: Source) -> Callable[[Source], _Found]:
    start = source.text.lstrip()
    if start.startswith("["):
        return _json
    if start.startswith("{"):
        return _jsonl
    if start.upper().startswith(("CREATE TABLE", "INSERT INTO", "BEGIN", "PRAGMA")):
        return sql.tests
    header = start.partition("\n")[0]
    if "n_prompt" in header and "," in header:
        return _csv
    if any(line.lstrip().startswith("|") for line in source.text.splitlines()):
        return markdown.tests
    raise source.wrong("line 1", _EXPECTED, header[:40])


def _json(source: Source) -> _Found:
    text, at, line = source.text, source.text.index("[") + 1, 1
    seen = 0
    while True:
        at = _skip(text, at)
        line, seen = line + text.count(NEW_LINE, seen, at), at
        fields, at = json_from(source, text, at, 1)
        yield line, *_object(source, line, fields)
        at = _skip(text, at)
        if text[at : at + 1] != ",":
            break
        at += 1
    if text[at:].strip() != "]":
        found = text[at:].strip()[:40] or "the end of the file"
        where = f"line {text.count(NEW_LINE, 0, at) + 1}"
        raise source.wrong(where, "another test, or ] and the end", found)


def _jsonl(source: Source) -> _Found:
    for number, line in enumerate(source.text.split(NEW_LINE), 1):
        if not line.strip():
            continue
        fields, end = json_from(source, line, _skip(line, 0), number)
        if line[end:].strip():
            raise source.wrong(f"line {number}", "one test a line", line[end:].strip()[:40])
        yield number, *_object(source, number, fields)


def _object(source: Source, line: int, fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    if not isinstance(fields, dict):
        raise source.wrong(f"line {line}", "a test, as a JSON object", repr(fields)[:40])
    return fields, fields


def _skip(text: str, at: int) -> int:
    """The next place that is no white space."""
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _csv(source: Source) -> _Found:
    """A value may hold a comma, a quote or a line's end: all are quoted."""
    rows = csv.reader(io.StringIO(source.text.lstrip(), newline=""), strict=True)
    names, line = next(rows), 1
    if len(set(names)) < len(names):
        raise source.wrong("line 1", "each column once", next(name for name in names if names.count(name) > 1))
    try:
        for row in rows:
            before, line = line, rows.line_num
            if not row or row == names:  # of outputs one behind another
                continue
            if len(row) != len(names):
                raise source.wrong(f"line {before + 1}", f"{len(names)} values", f"{len(row)}")
            fields = dict(zip(names, row, strict=True))
            yield before + 1, fields, fields
    except csv.Error as error:
        raise source.wrong(f"line {rows.line_num}", "CSV", error) from error
