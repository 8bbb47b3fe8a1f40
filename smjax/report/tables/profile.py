"""Where the time of a token and of a prompt goes: a table of parts with bars, one of layers, and the same as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from functools import partial

from smjax.core.numbers import plural, significant
from smjax.core.records.profile import PARTS
from smjax.core.records.typed import encode
from smjax.report.data.profile import STEPS, StepName
from smjax.report.data.profile_document import IN_NO_PART, LEAST, MOST, TOO_NEAR, ToldProfile, ToldRatio, ToldStep
from smjax.report.render.grid import NOTHING, Cell, Grid, GridColumn, Row, draw, figure, name_of
from smjax.report.render.renderers import RENDERERS, show
from smjax.report.render.share import Share

ALL_PARTS = "all parts"
_TITLES = {"decode": "one decode step at the middle of the answer", "prefill": "one prefill"}
_HOW = {
    "stamps": "Stamped inside of the native calls, on the thread that runs the program.",
    "programs": "Differences of programs that stop after each part; alone: of one with that part alone. Of a part a "
    "layer is the mean; layers as wholes are told apart by a program that stops after each.",
}
_COLUMNS = (
    GridColumn("part", name_of("part"), role="key"),
    GridColumn("\N{MICRO SIGN}s", figure("us"), numeric=True),
    GridColumn("share", lambda row: _percent(row["share"], is_drawn=True), numeric=True),
    GridColumn("a layer \N{MICRO SIGN}s", figure("layer_us"), "any", numeric=True),
    GridColumn("MB", lambda row: _megabytes(row["bytes"]), numeric=True),
    GridColumn("at the bandwidth \N{MICRO SIGN}s", figure("at_bandwidth_us"), numeric=True),
    GridColumn("of the bandwidth", lambda row: _percent(row["of_bandwidth"]), numeric=True, follows=True),
    GridColumn("alone \N{MICRO SIGN}s", figure("alone_us"), "any", numeric=True),
    GridColumn("alone - here", lambda row: _signed(row["alone_us"], row["us"]), "any", numeric=True, follows=True),
)
_FLAG = GridColumn("flag", lambda row: name_of("flag")(row) if row["flag"] else NOTHING, "any", role="remark")
_LAYER_COLUMNS = (
    GridColumn("layer", name_of("layer"), role="key", numeric=True),
    *(GridColumn(name, figure(name), "any", numeric=True) for name in (*PARTS, IN_NO_PART, ALL_PARTS)),
)


def tell(profiles: Sequence[ToldProfile], form: str) -> None:
    """Print what became of each kernel: as tables (`text`, `md`), or as `json` for programs."""
    if form == "json":
        print(json.dumps([encode(one) for one in profiles], indent=1, allow_nan=False))
        return
    grids = [grid for one in profiles for grid in _grids(one)]
    RENDERERS["markdown"](grids, sys.stdout) if form == "md" else show(grids, sys.stdout)


def _grids(told: ToldProfile) -> Iterator[Grid]:
    for name in STEPS:
        step, title = told.step(name), _title(told, name)
        rows: list[Row] = [{**encode(one), "ipc": one.instructions_per_cycle} for one in step.parts]
        yield draw(
            title, list(_captions(told, step)), [*_COLUMNS, *_counted(step), _FLAG], rows, list(_notes(told, step))
        )
        if layers := _layers(step):
            yield draw(f"{title}: \N{MICRO SIGN}s by layer", [], _LAYER_COLUMNS, layers)


def _title(told: ToldProfile, name: StepName) -> str:
    return f"{told.model} {told.kernel} ctx {told.ctx} threads {told.threads}: {_TITLES[name]}"


def _captions(told: ToldProfile, step: ToldStep) -> Iterator[str]:
    yield _HOW[told.method]
    measured, parts = significant(step.measured_us, 4), significant(step.parts_us, 4)
    yield (
        f"As it is measured, in processes that nobody looks into: {measured} \N{MICRO SIGN}s. The parts together, "
        f"without the time in none: {parts} \N{MICRO SIGN}s, {_share_of(step.adds_up)} of it, process by process."
    )
    if not step.is_explained:
        yield f"That is not between {LEAST:.0%} and {MOST:.0%}: where the time goes is not known."
    stamps = f", {step.stamps:.0f} stamps of {told.stamp_ns:.0f} ns each" if step.stamps and told.stamp_ns else ""
    yield f"Being looked into makes a step {_share_of(step.instrument)} of what it is in the same process{stamps}."
    if told.bandwidth_gb_per_s:
        yield (
            f"Bandwidth: {significant(told.bandwidth_gb_per_s)} GB/s, at which the same threads read all that a "
            "decode step reads, over and over."
        )


def _counted(step: ToldStep) -> list[GridColumn]:
    """A column for each event, in thousands, and instructions a cycle."""
    events = dict.fromkeys(event for part in step.parts for event in part.counts)
    return [
        *(GridColumn(f"1,000 {event}", partial(_thousands, event), numeric=True) for event in events),
        GridColumn("IPC", figure("ipc"), "any", numeric=True, follows=True),
    ]


def _thousands(event: str, row: Row) -> Cell:
    count = row["counts"].get(event)
    return NOTHING if count is None else Cell(count, significant(count / 1e3))


def _share_of(found: ToldRatio) -> str:
    """A ratio in percent with its interval, or why there is none."""
    if found.lo is None or found.hi is None:
        return f"{found.ratio:.1%} ({found.reason}: no interval)"
    return f"{found.ratio:.1%} ({found.lo:.1%} to {found.hi:.1%})"


def _notes(told: ToldProfile, step: ToldStep) -> Iterator[str]:
    for part in step.parts:
        if len(part.what_us) > 1:
            what = ", ".join(f"{name} {significant(us)}" for name, us in part.what_us.items())
            yield f"{part.part}: {what}."
    if any(part.flag for part in step.parts):
        yield f"{TOO_NEAR}: its bytes lie nearer than those of the whole step, with which the bandwidth was measured."
    if told.counted_in:
        processes = plural(told.counted_in, "process of its own", "processes of their own")
        yield (
            f"What the CPU counts is of all threads, but for helpers that wait, in {processes}, as reading it takes "
            "longer than many a part; dispatch is what lies between two steps."
        )
    if told.no_counts:
        yield f"Instructions, cycles and cache misses are not known: {told.no_counts}."


def _layers(step: ToldStep) -> list[Row]:
    by_name = {ALL_PARTS: step.layers_us, **{part.part: part.layers_us for part in step.parts}}
    numbers = sorted({int(layer) for layers in by_name.values() for layer in layers})
    return [{"layer": n, **{name: layers.get(str(n)) for name, layers in by_name.items()}} for n in numbers]


def _percent(share: float | None, is_drawn: bool = False) -> Cell:
    return NOTHING if share is None else Cell(share, f"{share:.1%}", drawn=Share(share) if is_drawn else None)


def _megabytes(n_bytes: int | None) -> Cell:
    return NOTHING if n_bytes is None else Cell(n_bytes, significant(n_bytes / 1e6))


def _signed(alone_us: float | None, us: float) -> Cell:
    return NOTHING if alone_us is None else Cell(alone_us - us, f"{alone_us - us:+.1f}")
