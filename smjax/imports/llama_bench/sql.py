"""llama-bench's SQL: statements that would fill a table `llama_bench`, which are read and not run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from smjax.imports.source import Source

_INSERT = re.compile(r"INSERT\s+INTO\s+[\"'`\[]?(\w+)[\"'`\]]?\s*(?:\(([^)]*)\))?\s*VALUES\s*\((.*)\)\s*$", re.I | re.S)
_CREATE = re.compile(r"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?[\"'`\[]?(\w+)[\"'`\]]?\s*\((.*)\)\s*$", re.I | re.S)
_VALUE = re.compile(r"\s*(?:'((?:[^']|'')*)'|([-+.\w]+))\s*(?:,|$)")
_TABLE = "llama_bench"
_OTHERS = ("BEGIN", "COMMIT", "PRAGMA")
"""What a database's own dump has besides."""


def tests(source: Source) -> Iterator[tuple[int, dict[str, Any], dict[str, Any]]]:
    """Line, fields and the same again, of each INSERT."""
    names: list[str] = []
    for line, statement in _statements(source):
        if statement.upper().startswith(_OTHERS):
            continue
        if created := _CREATE.match(statement):
            _check_table(source, line, created[1])
            names = [part.split()[0] for part in created[2].split(",") if part.strip()]
        elif inserted := _INSERT.match(statement):
            _check_table(source, line, inserted[1])
            own = [name.strip() for name in inserted[2].split(",")] if inserted[2] else names
            fields = dict(zip(own, _values(source, line, inserted[3], len(own)), strict=True))
            yield line, fields, fields
        else:
            raise source.wrong(f"line {line}", f"CREATE TABLE or INSERT INTO {_TABLE}, and its end", statement[:40])


def _statements(source: Source) -> Iterator[tuple[int, str]]:
    """Each with the line that it begins in: one ends with a line that ends with a semicolon."""
    begun, first = list[str](), 1
    for number, line in enumerate(source.text.splitlines(), 1):
        if not begun and (not line.strip() or line.startswith("--")):
            continue
        first = first if begun else number
        begun.append(line)
        if line.rstrip().endswith(";"):
            yield first, "\n".join(begun).strip().removesuffix(";").rstrip()
            begun = []
    if begun:
        yield first, "\n".join(begun).strip()


def _check_table(source: Source, line: int, name: str) -> None:
    if name != _TABLE:
        raise source.wrong(f"line {line}", f"the table {_TABLE}", f"the table {name}", "name llama-bench's own output")


def _values(source: Source, line: int, text: str, count: int) -> list[str]:
    """llama-bench puts quotes around each value and lets those in it stand; a database doubles these."""
    plain = text.strip()[1:-1].split("', '")
    if len(plain) == count and text.strip()[:1] == "'":
        return [value.replace("''", "'") for value in plain]
    found, at = list[str](), 0
    while at < len(text) and (value := _VALUE.match(text, at)):
        found.append(value[2] or (value[1] or "").replace("''", "'"))
        at = value.end()
    if at < len(text) or len(found) != count:
        raise source.wrong(f"line {line}", f"{count} values", f"{len(found)}")
    return found
