"""What a file may take the place of, and what stays: nodes that are no files, links, modes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from smjax.core.errors import RequestError
from smjax.core.files import replacing, write_whole
from tests.core.test_read_regular import bind


def refused(path: Path) -> str:
    with pytest.raises(RequestError) as caught, replacing(path, "the model m") as beside:
        beside.write_text("never written")
    line = str(caught.value)
    assert line.isprintable()
    return line


def read_only(path: Path) -> None:
    path.write_text("precious")
    path.chmod(0o444)


def another_device(path: Path) -> None:
    """Made here, so that a wrong replacement costs the machine nothing."""
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 7))  # /dev/full's number
    except PermissionError:
        pytest.skip("no device can be made here")


STAYS: dict[str, tuple[Callable[[Path], object], str]] = {
    "device": (another_device, "a device; name another file"),
    "link to a device": (lambda path: path.symlink_to("/dev/null"), "a device; name another file"),
    "pipe": (os.mkfifo, "a pipe; name another file"),
    "socket": (bind, "a socket; name another file"),
    "directory": (Path.mkdir, "a directory; name another file"),
    "link to a directory": (lambda path: path.symlink_to("."), "a directory; name another file"),
    "loop": (lambda path: path.symlink_to(path.name), "a loop of links; "),
    "loop of two": (lambda path: path.symlink_to("b") or Path("b").symlink_to(path.name), "a loop of links; "),
    "link into a missing folder": (lambda path: path.symlink_to("nowhere/m.gguf"), "no such folder; "),
    "read-only file": (read_only, "a file that is read-only; name another file"),
    "link to a read-only file": (
        lambda path: read_only(Path("r")) or path.symlink_to("r"),
        "a file that is read-only; name another file",
    ),
}


@pytest.mark.parametrize("kind", STAYS)
def test_what_is_no_file_to_be_written_stays(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path, (make, found) = Path("it"), STAYS[kind]
    make(path)
    before = {entry.name: entry.lstat() for entry in tmp_path.iterdir()}
    assert refused(path).startswith(f"it: expected to write the model m, found: {found}")
    with pytest.raises(RequestError, match=r"it: expected to write 4 characters, found: "):
        write_whole(path, "text")
    after = {entry.name: entry.lstat() for entry in tmp_path.iterdir()}
    assert {name: (s.st_ino, s.st_mode) for name, s in after.items()} == {
        name: (s.st_ino, s.st_mode) for name, s in before.items()
    }


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (".", "a directory"),
        ("", "a directory"),
        ("..", "a directory"),
        ("a/..", "a directory"),
        ("x" * 256, "a name that is too long"),
        ("nul\0", "a name with a null byte"),
        ("missing/m.gguf", "no such folder"),
        ("file/m.gguf", "no such folder"),
    ],
)
def test_a_name_that_no_file_can_have_is_refused(
    name: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    assert f": expected to write the model m, found: {found}; " in refused(Path(name))
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_the_longest_name_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    write_whole(path, "text")
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "m.gguf").write_text("old")
    (tmp_path / "relative").symlink_to("folder/m.gguf")
    (tmp_path / "twice").symlink_to(tmp_path / "relative")
    write_whole(tmp_path / "twice", "new")
    assert (tmp_path / "folder" / "m.gguf").read_text() == "new"
    assert (tmp_path / "relative").readlink() == Path("folder/m.gguf")
    assert (tmp_path / "twice").is_symlink()
    assert not (tmp_path / "folder" / "m.gguf").is_symlink()


def test_a_dangling_link_creates_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("later")
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "later").read_text() == "new"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["later", "link"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755, 0o200])
def test_the_mode_of_what_is_replaced_stays(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(mode)
    write_whole(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    path.chmod(0o600)
    assert path.read_text() == "new"


def test_a_failure_inside_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def fail(error: BaseException) -> None:
        with replacing(path, "it") as beside:
            beside.write_text("half")
            raise error

    with pytest.raises(RequestError, match="found: full; free space"):
        fail(OSError(28, "full"))
    with pytest.raises(KeyboardInterrupt):
        fail(KeyboardInterrupt())
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("a", "old")]


def test_export_leaves_a_device_alone(tmp_path: Path) -> None:
    path = tmp_path / "full"
    another_device(path)
    command = [sys.executable, "-m", "smjax", "export", "--model", "stories-15m", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr == f"smjax: {path}: expected to write the model stories-15m, found: a device; name another file\n"
    )
    assert path.is_char_device()
    assert list(tmp_path.iterdir()) == [path]
