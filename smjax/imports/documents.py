"""From results to records as they lie on disk."""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smjax.core.models.presets import PRESETS
from smjax.core.models.source import open_model, weight_bytes
from smjax.core.records.columns import SCHEMA_VERSION
from smjax.core.records.document import canonical_json
from smjax.core.records.flags import MODEL_CLAIMED
from smjax.core.records.import_flags import DATE_UNSURE
from smjax.core.records.imported import Imported, Timed
from smjax.core.records.scenario import Measure
from smjax.core.records.typed import encode
from smjax.imports.result import Result
from smjax.imports.source import Source

_NAME_CHARACTERS = 60
_VARIES = (
    *("place", "samples", "fields", "model_path", "date", "replicate", "replicates"),
    *("memory", "phases_ns", "flags"),
)
"""What is another with each result, and makes it no other thing."""


@dataclass(frozen=True)
class ClaimedModel:
    """Which one it was, as whoever imports says."""

    name: str
    hash: str
    n_bytes: int
    """Of its tensors."""

    @classmethod
    def of(cls, named: str) -> ClaimedModel:
        """A preset or a GGUF file; raises RequestError for neither."""
        model = open_model(named, None, 42) if named in PRESETS else open_model("gguf", named, 42)
        return cls(model.name, model.hash, weight_bytes(model))


@dataclass(frozen=True)
class Origin:
    """Of all results of a file: where they are from, and what whoever imports says of them."""

    source: Source
    tool: str
    version: str
    """Of the tool; empty where it is not known."""
    model: ClaimedModel | None = None
    machine: str = ""

    @property
    def short(self) -> str:
        """What tells the file from others of its name."""
        return self.source.digest.removeprefix("sha256:")[:8]


def documents(results: Sequence[Result], origin: Origin) -> list[dict[str, Any]]:
    """Results that are alike in all but their samples are rows of their own: nobody can say what one process ran.

    Raises RequestError for several models, or one of another size, where it is said which one it is.
    """
    began = min(result.date or origin.source.changed for result in results)
    run = f"{datetime.fromisoformat(began):%Y%m%dT%H%M%SZ}-{origin.short}"  # as ids of sweeps begin
    seen = dict[tuple[str, int], int]()
    found = []
    _check_one_model(results, origin)
    for number, result in enumerate(results):
        _check_size(result, origin)
        alike = digest(_thing(result, origin)), result.replicate
        seen[alike] = seen.get(alike, -1) + 1
        name = f"{origin.tool}-{_slug(result.model or result.label)}-{origin.short}-{number:03}"
        ids = {"id": name, "run": run, "identity": digest([alike[0], seen[alike]])}
        found.append(ids | _document(result, origin))
    return found


def digest(value: Any) -> str:
    """Of what has a JSON text."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def spread(samples: Sequence[Timed]) -> float | None:
    """Standard deviation of the samples' spans as a share of their mean, in exact arithmetic.

    By sums of squares, in one pass, spans of 10^9 ns that are 1 ns apart have none.
    """
    spans = [sample.span_ns for sample in samples]
    return statistics.stdev(spans) / statistics.mean(spans) if len(spans) > 1 else None


def _check_one_model(results: Sequence[Result], origin: Origin) -> None:
    """A file of several models is not of the one that is said to be it."""
    first = next((result.model for result in results if result.model), None)
    other = next((result for result in results if result.model not in (None, first)), None)
    if origin.model is not None and other is not None:
        place, expected = f"{other.place}: model", f"{first}, as above, of which --model says which one it is"
        raise origin.source.wrong(place, expected, other.model, "import each model by itself, or without --model")


def _check_size(result: Result, origin: Origin) -> None:
    claimed = origin.model
    if claimed is not None and result.model_bytes not in (None, claimed.n_bytes):
        expected = f"tensors of {claimed.n_bytes:,} bytes, as {claimed.name} has"
        found, place = f"{result.model_bytes:,}", f"{result.place}: model"
        raise origin.source.wrong(place, expected, found, "name the model that it was")


def _thing(result: Result, origin: Origin) -> Any:
    """What makes two results the same."""
    return {name: value for name, value in encode(result).items() if name not in _VARIES} | {"tool": origin.version}


def _document(result: Result, origin: Origin) -> dict[str, Any]:
    claimed = origin.model
    flags = {*result.flags, *([] if result.date else [DATE_UNSURE]), *([MODEL_CLAIMED] if claimed else [])}
    return {
        "schema": SCHEMA_VERSION,
        "provenance": "imported",
        "date": result.date or origin.source.changed,
        "replicate": result.replicate,
        "machine": origin.machine,
        "host": "",
        "smjax": "",
        "scenario": _scenario(result),
        "environment": {"cpu": {"model": result.cpu, "arch": result.arch}, "os": {"name": result.os}, "packages": {}},
        "status": "ok",
        "reason": "",
        "wall_ns": sum(sample.span_ns for sample in result.samples),
        "model": {
            "name": claimed.name if claimed else result.model,
            "hash": claimed.hash if claimed else None,
            "weight_bytes": result.model_bytes,
        },
        "memory": dict(result.memory),
        "phases_ns": dict(result.phases_ns),
        "versions": dict(result.versions),
        "flags": sorted(flag.name for flag in flags),
        "imported": _imported(result, origin),
    }


def _imported(result: Result, origin: Origin) -> dict[str, Any]:
    kept = Imported(
        origin.tool,
        origin.version,
        origin.source.path.name,
        origin.source.digest,
        result.place,
        are_means=result.are_means,
        spread=None if result.are_means else spread(result.samples),
        settings=dict(result.settings),
        fields=dict(result.fields),
    )
    found: dict[str, Any] = encode(kept)
    return found | {"samples": [_known(sample) for sample in result.samples]}


def _known(sample: Timed) -> dict[str, Any]:
    return {name: value for name, value in encode(sample).items() if value is not None}


def _scenario(result: Result) -> dict[str, Any]:
    """As if it had been asked for here; what is not known of it is null."""
    measure = Measure(result.replicates, len(result.samples), 0, 0.0)
    return {
        "model": result.model,
        "model_path": result.model_path,
        "engine": result.engine,
        "kernel": result.kernel,
        "isa": None,
        "threads": result.threads,
        "ctx": result.depth + result.n_prompt + result.n_gen,
        "n_prompt": result.n_prompt,
        "n_gen": result.n_gen,
        "tokens_per_dispatch": 1,
        "kv_dtype": result.kv_dtype,
        "seed": None,
        "measure": encode(measure) | {"target_ci": None},
        "label": result.label,
        "engine_args": dict(result.engine_args),
    }


def _slug(text: str) -> str:
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._") else "-" for c in text.lower())
    return kept.strip("-.")[:_NAME_CHARACTERS] or "unnamed"
