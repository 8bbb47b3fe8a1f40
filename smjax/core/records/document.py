"""The record of one worker process as it lies on disk: its name, how it is written and how it is checked when read."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from smjax.core.errors import RequestError
from smjax.core.files import read_regular, write_whole
from smjax.core.records.columns import READABLE_SCHEMAS
from smjax.core.records.record import Record, record_of
from smjax.core.records.scenario import Scenario
from smjax.core.records.typed import WrongValueError
from smjax.core.text import printable

RECORD_BYTES_MAX = 1 << 26
"""A thousand times what a record takes."""
_FIX = "it is damaged: restore it, or move it elsewhere"
_BRIEF = 150
_NAME_CHARACTERS = 60
"""Longest model name in a file name, which may have 255 characters in all."""


def canonical_json(data: Any) -> str:
    """One text for one value: keys sorted, no spaces, ASCII; NaN and infinities, which JSON lacks, become null."""
    return json.dumps(_finite(data), sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(described: Any) -> str:
    """A short name of everything that is described."""
    return hashlib.sha256(canonical_json(described).encode()).hexdigest()[:32]


def record_id(scenario: Scenario, identity: str, replicate: int, attempt: int = 0) -> str:
    """Readable, fit for a file name, and different for any two identities, labels, replicates or attempts at one."""
    s = scenario
    sizes = f"t{s.threads}" if s.points else f"t{s.threads}-c{s.ctx}-p{s.n_prompt}-g{s.n_gen}-d{s.tokens_per_dispatch}"
    number = f"r{replicate}a{attempt}" if attempt else f"r{replicate}"
    label = f"-{hashlib.sha256(s.label.encode('utf-8', 'backslashreplace')).hexdigest()[:8]}" if s.label else ""
    return f"{slug(_what(s))}-{sizes}-{slug(s.engine)}-{slug(s.kernel)}-{number}-{identity[:8]}{label}"


def _what(scenario: Scenario) -> str:
    """What is measured, in a word."""
    if scenario.points:
        ops = dict.fromkeys(point.op for point in scenario.points)
        return next(iter(ops)) if len(ops) == 1 else f"{len(ops)}-ops"
    return scenario.model if scenario.model_path is None else Path(scenario.model_path).stem


def write_record(records_dir: Path, record: Record) -> Path:
    """Write one record whole or not at all and return its path; raises RequestError when it cannot be written."""
    return write_whole(records_dir / f"{record.id}.json", f"{record.line}\n")


def made_record(document: Mapping[str, Any]) -> Record:
    """The record that `document` becomes when it is written and read; raises WrongValueError where it would not be."""
    line = canonical_json(document)
    return record_of(json.loads(line), line)


def read_record(path: Path) -> dict[str, Any]:
    """One record's JSON; raises RequestError when it is missing, cut, of a newer schema or no record at all."""
    return load_document(path)[0]


def load_record(path: Path) -> Record:
    """One record; raises RequestError, in one line that names file and field, for anything else."""
    document, text = load_document(path)
    try:
        return record_of(document, _one_line(document, text))
    except (WrongValueError, RecursionError) as error:
        raise RequestError(f"{_shown(path)}: {_brief(error)}; {_FIX}") from error


def load_document(path: Path) -> tuple[dict[str, Any], str]:
    """The JSON object that a record's file holds, of a schema that is known, and its text."""
    content = read_regular(path, RECORD_BYTES_MAX, "a readable record")
    try:
        text = content.decode("utf-8")
        document = _JSON.decode(text)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        reason = f"{type(error).__name__}: {_brief(error)}"
        raise RequestError(f"{_shown(path)}: expected a whole JSON record, found {reason}; {_FIX}") from error
    if not isinstance(document, dict):
        found = printable(text.strip(), 40) or "nothing"
        raise RequestError(f"{_shown(path)}: expected a JSON object, found {found}; {_FIX}")
    _check_schema(path, document.get("schema"))
    return document, text


def _check_schema(path: Path, schema: Any) -> None:
    if type(schema) is int and schema in READABLE_SCHEMAS:
        return
    known = f"a record of schema {READABLE_SCHEMAS[0]} to {READABLE_SCHEMAS[-1]}"
    if type(schema) is int and max(READABLE_SCHEMAS) < schema < 10**6:
        raise RequestError(f"{_shown(path)}: schema: expected {known}, found {schema}, of a newer smjax; update smjax")
    found = "none" if schema is None else _brief(json.dumps(schema)[:_BRIEF])
    raise RequestError(f"{_shown(path)}: schema: expected {known}, found {found}; {_FIX}")


def _one_line(document: dict[str, Any], text: str) -> str:
    """The text itself where it is one line already, whoever asks: one in ASCII has no other line ends."""
    line = text.strip("\r\n")
    return line if line.isascii() and "\n" not in line and "\r" not in line else canonical_json(document)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name}, which is no number of JSON")


_JSON = json.JSONDecoder(parse_constant=_refuse_constant)


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def slug(name: str) -> str:
    """What of a name is fit for a file's."""
    return re.sub(r"[^a-z0-9._]+", "-", name.lower()).strip("-.")[:_NAME_CHARACTERS] or "model"


def _shown(path: Path) -> str:
    return printable(str(path), 500)


def _brief(said: object) -> str:
    return printable(" ".join(str(said).split()), _BRIEF)
