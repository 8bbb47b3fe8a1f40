"""What no op can have done is flagged with its figures, and a healthy row of one is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smjax.report.audit.command import audit
from smjax.report.tables.rebuild import rebuild
from tests.report.factory import run_folder
from tests.report.op_factory import answer, process

HOT = {"call_us": [4.01, 4.0, 4.02], "loop_us": [2.02, 2.0, 2.01]}
COLD = {"call_us": [5.0, 5.0, 5.0], "loop_us": None, "cache": "cold"}


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        (answer(**HOT, peak_flop_per_s=1e8), "above the peak: it computes 9.95 times what the same threads can"),
        (
            answer(**HOT, bandwidth_bytes_per_s=1e7),
            "above the bandwidth: it moves 49.8 times what the same threads can",
        ),
        (answer(call_us=[4, 4, 4], loop_us=None), "zero variance: all 3 call samples of a process are 4.000 µs"),
        (answer(call_us=[4, 4.1], loop_us=[0, 2, 2.1]), "impossible: a call took no time"),
        (
            answer(**HOT, calls_per_sample=10**9),
            "impossible: calls of 12030.000 s in a process of 9.000 s",
        ),
    ],
)
def test_what_cannot_be_is_flagged(tmp_path: Path, point: dict[str, Any], reason: str) -> None:
    line, end = audit([run_folder(tmp_path, [process([point])])]).splitlines()
    assert line.endswith(f"gemm f32:10x10x10, 1 thread: {reason}")
    assert end == "1 of 1 rows flagged"


def test_a_healthy_row_is_not_nor_one_beside_its_summary(tmp_path: Path) -> None:
    """Single calls may be of equal steps of a clock; a share of a level's bandwidth may be above 1."""
    points = [answer(**HOT, bandwidth_bytes_per_s=3e8), answer(**COLD), answer("rms_norm", "768", **HOT)]
    folder = run_folder(tmp_path, [process(points, block) for block in range(3)])
    rebuild([folder], None, None, None)
    assert audit([folder]) == "0 of 3 rows flagged\n"
    assert audit([folder / "summary.json"]) == "0 of 3 rows flagged\n"


def test_a_summary_that_says_otherwise_of_an_op_is_flagged(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, [process([answer(**HOT), answer("rms_norm", "768", **HOT)])])
    rebuild([folder], None, None, None)
    summary = folder / "summary.json"
    whole = summary.read_text()
    assert '"loop_us": 2.01' in whole
    summary.write_text(whole.replace('"loop_us": 2.01', '"loop_us": 1.01', 1))
    assert "the summary beside the records says loop_us 1.01, they give 2.01" in audit([folder])
    summary.write_text(whole.replace('"gflop_per_s": 0.99', '"gflop_per_s": 9.99', 1))
    assert "inconsistent: GFLOP/s 9.995, by its GB/s and FLOP/byte 0.9950" in audit([summary])
