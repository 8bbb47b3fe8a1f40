"""The native kernel's library: where it is, what it can do here, and why it is not there."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import smjax

ABI = 6
"""Of the functions and handlers that are called here; the library has the same number (native/exports.h)."""
_NAMES = ("libsmjax_native.so", "libsmjax_native.dylib")
_FOLDER = "lib"
_REASON = "native-missing.txt"
"""Written by the build where it made no library: one line."""

Memory = tuple[int, int]
"""An address, and how many bytes there are."""

_I32, _I64, _F64, _TEXT, _ADDRESS = ctypes.c_int32, ctypes.c_int64, ctypes.c_double, ctypes.c_char_p, ctypes.c_void_p
_FUNCTIONS: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "smjax_abi": (_I32, ()),
    "smjax_isas": (_TEXT, ()),
    "smjax_encodings": (_TEXT, ()),
    "smjax_start": (_TEXT, (_TEXT, _I32, _ADDRESS, _I32)),
    "smjax_matrix_bytes": (_I64, (_I32, _I64, _I64)),
    "smjax_pack": (_TEXT, (_I32, _I64, _I64, _ADDRESS, _I64, _I64, _I64, _ADDRESS, _I64)),
    "smjax_read_bandwidth": (_F64, (_I32, _ADDRESS, _ADDRESS, _F64)),
    "smjax_multiply_add": (_I64, (_I32, _I64)),
    "smjax_stream": (_TEXT, (_I32, _ADDRESS, _ADDRESS, _ADDRESS, _I64, _I64)),
    "smjax_fork_and_join": (_TEXT, (_I64,)),
    "smjax_effective_ghz": (_F64, (_I32,)),
    "smjax_watch": (_I32, (_I32, _ADDRESS, _I32)),
    "smjax_probe": (_TEXT, (_I32, _ADDRESS)),
    "smjax_trace_start": (_TEXT, (_I64, _ADDRESS, _I32)),
    "smjax_trace_stop": (None, ()),
    "smjax_trace_stamps": (_I64, (_I32, _ADDRESS, _I64)),
    "smjax_trace_counts": (_I64, (_I32, _ADDRESS, _I64)),
    "smjax_why_not_counted": (_I32, (_ADDRESS, _I32)),
    "smjax_trace_calls": (_I64, (_ADDRESS, _I64)),
    "smjax_stamp_cost": (_F64, ()),
    "smjax_wake_ups": (_TEXT, (_I32, _I32, _I32, _ADDRESS)),
}
"""What is called through ctypes: result and arguments."""


@functools.cache
def library() -> ctypes.CDLL | None:
    """The library, loaded; None where it was not built, does not load, or is of another smjax."""
    path = library_path()
    return None if path is None else _load(path)[0]


def _load(path: Path) -> tuple[ctypes.CDLL | None, str]:
    """The library and, where it cannot be used, why."""
    try:
        loaded = ctypes.CDLL(str(path))
    except OSError:
        return None, "its library does not load here; install smjax again on this machine"
    try:
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
        found = loaded.smjax_abi()
    except AttributeError:
        found = None
    if found != ABI:
        return None, f"its library is of another smjax (interface {found or 'unknown'}, not {ABI}); install smjax again"
    return loaded, ""


def library_path() -> Path | None:
    """The library's file; None where it was not built."""
    return _find(*_NAMES)


@functools.cache
def isas() -> tuple[str, ...]:
    """Instruction sets of the library that this CPU runs, best first; empty without a library."""
    loaded = library()
    return () if loaded is None else tuple(loaded.smjax_isas().decode().split())


@functools.cache
def encodings() -> dict[str, int]:
    """The library's number of each encoding, by GGUF's name; empty without a library."""
    loaded = library()
    return {} if loaded is None else {name: i for i, name in enumerate(loaded.smjax_encodings().decode().split())}


def start(isa: str, cpus: Sequence[int], threads: int) -> None:
    """Let the library use `threads` threads, pinned to `cpus` (the caller too) where these are as many.

    Raises ValueError for an instruction set that is not there, or a number of threads that cannot be or that the system
    does not give; in the last case the library has one.
    """
    expect_none(there().smjax_start(isa.encode(), threads, (_I32 * len(cpus))(*cpus), len(cpus)))


def matrix_bytes(encoding: str, n_out: int, n_in: int) -> int:
    """Bytes of a packed matrix; raises ValueError where the library has no such matrix."""
    n_bytes = int(there().smjax_matrix_bytes(_number(encoding), n_out, n_in))
    if n_bytes < 0:
        raise ValueError(f"native kernel: expected whole blocks of {encoding}, found a matrix of {n_out} x {n_in}")
    return n_bytes


def pack(encoding: str, n_out: int, n_in: int, rows: Memory, n_rows: int, first_out: int, matrix: Memory) -> None:
    """Put stored rows in place as the outputs of a packed matrix from `first_out` on.

    Raises ValueError where these do not fit together; nothing is written then.
    """
    expect_none(there().smjax_pack(_number(encoding), n_out, n_in, *rows, n_rows, first_out, *matrix))


def read_bandwidth(ranges: Sequence[Memory], seconds: float) -> float | None:
    """Bytes a second at which the library's threads read all of some memory, over and over.

    None without the library, or where there is no memory to measure with.
    """
    loaded, n = library(), len(ranges)
    if loaded is None:
        return None
    addresses = (_ADDRESS * n)(*(address for address, _ in ranges))
    sizes = (_I64 * n)(*(size for _, size in ranges))
    return _known(loaded.smjax_read_bandwidth(n, addresses, sizes, seconds))


def wake_ups(cpu_waking: int, cpu_woken: int, n: int) -> list[int] | None:
    """Nanoseconds that a thread asleep on one CPU takes to run once another wakes it, `n` times; below 0: any CPU.

    None without the library, or where the system gives no more threads.
    """
    loaded, times = library(), (_I64 * n)()
    if loaded is None or loaded.smjax_wake_ups(cpu_waking, cpu_woken, n, times):
        return None
    return list(times)


def effective_ghz(cpu: int | None = None) -> float | None:
    """Clock of a CPU under load, in GHz: additions that wait for each other, one a cycle, for 50 ms (native/machine.h).

    Without `cpu` of whichever runs it. None without the library, where the system gives no more threads, or on an
    architecture that it cannot count on.
    """
    loaded = library()
    return None if loaded is None else _known(loaded.smjax_effective_ghz(-1 if cpu is None else cpu))


def why_missing() -> str:
    """Why there is no library, in a few words; asked only where there is none."""
    path = library_path()
    if path is not None:
        return _load(path)[1]
    reason = _find(_REASON)
    text = reason.read_text().strip() if reason else ""
    return (
        text or "it was not built when smjax was installed; install a C++17 compiler (g++ or clang++) and smjax again"
    )


def there() -> ctypes.CDLL:
    """The library, where it is known to be."""
    loaded = library()
    assert loaded is not None, "there is a library"
    return loaded


def _number(encoding: str) -> int:
    """Raises ValueError for an encoding that the library does not have."""
    if encoding not in encodings():
        raise ValueError(f"native kernel: expected {', '.join(encodings())}, found {encoding}")
    return encodings()[encoding]


def expect_none(complaint: bytes) -> None:
    """Raise ValueError for what the library says is wrong, unless that is nothing."""
    if complaint:
        raise ValueError(f"native kernel: {complaint.decode()}")


def _known(figure: float) -> float | None:
    """NaN is what could not be measured, 0 what this architecture does not have."""
    return None if math.isnan(figure) or figure == 0 else figure


def _find(*names: str) -> Path | None:
    """The first that exists; an editable install has a second folder, where what was built is."""
    candidates = (folder / _FOLDER / name for folder in _folders() for name in names)
    return next((path for path in candidates if path.is_file()), None)


def _folders() -> Iterator[Path]:
    """Where the package is: also where it was installed to, which an editable one without a library does not name."""
    yield from map(Path, smjax.__path__)
    from importlib.metadata import PackageNotFoundError, distribution  # a worker with a library does without

    with contextlib.suppress(PackageNotFoundError):
        yield Path(str(distribution("smjax").locate_file("smjax")))
