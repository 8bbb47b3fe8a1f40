"""What `smjax badge` is asked: from a folder to the text of a badge."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from smjax.core.records.baselines import folder_of
from smjax.core.records.columns import METRICS
from smjax.core.records.folder import load_records
from smjax.core.records.record import Record
from smjax.report.badge.badge import badge_of
from smjax.report.badge.choice import chosen
from smjax.report.badge.svg import svg
from smjax.report.compare.metrics import metrics_of
from smjax.report.data.main_figure import main_figure
from smjax.report.data.rows import scenarios


def badge(run: str, where: str | None, metric: str | None, form: Literal["svg", "json"]) -> tuple[str, list[str]]:
    """The text, and a line for each file that is no record; raises RequestError for what names no row or figure."""
    loaded = load_records([folder_of(run)])
    named = None if metric is None else metrics_of(loaded.records, metric)[0]
    row = chosen(scenarios(loaded.records).to_dicts(), where)
    cpu = _cpu(loaded.records[row["record_numbers"][0]])
    found = badge_of(row, cpu, named or METRICS[main_figure(row)])
    return svg(found) if form == "svg" else json.dumps(found.to_json()) + "\n", loaded.refused


def _cpu(record: Record) -> Mapping[str, Any]:
    """All that the record says of it; that it is an object was seen when it was read."""
    cpu: Mapping[str, Any] = record.document["environment"].get("cpu") or {}
    return cpu
