"""Decode rate and TTFT over context: marks have the summary's figures and intervals, and say where they are from."""

from __future__ import annotations

from smjax.report.data.contents import Contents
from smjax.report.plots import over_context
from tests.report.factory import processes, read


def sweep(**changes):
    """Two contexts with two kernels' worth of six processes each."""
    rates = [[100.0 + number] for number in range(6)]
    return [
        one
        for ctx, share in ((256, 1.0), (1024, 0.5))
        for one in processes([[share * rate for rate in process] for process in rates], ctx=ctx, n_prompt=ctx - 101)
    ]


def marks(spec):
    return spec["datasets"][spec["data"]["name"]]


def test_marks_are_the_summarys_figures_with_their_intervals():
    contents = Contents.of(read(sweep()))
    plot, _ = over_context.make(contents)
    wanted = contents.rows.sort("ctx").select("ctx", *(f"decode_tok_per_s{end}" for end in ("", "_lo", "_hi"))).rows()
    assert [(one["x"], one["y"], one["lo"], one["hi"]) for one in marks(plot.spec)] == wanted
    assert None not in wanted[0]
    assert plot.name == "decode-over-context"
    assert "Highest: 102 tok/s" in plot.text or "Highest: 103 tok/s" in plot.text


def test_there_is_nothing_over_one_context():
    assert over_context.make(Contents.of(read(processes([[100.0]])))) == []
