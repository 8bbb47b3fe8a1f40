"""A file of another tool as text: read once, whatever encoding it has, with its digest; every error says where."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from smjax.core.errors import RequestError
from smjax.core.files import read_regular
from smjax.core.text import printable

FILE_BYTES_MAX = 1 << 26
"""Thousands of times what a tool writes."""
NEW_LINE = "\n"
CUT = "the file is cut or damaged, or no output of this tool"
_GZIP = b"\x1f\x8b"
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
"""What Windows puts first."""


@dataclass(frozen=True)
class Source:
    """One file."""

    path: Path
    text: str
    digest: str
    """`sha256:` and that of its bytes, unpacked."""
    changed: str
    """When it was last changed, UTC, ISO 8601."""

    def wrong(self, place: str, expected: str, found: object, fix: str = CUT) -> RequestError:
        """What to raise: the file and where in it, expected, found, what to do."""
        where = ": ".join(filter(None, [printable(str(self.path), 500), printable(place)]))
        return RequestError(f"{where}: expected {expected}, found {printable(str(found))}; {fix}")


def read_source(path: Path, expected: str) -> Source:
    """The file at `path`, which is to be what `expected` says; raises RequestError for what is no text."""
    content = read_regular(path, FILE_BYTES_MAX, expected)
    where = printable(str(path), 500)
    if content.startswith(_GZIP):
        content = _unpacked(content, where, expected)
    if not content.strip():
        raise RequestError(f"{where}: expected {expected}, found an empty file; {CUT}")
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RequestError(f"{where}: line {line}: expected text in UTF-8, found other bytes; {CUT}") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise RequestError(f"{where}: line {line}: expected text in UTF-8, found a null byte; save it as UTF-8")
    changed = datetime.fromtimestamp(int(path.stat().st_mtime), UTC).isoformat()
    return Source(path, text, f"sha256:{hashlib.sha256(content).hexdigest()}", changed)


def _unpacked(content: bytes, where: str, expected: str) -> bytes:
    """As pyperf writes a file whose name ends in .gz."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            found = file.read(FILE_BYTES_MAX + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise RequestError(f"{where}: expected {expected}, found gzip that ends early or is damaged; {CUT}") from error
    if len(found) > FILE_BYTES_MAX:
        large = f"more than {FILE_BYTES_MAX:,} bytes in it"
        raise RequestError(f"{where}: expected {expected}, found {large}; name another file")
    return found


class _NotStrictError(ValueError):
    """What Python reads and JSON has not got."""


def json_from(source: Source, text: str, offset: int, line: int) -> tuple[Any, int]:
    """The JSON value that begins at an offset of a text, and where it ends; the text begins in that line of the file.

    NaN, and a name twice in an object, are refused.
    """
    try:
        return _DECODER.raw_decode(text, offset)
    except json.JSONDecodeError as error:
        found = f"{error.msg} at column {error.colno}"
        raise source.wrong(f"line {line + error.lineno - 1}", "JSON", found) from error
    except (ValueError, RecursionError) as error:
        found = str(error) if isinstance(error, _NotStrictError) else type(error).__name__
        raise source.wrong(f"line {line + text.count(NEW_LINE, 0, offset)}", "JSON", found) from error


def whole_json(source: Source) -> dict[str, Any]:
    """The one JSON object that a file is."""
    start = len(source.text) - len(source.text.lstrip())
    found, end = json_from(source, source.text, start, 1)
    if source.text[end:].strip():
        raise source.wrong(
            f"line {source.text.count(NEW_LINE, 0, end) + 1}", "the end of the file", source.text[end:].strip()[:40]
        )
    if not isinstance(found, dict):
        raise source.wrong("", "a JSON object", str(found)[:40])
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _NotStrictError(f"{next(name for name in names if names.count(name) > 1)} twice in one object")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise _NotStrictError(f"{name}, which is no number of JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_refuse_constant)


@contextlib.contextmanager
def within(source: Source, place: str) -> Iterator[None]:
    """Errors of a field, which know its name alone, as errors of the file."""
    try:
        yield
    except FieldError as error:
        where = ": ".join(filter(None, [place, error.name]))
        raise source.wrong(where, error.expected, error.found, error.fix) from error


class FieldError(Exception):
    """A field that is not as it should be: its name, what was expected, what was found, what to do."""

    def __init__(self, name: str, expected: str, found: object, fix: str = CUT) -> None:
        super().__init__(name)
        self.name, self.expected, self.found, self.fix = name, expected, found, fix
