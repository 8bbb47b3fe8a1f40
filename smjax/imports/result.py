"""What any tool's file comes down to: one process's result, as a record has it."""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from smjax.core.models.presets import PRESETS
from smjax.core.models.source import Model, open_model, weight_bytes
from smjax.core.records.columns import SCHEMA_VERSION
from smjax.core.records.document import canonical_json
from smjax.core.records.flags import DATE_UNSURE, MODEL_CLAIMED, Flag
from smjax.core.records.imported import Imported, Timed
from smjax.core.records.scenario import Measure
from smjax.core.records.typed import encode
from smjax.imports.source import Source

_NAME_CHARACTERS = 60
_VARIES = (
    "place",
    "samples",
    "fields",
    "model_path",
    "date",
    "replicate",
    "replicates",
    "memory",
    "phases_ns",
    "flags",
)
"""What is another with each result, and makes it no other thing."""


@dataclass(frozen=True)
class Result:
    """One process; what its tool does not say is None or empty."""

    place: str
    engine: str
    n_prompt: int
    n_gen: int
    samples: Sequence[Timed]
    fields: Mapping[str, Any]
    """All that the file says of it, but for the samples."""
    tokens: int | None = None
    """That each sample's span is of, where it is one."""
    depth: int = 0
    """Tokens that are in the cache before all these."""
    threads: int | None = None
    kernel: str | None = None
    kv_dtype: str | None = None
    engine_args: Mapping[str, str] = field(default_factory=dict)
    model: str | None = None
    model_path: str | None = None
    model_bytes: int | None = None
    """Of its tensors."""
    cpu: str | None = None
    arch: str | None = None
    os: str | None = None
    label: str = ""
    date: str | None = None
    replicate: int = 0
    replicates: int = 1
    are_means: bool = False
    flags: frozenset[Flag] = frozenset()
    versions: Mapping[str, str] = field(default_factory=dict)
    memory: Mapping[str, int] = field(default_factory=dict)
    phases_ns: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    """All that makes it another thing than the next, besides what is above."""


@dataclass(frozen=True)
class Claimed:
    """A model that whoever imports says it was."""

    name: str
    hash: str
    n_bytes: int

    @classmethod
    def of(cls, named: str) -> Claimed:
        """A preset or a GGUF file; raises RequestError for neither."""
        model: Model = open_model(named, None, 42) if named in PRESETS else open_model("gguf", named, 42)
        return cls(model.name, model.hash, weight_bytes(model))


def documents(results: Sequence[Result], source: Source, tool: str, version: str, claimed: Claimed | None) -> list[Any]:
    """Records, as they lie on disk. Results that are alike in all but their samples are rows of their own."""
    run = _run(results, source)
    seen = dict[tuple[str, int], int]()
    found = []
    for number, result in enumerate(results):
        if claimed is not None and result.model_bytes not in (None, claimed.n_bytes):
            expected = f"tensors of {claimed.n_bytes:,} bytes, as {claimed.name} has"
            raise source.wrong(
                f"{result.place}: model", expected, f"{result.model_bytes:,}", "name the model that it was"
            )
        alike = digest(_told_apart(result, version)), result.replicate
        seen[alike] = seen.get(alike, -1) + 1
        identity = digest([alike[0], seen[alike]])
        found.append(_document(result, number, source, Imported(tool, version), identity, run, claimed))
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


def _run(results: Sequence[Result], source: Source) -> str:
    """Each file is a run: it begins as the ids of sweeps do."""
    began = min(result.date or source.changed for result in results)
    return f"{datetime.fromisoformat(began):%Y%m%dT%H%M%SZ}-{_short(source)}"


def _short(source: Source) -> str:
    return source.digest.removeprefix("sha256:")[:8]


def _told_apart(result: Result, version: str) -> Any:
    """What makes two results the same thing."""
    return {name: value for name, value in encode(result).items() if name not in _VARIES} | {"tool": version}


def _document(
    result: Result, number: int, source: Source, tool: Imported, identity: str, run: str, claimed: Claimed | None
) -> dict[str, Any]:
    flags = {flag.name for flag in result.flags}
    flags |= set() if result.date else {DATE_UNSURE.name}
    flags |= {MODEL_CLAIMED.name} if claimed else set()
    kept = replace(
        tool,
        file=source.path.name,
        digest=source.digest,
        place=result.place,
        samples=list(result.samples),
        are_means=result.are_means,
        spread=None if result.are_means else spread(result.samples),
        fields=dict(result.fields),
    )
    return {
        "schema": SCHEMA_VERSION,
        "id": f"{_slug(tool.tool)}-{_slug(result.model or result.label)}-{_short(source)}-{number:03}",
        "provenance": "imported",
        "date": result.date or source.changed,
        "replicate": result.replicate,
        "identity": identity,
        "run": run,
        "machine": "",
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
        "flags": sorted(flags),
        "imported": encode(kept) | {"samples": [_known(sample) for sample in kept.samples]},
    }


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
