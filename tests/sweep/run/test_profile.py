"""Processes that look into themselves take turns with processes that only measure; a wrong request starts none."""

from __future__ import annotations

import pytest

from smjax.__main__ import main
from smjax.core.records.answer import Answer
from smjax.core.records.profile import Pass, Profile
from smjax.core.records.request import Request
from smjax.sweep.process.launcher import OnPhase, Outcome
from smjax.sweep.run.profile import ProfileRequest, profile_each


class Answering:
    """A launcher whose workers know nothing but a profile, and fail from the one on with which `fails` begins."""

    def __init__(self, fails: int = 100, profile: Profile | None = None) -> None:
        self.requests: list[Request] = []
        self.fails, self.profile = fails, profile

    def run(self, request: Request, timeout_s: float, on_phase: OnPhase = lambda phase: None) -> Outcome:
        if request.task != "ahead":
            self.requests.append(request)
        if len(self.requests) > self.fails:
            return Outcome("timeout", "took longer than measure.timeout_s = 9 s", 1)
        return Outcome("ok", "", 1, Answer("ok", profile=self.profile))


def profiled(launcher: Answering, **asked: object) -> list[str]:
    """Status and reason of each kernel."""
    request = ProfileRequest("tinystories-1m", **{"kernel": "xla", "replicates": 3, **asked})  # type: ignore[arg-type]
    return [f"{one.status} {one.reason}".strip() for one in profile_each(request, launcher, lambda line: None)]


def test_both_kinds_take_turns() -> None:
    launcher = Answering()
    assert profiled(launcher, ctx=160, threads=2) == ["ok"]
    assert [request.task for request in launcher.requests] == [
        *("profile", "measure"),
        *("measure", "profile"),
        *("profile", "measure"),
    ]
    (scenario,) = {request.resolved.scenario for request in launcher.requests}
    assert (scenario.ctx, scenario.n_prompt, scenario.n_gen, scenario.threads) == (160, 32, 128, 2)


@pytest.mark.parametrize(("fails", "no_counts", "counted"), [(6, "", 2), (5, "took longer than --timeout = 9 s", 0)])
def test_what_the_cpu_does_is_counted_behind_them_where_it_can_be(fails: int, no_counts: str, counted: int) -> None:
    """And where that fails, what was timed stays."""
    step = Pass(1, 1, 1)
    launcher = Answering(fails, Profile("stamps", step, step))
    (found,) = profile_each(ProfileRequest("tinystories-1m", kernel="xla", replicates=2), launcher, lambda line: None)
    assert [request.task for request in launcher.requests[4:]] == ["count"] * 2
    assert (found.status, found.no_counts, len(found.counted), len(found.measured)) == ("ok", no_counts, counted, 2)


def test_the_first_that_fails_is_the_last() -> None:
    launcher = Answering(fails=1)
    assert profiled(launcher) == ["timeout took longer than --timeout = 9 s"]
    assert len(launcher.requests) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--model", "nope"], "nope: expected a GGUF file, found no such file"),
        (["--kernel", "nope"], "kernel: expected one of auto, xla, native, found nope"),
        (["--ctx", "128"], "n_prompt: expected at least 1, found 0"),
        (["--ctx", "4096"], "ctx: tinystories-1m was trained on 2048 tokens"),
        (["--replicates", "0"], "--replicates: expected at least 1, found 0"),
        (["--timeout", "nan"], "--timeout: expected more than 0, found nan"),
        (["--isa", "all"], "--isa: expected one instruction set, found all"),
        (["--trace", "/"], "/: expected to write a trace, found: a directory"),
    ],
)
def test_a_wrong_request_is_refused(options: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", "--model", "tinystories-1m", *options]) == 2
    printed = capfd.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert printed.err.startswith(f"smjax: {said}")
