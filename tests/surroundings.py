"""The same surroundings for every test and the processes that it starts, whoever calls and from where."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

TOOLS = {
    *("PATH", "TMPDIR", "LD_LIBRARY_PATH"),
    *("CC", "CXX", "CPPFLAGS", "CFLAGS", "CXXFLAGS", "LDFLAGS"),
    *("DYLD_LIBRARY_PATH", "SDKROOT", "DEVELOPER_DIR", "MACOSX_DEPLOYMENT_TARGET"),
}
"""What says where programs and compilers are, and where to put files: the caller's, as is what pytest is told."""

FUZZ = "SMJAX_FUZZ"
"""Says how many damaged files each test of them makes, and that what takes long is tested, too: `make fuzz`."""

FIXED = {"LANG": "C.UTF-8", "TERM": "xterm-256color", "TZ": "UTC"}


def neutral(variables: Mapping[str, str], home: Path) -> dict[str, str]:
    """An environment of the caller's tools, `home` and nothing else of the caller's."""
    kept = {name: text for name, text in variables.items() if name in {*TOOLS, FUZZ} or name.startswith("PYTEST_")}
    return {**kept, **FIXED, "HOME": str(home)}


def settle(home: Path) -> None:
    """Make this process's environment, time zone, umask and way with an interrupt those of every test."""
    variables = neutral(os.environ, home)
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    for name in ("COLUMNS", "LINES"):  # readline, which pytest imports, puts them there behind Python's back
        os.unsetenv(name)
    os.environ.update(variables)
    time.tzset()
    os.umask(0o022)
    # Whoever runs this in the background of a shell has SIGINT ignored, and so would every process started here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
