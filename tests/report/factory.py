"""Hand-made records with round figures, so that expected values can be computed by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from smjax.core.files import write_whole
from smjax.core.records.document import canonical_json, made_record
from smjax.core.records.record import Record
from smjax.core.records.scenario import Measure, Scenario
from smjax.report.data import frames, rows

MS = 1_000_000
EPYC = {"cpu": {"model": "AMD EPYC 9R14", "arch": "x86_64"}, "os": {"name": "Debian GNU/Linux 12"}}
GRAVITON = {"cpu": {"model": "Neoverse-V2", "arch": "arm64"}, "os": {"name": "Ubuntu 24.04"}}


def sample(
    decode_ms: float, ttft_ms: float = 100, rss_mb: float | None = 200, token_ms: list[float] | None = None
) -> dict[str, Any]:
    return {
        "ttft_ns": int(ttft_ms * MS),
        "decode_ns": int(decode_ms * MS),
        "token_ns": None if token_ms is None else [int(ms * MS) for ms in token_ms],
        "rss_bytes": None if rss_mb is None else int(rss_mb * 10**6),
    }


def scenario(**changes: Any) -> Scenario:
    fields: dict[str, Any] = {
        "model": "tinystories-1m",
        "model_path": None,
        "engine": "smjax",
        "kernel": "auto",
        "isa": "auto",
        "threads": 1,
        "ctx": 256,
        "n_prompt": 155,
        "n_gen": 101,
        "tokens_per_dispatch": 101,
        "kv_dtype": "auto",
        "seed": 42,
        "measure": Measure(1, 5, 1, 600.0, target_ci=1.0),
    }
    return Scenario(**(fields | changes))


def record(
    samples: list[dict[str, Any]] | None = None,
    *,
    date: str = "2026-03-01T10:00:00+00:00",
    replicate: int = 0,
    host: str = "aaaaaaaaaaaa",
    machine: dict[str, Any] = EPYC,
    model_hash: str = "sha256:1",
    flags: list[str] | None = None,
    ghz: tuple[float, str] | None = None,
    jaxlib: str = "0.10.2",
    **changes: Any,
) -> dict[str, Any]:
    """A record that finished ok; `changes` go into the scenario. By default one answer of 101 tokens in 1 s."""
    point = scenario(**changes)
    sizes = f"t{point.threads}-c{point.ctx}-d{point.tokens_per_dispatch}"
    return {
        "schema": 3,
        "id": f"{point.model}-{sizes}-r{replicate}-{model_hash[-4:]}",
        "provenance": "measured",
        "date": date,
        "replicate": replicate,
        "scenario": _asking_for_no_width(point.to_json()),
        "host": host,
        "smjax": "0.1.0",
        "environment": {**machine, "packages": {"jaxlib": jaxlib}},
        "status": "ok",
        "reason": "",
        "wall_ns": 9_000 * MS,
        "model": {"name": point.model, "hash": model_hash},
        "flags": flags or [],
        "resolved": {"kernel": "xla", "isa": "avx512", "kv_dtype": "float32"},
        "phases_ns": {"load": 500 * MS, "compile": 2_000 * MS, "cold_start": 4_000 * MS},
        "samples": samples or [sample(1000)],
        "warmup_samples": [sample(5000)],
        "memory": {
            "peak_rss_bytes": 300 * 10**6,
            "steady_rss_bytes": 250 * 10**6,
            "weight_bytes": 2_100_000,
            "kv_bytes": 1,
        },
        "bytes_per_token": 4_000_000,
        "threads": {"cores": point.threads},
        "ghz": {"value": ghz[0], "source": ghz[1]} if ghz else {"value": None, "source": None},
        "versions": {"jaxlib": jaxlib},
    }


def _asking_for_no_width(scenario: dict[str, Any]) -> dict[str, Any]:
    """As records were before there was a target."""
    return scenario | {"measure": {name: value for name, value in scenario["measure"].items() if name != "target_ci"}}


def processes(rates: list[list[float]], **changes: Any) -> list[dict[str, Any]]:
    """A record per process whose samples decode at these rates, tok/s; `changes` as in `record`."""
    return [
        record([sample(100_000 / rate) for rate in process], **{"replicate": number, **changes})
        for number, process in enumerate(rates)
    ]


def aiming_at(target_ci: float | None, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same records, measured until half the width of their interval is below `target_ci`."""
    for one in records:
        one["scenario"]["measure"]["target_ci"] = target_ci
    return records


def identified(record: dict[str, Any], sources: str, settings: str = "0") -> dict[str, Any]:
    """The same record as schema 2 identifies it: by a letter for smjax's files and a text for the settings."""
    point = f"{record['scenario']['threads']} {record['scenario']['ctx']} {settings}"
    parts = {"smjax's files": sources * 32, "settings": point * 8}
    return record | {"identity": f"{sources}{point}", "identity_parts": parts}


def placed(
    record: dict[str, Any],
    block: int,
    position: int = 0,
    *,
    point: int | None = None,
    run: str = "first",
    machine: str = "here",
) -> dict[str, Any]:
    """The same record with where in which sweep, and on which machine, it ran; with an id for that."""
    order = {"seed": 42, "block": block, "position": position} | ({} if point is None else {"point": point})
    asked, jaxlib = record["scenario"], record.get("versions", {}).get("jaxlib")
    number = f"{record['id']}-{asked['kernel']}-{block}-{position}"
    identity = f"{asked['kernel']}-{asked['threads']}-{jaxlib}"
    return record | {
        "id": f"{number}-{run}",
        "identity": record.get("identity") or identity,
        "order": order,
        "run": run,
        "machine": machine,
    }


def failed(status: str = "failed", reason: str = "out of memory", **changes: Any) -> dict[str, Any]:
    """A record of a worker that never got to its figures."""
    whole = record(**changes)
    worker = {"resolved", "phases_ns", "samples", "warmup_samples", "memory", "bytes_per_token", "threads"}
    left = {key: value for key, value in whole.items() if key not in (*worker, "ghz", "versions")}
    return left | {"status": status, "reason": reason}


def run_folder(folder: Path, records: list[dict[str, Any]]) -> Path:
    for one in records:
        write_whole(folder / "records" / f"{one['id']}.json", canonical_json(one) + "\n")
    return folder


def read(records: list[dict[str, Any]]) -> list[Record]:
    """The records as they are when they have been written and read."""
    return [made_record(one) for one in records]


def scenarios(records: list[dict[str, Any]]) -> pl.DataFrame:
    """The rows of records that lie on disk so."""
    return rows.scenarios(read(records))


def summarise(records: list[dict[str, Any]]) -> pl.DataFrame:
    """Their rows with the summary's columns alone."""
    return rows.summarise(read(records))


def frame_of_processes(records: list[dict[str, Any]]) -> pl.DataFrame:
    """One row per process."""
    return frames.processes(read(records))
