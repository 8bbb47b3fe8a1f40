"""The native kernel's library: where it is, what it can do here, and why it is not there."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence
from pathlib import Path

import smjax

_NAMES = ("libsmjax_native.so", "libsmjax_native.dylib")
_FOLDER = "lib"
_REASON = "native-missing.txt"
"""Written by the build where it made no library: one line."""


_I32, _I64, _ADDRESS = ctypes.c_int32, ctypes.c_int64, ctypes.c_void_p
_FUNCTIONS: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "smjax_isas": (ctypes.c_char_p, ()),
    "smjax_start": (ctypes.c_char_p, (ctypes.c_char_p, _I32, _ADDRESS, _I32)),
    "smjax_matrix_bytes": (_I64, (_I32, _I64, _I64)),
    "smjax_pack": (None, (_I32, _I64, _I64, _ADDRESS, _I64, _I64, _ADDRESS)),
    "smjax_read_bandwidth": (ctypes.c_double, (_I32, _ADDRESS, _ADDRESS, ctypes.c_double)),
    "smjax_effective_ghz": (ctypes.c_double, (_I32,)),
    "smjax_additions_per_cycle": (ctypes.c_double, ()),
    "smjax_wake_ups": (None, (_I32, _I32, _I32, _ADDRESS)),
}
"""What is called through ctypes: result and arguments."""


@functools.cache
def library() -> ctypes.CDLL | None:
    """The library, loaded; None where it was not built or does not load."""
    path = library_path()
    if path is None:
        return None
    try:
        loaded = ctypes.CDLL(str(path))
    except OSError:
        return None
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded


def library_path() -> Path | None:
    """The library's file; None where it was not built."""
    return _find(*_NAMES)


@functools.cache
def isas() -> tuple[str, ...]:
    """Instruction sets of the library that this CPU runs, best first; empty without a library."""
    loaded = library()
    return () if loaded is None else tuple(loaded.smjax_isas().decode().split())


def start(isa: str, cpus: Sequence[int], threads: int) -> None:
    """Let the library use `threads` threads, pinned to `cpus` (the caller too) where these are as many.

    Raises ValueError for an instruction set that is not there or a number of threads that cannot be.
    """
    loaded = library()
    assert loaded is not None, "there is a library"
    complaint = loaded.smjax_start(isa.encode(), threads, (_I32 * len(cpus))(*cpus), len(cpus)).decode()
    if complaint:
        raise ValueError(complaint)


def effective_ghz(cpu: int | None = None) -> float | None:
    """Clock of a CPU under load, in GHz: additions that wait for each other, one a cycle, for 50 ms (native/machine.h).

    Without `cpu` of whichever runs it. None without the library, or on an architecture that it cannot count on.
    """
    loaded = library()
    ghz = 0.0 if loaded is None else float(loaded.smjax_effective_ghz(-1 if cpu is None else cpu))
    return ghz or None


def additions_per_cycle() -> float | None:
    """Independent additions that the core which runs this makes a cycle, measured in 10 µs (native/machine.h).

    It falls to little more than half while somebody computes on the core's other hardware thread, unseen from here.
    None without the library, or on an architecture that it cannot count on.
    """
    loaded = library()
    return None if loaded is None else float(loaded.smjax_additions_per_cycle()) or None


def why_missing() -> str:
    """Why there is no library, in a few words; asked only where there is none."""
    if library_path() is not None:
        return "its library does not load here; install smjax again on this machine"
    reason = _find(_REASON)
    text = reason.read_text().strip() if reason else ""
    return (
        text or "it was not built when smjax was installed; install a C++17 compiler (g++ or clang++) and smjax again"
    )


def _find(*names: str) -> Path | None:
    """The first that exists; an editable install has a second folder, where what was built is."""
    candidates = (Path(folder) / _FOLDER / name for folder in smjax.__path__ for name in names)
    return next((path for path in candidates if path.is_file()), None)
