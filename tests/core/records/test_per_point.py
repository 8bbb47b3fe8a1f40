"""A process that measured many points is read as a record of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from smjax.core.records.document import made_record
from smjax.core.records.folder import load_folder
from smjax.core.records.per_point import per_point
from smjax.core.records.typed import WrongValueError
from tests.report.factory import read, record, run_folder
from tests.report.op_factory import answer, process

GEMM, COLD = answer(), answer("rms_norm", "768", cache="cold", loop_us=None)


def test_a_process_becomes_a_record_of_each_point_with_what_was_found_there(tmp_path: Path) -> None:
    """The file is one and stays one; a process of the main job is read as it is."""
    whole = process([GEMM, COLD])
    main = record()
    found = {one.id: one for one in load_folder(run_folder(tmp_path, [whole, main])).records}
    assert sorted(found) == sorted([f"{whole['id']}.0", f"{whole['id']}.1", main["id"]])
    gemm, cold = found[f"{whole['id']}.0"], found[f"{whole['id']}.1"]
    assert [one.scenario.points[0].op for one in (gemm, cold)] == ["gemm", "rms_norm"]
    assert [(sample.call_ns, sample.loop_ns) for one in (gemm, cold) for sample in one.timed] == [
        (4000, 2000),
        (4000, None),
    ]
    assert gemm.order is not None
    assert gemm.order == cold.order


def test_a_record_s_line_is_that_of_a_process_that_measured_this_point_alone() -> None:
    """So that records.jsonl has a line for each row's record, and can be read as records are."""
    gemm, cold = per_point(made_record(process([GEMM, COLD])))
    told = json.loads(cold.line)
    assert [one["point"] for one in told["points"]] == told["scenario"]["points"] == [COLD["point"]]
    (again,) = per_point(made_record(told))
    assert (again.points, again.scenario, again.status) == (cold.points, cold.scenario, "ok")
    assert gemm.line != cold.line


def test_a_point_that_failed_fails_alone_and_a_process_that_failed_with_all_of_its_points() -> None:
    wrong = answer("softmax", "768", samples=[], status="failed", reason="nmse: expected at most 1e-5, found 0.3")
    found = per_point(made_record(process([GEMM, wrong])))
    assert [(one.status, one.reason) for one in found] == [("ok", ""), ("failed", wrong["reason"])]
    whole = process([GEMM, COLD]) | {"status": "timeout", "reason": "took longer", "points": []}
    assert [(one.status, one.reason) for one in per_point(made_record(whole))] == [("timeout", "took longer")] * 2


def test_a_point_of_which_the_process_says_nothing_is_no_success() -> None:
    whole = process([GEMM, COLD])
    whole["points"].pop()
    assert [one.status for one in per_point(made_record(whole))] == ["ok", "failed"]


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([GEMM, GEMM], "points: expected one answer to each point, found two to one of them"),
        (
            [answer("softmax", "768")],
            "points[0].point: expected one that was asked for, found softmax 768 hot",
        ),
        ([GEMM | {"samples": []}], "points[0].samples: expected a timed call of a point that is ok, found none"),
        ([GEMM | {"samples": [{}]}], "points[0].samples: expected a timed call of a point that is ok, found none"),
        ([GEMM | {"flops": -1}], "points[0].flops: expected a number from 0 to 1,000,000,000,000,000, found -1"),
        ([], "samples: expected a timed answer of a process that finished ok, found none"),
    ],
)
def test_a_process_that_answers_what_it_was_not_asked_is_refused(points: list[dict[str, Any]], said: str) -> None:
    whole = process([GEMM]) | {"points": points}
    with pytest.raises(WrongValueError) as refused:
        made_record(whole)
    assert str(refused.value) == said


def test_a_point_that_was_asked_for_twice_is_refused() -> None:
    with pytest.raises(WrongValueError, match=r"scenario\.points: expected each point once"):
        made_record(process([GEMM, COLD, GEMM]) | {"points": [GEMM]})


def test_sizes_of_answers_are_needed_where_answers_are_measured() -> None:
    assert read([record(n_gen=101)])
    with pytest.raises(WrongValueError, match=r"scenario\.ctx"):
        read([record(ctx=0)])
    with pytest.raises(WrongValueError, match=r"scenario\.threads"):
        made_record(process([GEMM], threads=0) | {"threads": {}})
