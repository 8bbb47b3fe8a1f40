"""A disk that fills up during a sweep, as a small file system of its own; needs the right to mount one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smjax.core.record import read_record

Mount = Callable[[int], Path]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Mount]:
    """Mounts a file system of that many KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(kib: int) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder)]
        if sys.platform != "linux" or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("cannot mount a file system here")
        return folder

    yield mount
    subprocess.run(["umount", str(folder)], capture_output=True, check=False)


def test_a_disk_that_fills_up_stops_the_sweep_with_one_line_and_whole_records(
    small_disk: Mount,
    run_job: Callable[..., int],
    fake_worker: Callable[[str], None],
    capfd: pytest.CaptureFixture[str],
) -> None:
    run_dir = small_disk(32) / "run"
    fake_worker("ok")
    ctxs = ",".join(str(ctx) for ctx in range(256, 276))
    assert run_job("-m", f"ctx={ctxs}", f"hydra.sweep.dir={run_dir}") == 1
    *done, last = capfd.readouterr().err.splitlines()
    assert 0 < len(done) < 20
    assert all(": ok, " in line for line in done)
    assert last.startswith(f"smjax: {run_dir}/records/tinystories-1m-")
    assert "found: No space left on device" in last
    assert last.endswith(f"stopped, the records of {len(done)} of 20 workers are kept in {run_dir}/records")
    records = list((run_dir / "records").iterdir())
    assert [read_record(path)["status"] for path in records] == ["ok"] * len(done)


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
