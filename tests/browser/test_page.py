"""`report.html` as a person meets it, in Chromium: what it shows, what it does when it is used, and that it is safe."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from smjax.report.data.contents import Contents
from smjax.report.page.write import write_page
from tests.browser import records
from tests.report.op_factory import read

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
PICTURES = ROOT / "build" / "browser"
"""Where screenshots and a report on paper are kept, with what was measured; nothing is built from there."""
MANY = 10_000
WIDTHS = {"sweep": (360, 800, 1280), "hostile": (360,)}
SCHEMES = ("light", "dark")
MARKS = 2_000
NODES = 30_000

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def contents() -> Contents:
    return Contents.of(read(records.sweep()))


@pytest.fixture(scope="module")
def seen(contents: Contents, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a browser shows of each page, all of it in one start."""
    browser, node = shutil.which("chromium"), shutil.which("node")
    if not browser or not node or not (HERE / "node_modules" / "playwright-core").is_dir():
        pytest.skip("needs Debian's chromium, and node with what `make test` installs for it by npm")
    folder = tmp_path_factory.mktemp("pages")
    pages = {
        "sweep": contents,
        "hostile": Contents.of(read(records.hostile())),
        "many": many(contents),
    }
    paths = {name: str(write_page(folder / f"{name}.html", one)) for name, one in pages.items()}
    PICTURES.mkdir(parents=True, exist_ok=True)
    asked = {"browser": browser, "pictures": str(PICTURES), "pages": paths}
    done = subprocess.run(
        [node, str(HERE / "look.mjs"), json.dumps(asked)],
        env={**os.environ, "HOME": str(folder)},
        capture_output=True,
        check=False,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    for name, path in paths.items():
        found[name]["bytes"] = Path(path).stat().st_size
    (PICTURES / "times.json").write_text(json.dumps({name: found[name]["times"] for name in pages}, indent=1) + "\n")
    return found


def many(contents: Contents) -> Contents:
    """The same rows again and again, each time with other figures and under another label."""
    count = -(-MANY // contents.rows.height)
    rows = pl.concat([contents.rows] * count).head(MANY).with_row_index("number")
    return Contents(
        contents.records,
        rows.with_columns(
            pl.col("decode_tok_per_s", "decode_tok_per_s_lo", "decode_tok_per_s_hi") * (1 + pl.col("number") / 1e5),
            label=pl.format("run {}", pl.col("number") // contents.rows.height),
        ).drop("number"),
    )


@pytest.mark.parametrize("name", ["sweep", "hostile", "many"])
def test_a_page_opens_and_asks_for_nothing(seen, name):
    page = seen[name]
    assert page["times"]["is_drawn"]
    (request,) = set(page["wrong"].pop("requests"))
    assert request.startswith("file://")
    assert page["wrong"] == {"console": [], "errors": [], "violations": [], "dialogs": []}


def test_a_report_of_a_sweep_is_small(seen, contents):
    assert contents.rows.height > 40
    assert seen["sweep"]["bytes"] < 3e6


def test_the_policy_lets_no_other_script_run(seen):
    policy = dict(part.strip().partition(" ")[::2] for part in seen["sweep"]["policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert all(source.startswith("'sha256-") for source in policy["script-src"].split())
    assert "unsafe" not in seen["sweep"]["policy"]


def test_headings_are_in_order(seen):
    for name in WIDTHS:
        levels = [level for level, _ in seen[name]["headings"]]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(new - old <= 1 for old, new in itertools.pairwise(levels)), seen[name]["headings"]


def test_a_verdict_in_words_is_on_top(seen):
    assert next(text for level, text in seen["sweep"]["headings"] if level == 2) == "Verdict"
    assert "native is faster than xla in all 12 rows" in seen["sweep"]["text"]


def points(seen: Any, name: str) -> Iterator[dict[str, Any]]:
    (chart,) = (one for one in seen["sweep"]["charts"] if one["name"] == name)
    yield from chart["points"]


@pytest.mark.parametrize(
    ("name", "over", "figure"),
    [("decode-over-context", "ctx", "decode_tok_per_s"), ("ttft-over-context", "ctx", "ttft_ms")],
)
def test_marks_are_where_their_figures_are(seen, contents, name, over, figure):
    rows = contents.rows.filter(pl.col(figure).is_not_null())
    there = {(row[over], round(row[figure], 4)) for row in rows.to_dicts()}
    found = list(points(seen, name))
    assert len(found) >= 8
    assert {(one["datum"]["x"], round(one["datum"]["y"], 4)) for one in found} <= there
    by_figure = sorted(found, key=lambda one: one["datum"]["y"])
    assert all(
        high["y"] < low["y"]
        for low, high in itertools.pairwise(by_figure)
        if high["datum"]["y"] > low["datum"]["y"] * 1.01
    ), "a greater figure is higher up"


def test_every_picture_is_drawn_with_marks_and_said_in_words(seen):
    for name in ("sweep", "hostile", "many"):
        charts = seen[name]["charts"]
        assert charts
        for chart in charts:
            assert chart["svgs"] == 1, chart["name"]
            assert 0 < chart["marks"] <= MARKS, chart["name"]
            assert len(chart["text"]) > 40, chart["name"]


def test_a_point_tells_its_figure_its_interval_and_where_it_is_from(seen):
    told = seen["sweep"]["tip"].casefold()
    assert all(word in told for word in ("tok/s", "95 % interval", "measured", "thread"))


def column(table: dict[str, Any], heading: str) -> list[str]:
    place = [one.casefold() for one in table["headings"]].index(heading)
    return [row[place] for row in table["rows"]]


def figures(table: dict[str, Any]) -> list[float]:
    return [float(text.split()[0]) for text in column(table, "decode tok/s") if text[:1].isdigit()]


def test_rows_are_sorted_by_a_heading_by_mouse_and_by_keyboard(seen):
    table = seen["sweep"]["table"]
    assert table["first"]["sorted"] == []
    falling, rising = figures(table["sorted_once"]), figures(table["sorted_twice"])
    assert falling == sorted(falling, reverse=True) != rising == sorted(rising)
    assert (table["sorted_once"]["sorted"], table["sorted_twice"]["sorted"]) == (["descending"], ["ascending"])
    threads = [int(text) for text in column(table["sorted_by_keyboard"], "threads")]
    assert threads in (sorted(threads), sorted(threads, reverse=True))
    assert len(set(threads)) > 3


def test_rows_are_filtered_and_said_how_many(seen):
    table = seen["sweep"]["table"]
    assert set(column(table["filtered"], "model")) == {"stories-15m"}
    assert table["filtered"]["said"].startswith(f"12 of {len(table['first']['rows'])} rows")
    assert table["filtered_away"]["rows"] == []
    assert table["filtered_away"]["said"].startswith("0 of ")


def test_columns_are_chosen(seen):
    table = seen["sweep"]["table"]
    gone = [one for one in table["first"]["headings"] if one not in table["without_column"]["headings"]]
    assert [one.casefold() for one in gone] == ["decode tok/s"]


def test_what_is_shown_is_copied(seen, contents):
    table = seen["sweep"]["table"]
    markdown, csv = table["markdown"].splitlines(), table["csv"].splitlines()
    shown = table["filtered"]
    assert len(markdown) == len(csv) + 1 == len(shown["rows"]) + 2
    assert [cell.strip() for cell in markdown[0].strip("|").split("|")] == shown["headings"]
    copied = pl.read_csv("\n".join(csv).encode())
    expected = contents.rows.filter(model="stories-15m").select("threads", "ctx", "kernel", "decode_tok_per_s")
    keys = ["threads", "ctx", "kernel"]
    both = copied.join(expected, on=keys, suffix="_expected")
    assert both.height == 12
    assert both["decode_tok_per_s"].to_list() == pytest.approx(both["decode_tok_per_s_expected"].to_list(), rel=1e-5)


@pytest.mark.parametrize("name", WIDTHS)
def test_no_page_is_wider_than_its_window(seen, name):
    expected = {f"{scheme} {width}": {"by": 0, "what": []} for scheme in SCHEMES for width in WIDTHS[name]}
    assert seen[name]["overflow"] == expected


def test_it_is_dark_where_that_is_wished_and_light_on_paper(seen):
    page = seen["sweep"]
    light, dark, printed = (
        sum(map(int, text.removeprefix("rgb(").rstrip(")").split(",")))
        for text in (*page["backgrounds"].values(), page["printed"])
    )
    assert dark < 200 < 700 < light
    assert printed == 765


@pytest.mark.parametrize("name", WIDTHS)
def test_nobody_is_kept_out(seen, name):
    """By axe-core, in both schemes."""
    grave = [fault for faults in seen[name]["faults"].values() for fault in faults if fault["impact"] != "minor"]
    assert grave == []


def test_names_are_names(seen):
    page = seen["hostile"]
    assert page["title"] != "owned"
    assert all(link.startswith("#") for link in page["links"])
    assert "<script>document.title='owned'</script>" in page["text"]
    assert not set("\u202e\u2066\u200b\x1b\u2028") & set(page["text"])


def test_ten_thousand_rows_stay_few_elements(seen):
    page = seen["many"]
    assert page["nodes"] < NODES
    assert f"{MANY} rows" in page["text"].replace(",", "")
