"""Every picture: it is Vega-Lite of whatever others wrote, says figures, intervals and words, and stays small."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import altair as alt
import polars as pl
import pytest

from smjax.report.data.contents import Contents
from smjax.report.data.pool import pool_runs
from smjax.report.data.profile_document import ToldRatio
from smjax.report.data.rows import scenarios
from smjax.report.plots import PICTURES, in_order, over_context, over_threads, plots, theme, token_parts
from smjax.report.plots.plot import Plot
from tests.report import op_factory
from tests.report.factory import failed, processes, read, record
from tests.report.plots import runs

NAMES = {
    *("ratios-by-kernel", "decode-over-context", "ttft-over-context", "decode-over-threads", "processes-in-order"),
    *("itl-over-depth", "token-parts", "decode-bandwidth", "memory-by-part", "roofline", "op-shares", "op-times"),
    *("memory-curves", "history"),
}
HOSTILE = ("<script>alert(1)</script>", "](javascript:alert(1))", "\u202egnp.exe", "{{datum}}'+alert(1)+'", "A" * 10**5)
_COLOUR = re.compile(r'"(#[0-9a-f]{3,8}|black|white|gr[ae]y|red|blue|green)"')


@pytest.fixture(scope="module")
def contents() -> Contents:
    return runs.contents()


@pytest.fixture(scope="module")
def drawn(contents: Contents) -> dict[str, Plot]:
    return {plot.name: plot for plot in plots(contents)}


def views(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield spec
    for layer in spec.get("layer", ()):
        yield from views(layer)


def without_marks(spec: Mapping[str, Any]) -> dict[str, Any]:
    """They are not Vega-Lite's affair, and take it long."""
    return {**spec, "datasets": {name: [] for name in spec["datasets"]}}


def marks(plot: Plot) -> list[dict[str, Any]]:
    """Those of rows."""
    return [one for ones in plot.spec["datasets"].values() for one in ones if "row" in one]


def test_there_is_a_picture_for_everything_that_was_measured(drawn: dict[str, Plot]) -> None:
    assert {re.sub("-[0-9]$", "", name) for name in drawn} == NAMES


@pytest.mark.slow
def test_each_is_vega_lite_that_names_no_colour_and_is_as_wide_as_its_container(drawn: dict[str, Plot]) -> None:
    for plot in drawn.values():
        alt.LayerChart.from_dict(without_marks(plot.spec), validate=True)
        looks = without_marks(plot.spec)
        assert _COLOUR.search(json.dumps(looks)) is None, plot.name
        assert plot.spec["width"] == "container"
        assert plot.spec["height"] > 0
        assert "config" not in plot.spec


def test_each_says_in_words_what_is_to_be_seen(drawn: dict[str, Plot]) -> None:
    for plot in drawn.values():
        assert plot.text.endswith("."), plot.name
        assert re.search("[0-9]", plot.text), plot.name
    assert re.search(
        r"Highest: [0-9]+ tok/s \(native, ctx 256, run first, threads 2\)", drawn["decode-over-threads"].text
    )


def test_every_mark_of_a_row_tells_figure_provenance_and_flags(drawn: dict[str, Plot]) -> None:
    for plot in drawn.values():
        found = marks(plot)
        assert found, plot.name
        for one in found:
            wanted = {"figure", "provenance", "why" if plot.name.startswith("ratios") else "flags"}
            assert wanted <= one.keys(), plot.name


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("decode-over-context", "decode_tok_per_s"),
        ("decode-over-threads", "decode_tok_per_s"),
        ("ttft-over-context", "ttft_ms"),
        ("op-times", "loop_us"),
        ("memory-curves", "op_gb_per_s"),
        ("decode-bandwidth", "gb_per_s"),
        ("roofline", "gflop_per_s"),
    ],
)
def test_marks_are_figures_of_the_summary_and_lie_in_their_intervals(
    contents: Contents, drawn: dict[str, Plot], name: str, column: str
) -> None:
    known = set(contents.rows[column].drop_nulls())
    found = marks(drawn[name])
    assert {one["y"] for one in found} <= known
    assert all(one["lo"] <= one["y"] <= one["hi"] for one in found)


def test_intervals_of_the_decode_rate_are_the_summarys(contents: Contents, drawn: dict[str, Plot]) -> None:
    ends = set(contents.rows.select("decode_tok_per_s", "decode_tok_per_s_lo", "decode_tok_per_s_hi").rows())
    assert {(one["y"], one["lo"], one["hi"]) for one in marks(drawn["decode-over-threads"])} <= ends


def test_a_rates_interval_is_that_of_its_time(contents: Contents, drawn: dict[str, Plot]) -> None:
    (row,) = contents.rows.filter(pl.col("shape") == "read:16384").to_dicts()
    (one,) = (mark for mark in marks(drawn["memory-curves"]) if mark["x"] == 16384)
    assert one["hi"] == pytest.approx(16384 / row["loop_us_lo"] / 1e3)
    assert one["lo"] == pytest.approx(16384 / row["loop_us_hi"] / 1e3)


def test_processes_stand_in_the_order_of_time_around_their_median(contents: Contents, drawn: dict[str, Plot]) -> None:
    strips: dict[str, list[float]] = {}
    for one in marks(drawn["processes-in-order"]):
        strips.setdefault(one["row"], []).append(one["off"])
    of_answers = [offs for name, offs in strips.items() if "tinystories" in name]
    assert len(of_answers) >= 8
    assert all(offs == pytest.approx([rate - 1 for rate in runs.RATES], abs=2e-3) for offs in of_answers)


def test_ratios_are_those_of_the_comparison(drawn: dict[str, Plot]) -> None:
    found = marks(drawn["ratios-by-kernel"])
    assert [one["verdict"] for one in found] == ["faster"] * 4
    assert all(math.isclose(one["x"], 2, rel_tol=0.01) and one["lo"] <= one["x"] <= one["hi"] for one in found)


def test_runs_are_called_by_when_they_began_and_disturbed_ones_say_it() -> None:
    ids = ("20261129T123022Z-b28330", "20261129T223403Z-dc99c8")
    records = [one for run in ids for one in runs.answers(run=run)]
    for one in records:
        one["flags"] = ["disturbed"] if one["run"] == ids[1] else []
    found = {plot.name: plot for plot in plots(Contents.of(read(records)))}
    names = {one["series"] for one in marks(found["decode-over-context"])}
    assert {name.partition("run ")[2] for name in names} == {"2026-11-29 12:30", "2026-11-29 22:34"}
    assert ", of disturbed processes" in found["ratios-between-runs"].text


def test_parts_of_a_token_stand_one_after_another(drawn: dict[str, Plot]) -> None:
    found = {(one["x"], one["x2"], one["reach"]) for one in marks(drawn["token-parts"])}
    assert found == {(2.0 * place, 2.0 * place + 2, 2.0 * place + 1) for place in range(10)}


def test_what_was_not_measured_here_is_hollow_and_the_legend_says_so() -> None:
    records = read([*runs.answers(), *runs.answers("synthetic", run="second")])
    found = {plot.name: plot for plot in plots(Contents(records, scenarios(records)))}
    for name in ("decode-over-context", "processes-in-order", "ratios-between-runs"):
        text = json.dumps(found[name].spec)
        assert "Hollow: not measured here" in text
        assert f'"style": "{theme.HOLE}"' in text
    assert "synthetic" in found["decode-over-context"].text


def test_names_are_data_and_nothing_else() -> None:
    records = read([one for model in HOSTILE for one in runs.answers(model=model)[:24]])
    for plot in plots(Contents(records, scenarios(records))):
        for mark in marks(plot):
            assert all(len(value) <= 300 for value in mark.values() if isinstance(value, str))
        assert "\u202e" not in json.dumps(plot.spec, ensure_ascii=False)
        for view in views(plot.spec):
            looks = json.dumps([view.get(name) for name in ("transform", "mark")])
            assert not any(part in looks for part in ("script", "{{", "AAA"))


def test_of_pooled_runs_a_mark_says_how_many() -> None:
    """Intervals are over runs then."""
    records = read([one for run in ("one", "two", "three") for one in runs.answers(run=run)])
    found = {plot.name: plot for plot in plots(Contents(records, pool_runs(scenarios(records))))}
    assert {one["n"] for one in marks(found["decode-over-context"])} == {"3 runs"}
    assert "processes-in-order" not in found


def test_nothing_is_drawn_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for records in (read([]), read([failed(), failed(ctx=512)])):
        assert plots(Contents(records, scenarios(records))) == []
    assert [plot.name for plot in plots(Contents.of(read([record()])))] == ["memory-by-part"]
    assert capsys.readouterr().err == ""


def test_a_picture_that_fails_is_left_out_and_said(
    contents: Contents, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(in_order, "_strip", lambda *_: 1 / 0)
    found = {plot.name for plot in plots(contents)}
    assert "memory-by-part" in found
    assert "processes-in-order" not in found
    assert capsys.readouterr().err == "smjax: picture in_order: left out, ZeroDivisionError: division by zero\n"


@pytest.mark.slow
def test_ten_thousand_rows_are_few_marks(contents: Contents) -> None:
    answers = contents.rows.filter(pl.col("op").is_null())
    many = pl.concat([answers] * (10_000 // answers.height)).with_row_index("n")
    sizes = (pl.col("n") // answers.height).cast(pl.Int64)
    few = many.with_columns(ctx=256 + sizes % 40 * 8, threads=1 + sizes % 16, n_gen=sizes // 300)
    long = Contents(contents.records, few.with_columns(ctx=256 + sizes))
    for plot in [*plots(Contents(contents.records, few)), *over_context.make(long)]:
        assert len(marks(plot)) <= 2000
        assert re.search(r"\([0-9]+ of [0-9]+ [a-z]+", plot.title) or plot.name.startswith(("ratios", "history"))


@pytest.mark.parametrize(("cores", "ends"), [(None, {1, 2}), (2, {1, 2}), (1, set())])
def test_nothing_is_ideal_beyond_the_cores(contents: Contents, cores: int | None, ends: set[int]) -> None:
    rows = contents.rows.with_columns(cores=pl.lit(cores, pl.Int64))
    (plot,) = over_threads.make(Contents(contents.records, rows))
    drawn = [one for ones in plot.spec["datasets"].values() for one in ones if "row" not in one]
    assert {one["x"] for one in drawn} == ends
    assert ('"ideal"' in json.dumps(plot.spec)) == bool(ends)


def test_every_module_with_a_picture_is_listed() -> None:
    assert len(PICTURES) == len(NAMES) - 1, "over_context makes two"


def test_modes_are_seen_at_first() -> None:
    """Rows without an interval come first, whatever they are called."""
    steady = processes([[100.0 + rate] for rate in range(8)], model="a", model_hash="sha256:a")
    modes = processes([[rate] for rate in (100.0, 50.0) * 5], model="b", model_hash="sha256:b")
    (plot,) = in_order.make(Contents.of(read([*steady, *modes])))
    assert marks(plot)[0]["row"].startswith("b")


def test_of_many_processes_none_that_is_far_off_is_left_out() -> None:
    rates = [[100 + number % 2] for number in range(301)]
    rates[200] = [50]
    (plot,) = in_order.make(Contents.of(read(processes(rates))))
    assert len(marks(plot)) == 101
    assert min(one["off"] for one in marks(plot)) == pytest.approx(-0.5)
    assert "the furthest from the median is drawn" in plot.text
    assert "301 processes, 100 tok/s, \N{MINUS SIGN}50.0 % to +1.0 % of the median" in plot.text


def test_words_say_of_every_picture_what_nobody_measured() -> None:
    synthetic = [one | {"provenance": "synthetic"} for one in runs.ops()]
    told = plots(Contents.of([*read(runs.answers("synthetic")), *op_factory.read(synthetic)]))
    assert {"processes-in-order", "memory-by-part", "itl-over-depth", "op-shares", "ratios-by-kernel"} <= {
        one.name for one in told
    }
    assert [one.name for one in told if "synthetic" not in one.text + one.title] == []


def test_parts_that_do_not_add_up_explain_nothing(contents: Contents) -> None:
    (whole,) = contents.profiles
    step = replace(whole.decode, parts_us=24.0, adds_up=ToldRatio(1.2, 1.15, 1.25))
    plots_of = [token_parts.make(replace(contents, profiles=[one])) for one in (whole, replace(whole, decode=step))]
    said = [f"{plot.title} {plot.text}" for plots in plots_of for plot in plots]
    assert ["do not add up" in text and "where the time goes is not known" in text for text in said] == [False, True]
