"""Server-sent events: from bytes, however they are cut, to what each event carries.

References: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

from collections.abc import Iterator

LONGEST = 1 << 20
"""Bytes of one event: a token's are a few hundred."""
_BOM = b"\xef\xbb\xbf"


class Events:
    """Takes what arrives, and gives the data of every event that is whole by then."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []
        self._n_bytes = 0
        self._is_first = True

    def feed(self, received: bytes) -> Iterator[bytes]:
        """The data of the events that end in `received`; raises ValueError for one that does not end."""
        # A line may end in CR LF: a CR that is the last of what arrived waits for what follows.
        whole = self._rest + received
        self._rest = b"\r" if whole.endswith(b"\r") else b""
        *lines, rest = whole.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = rest + self._rest
        self._check(len(self._rest))
        for line in lines:
            if (data := self._take(line)) is not None:
                yield data

    def end(self) -> Iterator[bytes]:
        """What is there at the end of the stream: some servers leave out the last empty line."""
        yield from self.feed(b"\n\n")

    def _take(self, line: bytes) -> bytes | None:
        """The data of the event that the line ends, if it ends one."""
        if self._is_first:
            line, self._is_first = line.removeprefix(_BOM), False
        if not line:
            data, self._data, self._n_bytes = self._data, [], 0
            return b"\n".join(data) if data else None
        name, _, value = line.partition(b":")  # without a name it is a comment, as servers send to keep a line open
        if name in (b"data", b"error"):  # the second is how older llama-servers end a stream that failed
            self._data.append(value.removeprefix(b" "))
            self._n_bytes += len(value)
            self._check(self._n_bytes)
        return None

    @staticmethod
    def _check(n_bytes: int) -> None:
        if n_bytes > LONGEST:
            raise ValueError(f"an event of more than {LONGEST:,} bytes")
