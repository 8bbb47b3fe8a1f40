"""Two sweeps on one host: the second notices the first, and waits for its end or is refused, as asked."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smjax.core.errors import RequestError
from smjax.sweep.run.lock import REFUSE, WAIT, lock_path, only_sweep
from tests.sweep.conftest import Handed
from tests.sweep.processes import PATIENCE_S, worker_pid

Run = Callable[..., int]
Fake = Callable[[str], None]
_HOLD = """
import time
from smjax.sweep.run.lock import only_sweep
from tests.sweep.conftest import Handed
with only_sweep("wait", print):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def lock_file(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lock of this test alone."""
    path = tmp_path_factory.mktemp("lock") / "lock"
    monkeypatch.setenv("SMJAX_LOCK", str(path))
    return path


@pytest.fixture
def holder(lock_file: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds it."""
    with subprocess.Popen([sys.executable, "-c", _HOLD], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.slow
def test_a_second_sweep_is_refused_in_one_line_and_leaves_nothing(
    supervisor: Callable[..., subprocess.Popen[str]],
    run_job: Run,
    fake_worker: Fake,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    first = supervisor("hangs", "measure=quick")
    worker_pid(tmp_path / "pid")
    before = sorted(tmp_path.rglob("*"))
    fake_worker("ok")
    assert run_job("lock=refuse", "measure=quick", "hydra.run.dir=second") == 2
    said = capfd.readouterr()
    assert said.err == (
        f"smjax: lock: expected to be the only sweep on this host, found one with pid {first.pid}; "
        "wait for its end or leave lock=wait\n"
    )
    assert said.out == ""
    assert sorted(tmp_path.rglob("*")) == before
    first.kill()
    first.wait()
    assert run_job("lock=refuse", "measure=quick", "hydra.run.dir=second") == 0


@pytest.mark.slow
def test_a_second_sweep_says_that_it_waits_and_runs_when_the_first_is_killed(
    holder: subprocess.Popen[str],
    run_job: Run,
    fake_worker: Fake,
    empty_dir: Path,
    handed: Handed,
) -> None:
    said: list[str] = []

    def say_and_end_the_first(text: str) -> None:
        assert not list(empty_dir.rglob("*.json"))
        said.append(text)
        holder.kill()

    fake_worker("ok")
    handed.say = say_and_end_the_first
    assert run_job("measure=quick", "hydra.run.dir=run") == 0
    assert said == [
        f"another sweep (pid {holder.pid}) measures on this host: waiting for its end; lock=refuse would not wait"
    ]
    assert holder.wait() == -signal.SIGKILL
    assert len(list((empty_dir / "run" / "records").iterdir())) == 1


@pytest.mark.slow
def test_an_interrupt_while_waiting_leaves_nothing(
    holder: subprocess.Popen[str], supervisor: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = supervisor("ok")
    assert process.stderr is not None
    assert f"(pid {holder.pid})" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=PATIENCE_S) == ("", "smjax: interrupted; nothing was measured\n")
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []


def test_whoever_holds_the_lock_is_named_in_it(holder: subprocess.Popen[str], lock_file: Path) -> None:
    assert lock_file.read_text() == f"{holder.pid}\n"
    with only_sweep(WAIT, lambda text: holder.kill()):
        assert lock_file.read_text() == f"{os.getpid()}\n"
        with pytest.raises(RequestError, match=f"found one with pid {os.getpid()};"), only_sweep(REFUSE, pytest.fail):
            pass


def test_the_lock_is_given_back_however_its_holder_ends() -> None:
    with pytest.raises(ZeroDivisionError), only_sweep(REFUSE, pytest.fail):
        _ = 1 / 0
    with only_sweep(REFUSE, pytest.fail):
        pass


def test_a_holder_that_a_full_disk_cannot_name_holds_the_lock(
    small_disk: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = small_disk(64)
    with pytest.raises(OSError, match="No space left"):
        (disk / "filler").write_bytes(bytes(10**6))
    monkeypatch.setenv("SMJAX_LOCK", str(disk / "lock"))
    with only_sweep(REFUSE, pytest.fail), pytest.raises(RequestError, match="pid unknown"), only_sweep(REFUSE, print):
        pass


def test_a_lock_that_cannot_be_opened_is_told_and_does_not_stop_the_sweep(
    run_job: Run,
    fake_worker: Fake,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path_factory.mktemp("folder")
    monkeypatch.setenv("SMJAX_LOCK", str(folder))
    fake_worker("ok")
    assert run_job("measure=quick", "lock=refuse", "hydra.run.dir=run") == 0
    told, _, done = capfd.readouterr().err.splitlines()
    assert told == (
        f"smjax: {folder}: expected a file to lock, found: Is a directory; another sweep here would not be noticed"
    )
    assert done.startswith("[1/1] ")


def test_all_users_of_a_host_share_one_lock(monkeypatch: pytest.MonkeyPatch, lock_file: Path) -> None:
    with only_sweep(REFUSE, pytest.fail):
        assert lock_file.stat().st_mode & 0o777 == 0o666
    monkeypatch.delenv("SMJAX_LOCK")
    assert lock_path().name == "smjax.lock"


def bind(path: Path) -> None:
    with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as bound:  # its path may have 108 bytes
        bound.bind(path.name)


NO_LOCKS: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "directory": Path.mkdir,
    "endless device": lambda path: path.symlink_to("/dev/zero"),
    "full device": lambda path: path.symlink_to("/dev/full"),
    "loop": lambda path: path.symlink_to(path),
    "socket": bind,
    "missing folder": lambda path: path.symlink_to("nowhere/lock"),
}


@pytest.mark.parametrize("kind", NO_LOCKS)
@pytest.mark.parametrize("when_busy", [WAIT, REFUSE])
def test_what_cannot_be_locked_is_told_at_once(kind: str, when_busy: str, lock_file: Path) -> None:
    NO_LOCKS[kind](lock_file)
    told: list[str] = []
    with only_sweep(when_busy, told.append):
        pass
    assert len(told) == 1
    assert told[0].startswith(f"{lock_file}: expected a file to lock, found: ")
    assert told[0].endswith("; another sweep here would not be noticed")


def test_a_file_of_somebody_elses_is_locked_and_its_content_kept(lock_file: Path) -> None:
    """A slip of the pen in SMJAX_LOCK must not cost a text."""
    for content in ("a thesis\n", "1" * 30, "12 13\n"):
        lock_file.write_text(content)
        with only_sweep(REFUSE, pytest.fail):
            assert lock_file.read_text() == content
            with pytest.raises(RequestError, match="found one with pid unknown;"), only_sweep(REFUSE, pytest.fail):
                pass
        assert lock_file.read_text() == content


READ_ONLY = """
import contextlib, os
from pathlib import Path
from smjax.sweep.run import lock
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
descriptor = lock._open(Path("lock"))
print(lock._taken(descriptor), lock._signed(descriptor))
lock._sign(descriptor)
"""


def test_a_lock_of_another_user_that_can_only_be_read_is_held(lock_file: Path) -> None:
    lock_file.write_text("17\n")
    lock_file.chmod(0o444)
    lock_file.parent.chmod(0o755)
    inherited = os.open(lock_file.parent, os.O_RDONLY)
    done = subprocess.run(
        [sys.executable, "-c", f"import os; os.fchdir({inherited})\n{READ_ONLY}"],
        pass_fds=[inherited],
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(inherited)
    assert (done.stdout, done.stderr) == ("True 17\n", "")
    assert lock_file.read_text() == "17\n"
