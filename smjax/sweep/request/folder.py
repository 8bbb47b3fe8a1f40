"""The run folder: known before Hydra makes it, tried before anything is measured, taken away if nothing comes of it."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, read_write

from smjax.core.errors import RequestError
from smjax.core.files import read_regular, write_whole
from smjax.core.records.document import load_record
from smjax.core.records.folder import record_paths
from smjax.core.records.record import Record
from smjax.sweep.request.literal import quoted

_HYDRA_FILE = "multirun.yaml"
_HYDRA_BYTES_MAX = 1 << 24


class RunFolder:
    """One run's output folder, and what was there before Hydra touched it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records = path / "records"
        self._missing = [folder for folder in (self.records, path, *path.parents) if not folder.exists()]
        self._hydra_file_before = _read(path / _HYDRA_FILE)

    @classmethod
    def fresh(cls, path: Path) -> RunFolder:
        """Make a folder of that name, or with a number behind it, that no other run has and none will be given."""
        for name in itertools.chain([path.name], (f"{path.name}-{number}" for number in itertools.count(2))):
            if (candidate := path.with_name(name)).exists():
                continue
            folder = cls(candidate)
            candidate.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):  # somebody else has just made it
                candidate.mkdir()
                return folder
        raise AssertionError("numbers do not end")

    def check(self) -> None:
        """Raise RequestError for a folder that holds other things: the current one or one that it lies in."""
        here, folder = Path.cwd(), self.path.resolve()
        if folder == here or folder in here.parents:
            what = "the current folder" if folder == here else "a folder that the current one lies in"
            raise RequestError(
                f"hydra.run.dir: expected a folder of its own, found {what}; name one below: hydra.run.dir=run"
            )

    def open(self) -> None:
        """Make the folder of the records; raises RequestError where it cannot be written."""
        probe = write_whole(self.records / ".probe", "written to see whether it can be\n")
        probe.unlink()

    def earlier(self, say: Callable[[str], None]) -> list[Record]:
        """The records that are there already; those that cannot be read are set aside under another name."""
        found = []
        for path in record_paths(self.path):
            try:
                found.append(load_record(path))
            except RequestError as error:
                path.rename(path.with_suffix(".unreadable"))
                say(f"{error}; set aside as {path.with_suffix('.unreadable').name}")
        return found

    def undo(self) -> None:
        """Take away what this run has made, as far as nobody has put anything into it."""
        with contextlib.suppress(OSError):
            if self._hydra_file_before is None:
                (self.path / _HYDRA_FILE).unlink(missing_ok=True)
            else:
                (self.path / _HYDRA_FILE).write_bytes(self._hydra_file_before)
        for folder in self._missing:
            with contextlib.suppress(OSError):
                folder.rmdir()


class NoteRunFolder(Callback):
    """Notes where Hydra is about to write, before it does: a refused request then leaves nothing behind."""

    noted: ClassVar[list[RunFolder]] = []

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        self._note(config, "hydra.run.dir", ("hydra.run.dir",))

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        self._note(config, "hydra.sweep.dir", ("hydra.sweep.dir", "hydra.run.dir"))

    def _note(self, config: DictConfig, key: str, names: Sequence[str]) -> None:
        """Only a folder that the command line names may be one that is there already."""
        path, overrides = Path(OmegaConf.select(config, key)), config.hydra.overrides.hydra
        if any(override.lstrip("+").startswith(f"{name}=") for override in overrides for name in names):
            try:
                self.noted.append(RunFolder(path))
            except RequestError as error:  # Hydra only warns of a callback's Exception, and would wait there
                raise SystemExit(str(error)) from error
            return
        try:
            folder = RunFolder.fresh(path)
        except OSError:  # Hydra meets the same, and what it raises is heard
            self.noted.append(RunFolder(path))
            return
        self.noted.append(folder)
        with read_write(config):  # each point of a sweep is composed again, with these
            OmegaConf.update(config, key, str(folder.path))
            overrides.append(f"{key}={quoted(str(folder.path))}")


def _read(path: Path) -> bytes | None:
    return read_regular(path, _HYDRA_BYTES_MAX, "the file of an earlier sweep") if path.exists() else None
