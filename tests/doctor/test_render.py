"""`smjax doctor`: one screen, one JSON object, and with --strict exit code 2 on a noisy machine."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rich.console import Console

from smjax.__main__ import main
from smjax.doctor import Finding
from smjax.doctor import render as doctor

QUIET = [Finding("turbo", "ok", "off"), Finding("load", "note", "3.0 2.0 1.0 on 2 CPUs", "wait until it has fallen")]
STEAL = Finding("steal", "noisy", "4.1 %", "wait")
TESTED: dict[str, Any] = {
    "timer_step_ns": 41,
    "wake_up_us": {"p50": 52.4, "p99": 85.6, "method": "native threads"},
    "effective_ghz": 3.694,
    "read_gb_per_s": [
        {"threads": threads, "working_set_bytes": n_bytes, "gb_per_s": threads * 1e6 / n_bytes}
        for threads in (1, 2)
        for n_bytes in (32 * 1024, 2**27)
    ],
    "seconds": 1.6,
}
HOST = {"cpu": {"model": "AMD EPYC", "arch": "x86_64", "usable_cores": 2}, "host": "d62e44ea7c49"}


@pytest.fixture(params=[False, True], ids=["quiet", "noisy"])
def is_noisy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(doctor, "examine", lambda: [*QUIET, STEAL] if request.param else QUIET)
    monkeypatch.setattr(doctor, "self_test", lambda: TESTED)
    monkeypatch.setattr(doctor, "environment", lambda: HOST)
    return request.param


def test_json(is_noisy: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["host", "noisy", "findings", "self_test"]
    assert (found["host"], found["noisy"], found["self_test"]) == ("d62e44ea7c49", is_noisy, TESTED)
    assert found["findings"][0] == {"name": "turbo", "severity": "ok", "found": "off", "advice": ""}


def test_strict(is_noisy: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--strict"]) == (2 if is_noisy else 0)
    said = capsys.readouterr()
    wrong = "doctor --strict: expected a quiet machine, found steal: 4.1 %; smjax doctor tells what to do"
    assert said.err == (f"smjax: {wrong}\n" if is_noisy else "")
    assert said.out.endswith("Noisy: steal.\n" if is_noisy else "Quiet.\n")
    assert main(["doctor"]) == 0


def text(findings: list[Finding], tested: dict[str, Any]) -> list[str]:
    console = Console(width=80)
    with console.capture() as captured:
        console.print(doctor.screen(findings, tested, HOST))
    return [line.rstrip() for line in captured.get().splitlines()]


def test_screen() -> None:
    assert text([*QUIET, STEAL], TESTED) == [
        "AMD EPYC, x86_64, 2 CPUs, host d62e44ea7c49",
        "",
        "ok     turbo  off",
        "note   load   3.0 2.0 1.0 on 2 CPUs; wait until it has fallen",
        "noisy  steal  4.1 %; wait",
        "",
        "Self-test, 1.6 s: clock under load 3.69 GHz, timer step 41 ns,",
        "wake-up of a thread 52 µs, p99 86 µs (native threads)",
        "",
        "reads, GB/s  32 KiB  128 MiB",
        "1 core         30.5  0.00745",
        "2 cores        61.0   0.0149",
        "",
        "Noisy: steal.",
    ]


def test_screen_without_the_native_library() -> None:
    lines = text(QUIET, TESTED | {"effective_ghz": None, "read_gb_per_s": None})
    assert "clock under load not measured" in lines[5]
    assert "reads not measured: that needs the native library" in lines


def test_screen_where_the_system_gives_no_threads() -> None:
    rows = [row | {"gb_per_s": None} if row["threads"] > 1 else row for row in TESTED["read_gb_per_s"]]
    last = next(line for line in text(QUIET, TESTED | {"read_gb_per_s": rows}) if "cores" in line)
    assert set(last.split()[2:]) == {"unknown"}
