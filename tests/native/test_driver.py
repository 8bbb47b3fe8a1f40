"""The tests of the C++ code alone, which the Makefile builds and runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.native.symbols import stays_in_its_namespace

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CXX = shutil.which(os.environ.get("CXX", "c++"))
ARM64 = ("make", "aarch64-linux-gnu-g++", "qemu-aarch64")
SANITIZERS = "-fsanitize=address,undefined"


def make(target: str) -> list[str]:
    """Instruction sets that the driver says it has checked; `make` takes this environment as it is."""
    command = ["make", "-C", str(ROOT), target, "READY=", f"BIN={Path(sys.executable).parent}"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    found = re.search(r"^(\d+) checks passed \((.*)\)$", done.stdout, re.MULTILINE)
    assert found, done.stdout
    assert int(found[1]) > 1000
    return found[2].split()


def sanitizers_work(folder: Path) -> bool:
    source = folder / "main.cc"
    source.write_text("int main() {}\n")
    command = [str(CXX), SANITIZERS, str(source), "-o", str(folder / "main")]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(CXX is None, reason="no C++ compiler: c++, or what CXX names")
@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
def test_this_machine(tmp_path: Path) -> None:
    assert "scalar" in make("sanitize" if sanitizers_work(tmp_path) else "driver")


@pytest.mark.skipif(not all(map(shutil.which, ARM64)), reason=f"not all there: {', '.join(ARM64)}")
def test_arm64() -> None:
    assert make("arm64") == ["neon", "scalar"]
    objects = ROOT / "build" / "arm64" / "CMakeFiles" / "smjax_operations.dir" / "native" / "isa"
    stays_in_its_namespace("neon", objects / "neon.cc.o")
