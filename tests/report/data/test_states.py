"""What rows are like while their cores are alone, and while they are shared."""

from __future__ import annotations

import pytest

from smjax.report.data.processes import per_process
from smjax.stats.intervals import judge
from tests.report.factory import GRAVITON, read, record, sample, scenarios

BEST = 3.6
ALONE, SHARED = 3.55, 2.2


def process(*answers, number=0, best=BEST, **changes):
    """One whose answers were given so: (tok/s, whether the core was shared); a moment before each and after the last.

    Where the state changes the moment between belongs to the shared one.
    """
    shared = [is_shared for _, is_shared in answers]
    moments = [a or b for a, b in zip([False, *shared], [*shared, False], strict=True)]
    made = record([sample(100_000 / rate, ttft_ms=50 if is_shared else 25) for rate, is_shared in answers], **changes)
    return made | {
        "replicate": number,
        "date": f"2026-03-01T10:{number:02d}:00+00:00",
        "probes": {"ghz": [], "additions_per_cycle": [[ALONE], *([SHARED if one else ALONE] for one in moments)]},
        "readings": {"best_additions_per_cycle": best},
    }


def in_turn(alone, shared):
    """Processes of eight answers; half of each was given while the core was shared."""
    for number, (fast, slow) in enumerate(zip(alone, shared, strict=True)):
        yield process(*[(fast, False)] * 4, *[(slow, True)] * 4, number=number)


def only_row(records):
    rows = scenarios(records).to_dicts()
    assert len(rows) == 1
    return rows[0]


FAST, SLOW = [100, 101, 102, 99, 98, 100.5, 101.5, 99.5], [60, 61, 59, 60.5, 59.5, 60.2, 60.8, 61.5]


def test_each_state_has_a_figure_an_interval_and_its_share_of_the_time():
    row = only_row(list(in_turn(FAST, SLOW)))
    alone, shared = row["by_state"]
    in_state = {"alone": sum(4 * (0.025 + 100 / rate) for rate in FAST)}
    in_state["shared"] = sum(4 * (0.05 + 100 / rate) for rate in SLOW)
    # The moment between the two is shared, and so is the last answer before it.
    moved = sum(0.025 + 100 / rate for rate in FAST)
    share = (in_state["alone"] - moved) / sum(in_state.values())
    assert (alone["state"], shared["state"]) == ("alone", "shared")
    assert (alone["share"], shared["share"]) == pytest.approx((share, 1 - share))
    expected = judge(FAST)
    assert (alone["decode_tok_per_s"], alone["lo"], alone["hi"]) == pytest.approx((100.25, expected.lo, expected.hi))
    expected = judge(SLOW)
    assert (shared["decode_tok_per_s"], shared["lo"], shared["hi"]) == pytest.approx((60.35, expected.lo, expected.hi))
    assert row["states"] == "alone 28 %: 100 ±1.2 %, shared 72 %: 60.4 ±1.2 %"


def test_two_speeds_have_no_interval_but_each_state_has_its_own():
    alone = [process(*[(rate, False)] * 5, number=number) for number, rate in enumerate(FAST)]
    shared = [process(*[(rate, True)] * 5, number=8 + number) for number, rate in enumerate(SLOW)]
    row = only_row([*alone, *shared])
    assert row["no_interval_reason"].startswith("two speeds: 50 % of processes at")
    assert [(entry["state"], entry["lo"] is None) for entry in row["by_state"]] == [("alone", False), ("shared", False)]
    assert row["by_state"][0]["decode_tok_per_s"] == pytest.approx(100.25)


@pytest.mark.parametrize(
    ("answers", "states"),
    [
        ([(100, False)] * 5, "alone 100 %: 100"),
        ([(60, True)] * 5, "shared 100 %: 60.0"),
        ([(100, False)] * 60 + [(100, True)], "alone 97 %: 100"),  # 3 % is nothing to tell apart
        ([(100, False)] * 18 + [(60, True)], "alone 86 %: 100, shared 14 %"),  # two answers are no figure
    ],
)
def test_a_state_that_was_hardly_there_is_not_told_apart(answers, states):
    assert only_row([process(*answers)])["states"] == states


@pytest.mark.parametrize("best", [None, BEST])
def test_where_nobody_looked_the_states_are_unknown(best):
    one = process(*[(100, False)] * 5, best=best)
    if best:
        one["probes"]["additions_per_cycle"] = one["probes"]["additions_per_cycle"][:3]
    row = only_row([one])
    assert (row["states"], row["by_state"]) == (None, [])


def test_a_process_has_its_figures_over_answers_in_each_state():
    mixed, quiet = process(*[(100, False)] * 5, *[(60, True)] * 3), process(*[(100, False)] * 5, number=1)
    frame = per_process(read([mixed, quiet, record()]))
    found = frame.select("decode_tok_per_s_alone", "decode_tok_per_s_shared", "ttft_ms_alone", "ttft_ms_shared").rows()
    # Of the four answers that count as shared one was given before the neighbour came.
    assert found == [
        (pytest.approx(100), pytest.approx(60), 25, 50),
        (pytest.approx(100), None, 25, None),
        (None, None, None, None),
    ]
    alone_s = 4 * 1.025
    shares = frame["alone_share"].to_list()
    assert shares == [pytest.approx(alone_s / (5 * 1.025 + 3 * (100 / 60 + 0.05))), 1, None]
    for name in ("e2e_tok_per_s", "prefill_tok_per_s"):
        assert {f"{name}_alone", f"{name}_shared"} <= {*frame.columns}


def test_a_neighbour_who_is_there_from_the_first_process_on_is_known_once_a_core_was_alone():
    before = [process(*[(rate, True)] * 5, number=number, best=SHARED) for number, rate in enumerate(SLOW[:3])]
    after = [process(*[(rate, False)] * 5, number=3 + number) for number, rate in enumerate(FAST)]
    assert only_row(before)["states"].startswith("alone 100 %"), "until then nobody can know"
    for records in ([*before, *after], [*after, *before]):
        found = {entry["state"]: entry["decode_tok_per_s"] for entry in only_row(records)["by_state"]}
        assert found == {"alone": pytest.approx(100.25), "shared": pytest.approx(60)}


def test_a_later_run_of_the_machine_tells_what_an_earlier_one_was_like():
    first = [process(*[(60, True)] * 5, best=SHARED) | {"run": "a", "machine": "here"}]
    second = [process(*[(100, False)] * 5) | {"run": "b", "machine": "here"}]
    assert [row["states"] for row in scenarios(first).to_dicts()] == ["alone 100 %: 60.0"]
    states = {row["run"]: row["states"] for row in scenarios([*first, *second]).to_dicts()}
    assert states == {"a": "shared 100 %: 60.0", "b": "alone 100 %: 100"}


@pytest.mark.parametrize(
    "other",
    [
        {"machine": "there"},
        {"host": "bbbbbbbbbbbb"},
        {"environment": {**GRAVITON, "packages": {}}},
        {"threads": {"cores": 1, "affinity": [8]}},
    ],
)
def test_what_another_machine_or_kind_of_core_can_do_says_nothing_of_this_one(other):
    here, slower = process(*[(100, False)] * 5), process(*[(100, True)] * 5, number=1, best=SHARED)
    rows = scenarios([here, slower | other]).to_dicts()
    assert all(row["states"].startswith("alone 100 %: 100") for row in rows)


def test_a_process_that_cannot_tell_who_is_on_its_cores_is_not_told_by_others():
    unknown, known = process(*[(100, False)] * 5, best=None), process(*[(100, False)] * 5, number=1)
    assert per_process(read([unknown, known]))["alone_share"].to_list() == [None, 1]
