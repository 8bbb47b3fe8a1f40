"""Events are the same however their bytes are cut."""

from __future__ import annotations

import pytest

from smjax.worker.engines.openai.events import LONGEST, Events

STREAMS: dict[str, tuple[bytes, list[bytes]]] = {
    "one": (b"data: 1\n\n", [b"1"]),
    "two, and CR LF": (b"data: 1\r\n\r\ndata: 2\r\n\r\n", [b"1", b"2"]),
    "CR alone": (b"data: 1\r\rdata: 2\r\r", [b"1", b"2"]),
    "comments": (b": hello\n\n: again\ndata: 1\n\n:\n\n", [b"1"]),
    "several lines": (b"data: 1\ndata: 2\n\n", [b"1\n2"]),
    "other fields": (b"event: x\nid: 7\nretry: 5\ndata:1\n\n", [b"1"]),
    "an older llama-server's failure": (b'error: {"code":500}\n\n', [b'{"code":500}']),
    "a mark before it": (b"\xef\xbb\xbfdata: 1\n\n", [b"1"]),
    "letters of several bytes": ("data: é☃\n\n".encode(), ["é☃".encode()]),
    "no last empty line": (b"data: 1\n\ndata: 2", [b"1", b"2"]),
    "nothing": (b"\n\n\n", []),
}


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_events_are_found_wherever_the_bytes_are_cut(name: str, size: int) -> None:
    stream, expected = STREAMS[name]
    events = Events()
    found = [data for i in range(0, len(stream), size) for data in events.feed(stream[i : i + size])]
    assert [*found, *events.end()] == expected


@pytest.mark.parametrize("part", [b"x" * 1000, b"data: " + b"x" * 1000 + b"\n"])
def test_an_event_without_end_is_given_up(part: bytes) -> None:
    events = Events()

    def feed() -> None:
        for _ in range(2 * LONGEST // len(part)):
            list(events.feed(part))

    with pytest.raises(ValueError, match="an event of more than 1,048,576 bytes"):
        feed()
