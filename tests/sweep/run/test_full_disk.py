"""A disk that fills up during a sweep, as a small file system of its own; needs the right to mount one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smjax.__main__ import main
from smjax.core.records.document import read_record
from smjax.report.tables import after_run
from smjax.report.tables.report import Report
from tests.report.factory import record, run_folder

Mount = Callable[[int], Path]


@pytest.mark.slow
def test_a_disk_that_fills_up_stops_the_sweep_with_one_line_and_whole_records(
    small_disk: Mount,
    run_job: Callable[..., int],
    fake_worker: Callable[[str], None],
    capfd: pytest.CaptureFixture[str],
) -> None:
    run_dir = small_disk(32) / "run"
    fake_worker("ok")
    ctxs = ",".join(str(ctx) for ctx in range(256, 276))
    assert run_job("-m", f"ctx={ctxs}", "measure=quick", f"hydra.sweep.dir={run_dir}") == 1
    said = capfd.readouterr()
    _, *done, last, summaries = said.err.splitlines()
    assert 0 < len(done) < 20
    assert all(": ok, " in line for line in done)
    assert last.startswith(f"smjax: {run_dir}/records/tinystories-1m-")
    assert "found: No space left on device" in last
    kept = f"the records of {len(done)} of 20 workers are kept in {run_dir}/records"
    assert last.endswith(f"stopped, {kept}; hydra.run.dir={run_dir} goes on from there")
    assert summaries.startswith(f"smjax: {run_dir}/records.jsonl: expected to write ")
    assert said.out.count("| measured | ok |") == len(done), "what was measured is told"
    records = list((run_dir / "records").iterdir())
    assert [read_record(path)["status"] for path in records] == ["ok"] * len(done)


def test_a_disk_that_is_full_when_the_summaries_come_keeps_the_records(
    small_disk: Mount,
    run_job: Callable[..., int],
    fake_worker: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    disk, finish = small_disk(64), after_run.finish

    def finish_on_a_full_disk(*arguments: Any) -> Report:
        with pytest.raises(OSError, match="No space left"):
            (disk / "filler").write_bytes(bytes(10**6))
        return finish(*arguments)

    fake_worker("ok")
    monkeypatch.setattr(after_run, "finish", finish_on_a_full_disk)
    assert run_job("-m", "threads=1,2", "measure=quick", f"hydra.sweep.dir={disk / 'run'}") == 1
    said = capfd.readouterr()
    *done, last = said.err.splitlines()
    assert len(done) == 3
    assert last.startswith(f"smjax: {disk}/run/records.jsonl: expected to write ")
    assert "found: No space left on device; " in last
    assert said.out.count("| measured | ok |") == 2
    assert {path.name for path in (disk / "run").iterdir()} == {"multirun.yaml", "records"}
    assert [read_record(path)["status"] for path in (disk / "run" / "records").iterdir()] == ["ok", "ok"]


def test_a_report_on_a_full_disk_is_printed_and_changes_nothing(
    small_disk: Mount, capfd: pytest.CaptureFixture[str]
) -> None:
    disk = small_disk(1800)
    run_folder(disk, [record()])
    assert main(["report", str(disk)]) == 0
    run_folder(disk, [record(threads=2)])
    before = {path.name: path.read_bytes() for path in disk.glob("*.*")}
    assert set(before) == {"records.jsonl", "report.html", "summary.csv", "summary.json", "summary.md"}
    with pytest.raises(OSError, match="No space left"):
        (disk / "filler").write_bytes(bytes(10**7))
    capfd.readouterr()
    assert main(["report", str(disk)]) == 1
    said = capfd.readouterr()
    assert said.out.count("| measured | ok |") == 2
    assert said.err.startswith(f"smjax: {disk}/records.jsonl: expected to write ")
    assert said.err.count("\n") == 1
    assert {path.name: path.read_bytes() for path in disk.glob("*.*")} == before
    assert not [path for path in disk.iterdir() if path.name.startswith(".")]


def test_a_full_disk_is_refused_before_anything_is_measured(
    small_disk: Mount, run_job: Callable[..., int], capfd: pytest.CaptureFixture[str]
) -> None:
    disk = small_disk(4)
    (disk / "run").mkdir()
    (disk / "filler").write_bytes(bytes(4096))
    assert run_job(f"hydra.run.dir={disk / 'run'}") == 2
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert "found: No space left on device" in said
    assert list((disk / "run").iterdir()) == []
