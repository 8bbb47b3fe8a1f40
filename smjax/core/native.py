"""The native kernel's library: where it is, what it can do here, and why it is not there."""

from __future__ import annotations

import ctypes
import functools
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
}
"""What is called through ctypes: result and arguments."""


@functools.cache
def library() -> ctypes.CDLL | None:
    """The library, loaded; None where it was not built or does not load."""
    path = _find(*_NAMES)
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


@functools.cache
def isas() -> tuple[str, ...]:
    """Instruction sets of the library that this CPU runs, best first; empty without a library."""
    loaded = library()
    return () if loaded is None else tuple(loaded.smjax_isas().decode().split())


def why_missing() -> str:
    """Why there is no library, in a few words; asked only where there is none."""
    if _find(*_NAMES) is not None:
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
