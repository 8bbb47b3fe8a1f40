"""What `smjax import` is asked: files of one tool, all of them read before the first record is written."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from smjax.core.numbers import plural, significant
from smjax.core.records.document import made_record
from smjax.core.records.record import Record
from smjax.core.records.typed import WrongValueError
from smjax.core.text import printable
from smjax.imports import llama_bench, optimum_benchmark, pyperf
from smjax.imports.documents import ClaimedModel, Origin, documents
from smjax.imports.folder import Written, write
from smjax.imports.result import Result
from smjax.imports.source import Source, read_source

OUTPUTS = Path("outputs") / "imported"
"""Where runs are that nobody named a folder for."""


@dataclass(frozen=True)
class Request:
    """One call of the command; what only pyperf's files do not say is None elsewhere."""

    tool: str
    files: Sequence[Path]
    out: Path | None = None
    model: str | None = None
    machine: str = ""
    span: str | None = None
    n_prompt: int | None = None
    n_gen: int | None = None
    threads: int | None = None
    engine: str | None = None


@dataclass(frozen=True)
class _Read:
    source: Source
    results: Sequence[Result]
    records: Sequence[Record]


def run(request: Request) -> tuple[list[Path], list[str]]:
    """The run folders of the files, and what to say of each; raises RequestError, writing nothing, for a wrong one."""
    claimed = ClaimedModel.of(request.model) if request.model else None
    found = [_read(request, path, claimed) for path in _distinct(request.files)]
    folders, said = dict[Path, None](), list[str]()
    for one in found:
        folder = request.out or OUTPUTS / _name(request.tool, one.source)
        said += _told(one, folder, write(folder, one.records))
        folders[folder] = None
    return list(folders), said


def _distinct(files: Sequence[Path]) -> list[Path]:
    return list({path.resolve(): path for path in files}.values())


def _name(tool: str, source: Source) -> str:
    return f"{tool}-{source.digest.removeprefix('sha256:')[:8]}"


def _read(request: Request, path: Path, claimed: ClaimedModel | None) -> _Read:
    source, version, results = _results(request, path)
    origin = Origin(source, request.tool, version, claimed, request.machine)
    try:
        records = [made_record(one) for one in documents(results, origin)]
    except (WrongValueError, RecursionError) as error:
        found = str(error) if isinstance(error, WrongValueError) else "objects in objects in objects"
        raise source.wrong("", "values that a record can hold", found) from error
    return _Read(source, results, records)


def _results(request: Request, path: Path) -> tuple[Source, str, list[Result]]:
    if request.tool == "optimum-benchmark":
        return optimum_benchmark.read(path)
    if request.tool == "pyperf":
        r = request
        return pyperf.read(path, pyperf.meaning_of(r.span, r.n_prompt, r.n_gen, r.threads, r.engine or ""))
    source = read_source(path, "llama-bench's output")
    results = llama_bench.read(source)
    builds = {" ".join(result.versions.values()) for result in results}
    return source, builds.pop() if len(builds) == 1 else "", results


def _told(one: _Read, folder: Path, written: Written) -> list[str]:
    """Where the records are, and of each result how its repetitions spread."""
    where, shown = printable(str(one.source.path), None), printable(str(folder), None)
    new = f"{plural(written.new, 'record', 'records')} in {shown}"
    known = f"; {written.known} were there already" if written.known else ""
    return [f"{where}: {new}{known}", *(f"  {line}" for line in map(_spread, one.results) if line)]


def _spread(result: Result) -> str:
    """As llama-bench prints it, from the samples: mean and standard deviation of the rates of one process."""
    if result.tokens is None or result.are_means or len(result.samples) < 2:
        return ""
    rates = [result.tokens * 1e9 / sample.span_ns for sample in result.samples]
    mean, deviation = statistics.mean(rates), statistics.stdev(rates)
    told = f"{significant(mean, 4)} ± {significant(deviation, 3) or '0'} tok/s"
    return f"{result.place}: {told} over {len(rates)} repetitions of one process (standard deviation)"
