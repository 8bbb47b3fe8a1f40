"""A file is written whole or not at all, and nothing is left beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from smjax.core.errors import RequestError
from smjax.core.files import write_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_newer_text_takes_the_place_of_the_older(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    assert write_whole(path, "long and old") == path
    write_whole(path, "né\udcff")
    assert path.read_bytes() == b"n\xc3\xa9\\udcff"
    assert names(tmp_path) == ["summary.md"]


def test_readers_may_read_it(tmp_path: Path) -> None:
    """As any file that the user makes, and not as a private temporary file."""
    (tmp_path / "other").write_text("")
    path = write_whole(tmp_path / "summary.csv", "")
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def refused_write(path: Path) -> str:
    with pytest.raises(RequestError) as caught:
        write_whole(path, "text")
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("precious")
    assert "found: something that is no folder in the place of one" in refused_write(tmp_path / "records" / "a.json")
    assert (tmp_path / "records").read_text() == "precious"


def test_target_that_is_a_folder_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    assert "directory" in refused_write(tmp_path / "a.json")
    assert names(tmp_path) == ["a.json"]


UNPRIVILEGED = """
import contextlib, os, sys
from pathlib import Path
from smjax.core.errors import RequestError
from smjax.core.files import write_whole
os.chdir(sys.argv[1])  # while root may still pass through the folders above, which pytest keeps to their owner
if os.geteuid() == 0:
    with contextlib.suppress(PermissionError):  # a root that may not even do this is bound by permissions as well
        os.setgid(65534)
        os.setuid(65534)
try:
    write_whole(Path("a.json"), "text")
except RequestError as error:
    print(error)
"""


def test_unwritable_folder(tmp_path: Path) -> None:
    """As a user whom permissions bind, which root is not."""
    (tmp_path / "a.json").write_text("old")
    tmp_path.chmod(0o555)
    command = [sys.executable, "-c", UNPRIVILEGED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == (
        "a.json: expected to write 4 characters, found: permission denied; "
        "free space there or choose another folder you may write to\n"
    )
    assert names(tmp_path) == ["a.json"]
    assert (tmp_path / "a.json").read_text() == "old"
