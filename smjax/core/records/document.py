"""The record of one worker process as it lies on disk: its name, how it is written and how it is checked when read."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.files import read_regular, write_whole
from smjax.core.records.columns import PROVENANCES, READABLE_SCHEMAS, STATUSES
from smjax.core.records.scenario import Scenario

_KINDS: dict[str, type] = {
    "id": str,
    "provenance": str,
    "date": str,
    "replicate": int,
    "scenario": dict,
    "host": str,
    "smjax": str,
    "environment": dict,
    "status": str,
    "reason": str,
    "wall_ns": int,
    "model": dict,
    "flags": list,
}
"""Keys that every record has, whatever became of its worker; the worker's own results are there as far as it got."""
_JSON_NAMES = {str: "text", int: "whole number", dict: "object", list: "list"}
RECORD_BYTES_MAX = 1 << 28
"""A thousand times what a record takes."""
_FIX = "delete it and run again"
_NAME_CHARACTERS = 60
"""Longest model name in a file name, which may have 255 characters in all."""


def canonical_json(data: Any) -> str:
    """One text for one value: keys sorted, no spaces, ASCII; NaN and infinities, which JSON lacks, become null."""
    return json.dumps(_finite(data), sort_keys=True, separators=(",", ":"), allow_nan=False)


def record_id(scenario: Scenario, identity: str, replicate: int, attempt: int = 0) -> str:
    """Readable, fit for a file name, and different for any two identities, replicates or attempts at one."""
    s = scenario
    name = s.model if s.model_path is None else Path(s.model_path).stem
    sizes = f"t{s.threads}-c{s.ctx}-p{s.n_prompt}-g{s.n_gen}-d{s.tokens_per_dispatch}"
    number = f"r{replicate}a{attempt}" if attempt else f"r{replicate}"
    return f"{_slug(name)}-{sizes}-{_slug(s.engine)}-{_slug(s.kernel)}-{number}-{identity[:8]}"


def write_record(records_dir: Path, record: dict[str, Any]) -> Path:
    """Write one record whole or not at all and return its path; raises RequestError when it cannot be written."""
    return write_whole(records_dir / f"{record['id']}.json", canonical_json(record) + "\n")


def read_record(path: Path) -> dict[str, Any]:
    """Read one record; raises RequestError when it is missing, cut, from another schema or not a record at all."""
    record = _read_object(path)
    schema = record.get("schema")
    if type(schema) is not int or schema not in READABLE_SCHEMAS:
        found = "none" if "schema" not in record else _brief(schema)
        known = " or ".join(map(str, READABLE_SCHEMAS))
        raise RequestError(f"{path}: expected a record of schema {known}, found {found}; {_FIX}")
    _check_keys(path, record)
    _check_choice(path, "status", record["status"], STATUSES)
    _check_choice(path, "provenance", record["provenance"], PROVENANCES)
    _check_scenario(path, record["scenario"])
    return record


def _read_object(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(read_regular(path, RECORD_BYTES_MAX, "a readable record"))
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise RequestError(f"{path}: expected a whole JSON record, found: {_brief_reason(error)}; {_FIX}") from error
    if not isinstance(record, dict):
        raise RequestError(f"{path}: expected a JSON object, found {_brief(record)}; {_FIX}")
    return record


def _check_keys(path: Path, record: dict[str, Any]) -> None:
    missing = [key for key in _KINDS if key not in record]
    if missing:
        raise RequestError(f"{path}: expected a record with {', '.join(missing)}, found none; {_FIX}")
    for key, kind in _KINDS.items():
        if not isinstance(record[key], kind) or isinstance(record[key], bool):
            raise RequestError(f"{path}: {key}: expected {_JSON_NAMES[kind]}, found {_brief(record[key])}; {_FIX}")


def _check_choice(path: Path, key: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise RequestError(f"{path}: {key}: expected one of {', '.join(known)}, found {_brief(value)}; {_FIX}")


def _check_scenario(path: Path, scenario: dict[str, Any]) -> None:
    try:
        Scenario.from_json(scenario)
    except (TypeError, KeyError) as error:
        reason = _brief_reason(error)
        raise RequestError(f"{path}: scenario: expected its known keys, found: {reason}; {_FIX}") from error


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9._]+", "-", name.lower()).strip("-.")[:_NAME_CHARACTERS] or "model"


def _brief(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _brief_reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:120]}"
