"""Where the time of a token and of a prompt goes: a table of parts with bars, one of layers, and the same as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from smjax.core.numbers import significant
from smjax.core.records.flags import ABOVE_BANDWIDTH
from smjax.core.records.profile import PARTS
from smjax.core.records.profiled import Profiled
from smjax.report.data.profile import STEPS, Part, Step, bandwidth, step_of
from smjax.report.render.grid import NOTHING, Cell, Grid, GridColumn, Row, draw, figure, name_of
from smjax.report.render.renderers import RENDERERS, show
from smjax.stats.ratios import Ratio

IN_NO_PART = "in no part"
TOO_NEAR = ABOVE_BANDWIDTH.name
_BAR = 20
_TITLES = {"decode": "one decode step at the middle of the answer", "prefill": "one prefill"}
_HOW = {
    "stamps": "Stamped inside of the native calls, on the thread that runs the program.",
    "programs": "Differences of programs that stop after each part; alone: of one with that part alone. Layers are not "
    "told apart: a layer is the mean.",
}
_COLUMNS = (
    GridColumn("part", name_of("part"), role="key"),
    GridColumn("\N{MICRO SIGN}s", figure("us"), numeric=True),
    GridColumn("share", lambda row: _percent(row["share"]), numeric=True),
    GridColumn("bar", lambda row: Cell(None, _bar(row["share"]))),
    GridColumn("a layer \N{MICRO SIGN}s", figure("layer_us"), "any", numeric=True),
    GridColumn("MB", lambda row: _megabytes(row["bytes"]), numeric=True),
    GridColumn("at the bandwidth \N{MICRO SIGN}s", figure("at_bandwidth_us"), numeric=True),
    GridColumn("of the bandwidth", lambda row: _percent(row["of_bandwidth"]), numeric=True, follows=True),
    GridColumn("alone \N{MICRO SIGN}s", figure("alone_us"), "any", numeric=True),
    GridColumn("alone - here", lambda row: _signed(row["alone_us"], row["us"]), "any", numeric=True, follows=True),
    GridColumn("flag", lambda row: name_of("flag")(row) if row["flag"] else NOTHING, "any", role="remark"),
)


def tell(profiled: Sequence[Profiled], form: str) -> None:
    """Print what became of each kernel: as tables (`text`, `md`), or as `json` for programs."""
    if form == "json":
        print(json.dumps([document(one) for one in profiled], indent=1, allow_nan=False))
        return
    grids = [grid for one in profiled for grid in _grids(one)]
    RENDERERS["markdown"](grids, sys.stdout) if form == "md" else show(grids, sys.stdout)


def document(profiled: Profiled) -> dict[str, Any]:
    """One kernel's, as docs/where-a-token-goes.md says it."""
    resolved, read = profiled.resolved, bandwidth(profiled)
    scenario = {name: getattr(resolved.scenario, name) for name in ("threads", "ctx", "n_prompt", "n_gen", "seed")}
    first = profiled.looked_into[0].profile
    assert first is not None, "it was looked into"
    return {
        "model": profiled.model,
        "kernel": resolved.kernel,
        "isa": resolved.isa,
        "kv_dtype": resolved.kv_dtype,
        **scenario,
        "n_layers": profiled.n_layers,
        "replicates": len(profiled.looked_into),
        "method": first.method,
        "stamp_ns": first.stamp_ns,
        "bandwidth_gb_per_s": None if read is None else read / 1e9,
        "no_counts": first.no_counts or None,
        **{name: _step(step_of(profiled, name), profiled.n_layers) for name in STEPS},
    }


def _step(step: Step, n_layers: int) -> dict[str, Any]:
    return {
        "measured_us": step.measured_ns / 1e3,
        "parts_us": step.parts_ns / 1e3,
        "adds_up": _ratio(step.adds_up, step.parts_ns / step.measured_ns),
        "instrument": _ratio(step.instrument, step.instrument_plainly),
        "steps": step.count,
        "stamps": step.stamps,
        "parts": [_row(part, step, n_layers) for part in step.parts],
    }


def _ratio(found: Ratio, plainly: float) -> dict[str, Any]:
    """With its interval; where there is none, `plainly` as it is."""
    ratio = plainly if found.ratio is None else found.ratio
    return {"ratio": ratio, "lo": found.lo, "hi": found.hi, "reason": found.reason}


def _row(part: Part, step: Step, n_layers: int) -> dict[str, Any]:
    """A part, for programs and for a table."""
    in_layers = sum(part.layers.values()) if part.layers else part.ns
    is_of_layers = part.layers or part.name in ("norm", "qkv", "rope", "attention", "output", "feed-forward")
    of_bandwidth, at_bandwidth, alone = part.of_bandwidth, part.at_bandwidth_ns, part.alone_ns
    return {
        "part": part.name or IN_NO_PART,
        "meaning": PARTS.get(part.name, "what is in no part"),
        "us": part.ns / 1e3,
        "share": part.ns / step.measured_ns,
        "layer_us": in_layers / n_layers / 1e3 if is_of_layers else None,
        "bytes": part.bytes or None,
        "at_bandwidth_us": None if at_bandwidth is None else at_bandwidth / 1e3,
        "of_bandwidth": of_bandwidth,
        "flag": TOO_NEAR if of_bandwidth is not None and of_bandwidth > 1 else "",
        "alone_us": None if alone is None else alone / 1e3,
        "layers_us": {layer: ns / 1e3 for layer, ns in part.layers.items()},
        "what_us": {what: ns / 1e3 for what, ns in part.what.items() if what},
    }


def _grids(profiled: Profiled) -> Iterator[Grid]:
    told = document(profiled)
    for name in STEPS:
        step = told[name]
        yield draw(_title(told, name), list(_captions(told, step)), _COLUMNS, step["parts"], list(_notes(told, step)))
        layers = _layers(step["parts"])
        if layers:
            parts = [row["part"] for row in step["parts"] if row["layers_us"]]
            columns = [GridColumn("layer", name_of("layer"), role="key", numeric=True)]
            yield draw(
                f"{_title(told, name)}: \N{MICRO SIGN}s by layer", [], [*columns, *map(_of_layer, parts)], layers
            )


def _title(told: dict[str, Any], name: str) -> str:
    return f"{told['model']} {told['kernel']} ctx {told['ctx']} threads {told['threads']}: {_TITLES[name]}"


def _captions(told: dict[str, Any], step: dict[str, Any]) -> Iterator[str]:
    yield _HOW[told["method"]]
    measured, parts = significant(step["measured_us"], 4), significant(step["parts_us"], 4)
    yield (
        f"As it is measured, in processes that nobody looks into: {measured} \N{MICRO SIGN}s. The parts together, "
        f"without the time in none: {parts} \N{MICRO SIGN}s, {_share_of(step['adds_up'])} of it, process by process."
    )
    stamps = f", {step['stamps']:.0f} stamps of {told['stamp_ns']:.0f} ns each" if step["stamps"] else ""
    yield f"Being looked into makes a step {_share_of(step['instrument'])} of what it is in the same process{stamps}."
    if told["bandwidth_gb_per_s"]:
        yield (
            f"Bandwidth: {significant(told['bandwidth_gb_per_s'])} GB/s, at which the same threads read all that a "
            "decode step reads, over and over."
        )


def _share_of(ratio: dict[str, Any]) -> str:
    """A ratio in percent with its interval, or why there is none."""
    if ratio["lo"] is None:
        return f"{ratio['ratio']:.1%} ({ratio['reason']}: no interval)"
    return f"{ratio['ratio']:.1%} ({ratio['lo']:.1%} to {ratio['hi']:.1%})"


def _notes(told: dict[str, Any], step: dict[str, Any]) -> Iterator[str]:
    for row in step["parts"]:
        if len(row["what_us"]) > 1:
            what = ", ".join(f"{name} {significant(us)}" for name, us in row["what_us"].items())
            yield f"{row['part']}: {what}."
    if any(row["flag"] for row in step["parts"]):
        yield f"{TOO_NEAR}: its bytes lie nearer than those of the whole step, with which the bandwidth was measured."
    if told["no_counts"]:
        yield f"Instructions, cycles and cache misses are not known: {told['no_counts']}."


def _layers(rows: Sequence[Row]) -> list[Row]:
    numbers = sorted({layer for row in rows for layer in row["layers_us"]})
    return [{"layer": n, **{row["part"]: row["layers_us"].get(n) for row in rows}} for n in numbers]


def _of_layer(part: str) -> GridColumn:
    return GridColumn(part, figure(part), numeric=True)


def _percent(share: float | None) -> Cell:
    return NOTHING if share is None else Cell(share, f"{share:.1%}")


def _megabytes(n_bytes: int | None) -> Cell:
    return NOTHING if n_bytes is None else Cell(n_bytes, significant(n_bytes / 1e6))


def _bar(share: float) -> str:
    return "\N{FULL BLOCK}" * round(max(share, 0) * _BAR)


def _signed(alone_us: float | None, us: float) -> Cell:
    return NOTHING if alone_us is None else Cell(alone_us - us, f"{alone_us - us:+.1f}")
