"""What the caller's terminal, locale and habits are makes no difference to a test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.surroundings import neutral

OF_CALLERS = (
    *("TERM", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLORTERM", "PYTHONPATH", "PYTHONUTF8"),
    *(
        "PYTHONDONTWRITEBYTECODE",
        "XDG_CACHE_HOME",
        "XDG_STATE_HOME",
        "CI",
        "GITHUB_ACTIONS",
        "LC_ALL",
        "LANGUAGE",
        "TZ",
    ),
    *("HOME", "XLA_FLAGS", "JAX_ENABLE_X64", "OMP_NUM_THREADS", "SMJAX_MACHINE", "MAKEFLAGS", "HYDRA_FULL_ERROR"),
)


def test_nothing_of_the_caller_s_is_left_but_the_tools() -> None:
    tools = {"PATH": "/bin", "CXX": "clang++", "TMPDIR": "/tmp/a b", "PYTEST_ADDOPTS": "-x", "SMJAX_FUZZ": "9"}
    assert neutral({**dict.fromkeys(OF_CALLERS, "1"), **tools}, Path("/nobody")) == {
        **tools,
        "HOME": "/nobody",
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "TZ": "UTC",
    }


def test_processes_that_tests_start_see_the_same() -> None:
    code = "import os, time; print(sorted(os.environ), time.timezone, oct(os.umask(0)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told == f"{sorted(os.environ)} 0 0o22\n"
    assert not {"COLUMNS", "FORCE_COLOR", "NO_COLOR", "CI", "PYTHONPATH"} & set(os.environ)
