"""What no process can have done is flagged with its figures, and a row that only looks odd is not."""

from __future__ import annotations

import datetime

import pytest

from smjax.report.audit.command import audit
from tests.report.audit.test_audit import damaged, healthy
from tests.report.factory import run_folder

TOMORROW = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=20)


def told(folder, records):
    return audit([run_folder(folder, records)])


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        (damaged("ghz", {"value": 100.0, "source": "read"}), "impossible: a clock of 100 GHz"),
        (damaged("ghz", {"value": 0.0, "source": "read"}), "impossible: a clock of 0 GHz"),
        (damaged("date", "2019-12-31T23:59:59Z"), "impossible: measured on 2019-12-31"),
        (damaged("date", "2999-01-01T00:00:00Z"), "impossible: measured on 2999-01-01"),
        (damaged("samples.0.ttft_ns", 0), "impossible: prefill of an answer took no time"),
        (damaged("samples.2.decode_ns", 0), "impossible: decoding of an answer took no time"),
        (
            damaged("samples.1.token_ns", [7_900_000] * 128),
            "impossible: 128 times of tokens in an answer of 128 tokens",
        ),
        (damaged("phases_ns.cold_start", 10**13), "impossible: phase cold_start of 10000.000 s in a process of"),
        (
            damaged("threads", {"cpu_ns": {"7 python": 10**13}}),
            "impossible: CPU time of thread 7 python of 10000.000 s",
        ),
        (damaged("memory.steady_rss_bytes", 10**12), "impossible: steady RSS 1000000.0 MB, peak "),
        (damaged("attempt", 2), "impossible: attempt 2 at replicate 0 without attempt 0"),
    ],
)
def test_what_cannot_be_is_flagged(tmp_path, records, reason):
    (line, end) = told(tmp_path, records).splitlines()
    assert reason in line
    assert end == "1 of 1 rows flagged"


@pytest.mark.parametrize(
    "records",
    [
        damaged("ghz", {"value": 5.7, "source": "measured"}),
        damaged("ghz", None),
        damaged("date", TOMORROW.isoformat()),
        damaged("threads", {"cpu_ns": {"7 python": 10**9}}),
    ],
)
def test_what_can_be_is_not(tmp_path, records):
    assert told(tmp_path, records) == "0 of 1 rows flagged\n"


def test_attempts_that_are_all_there_do_not_skip(tmp_path):
    (one,) = healthy()
    tries = [
        one | {"attempt": number, "id": f"{number}", "date": f"2026-03-01T10:0{number}:00Z"} for number in range(3)
    ]
    assert told(tmp_path / "all", tries) == "0 of 1 rows flagged\n"
    assert "attempt 2 at replicate 0 without attempt 1" in told(tmp_path / "some", [tries[0], tries[2]])
