"""Where records are read from: run folders, each with `records/ID.json`, the truth that all else is derived from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.records.document import canonical_json, read_record

RECORDS = "records"
"""Name of the folder in a run folder."""

_SCENARIO_SIZES = ("threads", "ctx", "n_prompt", "n_gen", "tokens_per_dispatch")


def load_records(run_dirs: Sequence[Path]) -> list[dict[str, Any]]:
    """All records of the run folders in one order whatever the folders' order; equal records count once.

    Raises RequestError for a folder without records and for a record that is cut or not a record.
    """
    found = []
    for run_dir in run_dirs:
        paths = record_paths(run_dir)
        if not paths:
            raise RequestError(
                f"{run_dir}: expected a run folder with {RECORDS}/*.json, found none; name a folder that a run wrote"
            )
        found += [load_record(path) for path in paths]
    return _merged(found)


def load_readable(run_dir: Path) -> tuple[list[dict[str, Any]], int]:
    """The records of one run folder that can be read, and how many cannot."""
    found, broken = [], 0
    for path in record_paths(run_dir):
        try:
            found.append(load_record(path))
        except RequestError:
            broken += 1
    return _merged(found), broken


def load_record(path: Path) -> dict[str, Any]:
    """One record that statistics can work with; raises RequestError where it is cut or not one."""
    record = read_record(path)
    problem = _problem(record)
    if problem:
        raise RequestError(f"{path}: {problem}; delete it and run again")
    return record


def record_paths(run_dir: Path) -> list[Path]:
    """The record files of a run folder; hidden files are unfinished writes."""
    return sorted(path for path in (run_dir / RECORDS).glob("*.json") if not path.name.startswith("."))


def _merged(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    by_content = {canonical_json(record): record for record in records}
    order = sorted(by_content, key=lambda text: (by_content[text]["date"], by_content[text]["id"], text))
    return [by_content[text] for text in order]


def _problem(record: dict[str, Any]) -> str | None:
    """What statistics could not work with in a record that is otherwise whole."""
    for name in _SCENARIO_SIZES:
        if not _is_whole(record["scenario"][name]) or record["scenario"][name] < 1:
            return f"scenario.{name}: expected a whole number above 0, found {record['scenario'][name]!r}"
    if not all(isinstance(flag, str) for flag in record["flags"]):
        return "flags: expected texts, found others"
    samples = record.get("samples")
    if record["status"] == "ok" and not (isinstance(samples, list) and samples and all(map(_is_sample, samples))):
        return "samples: expected a list of timed answers with ttft_ns and decode_ns, found none or others"
    return None


def _is_sample(sample: Any) -> bool:
    if not isinstance(sample, dict):
        return False
    tokens = sample.get("token_ns") or []
    return (
        _is_whole(sample.get("ttft_ns"))
        and _is_whole(sample.get("decode_ns"))
        and isinstance(tokens, list)
        and all(map(_is_whole, tokens))
    )


def _is_whole(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63
