"""What to try after a run: commands that fit what it saw, each of which works in the folder that it was started in."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.machine.topology import available_bytes
from smjax.core.models.presets import PRESETS
from smjax.core.models.source import open_model
from smjax.core.native_library import library
from smjax.core.numbers import plural
from smjax.core.records import baselines
from smjax.core.records.flags import NO_INTERVAL, WIDE_CI
from smjax.core.text import printable
from smjax.report.data.contents import Contents
from smjax.report.data.main_figure import is_of_op
from smjax.report.render.grid import Row
from smjax.report.tables.command_line import CommandLine

STEPS = 3
_DEEPER = 4
"""Times the context that was measured."""


@dataclass(frozen=True)
class Ended:
    """A run, as far as what to do next depends on it."""

    contents: Contents
    folder: Path
    last: Sequence[Path]
    """Folders of the newest earlier runs of its scenarios."""
    line: CommandLine

    @property
    def rows(self) -> list[Row]:
        return self.contents.row_dicts

    @property
    def is_of_answers(self) -> bool:
        return not any(map(is_of_op, self.rows))

    def values(self, name: str) -> list[int]:
        """Those of a column of whole numbers."""
        return sorted({row[name] for row in self.rows if row[name]})


@dataclass(frozen=True)
class Step:
    """One thing to do, and why."""

    command: str
    why: str


def lines(ended: Ended) -> list[str]:
    """The few that fit best, each command on a line of its own, as a shell takes it."""
    return [line for step in steps(ended) for line in (f"  {step.why}:", f"    {step.command}")]


def steps(ended: Ended) -> list[Step]:
    """None where every process failed."""
    if all(not row["replicates"] for row in ended.rows):
        return []
    return list(itertools.islice((step for rule in RULES for step in rule(ended)), STEPS))


def quieter(ended: Ended) -> Iterator[Step]:
    """What disturbed it comes first: whatever else is tried would be disturbed alike."""
    disturbed = sum(bool(row["processes_disturbed"]) for row in ended.rows)
    if disturbed:
        told = _rows(disturbed, ended, "has", "have")
        yield Step(ended.line.to("doctor"), f"{told} disturbed processes; by what, and what to do")


def surer(ended: Ended) -> Iterator[Step]:
    """Longer, where rows are less certain than they were to be."""
    if all(row["replicates"] == 1 for row in ended.rows):
        yield Step(ended.line.having("measure", "default"), "one process has no interval")
        return
    unsure = sum(bool({WIDE_CI.name, NO_INTERVAL.name} & {*(row["flags"] or "").split(";")}) for row in ended.rows)
    if unsure and "measure=thorough" not in ended.line.overrides:
        told = f"{_rows(unsure, ended, 'is', 'are')} less certain than was asked for"
        yield Step(ended.line.having("measure", "thorough"), told)


def _rows(count: int, ended: Ended, one: str, many: str) -> str:
    """How many of all with their verb: "1 of 2 rows is"."""
    return f"{count} of {plural(len(ended.rows), 'row', 'rows')} {one if count == 1 else many}"


def since_last(ended: Ended) -> Iterator[Step]:
    """What the run ends with says how fast it decodes; the rest is asked for."""
    if ended.last:
        metric = ("--metric", "ttft_ms") if ended.is_of_answers else ()
        told = "another figure beside the last run's" if metric else "beside the last run"
        yield Step(ended.line.to("compare", ended.last[0], ended.folder, *metric), told)


def more_threads(ended: Ended) -> Iterator[Step]:
    """One, two, four, … and all cores, where some had nothing to do."""
    used, cores = max(ended.values("threads"), default=0), _cores(ended)
    if ended.is_of_answers and 0 < used < cores:
        doubled = (1 << power for power in range(cores.bit_length()))
        threads = sorted({*ended.values("threads"), *doubled, cores})
        yield Step(ended.line.having("threads", *threads), f"{plural(cores - used, 'core', 'cores')} had nothing to do")


def _cores(ended: Ended) -> int:
    """Whole cores for threads on every machine of the run, by affinity and quota; 0 where that is not known."""
    found = []
    for record in ended.contents.records:
        cpu = (record.document.get("environment") or {}).get("cpu") or {}
        known = [cpu.get(name) for name in ("usable_cores", "physical_cores", "cgroup_quota_cores")]
        found.append(min((int(each) for each in known if each), default=0))
    return min(found, default=0)


def every_kernel(ended: Ended) -> Iterator[Step]:
    """Side by side, where one of smjax's own ran and there is another."""
    kernels = {(row["engine"], row["kernel"]) for row in ended.rows}
    if kernels in ({("smjax", "native")}, {("smjax", "xla")}) and library() and not ended.line.names("python"):
        ((_, kernel),) = kernels
        yield Step(ended.line.having("kernel", "all"), f"{kernel} is not the only kernel; side by side")


def larger_model(ended: Ended) -> Iterator[Step]:
    """A file that lies here, or a preset: where nothing but the model that is there without asking was measured."""
    if not ended.is_of_answers or ended.line.names("model") or ended.line.names("experiment"):
        return
    needed = max(ended.values("ctx"))
    own = next((path for path in sorted(Path().glob("*.gguf")) if _can_run(path, needed)), None)
    known = (name for name, one in PRESETS.items() if name != "tinystories-1m" and one.ctx_train >= needed)
    if model := own or next(known, None):
        told = "a model that lies here" if own else "a larger model; model=FILE.gguf is one of your own"
        yield Step(ended.line.having("model", model), told)


def _can_run(path: Path, ctx: int) -> bool:
    """Whether it is a model with room for so many tokens, and there is twice as much memory as it has bytes.

    And whether its name can be printed as it is: a command is to be copied, and whoever wrote a file named it.
    """
    if "," in path.name or printable(path.name, None) != path.name:
        return False
    try:
        trained = open_model("gguf", str(path), 0).config.ctx_train
    except RequestError:
        return False
    return trained >= ctx and path.stat().st_size < available_bytes() / 2


def deeper(ended: Ended) -> Iterator[Step]:
    """What a longer context costs, where there was one, and of a model that has a longer one."""
    contexts = ended.values("ctx")
    trained = min((record.model.ctx_train or 0 for record in ended.contents.records), default=0)
    if ended.is_of_answers and len(contexts) == 1 and contexts[0] * _DEEPER <= trained:
        longer = (contexts[0], contexts[0] * _DEEPER)
        yield Step(ended.line.having("ctx", *longer), "what a longer context costs")


def kept(ended: Ended) -> Iterator[Step]:
    """As a baseline of the folder's name, where there is none."""
    name = ended.folder.resolve().name
    if baselines.is_free(name):
        yield Step(ended.line.to("baseline", "save", name, ended.folder), "to hold later runs against (smjax regress)")


def drawn(ended: Ended) -> Iterator[Step]:
    """Always possible; they are in report.html, too."""
    yield Step(ended.line.to("report", ended.folder, "--svg", ended.folder / "pictures"), "its pictures as files")


RULES: tuple[Callable[[Ended], Iterator[Step]], ...] = (
    *(quieter, surer, since_last, more_threads, every_kernel, larger_model, deeper, kept, drawn),
)
"""What may be worth a try, the first that fits before the others."""
