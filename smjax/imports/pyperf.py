"""pyperf: a benchmark's JSON, each run with values a process. What was timed, whoever imports it has to say.

Reference: pyperf 2.11 (format 1.0): values are seconds per call, of as many calls as `loops` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

from smjax.core.errors import RequestError
from smjax.core.machine.processor import architecture
from smjax.core.records.import_flags import DATE_UNSURE, MEANING_CLAIMED, MEANS
from smjax.core.records.imported import Timed
from smjax.imports.fields import Fields, spans
from smjax.imports.result import Result
from smjax.imports.source import FieldError, Source, read_source, whole_json, within

EXPECTED = "a file of pyperf"
VERSIONS = ("1.0", 6)
_OLD = "name what pyperf wrote; it reads older files of its own and writes them anew"
Span = Literal["ttft", "decode", "answer"]
"""From prompt ids to the first id; from that to the last; both."""


@dataclass(frozen=True)
class Meaning:
    """What a call of what was timed did."""

    span: Span
    n_prompt: int
    n_gen: int
    threads: int | None = None
    engine: str = ""

    @property
    def tokens(self) -> int:
        """As many at least took the time."""
        return {"ttft": self.n_prompt, "decode": self.n_gen - 1, "answer": self.n_prompt + self.n_gen}[self.span]

    def timed(self, span_ns: int) -> Timed:
        """A value as what it is of."""
        if self.span == "answer":
            return Timed(answer_ns=span_ns)
        return Timed(ttft_ns=span_ns) if self.span == "ttft" else Timed(decode_ns=span_ns)


def read(path: Path, meaning: Meaning) -> tuple[Source, str, list[Result]]:
    """The file, the tool's version, and a result for each process of each benchmark.

    Raises RequestError for a file that is none of pyperf's, and for benchmarks that are no times of an answer.
    """
    source = read_source(path, EXPECTED)
    whole = whole_json(source)
    if whole.get("version") not in VERSIONS:
        raise source.wrong("version", "pyperf's format 1.0 or 6", repr(whole.get("version"))[:40], _OLD)
    with within(source, ""):
        common = _object("metadata", whole.get("metadata", whole.get("common_metadata", {})))
        found = [result for one in _list("benchmarks", whole) for result in _results(one, common, meaning)]
    if not found:
        raise source.wrong("", "runs with values", "runs of calibration alone")
    versions = {result.fields["metadata"].get("perf_version", "") for result in found}
    return source, str(versions.pop()) if len(versions) == 1 else "", found


def _results(benchmark: Any, common: dict[str, Any], meaning: Meaning) -> list[Result]:
    """Of the runs that are no calibration: each is a process of its own."""
    said = common | _object("benchmark.metadata", _object("benchmark", benchmark).get("metadata", {}))
    runs = [_object("run", run) for run in _list("runs", benchmark)]
    timed = [run for run in runs if run.get("values")]
    return [
        _result(number, len(timed), run, said | _object("run.metadata", run.get("metadata", {})), meaning)
        for number, run in enumerate(timed)
    ]


def _result(number: int, count: int, run: dict[str, Any], metadata: dict[str, Any], meaning: Meaning) -> Result:
    said = Fields(metadata)
    name, place = said.needed("name"), f"{said.text('name')}: run {number + 1} of {count}"
    _check(said)
    values = Fields(run).numbers("values") or []
    times = spans("values", values, max(1, meaning.tokens))
    loops = said.count("loops", 1, least=1) * said.count("inner_loops", 1, least=1)
    flags = {MEANING_CLAIMED, DATE_UNSURE} | ({MEANS} if loops > 1 else set())
    return Result(
        place=place,
        engine=meaning.engine,
        n_prompt=meaning.n_prompt,
        n_gen=meaning.n_gen,
        threads=meaning.threads,
        samples=[meaning.timed(span) for span in times],
        fields={"metadata": metadata, "warmups": run.get("warmups", [])},
        cpu=said.text("cpu_model_name") or None,
        arch=_arch(said.text("platform")),
        os=said.text("platform") or None,
        label=name,
        date=_date(said.text("date")),
        replicate=number,
        replicates=count,
        flags=frozenset(flags),
        versions=_versions(said),
        memory={"peak_rss_bytes": said.count("mem_max_rss", most=10**15)} if "mem_max_rss" in said else {},
        settings={"meaning": meaning.span, "loops": loops},
    )


def _check(said: Fields) -> None:
    """Only a time of a call can be one of an answer."""
    if (unit := said.text("unit") or "second") != "second":
        raise FieldError("unit", "second", unit, "only times are figures of an answer")
    if "command" in said:
        found = f"a command's, {said.text('command')[:40]}"
        expected = "times of an answer in a process that has loaded its model"
        raise FieldError("command", expected, found, "time a function with pyperf.Runner().bench_func")


def _arch(platform: str) -> str | None:
    return next((arch for arch in map(architecture, platform.split("-")) if arch in ("x86_64", "arm64")), None)


def _date(said: str) -> str | None:
    """Of a local time without its zone, as pyperf writes it."""
    if not said:
        return None
    try:
        moment = datetime.fromisoformat(said)
    except ValueError as error:
        raise FieldError("date", "a date and time", said) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def _versions(said: Fields) -> dict[str, str]:
    known = {"python": said.text("python_version")}
    return {name: value for name, value in known.items() if value}


def _object(name: str, found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise FieldError(name, "an object", repr(found)[:40])
    return found


def _list(name: str, inside: Mapping[str, Any]) -> list[Any]:
    found = inside.get(name)
    if not isinstance(found, list) or not found:
        raise FieldError(name, "a list", repr(found)[:40])
    return found


def meaning_of(span: str | None, n_prompt: int | None, n_gen: int | None, threads: int | None, engine: str) -> Meaning:
    """What was said of the times; raises RequestError where it does not say enough."""
    if span is None:
        raise RequestError(
            "import pyperf: expected what was timed, found nothing; write --as ttft, decode or answer, with --n-prompt "
            "and --n-gen"
        )
    if not n_prompt or (span != "ttft" and not n_gen):
        lacking = "--n-prompt" if not n_prompt else "--n-gen"
        raise RequestError(f"import pyperf --as {span}: expected {lacking}, found none; say how many tokens there were")
    if span == "decode" and (n_gen or 0) < 2:
        raise RequestError(
            "import pyperf --as decode: expected --n-gen of 2 and more, found 1; the first is no decoding"
        )
    return Meaning(cast(Span, span), n_prompt, n_gen or 1, threads, engine)
