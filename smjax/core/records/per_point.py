"""A microbenchmark's process, which measures many points, as a record of each: of these rows are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from smjax.core.records.document import canonical_json
from smjax.core.records.point import Point, PointAnswer
from smjax.core.records.record import Record
from smjax.core.records.typed import encode

_OF_A_POINT = ("id", "status", "reason", "scenario", "points")
OF_ANSWERS = ("model", "model_path", "ctx", "n_prompt", "n_gen", "tokens_per_dispatch", "kv_dtype")
"""What is asked for of a model's answers, which a microbenchmark does not have."""
_NO_ANSWER = "the process says nothing of this point"


def per_point(record: Record) -> list[Record]:
    """A record for each point that the process was asked for, with the point's number after its id.

    It is the process's record as if it had been asked for that point alone. Of a process that was asked for none, its
    record.
    """
    shared = {name: value for name, value in record.document.items() if name not in _OF_A_POINT}
    head = canonical_json(shared).removesuffix("}")
    answers = {answer.point: answer for answer in record.points}
    found = [
        _of(record, f"{record.id}.{number}", point, answers.get(point))
        for number, point in enumerate(record.scenario.points)
    ]
    return [_with_document(one, shared, head) for one in found] or [record]


def _of(record: Record, name: str, point: Point, answer: PointAnswer | None) -> Record:
    """A process that did not finish ok has measured nothing; what failed before it did says so itself."""
    own = answer or PointAnswer(point, "failed", _NO_ANSWER)
    has_failed = answer is not None and answer.status != "ok"
    said = own if record.ok or has_failed else record
    scenario = replace(record.scenario, points=(point,))
    return replace(record, id=name, status=said.status, reason=said.reason, scenario=scenario, points=[own])


def _with_document(record: Record, shared: Mapping[str, Any], head: str) -> Record:
    """With its document and its line, of which the most is the same for all points of a process."""
    (answer,) = record.points
    asked = {**record.document["scenario"], "points": [encode(answer.point)]}
    own = {"id": record.id, "status": record.status, "reason": record.reason, "scenario": asked}
    line = f"{head},{canonical_json({**own, 'points': [encode(answer)]}).removeprefix('{')}"
    brief = {name: value for name, value in encode(replace(answer, samples=[])).items() if name != "samples"}
    ran = {**(shared.get("resolved") or {}), "kv_dtype": None}
    own |= {"scenario": asked | dict.fromkeys(OF_ANSWERS), "resolved": ran, "points": [brief]}
    return replace(record, document={**shared, **own}, line=line)
