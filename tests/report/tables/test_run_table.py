"""The tables as a person reads them."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console, Group

from smjax.report.data.pool import pool_runs
from smjax.report.render.grid import TIMES, UNKNOWN, Cell, GridColumn, draw, name_of
from smjax.report.render.markdown import markdown
from smjax.report.render.terminal import TerminalGrid
from smjax.report.tables import run_table
from smjax.report.tables.column_cells import OF_BANDWIDTH, with_reach
from tests.report.factory import EPYC, failed, identified, processes, record, sample, scenarios


def cells(text):
    """Rows of the first Markdown table in `text`, keyed by heading."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    split = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [dict(zip(split[0], line, strict=True)) for line in split[2:]]


def table_of(rows):
    return markdown(run_table.grids(rows))


def test_one_row_reads_as_measured():
    samples = [sample(1000, ttft_ms=250, token_ms=[10, 10, 30])]
    text = table_of(scenarios([record(samples * 5, tokens_per_dispatch=1, flags=["oversubscribed"])]))
    assert text.startswith(
        f"### x86_64 · AMD EPYC 9R14\n\nMedians of 1 process {TIMES} 5 samples; no interval with one process."
    )
    assert cells(text) == [
        {
            "model": "tinystories-1m",
            "kernel": "xla",
            "threads": "1",
            "ctx": "256",
            "decode tok/s": "100",
            "sustained tok/s": "100",
            "prefill tok/s": "620",
            "TTFT ms": "250",
            "ITL p50/p99 ms": "10.0/30.0",
            "peak RSS MB": "300",
            "GB/s": "0.400",
            "tok/s per core": "100",
            "scaling": "1.00",
            "n": "1/5",
            "provenance": "measured",
            "flags": "oversubscribed",
            "status": "ok",
        }
    ]
    for said_once in ("engine smjax", "isa avx512", "tokens per dispatch 1", "jaxlib 0.10.2", "generated tokens 101"):
        assert said_once in text


def test_what_differs_becomes_a_column():
    text = table_of(scenarios([record(), record(tokens_per_dispatch=4), record(jaxlib="0.10.1")]))
    assert [(row["tokens per dispatch"], row["jaxlib"]) for row in cells(text)] == [
        ("4", "0.10.2"),
        ("101", "0.10.1"),
        ("101", "0.10.2"),
    ]
    assert "ITL" not in text


def test_failed_rows_stay_and_say_why():
    records = [record(), record(threads=2), failed("killed", "killed by SIGKILL (9)\nout | of memory?", threads=4)]
    records.append(failed("timeout", "longer than 600 s", threads=2, replicate=1))
    text = table_of(scenarios(records))
    rows = cells(text)
    assert [(row["threads"], row["status"], row["decode tok/s"], row["n"]) for row in rows] == [
        ("1", "ok", "100", "1/1"),
        ("2", "timeout", "100", "1/1"),
        ("4", "killed", UNKNOWN, "0"),
    ]
    assert "- tinystories-1m, 2 threads, ctx 256: timeout (1 of 2 processes): longer than 600 s\n" in text
    assert "4 threads, ctx 256: killed (1 of 1 process): killed by SIGKILL (9)\\\\nout \\| of memory?\n" in text


def test_caption_says_what_stands_behind_uneven_rows():
    records = [record(), record([sample(1000)] * 3, threads=2), record(threads=2, replicate=1)]
    text = table_of(scenarios(records))
    assert "n = processes/samples of all; 95 % intervals over processes." in text
    assert [row["n"] for row in cells(text)] == ["1/1", "2/4"]
    assert "No process finished ok: no figures." in table_of(scenarios([failed()]))


def test_terminal_shows_the_same_cells_and_says_once_what_is_the_same():
    rows = scenarios([record(threads=2), failed("killed", "killed by [SIGKILL]", threads=4)])
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(Group(*map(TerminalGrid, run_table.grids(rows))))
    text = console.export_text()
    for row in cells(markdown(run_table.grids(rows))):
        line = next(line for line in text.splitlines() if f" {row['threads']} " in line and row["status"] in line)
        shown = [cell for name, cell in row.items() if name not in ("model", "ctx", "provenance")]
        assert line.split() == shown
    assert "model tinystories-1m, ctx 256, provenance measured" in text
    assert "killed by [SIGKILL]" in text


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_terminal_of_any_width_shows_every_cell(width):
    samples = [sample(1, ttft_ms=0.5, token_ms=[0.01])]
    rows = scenarios(
        [record(samples, threads=threads, tokens_per_dispatch=1, ctx=threads * 777) for threads in (1, 128)]
    )
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(Group(*map(TerminalGrid, run_table.grids(rows))))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= width
    words = {word for line in lines for word in line.replace(",", " ").split()}
    for row in cells(markdown(run_table.grids(rows))):
        assert {word for cell in row.values() for word in cell.split()} <= words


def test_intervals_stand_beside_their_figures_and_below_is_how_they_are_made():
    rows = scenarios([*processes([[100], [104], [96]]), record(threads=2)])
    text = markdown(run_table.grids(rows))
    # exp(4.3027 * s / sqrt(3)) - 1, with s = 0.04003 of the logarithms
    assert [(row["decode tok/s"], row["TTFT ms"]) for row in cells(text)] == [("100 ±10 %", "100 ±0 %"), ("100", "100")]
    assert "- ±: half the width of the 95 % interval over processes, by Student's t on the logarithms" in text
    assert "±" not in table_of(scenarios([record()]))


def test_energy_is_shown_where_it_was_measured():
    measured = record() | {"energy": {"joules_per_token": 0.01234, "source": "rapl"}}
    rows = cells(table_of(scenarios([measured, record(threads=2)])))
    assert [row["measured J per token"] for row in rows] == ["0.0123", UNKNOWN]
    assert "J per token" not in table_of(scenarios([record()]))


def test_identity_is_shown_only_where_nothing_else_tells_rows_apart():
    rows = [identified(record(threads=threads), "a") for threads in (1, 2)]
    assert "identity" not in table_of(scenarios(rows))
    twin = identified(record([sample(500)]), "a", settings="quick")
    assert [row["identity"] for row in cells(table_of(scenarios([*rows, twin])))] == [
        "a1 256 0",
        "a1 256 q",
        "a2 256 0",
    ]


def test_disturbed_and_repeated_processes_are_told_of():
    first, second, third = processes([[100], [100], [100]], flags=["disturbed"])
    readings = {"readings": {"disturbed": [f"load {load}" for load in (4, 3, 2, 1)]}}
    again = [one | {"attempt": 1, "id": f"again {number}", "flags": []} for number, one in enumerate((first, second))]
    text = table_of(scenarios([first, second, third | readings, *again]))
    assert (
        "- tinystories-1m, 1 thread, ctx 256: disturbed (1 of 3 processes): load 1; load 2; load 3 and 1 more\n" in text
    )
    assert text.endswith("- 2 processes were repeated: disturbed\n")
    killed = failed("killed", replicate=3)
    after = record(replicate=3) | {"attempt": 1, "id": "after"}
    both = table_of(scenarios([first, second, *again, killed, after]))
    assert both.endswith("- 3 processes were repeated: 2 disturbed, 1 killed\n")
    assert "killed (" not in both


def test_flags_of_every_row_are_said_once_so_that_those_of_one_stand_out():
    common = ["compile-cached", "ghz-measured"]
    text = table_of(scenarios([record(flags=common), record(threads=2, flags=["disturbed", *common])]))
    assert "flags compile-cached and ghz-measured" in text
    assert [row["flags"] for row in cells(text)] == [UNKNOWN, "disturbed"]
    alike = table_of(scenarios([record(flags=common), record(threads=2, flags=common)]))
    assert "flags" not in cells(alike)[0]
    assert "flags compile-cached and ghz-measured" in alike


def test_a_cell_is_a_value_with_its_text():
    (grid,) = run_table.grids(scenarios(processes([[100], [104], [96]], flags=["late", "odd"])))
    cells_by_heading = {column.heading: cell for column, cell in zip(grid.columns, grid.rows[0], strict=True)}
    decode = cells_by_heading["decode tok/s"]
    assert (decode.value, decode.text) == (pytest.approx(100), "100 ±10 %")
    assert cells_by_heading["threads"] == Cell(1, "1")
    assert cells_by_heading["flags"] == Cell(("late", "odd"), "late, odd", "doubtful")
    assert cells_by_heading["scaling"].value == 1


def test_what_is_said_of_several_rows_is_said_once_of_all_and_names_what_tells_them_apart():
    broken = [failed("killed", "out of memory", threads=threads, kernel=kernel) for threads, kernel in POINTS]
    text = table_of(scenarios([record(), *broken]))
    assert text.endswith(
        "- tinystories-1m, 2 threads, ctx 256, kernel native; tinystories-1m, 2 threads, ctx 256, kernel xla; "
        "tinystories-1m, 4 threads, ctx 256: killed (1 of 1 process): out of memory\n"
    )


POINTS = ((2, "native"), (2, "xla"), (4, "native"))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_rows_with_folded_cells_are_parted(width):
    flags = {
        threads: [f"{name}-of-{threads}-threads" for name in ("one", "other", "third", "further", "last", "late")]
        for threads in (1, 2)
    }
    rows = scenarios([record(threads=threads, flags=told) for threads, told in flags.items()])
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(Group(*map(TerminalGrid, run_table.grids(rows))))
    lines = [line.rstrip() for line in console.export_text().splitlines()]
    mine = [number for number, line in enumerate(lines) if "-of-1-" in line]
    theirs = [number for number, line in enumerate(lines) if "-of-2-" in line]
    assert len(mine) > 1, "it is folded"
    assert "" in lines[mine[-1] : theirs[0]], "a line is left empty between the rows"


def test_where_keys_are_wide_a_number_stands_for_them_in_what_goes_below():
    names = ("a-model-of-twenty-four-ch", "another-model-of-as-many-c")
    records = [record(model=name, model_hash=name, threads=n, flags=["late"] * n) for name in names for n in (1, 2)]
    console = Console(width=66, record=True, file=io.StringIO())
    console.print(Group(*map(TerminalGrid, run_table.grids(scenarios(records)))))
    headings = [line.split() for line in console.export_text().splitlines() if line.startswith(" # ")]
    assert headings[0][:2] == ["#", "model"]
    assert len(headings) > 1
    assert all("model" not in words for words in headings[1:])


@pytest.mark.parametrize("width", [50, 80])
def test_keys_that_do_not_fit_beside_each_other_are_not_cut(width):
    """Of several machines there is much that tells rows apart."""
    records = [
        record(
            machine={"cpu": {"model": f"Processor {host}", "arch": "x86_64"}, "os": {"name": f"System {host}"}},
            host=host * 12,
            ctx=256 * threads,
            threads=threads,
            label=f"label of {host}",
        )
        | {"machine": f"machine of {host}", "run": f"run of {host}", "id": f"{host}{threads}"}
        for host in "ab"
        for threads in (1, 2)
    ]
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(Group(*map(TerminalGrid, run_table.grids(scenarios(records)))))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= width
    assert "\N{HORIZONTAL ELLIPSIS}" not in text
    words = set(text.replace(",", " ").replace(".", " ").split())
    assert {"a" * 12, "b" * 12, "Processor", "System", "machine", "label"} <= words


def test_a_column_that_says_something_of_another_stays_beside_it():
    names = ("before", "now", "change", "verdict")
    columns = [GridColumn(name, name_of(name), follows=number > 0) for number, name in enumerate(names)]
    first = GridColumn("wide", name_of("wide"))
    grid = draw("", [], [first, *columns], [{"wide": "w" * 20} | dict.fromkeys(names, "12345678")])
    console = Console(width=50, record=True, file=io.StringIO())
    console.print(TerminalGrid(grid))
    assert ["before", "now", "change", "verdict"] in [line.split() for line in console.export_text().splitlines()]


def test_rows_of_short_cells_are_not_parted():
    rows = scenarios([record(threads=1), record(threads=2)])
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(Group(*map(TerminalGrid, run_table.grids(rows))))
    lines = [line.split() for line in console.export_text().splitlines()]
    first = next(number for number, words in enumerate(lines) if words[:2] == ["1", "100"])
    assert lines[first + 1][:2] == ["2", "100"]


@pytest.mark.parametrize(
    ("what", "made"),
    [
        ("machine", lambda name: [one | {"machine": name} for one in processes([[100], [101]])]),
        ("label", lambda name: processes([[100], [101]], label=name)),
    ],
)
def test_two_of_one_type_are_two_rows_and_say_which_they_are(what, made):
    both = [one | {"id": f"{one['id']}-{name}"} for name in ("first", "second") for one in made(name)]
    found = cells(table_of(scenarios(both)))
    assert [(row[what], row["n"]) for row in found] == [("first", "2/2"), ("second", "2/2")]
    assert what not in (cells(table_of(scenarios(made(""))))[0] | cells(table_of(scenarios(made("first"))))[0])


def decode_cells(*rows):
    """Of rows with these rates of processes, with a thread more each."""
    records = [one for place, rates in enumerate(rows) for one in processes([[r] for r in rates], threads=place + 1)]
    return [row["decode tok/s"] for row in cells(table_of(scenarios(records)))]


def test_an_interval_is_printed_itself_where_its_figure_is_not_in_its_middle():
    lopsided = [100, 100.3, 100.1, 95, 96]
    found = decode_cells([100, 104, 96], lopsided)
    assert found[0] == "100 ±10 %"
    assert re.fullmatch(r"100 \(9\d\.\d to 10\d\)", found[1])


@pytest.mark.parametrize(
    ("figure", "lo", "hi", "text"),
    [
        (100, 98, 102, "100 ±2.0 %"),
        (100, 98.4, 102.2, "100 ±1.9 %"),  # 0.3 off the middle: three digits do not show it
        (100, 99, 103, "100 (99.0 to 103)"),
        (6460, 5900, 6600, "6460 (5900 to 6600)"),
        (100, 80.6, 124, "100 ±24 %"),
        (100, 52, 160, "100 (52.0 to 160)"),  # ± is by ratios: 75 %, which would be 25 to 175
        (100, 100, 100, "100 ±0 %"),
        (100, None, None, "100"),
        (None, None, None, ""),
    ],
)
def test_what_is_lopsided(figure, lo, hi, text):
    assert with_reach(figure, lo, hi) == text


def test_a_row_without_interval_says_in_a_word_why():
    two_speeds = [4605, 4783, 4817, 6383, 6420, 6514, 6450, 6470]
    assert decode_cells(two_speeds, [100]) == ["6400 (two speeds)", "100"]


def test_that_few_processes_cannot_be_tested_is_said_once():
    few, many = processes([[100], [104], [96]]), processes([[100 + n % 3] for n in range(8)], threads=2)
    text = table_of(scenarios([*few, *processes([[50], [51]], threads=4)]))
    assert text.count("Fewer than 8 processes: modes not testable (") == text.count("not testable") == 1
    assert "modes-not-testable" not in text
    assert "modes not testable" in table_of(scenarios([*few, *many]))
    assert "testable" not in table_of(scenarios(many))


def with_bandwidth(level, rates, **changes):
    """Processes that read 4 MB a token, of a cache that holds so much or not, at half of what can be read, and more."""
    caches = {"caches": {"L3": 32_000_000 if level == "cache" else 1_000_000}}
    made = processes([[rate] for rate in rates], machine=EPYC | {"cpu": EPYC["cpu"] | caches}, **changes)
    for number, (one, rate) in enumerate(zip(made, rates, strict=True)):
        one["read_bandwidth"] = {"bytes_per_s": 4e6 * rate / (0.5 + 0.0004 * number), "working_set_bytes": 4_000_000}
        one["dram"] = {"bytes_per_s": 10e9 * one["scenario"]["threads"]}
    return made


def test_the_share_of_bandwidth_names_its_level_and_dram_is_said_once():
    rows = [*with_bandwidth("cache", [100, 102]), *with_bandwidth("cache", [180, 181], threads=2)]
    text = table_of(scenarios(rows))
    assert "DRAM is read at 10.0 GB/s with 1 thread and 20.0 GB/s with 2 threads." in text
    assert [row["of cache bandwidth"] for row in cells(text)] == ["0.500 ±0.51 %"] * 2
    assert not {"of bandwidth", "of DRAM bandwidth", "bandwidth of", "DRAM GB/s"} & cells(text)[0].keys()
    assert "of DRAM bandwidth" in table_of(scenarios(with_bandwidth("DRAM", [100, 102])))


@pytest.mark.parametrize(
    ("share", "lo", "hi", "text"),
    [
        (0.3224, 0.3204, 0.3244, "0.322 ±0.62 %"),
        (0.3224, 0.29, 0.355, "0.32 ±11 %"),
        (0.3224, 0.15, 0.60, "0.3 (0.15 to 0.60)"),
        (0.3224, None, None, "0.32"),
        (1.04, 0.9, 1.2, "1.0 ±15 %"),
    ],
)
def test_a_share_has_as_many_digits_as_are_known(share, lo, hi, text):
    row = {"roofline": share, "roofline_lo": lo, "roofline_hi": hi, "bandwidth_level": "DRAM"}
    assert [column.cell(row).text for column in OF_BANDWIDTH] == ["", text, ""]


def test_states_of_the_cores_have_figures_of_their_own():
    rates = [4600, 4700, 4800, 6400, 6420, 6440, 6410, 6430, 6390]
    made = processes([[rate] * 3 for rate in rates])
    for number, one in enumerate(made):
        one["probes"] = {"additions_per_cycle": [[2.0 if number < 3 else 3.9]] * 5}
        one["readings"] = {"best_additions_per_cycle": 4.0}
    text = table_of(scenarios(made))
    alone, shared = (
        r"cores alone \d\d % of the time: 6420 ±0.3\d? % tok/s",
        r"cores shared \d\d % of the time: 4700 ±5.\d % tok/s",
    )
    assert re.search(f"- tinystories-1m, 1 thread, ctx 256: {alone}; {shared}\n", text)
    for one in made:
        one["probes"] = {"additions_per_cycle": [[3.9]] * 5}
    assert "of the time" not in table_of(scenarios(made))


def test_runs_are_called_by_when_they_began():
    ids = ("20261127T164812Z-ab12cd", "20261127T170001Z-ff12cd")
    made = [one | {"run": run, "id": one["id"] + run} for run in ids for one in processes([[100], [101]])]
    text = table_of(scenarios(made))
    assert [row["run"] for row in cells(text)] == ["2026-11-27 16:48", "2026-11-27 17:00"]
    assert not any(run in text for run in ids)


def test_a_pool_of_runs_says_that_it_is_one():
    ids = ("20261127T164812Z-ab12cd", "20261127T170001Z-ff12cd")
    made = [
        one | {"run": run, "id": one["id"] + run, "machine": "here"} for run in ids for one in processes([[100], [101]])
    ]
    text = table_of(pool_runs(scenarios(made)))
    assert "Medians over the runs of each run's figure; runs = runs/processes of all; 95 % intervals over runs." in text
    (row,) = cells(text)
    assert row["runs"] == "2/4"
    assert not {"n", "run"} & row.keys()
    assert "±: half the width of the 95 % interval over runs, by Student's t on the logarithms of their figures" in text
    unsure = table_of(pool_runs(scenarios([one | {"machine": ""} for one in made])))
    assert [row["run"] for row in cells(unsure)] == ["2026-11-27 16:48", "2026-11-27 17:00"]
    assert "Runs of records that do not say which machine they are of stay apart" in unsure
    assert "stay apart" not in text
    alone = table_of(pool_runs(scenarios(made[:2])))
    assert "no interval with one run." in alone
    assert "±" not in alone


def at_two_speeds(figures):
    """The same, the later half of them larger by a fifth."""
    return [figure * (1.2 if place >= len(figures) / 2 else 1) for place, figure in enumerate(figures)]


STEADY = [100, 100.2, 99.7, 100.1, 99.9, 100.3, 99.8, 100]


def test_figures_without_an_interval_say_why_each_for_itself():
    made = processes([[rate] for rate in STEADY])
    for number, (one, ttft_ms) in enumerate(zip(made, at_two_speeds(STEADY), strict=True)):
        one["samples"][0]["ttft_ns"] = int(ttft_ms * 1e6)
        one["date"] = f"2026-03-01T10:{number:02d}:00+00:00"
    text = table_of(scenarios(made))
    (row,) = cells(text)
    assert row["TTFT ms"] == "110 (two speeds)"
    assert "±" in row["decode tok/s"]
    assert "±" in row["sustained tok/s"]
    assert "no-interval" not in text, "which is said of decode tok/s"


def test_a_share_of_the_bandwidth_without_an_interval_says_why():
    made = with_bandwidth("cache", STEADY)
    made = [one | {"date": f"2026-03-01T10:{number:02d}:00+00:00"} for number, one in enumerate(made)]
    (row,) = cells(table_of(scenarios(made)))
    assert row["of cache bandwidth"] == "0.50 (drifting)"


def test_where_one_figure_alone_has_an_interval_it_is_said_what_that_is():
    made = processes([[rate] for rate in at_two_speeds(STEADY)])
    made = [one | {"date": f"2026-03-01T10:{number:02d}:00+00:00"} for number, one in enumerate(made)]
    text = table_of(scenarios(made))
    (row,) = cells(text)
    assert (row["decode tok/s"], row["sustained tok/s"]) == ("110 (two speeds)", "109 (two speeds)")
    assert row["TTFT ms"] == "100 ±0 %"
    assert "95 % intervals over processes." in text
    assert "- ±: half the width" in text


def answering(engine, ids, kernel):
    one = record(engine=engine, ctx=512) | {"ids": ids, "run": "first"}
    return one | {"resolved": {"kernel": kernel, "isa": "", "kv_dtype": "float16"}, "id": engine}


def test_speed_bought_with_other_answers_is_seen_beside_it():
    ids = list(range(64))
    text = table_of(scenarios([answering("smjax", ids, "native"), answering("e", [*ids[:9], 7], "k")]))
    rows = cells(text)
    assert {row["engine"]: row["agreement"] for row in rows} == {"smjax": "reference", "e": "9 of 10 ids"}
    headings = list(rows[0])
    assert headings.index("agreement") == headings.index("decode tok/s") + 1
    assert "agreement: ids of an answer before the first that is not the reference's" in text


def test_that_all_answer_alike_is_said_once():
    ids = list(range(64))
    text = table_of(scenarios([answering("smjax", ids, "native"), answering("e", ids, "k")]))
    assert "All answers begin alike: the same 64 ids." in text
    assert "agreement" not in text
    assert "begin alike" not in table_of(scenarios([answering("smjax", ids, "native")])), "there is nothing beside it"


def test_it_is_said_of_no_answer_that_was_not_compared():
    """A reference agrees with itself, in each run with another one; of a server's answer nobody knows the ids."""
    ids = list(range(64))
    xla, native = answering("smjax", ids, "xla"), answering("smjax", ids, "native") | {"run": "second"}
    assert "begin alike" not in table_of(scenarios([xla, native]))
    text = table_of(scenarios([xla, answering("e", ids[:16], "k"), answering("openai", [], "server")]))
    assert "Answers, where their ids are known, begin alike: the same 16 ids." in text


def test_what_some_rows_have_alike_is_not_said_of_all():
    text = table_of(scenarios([record(label="a"), record(threads=2), record(label="a", threads=4)]))
    assert "Same in every row that has it: label a." in text
    (everywhere,) = [line for line in text.splitlines() if line.startswith("Same in every row: ")]
    assert "label" not in everywhere
