"""A sweep stops on the figures that it prints: both sides of the house compute a process's rate alike."""

from __future__ import annotations

import numpy as np
import pytest

from smjax.core.records.document import made_record
from smjax.sweep.plan.standing import process_of
from tests.report.factory import record, sample, scenarios


@pytest.mark.parametrize("seed", range(50))
def test_a_plan_s_rate_of_a_process_is_the_report_s(seed):
    rng = np.random.default_rng(seed)
    times_ms = rng.lognormal(0, 1, rng.integers(1, 12)) * (rng.random() < 0.9)
    times_ms[rng.random(times_ms.size) < 0.1] = 0  # a clock that stood still
    one = record([sample(ms) for ms in times_ms], n_gen=int(rng.integers(2, 101)), tokens_per_dispatch=1)
    (row,) = scenarios([one]).to_dicts()
    told = process_of(made_record(one)).rate
    assert row["decode_tok_per_s"] == (None if told is None else pytest.approx(told, rel=1e-12))
