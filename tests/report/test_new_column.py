"""A column is one entry: it is then read, summarised, written and shown, whatever it is made of."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from smjax.core.records import columns
from smjax.stats.intervals import judge
from tests.report.factory import processes, run_folder

ENTRIES = """
    Column("swap_mb", "float", "MB", "reading", "memory.swap_bytes", 1e6, heading="swap MB", meaning="swapped out"),
    Column("room", "text", "", "compared", "environment.room", heading="room", shown="varies", meaning="a place"),
    Column("moods", "text", "", "union", "readings.moods", heading="moods", meaning="of the clock"),
    Column("token_ms", "float", "ms", "answers", "decode_ns / 1e6 / (n_gen - 1)", heading="ms a token", meaning="TPOT"),
    Column("token_ms_lo", "float", "ms", "interval", "token_ms", meaning="lower end"),
    Column("token_ms_hi", "float", "ms", "interval", "token_ms", meaning="upper end"),
    Column("swap_share", "float", "ratio", "row", "swap_mb / peak_rss_mb", meaning="of the peak"),
    Column("swap_share_lo", "float", "ratio", "interval", "swap_share", meaning="lower end"),
    Column("swap_share_hi", "float", "ratio", "interval", "swap_share", meaning="upper end"),
    Column("load_s_lo", "float", "s", "interval", "load_s", meaning="lower end"),
    Column("load_s_hi", "float", "s", "interval", "load_s", meaning="upper end"),
"""
REPORT = """
import sys
from pathlib import Path

import pytest

from smjax.core.records import columns
from smjax.stats.intervals import judge

source = Path(columns.__file__).read_text()
exec(compile(source.replace("\\n)\\nFIELDS", sys.argv[2] + ")\\nFIELDS"), "columns.py", "exec"), vars(columns))

from smjax.report.tables.rebuild import rebuild
from smjax.report.tables.report import tell

tell(rebuild([Path(sys.argv[1])], None, None, None))
"""


def records():
    """Two processes in each of two rooms, one of which is twice as fast as the other in the cellar."""
    for room, rates in (("cellar", [[100], [50]]), ("attic", [[200], [200]])):
        for number, one in enumerate(processes(rates, tokens_per_dispatch=1)):
            one["phases_ns"] = one["phases_ns"] | {"load": (number + 1) * 10**10}
            one["environment"] = one["environment"] | {"room": room}
            one["memory"] = one["memory"] | {"swap_bytes": (15 + number) * 10**6}
            one["readings"] = {"moods": ["slow", f"mood {number}"]}
            yield one | {"id": f"{room} {number}"}


def test_a_new_column_is_one_entry(tmp_path):
    folder = run_folder(tmp_path, list(records()))
    done = subprocess.run([sys.executable, "-c", REPORT, folder, ENTRIES], capture_output=True, text=True, check=True)
    rows = json.loads((folder / "summary.json").read_text())["rows"]
    names = [*columns.COLUMN_NAMES, *re.findall(r'Column\("(\w+)"', ENTRIES)]
    assert [list(row) for row in rows] == [names, names]
    cellar, attic = sorted(rows, key=lambda row: row["room"], reverse=True)
    assert (cellar["token_ms"], attic["token_ms"]) == (15, 5)
    assert (attic["swap_mb"], attic["swap_share"]) == (15.5, pytest.approx(15.5 / 300))
    assert cellar["moods"] == "mood 0;mood 1;slow"
    for name, values in {"token_ms": [10, 20], "load_s": [10, 20], "swap_share": [0.05, 16 / 300]}.items():
        expected = judge(values)
        assert (cellar[f"{name}_lo"], cellar[f"{name}_hi"]) == pytest.approx((expected.lo, expected.hi))
    heading = next(line for line in done.stdout.splitlines() if line.startswith("| "))
    assert all(f"| {text} |" in heading for text in ("swap MB", "room", "ms a token"))
    assert "15.0 (" in done.stdout, "its interval is lopsided"
    assert "moods mood 0, mood 1 and slow" in done.stdout
