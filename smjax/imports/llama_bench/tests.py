"""What a test of llama-bench is: which span it timed, over how many tokens, with what settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from smjax.core.records.flag import Flag
from smjax.core.records.import_flags import AVERAGES_ONLY, NO_ID_CHOSEN, OTHER_DEVICE, PROMPT_AT_DEPTH
from smjax.core.records.imported import Timed
from smjax.imports.fields import Fields, nanoseconds
from smjax.imports.llama_bench.formats import Entry, entries
from smjax.imports.result import Result
from smjax.imports.source import FieldError, Source, within

_DTYPES = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}
_ARCHS = {"x86_64": re.compile(r"\b(Intel|AMD)\b"), "arm64": re.compile(r"\b(Apple M\d|ARM|Neoverse|Cortex|Ampere)")}
"""What a processor's name tells."""
_ON_CPUS = {"CPU", "BLAS", "ACCELERATE", "ZENDNN"}
_FLASH_ATTN = {"0": "0", "1": "1", "-1": "auto", "false": "0", "true": "1", "on": "1", "off": "0", "auto": "auto"}
_MMAP = {"mmap": "true", "mmap+mlock": "true", "none": "false", "mlock": "false", "1": "true", "0": "false"}
_MMAP |= {"true": "true", "false": "false"}
_SAMPLES = ("samples_ns", "samples_ts")
_OUTCOMES = (*_SAMPLES, "avg_ns", "stddev_ns", "avg_ts", "stddev_ts", "test_time")
_ELSEWHERE = (
    *("n_prompt", "n_gen", "n_depth", "n_threads", "build_number", "build_commit", "cpu_info"),
    *("model_filename", "model_type", "model_size", "model_n_params"),
)
_KV_DTYPES = ("type_k", "type_v")
_AGREE = 1e-3
"""Share by which rates, of which six digits are printed, may differ from those of the times."""


def read(source: Source) -> list[Result]:
    """The tests of a file; raises RequestError, with line and field, for one that is none."""
    found = []
    for entry in entries(source):
        with within(source, entry.place):
            found.append(_result(entry))
    return found


def _result(entry: Entry) -> Result:
    f = Fields(entry.fields)
    n_prompt, n_gen, depth = f.count("n_prompt"), f.count("n_gen"), f.count("n_depth", default=0)
    if n_prompt + n_gen == 0:
        raise FieldError("n_prompt, n_gen", "at least one above 0", "0 and 0")
    spans, are_means = _spans(f, n_prompt + n_gen)
    path, kv_dtype, arguments = f.text("model_filename"), _kv_dtype(f), dict(_engine_args(f))
    told = {*_OUTCOMES, *_ELSEWHERE, *arguments, *(_KV_DTYPES if kv_dtype else ())}
    return Result(
        place=entry.place,
        engine="llama_cpp",
        kernel="ggml",
        n_prompt=n_prompt or depth,  # what tokens are generated behind is a prompt to them
        n_gen=n_gen,
        tokens=n_prompt + n_gen,
        depth=depth if n_prompt else 0,
        threads=f.count("n_threads", least=1) if "n_threads" in f else None,
        kv_dtype=kv_dtype,
        engine_args=arguments,
        samples=[_timed(span, n_prompt, n_gen) for span in spans],
        fields={name: value for name, value in entry.said.items() if name not in _SAMPLES},
        model=PurePosixPath(path.replace("\\", "/")).name or f.needed("model_type"),
        model_path=path or None,
        model_bytes=f.count("model_size", most=10**15) if "model_size" in f else None,
        cpu=f.text("cpu_info") or None,
        arch=_arch(f.text("cpu_info")),
        date=_date(f),
        are_means=are_means,
        flags=frozenset(_flags(f, are_means, bool(n_prompt and depth))),
        versions=_versions(f),
        settings={name: str(value) for name, value in entry.fields.items() if name not in told},
    )


def _timed(span_ns: int, n_prompt: int, n_gen: int) -> Timed:
    if n_prompt and n_gen:
        return Timed(passes_ns=span_ns)
    return Timed(prefill_ns=span_ns) if n_prompt else Timed(forward_ns=span_ns)


def _spans(f: Fields, tokens: int) -> tuple[list[int], bool]:
    """Nanoseconds of each repetition; or the mean, where that is all there is."""
    times, rates = f.numbers("samples_ns"), f.numbers("samples_ts")
    if times is not None:
        found = [nanoseconds(f"samples_ns[{place}]", time, tokens) for place, time in enumerate(times)]
        _check_rates(rates, found, tokens)
        return found, False
    if rates is not None:
        return [nanoseconds(f"samples_ts[{n}]", tokens * 1e9 / rate, tokens) for n, rate in enumerate(rates)], False
    if "avg_ns" in f:
        return [nanoseconds("avg_ns", f.number("avg_ns"), tokens)], True
    return [nanoseconds("avg_ts", tokens * 1e9 / f.number("avg_ts"), tokens)], True


def _check_rates(rates: list[float] | None, spans: list[int], tokens: int) -> None:
    """The same samples are there twice, as times and as rates."""
    if rates is None:
        return
    if len(rates) != len(spans):
        raise FieldError("samples_ts", f"as many as samples_ns, {len(spans)}", len(rates))
    for place, (rate, span) in enumerate(zip(rates, spans, strict=True)):
        if abs(rate * span / (tokens * 1e9) - 1) > _AGREE:
            expected = f"{tokens * 1e9 / span:.6g}, {tokens} tokens in samples_ns[{place}]"
            raise FieldError(f"samples_ts[{place}]", expected, f"{rate:.6g}")


def _kv_dtype(f: Fields) -> str | None:
    """Of keys and values; unknown where one of them is not said, as Markdown leaves out what is as usual."""
    kinds = [f.text(name) for name in _KV_DTYPES]
    return "/".join(dict.fromkeys(_DTYPES.get(kind, kind) for kind in kinds)) if all(kinds) else None


def _engine_args(f: Fields) -> Iterator[tuple[str, str]]:
    """Those that `engine=llama_cpp` has too, by its names; all are in `imported.fields`."""
    for name, own, known in (
        ("flash_attn", "flash_attn", _FLASH_ATTN),
        ("mmap", "load_mode", _MMAP),
        ("mmap", "use_mmap", _MMAP),
    ):
        if own in f and f.text(own) in known:
            yield name, known[f.text(own)]


def _arch(cpu: str) -> str | None:
    return next((arch for arch, names in _ARCHS.items() if names.search(cpu)), None)


def _date(f: Fields) -> str | None:
    said = f.text("test_time")
    if not said:
        return None
    try:
        return datetime.fromisoformat(said).astimezone(UTC).isoformat()
    except (ValueError, OverflowError) as error:
        raise FieldError("test_time", "a date and time, as in 2026-02-28T12:00:00Z", said) from error


def _flags(f: Fields, are_means: bool, is_at_depth: bool) -> Iterator[Flag]:
    yield NO_ID_CHOSEN
    if are_means:
        yield AVERAGES_ONLY
    if is_at_depth:
        yield PROMPT_AT_DEPTH
    backends = {name.strip().upper() for name in f.text("backends").split(",") if name.strip()}
    if f.text("gpu_info") or backends - _ON_CPUS:
        yield OTHER_DEVICE


def _versions(f: Fields) -> dict[str, Any]:
    said = {"llama.cpp": f.text("build_number"), "llama.cpp commit": f.text("build_commit")}
    return {name: value for name, value in said.items() if value}
