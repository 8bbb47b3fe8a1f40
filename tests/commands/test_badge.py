"""`smjax badge` as it is typed: which row, what is said of it, and exit codes."""

from __future__ import annotations

import json

import pytest

from smjax.__main__ import main
from tests.report.factory import aiming_at, failed, processes, record, run_folder
from tests.report.op_factory import answer, process

RATES = [[4200, 4210, 4220], [4150, 4160, 4170], [4250, 4260, 4270], [4205, 4212, 4219], [4100, 4190, 4200]]
ZEN_4 = {"cpu": {"model": "AMD EPYC 9R14", "arch": "x86_64", "vendor": "AuthenticAMD", "family": 25, "model_id": 17}}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("platformdirs.user_state_path", lambda name: tmp_path / "state" / name)


def said(capsys, tmp_path, records, *arguments):
    """Exit code, the JSON of stdout if there is some, and stderr."""
    run_folder(tmp_path / "run", records)
    code = main(["badge", "run", "--format", "json", *arguments])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else None, err


def changed(records, **changes):
    return [one | changes for one in records]


MEASURED = processes(RATES, machine=ZEN_4, threads=2)
SHORT = "Zen 4 · 2T"


@pytest.mark.parametrize(
    ("records", "message", "color"),
    [
        (MEASURED, f"4,210 tok/s ±1.1 % · {SHORT}", "blue"),
        (aiming_at(0.001, processes(RATES, machine=ZEN_4, threads=2)), f"4,210 tok/s ±1.1 % · {SHORT}", "yellow"),
        (changed(MEASURED, flags=["disturbed"]), f"4,210 tok/s ±1.1 % · {SHORT}", "yellow"),
        (MEASURED[:1], f"4,210 tok/s · {SHORT}", "yellow"),
        (changed(MEASURED, provenance="reported"), f"4,210 tok/s ±1.1 % · {SHORT} · reported", "lightgrey"),
        (changed(MEASURED, provenance="synthetic"), f"4,210 tok/s ±1.1 % · {SHORT} · synthetic", "lightgrey"),
        ([failed("timeout", machine=ZEN_4, threads=2)], f"timeout · {SHORT}", "red"),
        ([*MEASURED, failed("killed", replicate=9, machine=ZEN_4, threads=2)], f"killed · {SHORT}", "red"),
        ([process([answer(loop_us=[2.0])])], "2.00 µs · EPYC 9R14 · 1T", "yellow"),
    ],
)
def test_a_figure_is_said_with_what_it_is_worth(records, message, color, capsys, tmp_path):
    code, badge, err = said(capsys, tmp_path, records)
    assert (code, err) == (0, "")
    label = "gemm" if "µs" in message else "decode"
    assert badge == {
        "schemaVersion": 1,
        "label": label,
        "message": message,
        "color": color,
        "isError": color == "red",
    }


def test_a_picture_is_written_or_printed(capsys, tmp_path):
    run_folder(tmp_path / "run", MEASURED)
    assert main(["badge", "run", "--metric", "ttft_ms", "--out", "new/badge.svg"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main(["badge", "run", "--metric", "ttft_ms"]) == 0
    written = (tmp_path / "new" / "badge.svg").read_text()
    assert capsys.readouterr().out == written
    assert 'aria-label="TTFT: 100 ms' in written


def test_of_several_rows_one_is_named(capsys, tmp_path):
    records = [record(threads=threads, ctx=ctx) for threads in (1, 2) for ctx in (256, 512)]
    code, badge, err = said(capsys, tmp_path, records)
    assert (code, badge) == (2, None)
    assert err == (
        "smjax: badge: expected one row, found 4: threads 1, 2; ctx 256, 512; "
        "write for example --where threads=1 ctx=256\n"
    )
    code, badge, _ = said(capsys, tmp_path, records, "--where", "threads=2", "ctx=512")
    assert (code, badge["message"]) == (0, "100 tok/s · EPYC 9R14 · 2T")
    assert "found 2: ctx 256, 512; write" in said(capsys, tmp_path, records, "--where", "threads=2")[2]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--where", "thread=2"], "--where 'thread=2': expected a column that tells rows apart, found thread; did you"),
        (["--where", "threads=7"], "--where 'threads=7': expected threads: one of 1, found 7"),
        (["--metric", "ttft"], "did you mean ttft_ms?"),
        (
            ["--metric", "energy_j_per_token"],
            "badge: expected a row with energy_j_per_token, found one with decode_tok",
        ),
    ],
)
def test_what_names_no_row_or_figure_is_refused_in_one_line(arguments, told, capsys, tmp_path):
    code, badge, err = said(capsys, tmp_path, [record()], *arguments)
    assert (code, badge, err.count("\n")) == (2, None, 1)
    assert told in err


def test_a_broken_record_is_said_beside_the_badge_of_the_others(capsys, tmp_path):
    run_folder(tmp_path / "run", [record()])
    (tmp_path / "run" / "records" / "broken.json").write_text("{")
    code, badge, err = said(capsys, tmp_path, [record()])
    assert (code, badge["message"]) == (1, "100 tok/s · EPYC 9R14 · 1T")
    assert "broken.json" in err
