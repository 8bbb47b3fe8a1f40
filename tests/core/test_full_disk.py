"""A disk that is full, and one that lets a file grow no further: nothing is left, and one line says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WRITE_TWICE = """
import os, sys
from pathlib import Path
from smjax.core.errors import RequestError
from smjax.core.files import write_whole
path = Path(sys.argv[1]) / "records" / "a.json"
write_whole(path, "small")
try:
    write_whole(path, "x" * 500_000)
except RequestError as error:
    print(error)
print(os.listdir(path.parent), path.read_text())
write_whole(path.with_name("b.json"), "still fits")
"""
"""One text that fits, one that does not, in the place of the first, and again one that fits."""

LIMITED = f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
{WRITE_TWICE}"""

MOUNTED = 'mount -t tmpfs -o size=64k tmpfs "$1" || exit 77; shift; "$@"'
"""In a mount namespace of its own, so that nobody has to unmount it."""


def check(output: str, folder: Path, reason: str) -> None:
    path = folder / "records" / "a.json"
    assert output.splitlines() == [
        f"{path}: expected to write 500000 characters, found: {reason}; "
        "free space there or choose another folder you may write to",
        "['a.json'] small",
    ]


def test_full_disk(tmp_path: Path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("unshare is missing, without which no small tmpfs is mounted")
    inside = ["sh", "-c", MOUNTED, "sh", str(tmp_path), sys.executable, "-c", WRITE_TWICE, str(tmp_path)]
    options = "-m" if os.geteuid() == 0 else "-rm"
    done = subprocess.run(["unshare", options, *inside], capture_output=True, text=True, check=False)
    if "unshare" in done.stderr or done.returncode == 77:
        pytest.skip(f"mounting a small tmpfs is not permitted: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    check(done.stdout, tmp_path, "No space left on device")
    assert list(tmp_path.iterdir()) == []  # it was the small tmpfs that was written to


def test_file_that_may_not_grow(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    check(done.stdout, tmp_path, "File too large")
    assert sorted(path.name for path in (tmp_path / "records").iterdir()) == ["a.json", "b.json"]
