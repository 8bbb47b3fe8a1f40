"""A column is one entry: it is then read, summarised, written and shown, whatever it is made of."""

from __future__ import annotations

import json
import subprocess
import sys

from smjax.core.records import columns
from tests.report.factory import processes, run_folder

ENTRIES = """
    Column("swap_mb", "float", "MB", "reading", "memory.swap_bytes", 1e6, heading="swap MB", meaning="swapped out"),
    Column("room", "text", "", "compared", "environment.room", heading="room", shown="varies", meaning="a place"),
    Column("token_ms", "float", "ms", "answers", "decode_ns / 1e6 / (n_gen - 1)", heading="ms a token", meaning="TPOT"),
    Column("token_ms_lo", "float", "ms", "interval", "token_ms", meaning="lower end"),
    Column("token_ms_hi", "float", "ms", "interval", "token_ms", meaning="upper end"),
    Column("swap_share", "float", "ratio", "row", "swap_mb / peak_rss_mb", meaning="of the peak"),
"""
REPORT = """
import sys
from pathlib import Path

from smjax.core.records import columns

source = Path(columns.__file__).read_text()
exec(compile(source.replace("\\n)\\nFIELDS", sys.argv[2] + ")\\nFIELDS"), "columns.py", "exec"), vars(columns))

from smjax.report.tables.rebuild import rebuild
from smjax.report.tables.report import tell

tell(rebuild([Path(sys.argv[1])], None, None, None))
"""


def test_a_new_column_is_one_entry(tmp_path):
    records = [
        one | {"environment": one["environment"] | {"room": room}, "memory": one["memory"] | {"swap_bytes": 15 * 10**6}}
        for room, rates in (("cellar", [[100], [50]]), ("attic", [[200], [200]]))
        for one in processes(rates)
    ]
    for number, one in enumerate(records):
        one["id"] = str(number)
    folder = run_folder(tmp_path, records)
    done = subprocess.run([sys.executable, "-c", REPORT, folder, ENTRIES], capture_output=True, text=True, check=True)
    rows = json.loads((folder / "summary.json").read_text())["rows"]
    names = [*columns.COLUMN_NAMES, "swap_mb", "room", "token_ms", "token_ms_lo", "token_ms_hi", "swap_share"]
    assert [list(row) for row in rows] == [names, names]
    by_room = {row["room"]: row for row in rows}
    assert (by_room["cellar"]["token_ms"], by_room["attic"]["token_ms"]) == (15, 5)
    assert by_room["cellar"]["token_ms_lo"] < 15 < by_room["cellar"]["token_ms_hi"]
    assert (by_room["attic"]["swap_mb"], by_room["attic"]["swap_share"]) == (15, 0.05)
    heading = next(line for line in done.stdout.splitlines() if line.startswith("| "))
    assert all(f"| {text} |" in heading for text in ("swap MB", "room", "ms a token"))
    assert "15.0 ±" in done.stdout
