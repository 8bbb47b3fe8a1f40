"""A profile as tables, as JSON and as a trace: parts that add up, shares that are not clipped, tracks of threads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from smjax.core.records.answer import Answer, Bandwidth, Sample
from smjax.core.records.profile import NO_PART, Counted, Event, Need, Pass, Piece, Profile
from smjax.core.records.profiled import Profiled
from smjax.core.records.typed import decode, encode
from smjax.report.data.profile_document import TOO_NEAR, told
from smjax.report.render.trace import write_trace
from smjax.report.tables.profile import tell
from tests.sweep.points import chosen
from tests.worker.models import scenario


def looked_into(factor: float = 1.0) -> Answer:
    """Of two layers: 90 µs in parts, 10 in none, at a bandwidth of 1 GB/s."""
    layers = [Piece(part, "multiply", layer, 1e4 * factor) for part in ("qkv", "feed-forward") for layer in (0, 1)]
    others = [("dispatch", 2e4), ("dispatch", 2e4), ("head", 1e4), (NO_PART, 1e4)]
    pieces = [*layers, *(Piece(part, f"the {n}th", None, ns * factor) for n, (part, ns) in enumerate(others))]
    needs = [Need("qkv", 0, 5000), Need("qkv", 1, 5000), Need("head", None, 20000)]
    step = Pass(1e5 * factor, 9.8e4 * factor, 40, stamps=30, pieces=pieces, needs=needs)
    events = [
        Event("Python", "program", "dispatch", None, 0, 9e4),
        Event("thread 1", "multiply", "qkv", 1, 10, 1e4),
    ]
    found = Profile("stamps", step, step, stamp_ns=9, no_counts="there is no such counter", events=events)
    return Answer("ok", profile=found, read_bandwidth=Bandwidth(1e9, 30000))


def measured(factor: float = 1.0) -> Answer:
    """Tokens of 100 µs."""
    return Answer("ok", samples=[Sample(100_000, 3_100_000, [int(1e5 * factor)] * 31) for _ in range(3)])


@pytest.fixture
def profiled() -> Profiled:
    ran = [looked_into(factor) for factor in (1.0, 1.02, 0.98, 7.0)]  # of which the last was disturbed
    return Profiled("small", chosen(scenario()), 2, looked_into=ran, measured=[measured(f) for f in (1, 1.02, 0.98, 7)])


def test_it_crosses_the_border_as_it_is() -> None:
    answer = looked_into()
    assert decode(Answer, json.loads(json.dumps(encode(answer)))) == answer


def test_parts_add_up_beside_what_is_measured(profiled: Profiled) -> None:
    step = told(profiled).decode
    assert step.measured_us == pytest.approx(101, rel=0.02)
    assert step.adds_up.ratio == pytest.approx(0.9)
    assert step.instrument.ratio == pytest.approx(100 / 98)
    assert sum(one.us for one in step.parts if one.part != "in no part") == pytest.approx(step.parts_us)
    assert [one.part for one in step.parts] == ["qkv", "feed-forward", "head", "dispatch", "in no part"]


def test_a_share_above_one_is_flagged_and_not_clipped(profiled: Profiled) -> None:
    parts = {one.part: one for one in told(profiled).decode.parts}
    assert parts["qkv"].of_bandwidth == pytest.approx(0.5, rel=0.03)
    assert (parts["qkv"].at_bandwidth_us, parts["qkv"].flag) == (10, "")
    assert parts["head"].of_bandwidth == pytest.approx(2, rel=0.03)
    assert parts["head"].flag == TOO_NEAR
    assert parts["dispatch"].of_bandwidth is None


def test_tables_show_parts_layers_and_what_is_not_known(profiled: Profiled, capsys: pytest.CaptureFixture[str]) -> None:
    tell([told(profiled)], "md")
    said = capsys.readouterr().out
    assert said.count("| part |") == 2
    assert said.count("| layer |") == 2
    assert "90.0%" in said
    assert said.count("cache misses are not known: there is no such counter") == 1
    tell([told(profiled)], "json")
    assert json.loads(capsys.readouterr().out)[0]["decode"]["parts"][0]["layers_us"].keys() == {"0", "1"}


def test_counts_are_columns(profiled: Profiled, capsys: pytest.CaptureFixture[str]) -> None:
    events = ["instructions", "cycles"]
    ran = [Counted(events, {"head": [3e6, 1e6], NO_PART: [0.0, 0.0]}), Counted(events, {"head": [5e6, 1e6]})]
    counting = replace(profiled, counted=[Answer("ok", counted=one) for one in ran])
    head = next(one for one in told(counting).decode.parts if one.part == "head")
    assert (head.counts, head.instructions_per_cycle) == ({"instructions": 4e6, "cycles": 1e6}, 4)
    tell([told(counting)], "md")
    said = capsys.readouterr().out
    assert "| 1,000 instructions | 1,000 cycles | IPC |" in said
    assert "| 4000 | 1000 | 4.00 |" in said
    assert "2 processes of their own" in said


def test_layers_as_wholes_and_parts_that_do_not_add_up(profiled: Profiled, capsys: pytest.CaptureFixture[str]) -> None:
    for answer in profiled.looked_into:
        assert answer.profile is not None
        answer.profile.decode.pieces = [replace(piece, layer=None, ns=piece.ns / 2) for piece in _pieces(answer)]
        answer.profile.decode.layers_ns = [3e4, 2e4]
    step = told(profiled).decode
    assert (step.layers_us, step.is_explained) == ({"0": 30.0, "1": 20.0}, False)
    tell([told(profiled)], "md")
    said = capsys.readouterr().out
    assert "| layer | all parts |" in said
    assert said.count("where the time goes is not known") == 2


def _pieces(answer: Answer) -> list[Piece]:
    assert answer.profile is not None, "it was looked into"
    return answer.profile.decode.pieces


def test_a_trace_has_a_track_for_each_thread(profiled: Profiled, tmp_path: Path) -> None:
    write_trace(tmp_path / "trace.json", [profiled, profiled])
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    named = [(event["pid"], event["args"]["name"]) for event in events if event["name"] == "thread_name"]
    assert named == [(1, "Python"), (1, "thread 1"), (2, "Python"), (2, "thread 1")]
    (last,) = [event for event in events if event["ph"] == "X" and event["pid"] == 2 and event["cat"] == "qkv"]
    assert (last["ts"], last["dur"], last["args"]) == (0.01, 10.0, {"layer": 1})
