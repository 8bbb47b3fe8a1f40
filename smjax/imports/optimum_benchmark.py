"""optimum-benchmark: a run folder with `benchmark.json`, or with `benchmark_report.json` and `benchmark_config.json`.

Reference: optimum-benchmark 0.6.0 (benchmark/report.py, scenarios/inference, trackers): latencies in seconds, memory in
MB of 10^6 bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.machine.processor import architecture
from smjax.core.records.flag import Flag
from smjax.core.records.import_flags import BATCHED, DECODE_BY_DIFFERENCE, FIRST_ID_IN_DECODE, OTHER_DEVICE, RSS_SAMPLED
from smjax.core.records.imported import Timed
from smjax.core.text import printable
from smjax.imports.fields import Fields, nanoseconds, spans
from smjax.imports.result import Result
from smjax.imports.source import FieldError, Source, read_source, whole_json, within

EXPECTED = "a file of optimum-benchmark"
_BOTH, _REPORT, _CONFIG = "benchmark.json", "benchmark_report.json", "benchmark_config.json"
_TARGETS = ("load_model", "first_generate", "prefill", "generate", "decode")
_MB = 10**6


def read(folder: Path) -> tuple[Source, str, list[Result]]:
    """The file that has the figures, the tool's version, and the one result of a run.

    Raises RequestError for a folder without them, and for a run that generated no text.
    """
    source, report, config = _files(folder)
    with within(source, ""):
        environment = Fields(config).inside("environment")
        return source, environment.text("optimum_benchmark_version"), [_result(report, config)]


def _files(folder: Path) -> tuple[Source, dict[str, Any], dict[str, Any]]:
    where = printable(str(folder), 500)
    if not folder.is_dir():
        raise RequestError(f"{where}: expected a run folder of optimum-benchmark, found none; name the folder")
    if (folder / _BOTH).exists():
        source = read_source(folder / _BOTH, EXPECTED)
        whole = whole_json(source)
        with within(source, ""):
            parts = {name: whole.get(name) for name in ("report", "config")}
            for name, part in parts.items():
                if not isinstance(part, dict):
                    raise FieldError(name, "an object", repr(part)[:40])
        return source, whole["report"], whole["config"]
    if not (folder / _REPORT).exists():
        raise RequestError(f"{where}: expected {_BOTH} or {_REPORT} in it, found neither; name the folder of one run")
    source = read_source(folder / _REPORT, EXPECTED)
    return source, whole_json(source), whole_json(read_source(folder / _CONFIG, EXPECTED))


def _result(report: dict[str, Any], config: dict[str, Any]) -> Result:
    targets, scenario, backend = Fields(report), Fields(config).inside("scenario"), Fields(config).inside("backend")
    environment = Fields(config).inside("environment")
    if "decode" not in targets or "prefill" not in targets:
        found = ", ".join(report) or "nothing"
        raise FieldError("prefill, decode", "them, as text generation has", found, "name a run of that task")
    shapes, kwargs = scenario.inside("input_shapes"), scenario.inside("generate_kwargs")
    n_prompt, n_gen = shapes.count("sequence_length", least=1), kwargs.count("max_new_tokens", 100, least=2)
    if (beams := kwargs.count("num_beams", 1)) != 1:
        raise FieldError("num_beams", "1: answers are greedy", beams, "name a run with one")
    batch = shapes.count("batch_size", 1, least=1)
    name, engine = backend.needed("model"), backend.needed("name")
    samples, boundary = _samples(targets, n_prompt, n_gen)
    return Result(
        place="",
        engine=engine,
        n_prompt=n_prompt,
        n_gen=n_gen,
        threads=_threads(backend),
        samples=samples,
        fields={"config": config, "report": {name: _without_values(part) for name, part in report.items()}},
        model=name.rstrip("/").rpartition("/")[2] or name,
        model_path=name,
        cpu=environment.text("cpu").strip() or None,
        arch=architecture(environment.text("machine")) or None,
        os=environment.text("platform") or None,
        label=Fields(config).text("name"),
        flags=frozenset(_flags(targets, boundary, batch, backend.text("device"))),
        versions=_versions(backend, environment),
        memory=dict(_memory(targets)),
        phases_ns=dict(_load(targets)),
        settings={"backend": config.get("backend"), "scenario": config.get("scenario")},
    )


def _samples(targets: Fields, n_prompt: int, n_gen: int) -> tuple[list[Timed], Flag]:
    """Each answer, and where its prompt's time ends."""
    prefill, decode = _values(targets, "prefill"), _values(targets, "decode")
    prompts, answers = spans("prefill", prefill, n_prompt), spans("decode", decode, n_gen - 1)
    if "per_token" not in targets:
        # Prompts and answers were timed in two sessions, and what an answer took less the mean prompt is its decoding.
        pairs = zip(answers, _spread_over(prompts, len(answers)), strict=True)
        return [Timed(ttft_ns=prompt, decode_ns=answer) for answer, prompt in pairs], DECODE_BY_DIFFERENCE
    if len(prompts) != len(answers):
        raise FieldError("decode.latency.values", f"as many as of prefill, {len(prompts)}", len(answers))
    tokens = spans("per_token", _values(targets, "per_token"))
    of_each = [tokens[place : place + n_gen - 1] for place in range(0, len(tokens), n_gen - 1)]
    if len(tokens) != len(answers) * (n_gen - 1):
        expected = f"{n_gen - 1} for each of {len(answers)} answers, {len(answers) * (n_gen - 1)}"
        raise FieldError("per_token.latency.values", expected, len(tokens))
    rows = zip(prompts, answers, of_each, strict=True)
    return [Timed(prefill_ns=p, decode_ns=d, token_ns=t) for p, d, t in rows], FIRST_ID_IN_DECODE


def _spread_over(prompts: Sequence[int], count: int) -> list[int]:
    """As many as there are answers: their own where they are as many, else their mean."""
    return list(prompts) if len(prompts) == count else [round(mean(prompts))] * count


def _values(targets: Fields, target: str) -> list[float]:
    latency = targets.inside(target).inside("latency")
    if (unit := latency.text("unit")) != "s":
        raise FieldError(f"{target}.latency.unit", "s", unit or "nothing")
    values = latency.numbers("values")
    if values is None:
        raise FieldError(f"{target}.latency.values", "a list of seconds", "nothing")
    return values


def _threads(backend: Fields) -> int | None:
    name = "intra_op_num_threads"
    return backend.count(name, least=1) if name in backend else None


def _memory(targets: Fields) -> Iterator[tuple[str, int]]:
    """The largest that any phase has seen."""
    seen = [targets.inside(target).inside("memory") for target in _TARGETS if target in targets]
    peaks = [memory.number("max_ram") for memory in seen if "max_ram" in memory]
    if peaks:
        yield "peak_rss_bytes", round(max(peaks) * _MB)


def _load(targets: Fields) -> Iterator[tuple[str, int]]:
    values = targets.inside("load_model").inside("latency").numbers("values")
    if values:
        yield "load", nanoseconds("load_model", values[0] * 1e9)


def _flags(targets: Fields, boundary: Flag, batch: int, device: str) -> Iterator[Flag]:
    yield boundary
    if batch > 1:
        yield BATCHED
    if dict(_memory(targets)):
        yield RSS_SAMPLED
    if device not in ("", "cpu"):
        yield OTHER_DEVICE


def _versions(backend: Fields, environment: Fields) -> dict[str, str]:
    name = backend.needed("name")
    said = {name: backend.text("version"), "transformers": environment.text("transformers_version")}
    return {name: value for name, value in (said | {"python": environment.text("python_version")}).items() if value}


def _without_values(part: Any) -> Any:
    """What a target's report says, but for the samples, which the record has."""
    if not isinstance(part, dict) or not isinstance(part.get("latency"), dict):
        return part
    return part | {"latency": {name: value for name, value in part["latency"].items() if name != "values"}}
