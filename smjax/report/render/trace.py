"""What threads did and when, as a file in the Chrome trace event format, which ui.perfetto.dev opens.

References: "Trace Event Format", https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from smjax.core.files import write_whole
from smjax.core.records.profile import Event
from smjax.core.records.profiled import Profiled


def write_trace(path: Path, profiled: Sequence[Profiled]) -> None:
    """The newest profile of each kernel, as a process of its own; raises RequestError where it cannot be written."""
    events = [event for number, one in enumerate(profiled, 1) for event in _of_kernel(number, one)]
    write_whole(path, json.dumps({"traceEvents": events, "displayTimeUnit": "ns"}, allow_nan=False) + "\n")


def _of_kernel(process: int, profiled: Profiled) -> Iterator[dict[str, Any]]:
    newest = profiled.looked_into[-1].profile
    assert newest is not None, "it was looked into"
    scenario = profiled.resolved.scenario
    name = f"{profiled.model}, {profiled.resolved.kernel}, ctx {scenario.ctx}, threads {scenario.threads}"
    yield _name("process_name", process, 0, name)
    tracks = {track: number for number, track in enumerate(dict.fromkeys(event.track for event in newest.events))}
    for track, number in tracks.items():
        yield _name("thread_name", process, number, track)
    yield from (_event(process, tracks[event.track], event) for event in newest.events)


def _name(what: str, process: int, track: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "name": what, "pid": process, "tid": track, "args": {"name": name}}


def _event(process: int, track: int, event: Event) -> dict[str, Any]:
    """In µs, as the format has it."""
    return {
        "ph": "X",
        "name": event.name,
        "cat": event.part or "in no part",
        "pid": process,
        "tid": track,
        "ts": event.begin_ns / 1e3,
        "dur": event.ns / 1e3,
        "args": {} if event.layer is None else {"layer": event.layer},
    }
