"""A command in this process, as `python -m` would run it in one of its own, which takes a second to start."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
from pathlib import Path

import pytest

from smjax.__main__ import main


def said(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What `smjax COMMAND` says in `folder`, with these variables in its environment."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.chdir(folder)
        for name, value in {"HYDRA_FULL_ERROR": os.environ.get("HYDRA_FULL_ERROR", "0"), **variables}.items():
            patch.setenv(name, value)  # the first so that it is put back: composing sets it
        code = main(command)
    stdout, stderr = (text.buffer.getvalue().decode() for text in (out, err))  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(command, code, stdout, stderr)
