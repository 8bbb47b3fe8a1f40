"""`smjax plot`: any figure over any column, and what is said of a wish that cannot be granted."""

from __future__ import annotations

from pathlib import Path

import pytest

from smjax.core.errors import RequestError
from smjax.report.data.rows import scenarios
from smjax.report.plots.command import plot
from smjax.report.plots.own import Wish, draw
from smjax.report.render.html import document
from tests.in_process import said
from tests.report.factory import read, run_folder
from tests.report.plots import runs


@pytest.fixture(scope="module")
def rows():
    return scenarios(read(runs.answers()))


def marks(found):
    return found.spec["datasets"][found.spec["data"]["name"]]


def test_points_have_the_figures_and_intervals_of_their_rows(rows) -> None:
    found = marks(draw(rows, Wish("ctx", "ttft_ms", "kernel")))
    wanted = set(rows.select("ctx", "kernel", "ttft_ms", "ttft_ms_lo", "ttft_ms_hi").rows())
    assert {(one["x"], one["series"], one["y"], one["lo"], one["hi"]) for one in found} == wanted


def test_a_line_joins_what_differs_in_x_alone(rows) -> None:
    lines = {}
    for one in marks(draw(rows, Wish("ctx", "decode_tok_per_s", "kernel"))):
        lines.setdefault(one["line"], []).append(one["x"])
    assert list(lines.values()) == [[256, 1024]] * 4


def test_where_and_facet(rows) -> None:
    found = draw(rows, Wish("threads", "decode_tok_per_s", facet="kernel", where="ctx=256"))
    assert {one["part"] for one in marks(found)} == {"xla", "native"}
    assert len(marks(found)) == 4
    assert found.spec["facet"]["field"] == "part"


def test_texts_stand_on_an_axis_of_their_own(rows) -> None:
    found = draw(rows, Wish("kernel", "decode_tok_per_s"))
    assert {one["x"] for one in marks(found)} == {"xla", "native"}


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Wish("contex", "ttft_ms"), r"--x contex: expected a column .*; did you mean ctx\?"),
        (Wish("ctx", "decode"), r"--y decode: .*did you mean decode_tok_per_s\?"),
        (Wish("ctx", "ttft_ms", "<b>"), "--color <b>: expected a column"),
        (Wish("ctx", "ttft_ms", facet="kernels"), r"--facet kernels: .*kernel\?"),
        (Wish("ctx", "kernel"), "--y kernel: expected a column of figures, found one of texts"),
        (
            Wish("ctx", "energy_j_per_token"),
            "--y energy_j_per_token: expected rows that .* none in 8 rows; these",
        ),
        (Wish("label", "ttft_ms"), "--x label: expected rows that have a value"),
        (Wish("ctx", "ttft_ms", where="threads=3"), "--where .*expected threads: one of 1, 2, found 3"),
    ],
)
def test_a_wrong_wish_is_one_line(rows, wish, why) -> None:
    with pytest.raises(RequestError, match=why) as error:
        draw(rows, wish)
    assert "\n" not in str(error.value)


def test_the_ending_says_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "library", str)  # of Vega, which takes a second to be put together
    folder = run_folder(tmp_path / "run", runs.answers()[:16])
    path, refused = plot([folder], Wish("ctx", "ttft_ms"), tmp_path / "own.html")
    text = path.read_text()
    assert refused == []
    assert "Content-Security-Policy" in text
    assert "Time to first token (ms) over context" in text
    with pytest.raises(RequestError, match=r"ends in .svg, .png or .html, found another; write .*own.svg"):
        plot([folder], Wish("ctx", "ttft_ms"), tmp_path / "own.pdf")


def test_the_command_says_where_the_picture_is(tmp_path: Path) -> None:
    run_folder(tmp_path / "run", runs.answers()[:8])
    asked = ("plot", "run", "--x", "threads", "--y", "ttft_ms", "--color", "kernel")
    told = said(tmp_path, *asked, "--where", "ctx=256")
    assert (told.returncode, told.stdout, told.stderr) == (0, "ttft_ms-over-threads.svg\n", "")
    assert (tmp_path / "ttft_ms-over-threads.svg").read_text().startswith("<svg")
    wrong = said(tmp_path, *asked, "--out", "nowhere/here/own.svg")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert "no such folder" in wrong.stderr
