"""Whether this process may count what its CPU does: instructions, cycles, cache misses.

References: perf_event_open(2).
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

_CALL = {"x86_64": 298, "aarch64": 241}
"""Number of the system call."""
_BYTES = 112
"""Of what it is told: PERF_ATTR_SIZE_VER5."""
_USER_ONLY = 1 << 5 | 1 << 6
"""Neither the system nor a hypervisor."""


def why_not_counted() -> str:
    """In one line; they are not split by part where they are allowed either."""
    if sys.platform != "linux" or platform.machine() not in _CALL:
        return "only Linux on x86-64 and arm64 is asked for them"
    told = bytearray(_BYTES)
    struct.pack_into("IIQ", told, 0, 0, _BYTES, 1)  # hardware's own, instructions
    struct.pack_into("Q", told, 40, _USER_ONLY)
    system = ctypes.CDLL(None, use_errno=True)
    counter = system.syscall(_CALL[platform.machine()], (ctypes.c_char * _BYTES).from_buffer(told), 0, -1, -1, 0)
    if counter < 0:
        return f"perf_event_open: {os.strerror(ctypes.get_errno())}"
    os.close(counter)
    return "perf_event_open is allowed here, but they are not split by part"
