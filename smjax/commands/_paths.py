"""Files and folders that a word may become, as shells complete them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from smjax.core.records.folder import RECORDS
from smjax.core.text import printable


def files(begun: str, *endings: str) -> list[str]:
    """Files of one of these endings, of any where none is given, and folders to look into."""
    return [
        word + "/" * is_folder
        for word, is_folder in _inside(begun)
        if is_folder or not endings or word.lower().endswith(endings)
    ]


def folders(begun: str) -> list[str]:
    """Run folders, and others to look into."""
    return [word if _is_run(word) else f"{word}/" for word, is_folder in _inside(begun) if is_folder]


def _inside(begun: str) -> Iterator[tuple[str, bool]]:
    """What begins so: how it would be written, and whether it is a folder. What nobody sees is left out."""
    folder, slash, start = begun.rpartition("/")
    try:
        entries = sorted(os.scandir(Path(folder + slash or ".").expanduser()), key=lambda entry: entry.name)
    except (OSError, ValueError, RuntimeError):
        return
    for entry in entries:
        is_hidden = entry.name.startswith(".") and not start.startswith(".")
        if entry.name.startswith(start) and not is_hidden and printable(entry.name, None) == entry.name:
            yield folder + slash + entry.name, entry.is_dir()


def _is_run(word: str) -> bool:
    return (Path(word).expanduser() / RECORDS).is_dir()
