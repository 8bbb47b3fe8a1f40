"""The native library: what is refused as it, and what it says where it is asked for what it cannot do."""

from __future__ import annotations

import _ctypes
import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import smjax
from smjax.core import native_library as native


@pytest.mark.skipif(native.library() is None, reason="no native library")
@pytest.mark.parametrize("cpu", [None, 0])
def test_the_clock_is_measured_elsewhere(cpu: int | None) -> None:
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    ghz = native.effective_ghz(cpu)
    assert ghz is not None
    assert ghz > 0
    assert before == (os.sched_getaffinity(0) if before else None)


def test_no_clock_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "library", lambda: None)
    assert native.effective_ghz() is None


@pytest.mark.skipif(native.library() is None, reason="no native library")
def test_what_cannot_be_started_is_told() -> None:
    with pytest.raises(ValueError, match="mmx"):
        native.start("mmx", [], 1)


def refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Why a file is not taken as the library."""
    monkeypatch.setattr(native, "library_path", lambda: path)
    assert native._load(path)[0] is None
    return native.why_missing()


def test_a_library_of_another_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(_ctypes.__file__)  # a library, but with none of the functions
    expected = f"its library is of another smjax (interface unknown, not {native.ABI}); install smjax again"
    assert refused(path, monkeypatch) == expected


@pytest.mark.skipif(native.library() is None, reason="no native library")
def test_a_library_of_an_older_smjax(monkeypatch: pytest.MonkeyPatch) -> None:
    path, built = native.library_path(), native.ABI
    assert path is not None
    monkeypatch.setattr(native, "ABI", built + 1)
    expected = f"its library is of another smjax (interface {built}, not {built + 1}); install smjax again"
    assert refused(path, monkeypatch) == expected


def test_a_file_that_is_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lib.so").write_bytes(b"junk")
    assert refused(tmp_path / "lib.so", monkeypatch).startswith("its library does not load here")


@pytest.mark.skipif(native.library() is None, reason="no native library")
def test_what_does_not_fit_into_a_matrix_is_told() -> None:
    n_bytes = native.matrix_bytes("Q4_0", 16, 64)
    rows, matrix = (ctypes.c_char * (17 * 36))(), (ctypes.c_char * n_bytes)()
    target = (ctypes.addressof(matrix), n_bytes)
    source = ctypes.addressof(rows)
    native.pack("Q4_0", 16, 64, (source, 16 * 36), 16, 0, target)
    for first, n_rows, room, complaint in (
        (0, 17, target, "n_rows: expected at most the outputs left, found 17"),
        (1, 16, target, "n_rows: expected at most the outputs left, found 16"),
        (-1, 16, target, "first_out: expected an output of the matrix, found -1"),
        (0, 16, (target[0], n_bytes - 1), f"matrix: expected {n_bytes} bytes, found {n_bytes - 1}"),
    ):
        with pytest.raises(ValueError, match=complaint):
            native.pack("Q4_0", 16, 64, (source, n_rows * 36), n_rows, first, room)
    with pytest.raises(ValueError, match=r"expected .*Q4_0.*, found IQ2_XS"):
        native.matrix_bytes("IQ2_XS", 16, 64)
    with pytest.raises(ValueError, match="whole blocks of Q4_0"):
        native.matrix_bytes("Q4_0", 16, 40)


WITHOUT_THREADS = """
import ctypes, json, resource
from smjax.core import native_library as native

def outcome(threads):
    try:
        return native.start("auto", [], threads)
    except ValueError as error:
        return str(error)

native.library()
memory = ctypes.create_string_buffer(8192)
held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
allowed = resource.getrlimit(resource.RLIMIT_AS)
found = []
for room in (0, 6, 12, 20, 40):  # MB, for none or some of the stacks
    resource.setrlimit(resource.RLIMIT_AS, (held + room * 2**20, allowed[1]))
    found.append((outcome(1000), native.read_bandwidth([(ctypes.addressof(memory), 8192)], 0)))
    found[-1] += (native.wake_ups(-1, -1, 3), native.effective_ghz())
resource.setrlimit(resource.RLIMIT_AS, allowed)
print(json.dumps([found, outcome(3), native.wake_ups(-1, -1, 3)]))
"""


@pytest.mark.skipif(native.library() is None, reason="no native library")
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc")
def test_where_the_system_gives_no_more_threads() -> None:
    """Their stacks do not fit into the address space: the library says so, and is of use afterwards."""
    done = subprocess.run([sys.executable, "-c", WITHOUT_THREADS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    tight, started, wake_ups = json.loads(done.stdout)
    for refusal, rate, _, _ in tight:
        if refusal != "native kernel: std::bad_alloc":  # where what is free already does not hold a list of threads
            assert refusal.startswith("native kernel: threads: expected 1000, found that the system starts no more (")
            assert refusal.endswith("allow more processes and memory, or use fewer threads")
        assert rate > 0  # one thread is left
    assert "starts no more" in tight[-1][0]
    assert tight[0][2:] == [None, None]  # not even one thread more
    assert started is None
    assert len(wake_ups) == 3


def test_the_reason_is_found_where_an_editable_installation_puts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing was built, its modules' folder is the checkout's alone, and the reason lies beside the metadata."""

    class Installed:
        def locate_file(self, name: str) -> Path:
            return tmp_path / "site-packages" / name

    reason = tmp_path / "site-packages" / "smjax" / "lib" / "native-missing.txt"
    reason.parent.mkdir(parents=True)
    reason.write_text("the compiler is on holiday\n")
    monkeypatch.setattr(smjax, "__path__", [str(tmp_path / "checkout" / "smjax")])
    monkeypatch.setattr("importlib.metadata.distribution", lambda name: Installed())
    assert native.library_path() is None
    assert native.why_missing() == "the compiler is on holiday"
