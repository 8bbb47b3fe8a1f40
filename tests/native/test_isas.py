"""What is compiled for an instruction set stays in its namespace, with and without optimisation."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
CXX = shutil.which(os.environ.get("CXX", "c++"))
CROSS = "aarch64-linux-gnu-g++"
ISAS = sorted(path.stem for path in (ROOT / "native" / "isa").glob("*.cc"))

_needs = pytest.mark.skipif(
    CXX is None or shutil.which("nm") is None, reason="no C++ compiler and nm: c++, or what CXX names"
)
pytestmark = [_needs, pytest.mark.slow]


def output(*command: str | Path) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """How each instruction set is compiled, as CMake would: of this machine, and of arm64 where there is a compiler."""
    options = ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={TOOLS / 'ninja'}", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"]
    cross = ["-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64", f"-DCMAKE_CXX_COMPILER={CROSS}"]
    found: dict[str, list[str]] = {}
    for system in [cross, []] if shutil.which(CROSS) else [[]]:
        build = tmp_path_factory.mktemp("build")
        output(TOOLS / "cmake", "-S", ROOT, "-B", build, *options, *system)
        for entry in json.loads((build / "compile_commands.json").read_text()):
            if Path(entry["file"]).parent.name == "isa":
                found[Path(entry["file"]).stem] = shlex.split(entry["command"])
    assert "scalar" in found
    return found


@pytest.mark.parametrize("optimisation", ["-O0", "-O3"])
@pytest.mark.parametrize("isa", ISAS)
def test_no_symbol_outside_of_its_namespace(
    isa: str, optimisation: str, commands: dict[str, list[str]], tmp_path: Path
) -> None:
    if isa not in commands:
        pytest.skip(f"{isa} is not of this machine, or this compiler does not know it")
    command = [word for word in commands[isa] if not word.startswith("-O")]
    compiled = tmp_path / "isa.o"
    command[command.index("-o") + 1] = str(compiled)
    output(*command, optimisation)
    symbols = output("nm", "-C", "--defined-only", "--extern-only", "--format=posix", compiled).splitlines()
    names = [line.rsplit(" ", 3)[0] for line in symbols]
    assert f"smjax::{isa}::kernel" in names
    # A function of std for a type of ours is nobody else's either.
    assert [name for name in names if f"smjax::{isa}::" not in name] == []
    imported = output("nm", "-C", "--undefined-only", compiled).split()
    assert {name for name in imported if name != "U"} <= {"memcpy", "memset", "memmove", "nearbyintf"}
