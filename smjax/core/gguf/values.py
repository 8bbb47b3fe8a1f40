"""Reading the typed values of a GGUF header, each checked against the bytes that are left before it is used.

References: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, NoReturn

import numpy as np

from smjax.core.errors import RequestError
from smjax.core.text import printable

DAMAGED = "the file is damaged or cut short, fetch or convert it again"
UINT32, STRING, ARRAY = 4, 8, 9
NUMBERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
"""Layout of each numeric value type, by its number in the file; struct and NumPy agree on these."""
LENGTH = struct.Struct("<Q")
KEY_BYTES_MAX = 65535


class Cursor:
    """A position in the mapped header; `where` says in errors what was being read."""

    def __init__(self, data: mmap.mmap, file: str) -> None:
        self.data, self.file, self.where = data, file, "header"
        self.at, self.end = 0, len(data)

    def fail(self, expected: str, found: object, fix: str = DAMAGED) -> NoReturn:
        raise RequestError(f"{self.file}: {self.where}: expected {expected}, found {found}; {fix}")

    def skip(self, n_bytes: int, what: str) -> int:
        """Step over `n_bytes` that must be there, and return where they start."""
        if n_bytes > self.end - self.at:
            self.fail(f"{n_bytes} bytes of {what}", f"{self.end - self.at} before the end of the file")
        self.at += n_bytes
        return self.at - n_bytes

    def number(self, layout: str, what: str) -> int:
        (value,) = struct.unpack_from(layout, self.data, self.skip(struct.calcsize(layout), what))
        return int(value)

    def u32(self, what: str) -> int:
        return self.number("<I", what)

    def u64(self, what: str) -> int:
        return self.number("<Q", what)

    def count(self, what: str, least_bytes: int, limit: int | None = None) -> int:
        """A number of things of at least `least_bytes` each, at most what the rest of the file can hold."""
        count = self.u64(f"the number of {what}")
        most = (self.end - self.at) // least_bytes
        if limit is not None:
            most = min(most, limit)
        if count > most:
            self.fail(f"at most {most} {what}", count)
        return count

    def name(self, what: str, limit: int) -> str:
        """A key or tensor name: ASCII, neither empty nor longer than `limit` bytes, as the format asks."""
        length = self.u64(f"the length of the {what}")
        if not 1 <= length <= limit:
            self.fail(f"a {what} of 1 to {limit} bytes", length)
        start = self.skip(length, f"the {what}")
        raw = self.data[start : self.at]
        if not raw.isascii():
            self.fail(f"an ASCII {what}", printable(repr(raw)))
        return raw.decode("ascii")


class Entry(NamedTuple):
    """Where one value lies: `n_elements` of `kind` from `offset` on, or one that is no array where it is None."""

    kind: int
    offset: int
    n_elements: int | None


def check_value(cursor: Cursor) -> Entry:
    """Step over one metadata value, making sure that all of it lies inside the file."""
    kind = cursor.u32("the value type")
    if kind != ARRAY:
        start = cursor.at
        _check_elements(cursor, kind, 1)
        return Entry(kind, start, None)
    element = cursor.u32("the element type")
    if element == ARRAY:
        # As in llama.cpp. Nothing writes them, and each level would cost objects.
        cursor.fail("an array of numbers or strings", "an array of arrays")
    count = cursor.u64("the number of elements")
    start = cursor.at
    _check_elements(cursor, element, count)
    return Entry(element, start, count)


def _check_elements(cursor: Cursor, kind: int, count: int) -> None:
    if kind in NUMBERS:
        cursor.skip(count * struct.calcsize(NUMBERS[kind]), "numbers")
    elif kind == STRING:
        _check_strings(cursor, count)
    else:
        cursor.fail("a value type from 0 to 12", kind)


def _check_strings(cursor: Cursor, count: int) -> None:
    """A plain loop: a vocabulary is a hundred thousand strings, a method call for each would cost 0.1 s."""
    if count * LENGTH.size > cursor.end - cursor.at:
        cursor.fail(f"{count} strings", f"{cursor.end - cursor.at} bytes before the end of the file")
    data, at, last = cursor.data, cursor.at, cursor.end - LENGTH.size
    for index in range(count):
        length = LENGTH.unpack_from(data, at)[0] if at <= last else None
        if length is None or length > last - at:
            found = "its end" if length is None else f"one of {length} bytes"
            cursor.fail(f"string {index + 1} of {count} inside the file", found)
        at += LENGTH.size + length
    cursor.at = at


class StringArray:
    """An array of strings that stays in the file: in Python objects it would cost many times its bytes."""

    def __init__(self, data: mmap.mmap, offset: int, count: int) -> None:
        self._data, self._offset, self._count = data, offset, count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        at = self._offset
        for _ in range(self._count):
            (length,) = LENGTH.unpack_from(self._data, at)
            at += LENGTH.size + length
            yield self._data[at - length : at].decode("utf-8", errors="replace")


class Metadata(Mapping[str, Any]):
    """Metadata by key, decoded when asked for, so that only the keys take memory; needs its file to be open.

    A value is an int, float, bool or str; an array of numbers is a NumPy array, one of strings a StringArray.
    Bytes that are not UTF-8 become U+FFFD, since llama.cpp also takes vocabularies with such tokens.
    """

    def __init__(self, data: mmap.mmap, entries: dict[str, Entry]) -> None:
        self._data, self._entries = data, entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries  # Mapping would decode the value to answer

    def __getitem__(self, key: str) -> Any:
        kind, offset, count = self._entries[key]
        if kind == STRING:
            strings = StringArray(self._data, offset, 1 if count is None else count)
            return next(iter(strings)) if count is None else strings
        if count is None:
            return struct.unpack_from(NUMBERS[kind], self._data, offset)[0]
        dtype = np.dtype(NUMBERS[kind])
        raw = self._data[offset : offset + count * dtype.itemsize]
        if dtype == np.bool_:
            return np.frombuffer(raw, np.uint8) != 0  # NumPy's bool holds 0 and 1 only
        return np.frombuffer(raw, dtype)


def read_metadata(cursor: Cursor, n_pairs: int) -> Metadata:
    """Check `n_pairs` keys and values from the cursor on; RequestError if one is cut, repeated or of no known type."""
    entries: dict[str, Entry] = {}
    for index in range(n_pairs):
        cursor.where = f"metadata {index + 1} of {n_pairs}"
        key = cursor.name("key", KEY_BYTES_MAX)
        cursor.where = f"metadata {printable(key)}"
        if key in entries:
            cursor.fail("each key once", "it twice")
        entries[key] = check_value(cursor)
    return Metadata(cursor.data, entries)


def read_alignment(cursor: Cursor, metadata: Metadata) -> int:
    """`general.alignment` in bytes, 32 where the file does not say."""
    alignment = metadata.get("general.alignment", 32)
    cursor.where = "metadata general.alignment"
    # The format asks for a multiple of 8; no machine has pages above 64 KiB.
    if type(alignment) is not int or not 8 <= alignment <= 65536 or alignment & (alignment - 1):
        found = alignment if isinstance(alignment, int | float) else type(alignment).__name__
        cursor.fail("a power of two from 8 to 65536", found)
    return alignment
