"""What is printed survives every stdout and stderr: closed, full, without a reader, of a poor encoding."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from smjax.core.output import printing

SAY = r"""
import os, sys
from smjax.core.output import complain, printing

def command():
    descriptor = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
    for _ in range(int(sys.argv[2])):
        print("9.5 \u00b1 0.1 \u00d7 \u00b5s \u2192 \u2013 \u65e5 \udcff")
    os.close(descriptor)
    complain("a\x1b[2J\nb")
    if len(sys.argv) > 3:
        sys.exit(int(sys.argv[3]))
    return 0

sys.exit(printing(command))
"""
"""Opens a file, prints lines, complains, and leaves, as argparse does where a code is named."""
COMPLAINT = rb"smjax: a\x1b[2J\nb"
LINE = "9.5 ± 0.1 \N{MULTIPLICATION SIGN} µs → \N{EN DASH} 日 \\udcff\n".encode()


def said(tmp_path: Path, shell: str, *arguments: object, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """The program above, as `"$@"` in a line of shell."""
    program = [sys.executable, "-c", SAY, tmp_path / "file", *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in ("LANG", "LC_ALL")}
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {shell}", "bash", *map(str, program)],
        env={**environment, "PYTHONUTF8": "1", **variables},
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert (tmp_path / "file").read_bytes() == b"", "printed into a file that took the place of a closed stream"
    return done


def lost(reason: str) -> bytes:
    return f"smjax: stdout: expected to print, found: {reason}; what was to be said is incomplete".encode()


def test_what_can_be_printed_is(tmp_path: Path) -> None:
    done = said(tmp_path, '"$@"', 2)
    assert (done.returncode, done.stdout, done.stderr) == (0, LINE * 2, COMPLAINT + b"\n")


@pytest.mark.parametrize(
    ("shell", "reason"), [('"$@" >/dev/full', "No space left on device"), ('"$@" >&-', "it is closed")]
)
@pytest.mark.parametrize(("code", "expected"), [((), 1), ((1,), 1), ((2,), 2)])
def test_what_is_lost_is_a_failure(
    shell: str, reason: str, code: tuple[int, ...], expected: int, tmp_path: Path
) -> None:
    done = said(tmp_path, shell, 2, *code)
    assert (done.returncode, done.stdout) == (expected, b"")
    assert done.stderr.splitlines() == [COMPLAINT, lost(reason)]


@pytest.mark.parametrize("shell", ['"$@" >/dev/full', '"$@" >&-', '"$@" >&- 2>&- <&-'])
def test_nothing_is_lost_where_nothing_is_printed(shell: str, tmp_path: Path) -> None:
    done = said(tmp_path, shell, 0)
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr in (COMPLAINT + b"\n", b"")


@pytest.mark.parametrize("shell", ['"$@" 2>/dev/full', '"$@" 2>&-', '"$@" 2> >(true)', '"$@" 2>&- <&-'])
@pytest.mark.parametrize("code", [0, 2])
def test_what_stderr_loses_changes_nothing(shell: str, code: int, tmp_path: Path) -> None:
    done = said(tmp_path, shell, 2, code)
    assert (done.returncode, done.stdout) == (code, LINE * 2)


@pytest.mark.parametrize(
    "shell", ['"$@" | head -n 1', '"$@" | head -c 1 >/dev/null', '"$@" | true', '"$@" 2>&1 | true']
)
@pytest.mark.parametrize("code", [0, 2])
def test_a_reader_that_goes_early_is_no_failure(shell: str, code: int, tmp_path: Path) -> None:
    """More lines than any pipe holds."""
    done = said(tmp_path, shell, 50_000, code)
    assert done.returncode == code
    assert done.stdout in (LINE, b"")
    assert done.stderr in (COMPLAINT + b"\n", b"")


PLAIN = rb"9.5 +/- 0.1 x us -> - \u65e5 \udcff" + b"\n"
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"PYTHONIOENCODING": "ascii"}, PLAIN),
        ({"PYTHONIOENCODING": "ascii:strict"}, PLAIN),
        ({"PYTHONIOENCODING": "utf-8:strict"}, LINE),
        (C_LOCALE, PLAIN),
        ({"LANG": "C", "PYTHONUTF8": "0"}, None),
        ({"PYTHONIOENCODING": "latin-1"}, b"9.5 \xb1 0.1 \xd7 \xb5s -> - \\u65e5 \\udcff\n"),
        ({"PYTHONIOENCODING": "cp1252"}, b"9.5 \xb1 0.1 \xd7 \xb5s -> \x96 \\u65e5 \\udcff\n"),
        ({"PYTHONIOENCODING": "shift_jis"}, None),
    ],
)
def test_a_character_that_the_encoding_lacks_is_told_otherwise(
    variables: dict[str, str], expected: bytes | None, tmp_path: Path
) -> None:
    done = said(tmp_path, '"$@"', 1, **variables)
    assert (done.returncode, done.stderr) == (0, COMPLAINT + b"\n")
    assert done.stdout.startswith(b"9.5 ")
    if expected is not None:
        assert done.stdout == expected


def test_a_pipe_that_does_not_block_is_written_to_the_end(tmp_path: Path) -> None:
    """As some CI systems hand it over."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    program = [sys.executable, "-c", SAY, str(tmp_path / "file"), "50000"]
    with subprocess.Popen(program, stdout=writer, stderr=subprocess.PIPE) as process:
        os.close(writer)
        with os.fdopen(reader, "rb") as file:
            assert file.read() == LINE * 50_000
        assert process.communicate()[1] == COMPLAINT + b"\n"
    assert process.returncode == 0


class PanicException(BaseException):
    """As Rust's libraries raise."""


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (MemoryError(), "no memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "[Errno 12] Cannot allocate memory"),
        (
            BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),
            "[Errno 11] Resource temporarily unavailable",
        ),
        (RuntimeError("can't start new thread"), "can't start new thread"),
        (PanicException("could not spawn\nthreads"), r"could not spawn\nthreads"),
    ],
)
def test_a_shortage_is_one_line(error: BaseException, found: str, capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> int:
        print("a table")
        raise error

    assert printing(command) == 1
    fix = "raise ulimit -v or the limit of pids"
    assert capsys.readouterr() == ("a table\n", f"smjax: expected memory and threads enough, found: {found}; {fix}\n")


@pytest.mark.parametrize("error", [ZeroDivisionError(), OSError(errno.EIO, "bad disk"), RuntimeError("a bug")])
def test_a_fault_of_ours_is_not_hidden(error: Exception) -> None:
    def command() -> int:
        raise error

    with pytest.raises(type(error)):
        printing(command)
