"""Only a regular file is read, of bounded size and without waiting for anybody."""

from __future__ import annotations

import os
import socket
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from smjax.core.errors import RequestError
from smjax.core.files import open_regular, read_regular


def refused(path: Path, limit_bytes: int = 10) -> str:
    with pytest.raises(RequestError) as caught:
        read_regular(path, limit_bytes, "a list of ids")
    line = str(caught.value)
    assert line.isprintable()
    return line


def bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))


def n_descriptors() -> int:
    """Open ones of this process; always the same where that cannot be known."""
    return len(list(Path("/proc/self/fd").glob("*")))


def no_more(path: Path) -> None:
    """As for another user, if permissions bind this one."""
    path.write_text("secret")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("root may read every file")


OTHERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "no such file; check the path"),
    "under a file": (lambda path: path.parent.joinpath("x").touch() or path.symlink_to("x/y"), "no such file"),
    "directory": (Path.mkdir, "a directory; name the file itself"),
    "link to a directory": (lambda path: path.symlink_to("."), "a directory; name the file itself"),
    "pipe without a writer": (os.mkfifo, "a pipe; name the file itself"),
    "endless device": (lambda path: path.symlink_to("/dev/zero"), "a device; name the file itself"),
    "empty device": (lambda path: path.symlink_to("/dev/null"), "a device; name the file itself"),
    "terminal": (lambda path: path.symlink_to("/dev/ptmx"), "a device; name the file itself"),
    "socket": (bind, "a socket; name the file itself"),
    "loop": (lambda path: path.symlink_to(path.name), "a loop of links; check the path"),
    "dangling link": (lambda path: path.symlink_to("nowhere"), "no such file; check the path"),
    "not ours": (no_more, "permission denied; check the path"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_regular_file_is_refused(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may be 108 bytes
    path, (make, found) = Path("it"), OTHERS[kind]
    make(path)
    before = n_descriptors()
    assert refused(path).startswith(f"it: expected a list of ids, found {found}")
    assert n_descriptors() == before, "a descriptor is left open"


@pytest.mark.parametrize(
    ("name", "found"),
    [("x" * 256, "a name that is too long"), ("a/" * 3000, "a name that is too long"), ("nul\0", "embedded null")],
)
def test_a_name_that_no_file_can_have_is_refused(name: str, found: str) -> None:
    assert f"found {found}" in refused(Path(name))


def test_a_name_with_controls_is_told_with_escapes() -> None:
    assert refused(Path("a\x1b[2J\n")).startswith(r"a\x1b[2J\n: expected")


def test_a_regular_file_is_read_whole_through_links_too(tmp_path: Path) -> None:
    (tmp_path / "ids").write_bytes(b"[1, 2]\0\xff\r\n"[:10])
    (tmp_path / "link").symlink_to("ids")
    (tmp_path / "link to it").symlink_to("link")
    assert read_regular(tmp_path / "link to it", 10) == b"[1, 2]\0\xff\r\n"
    (tmp_path / "ids").write_bytes(b"")
    assert read_regular(tmp_path / "link", 0) == b""


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    """With holes, as memory could not hold it."""
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 40)
    line = refused(tmp_path / "large")
    assert line.endswith("found 1,099,511,627,776 bytes, which is more than 10; name another file")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_a_file_that_does_not_tell_its_size_is_bounded_too() -> None:
    assert b"VmHWM" in read_regular(Path("/proc/self/status"), 10**6)
    assert ", which is more than 10; name another file" in refused(Path("/proc/self/status"))


def test_a_small_file_takes_little_memory_whatever_the_limit(tmp_path: Path) -> None:
    (tmp_path / "record").write_bytes(b"{}" * 1000)
    tracemalloc.start()
    assert read_regular(tmp_path / "record", 1 << 30) == b"{}" * 1000
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 10**6


def test_a_file_that_grows_meanwhile_is_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "record").write_bytes(b"x" * 200_000)
    monkeypatch.setattr(os, "fstat", lambda descriptor: os.stat_result([0o100644, *[0] * 5, 100, *[0] * 3]))
    assert len(read_regular(tmp_path / "record", 200_000)) == 200_000
    with pytest.raises(RequestError, match="which is more than 199,999"):
        read_regular(tmp_path / "record", 199_999)


def test_what_is_judged_is_what_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe takes the file's place after it was looked at."""
    path, status = tmp_path / "ids", os.stat_result([0o100644, *[0] * 9])
    os.mkfifo(path)
    monkeypatch.setattr(Path, "stat", lambda self: status)
    assert "found a pipe" in refused(path)


def test_the_descriptor_is_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"GGUF")
    with os.fdopen(open_regular(tmp_path / "model"), "rb") as file:
        assert file.read() == b"GGUF"
        assert not os.get_inheritable(file.fileno())
