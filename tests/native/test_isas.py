"""What is compiled for an instruction set stays in its namespace, with and without optimisation."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from tests.native.symbols import output, stays_in_its_namespace

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
CXX = shutil.which(os.environ.get("CXX", "c++"))
CROSS = "aarch64-linux-gnu-g++"
ISAS = sorted(path.stem for path in (ROOT / "native" / "isa").glob("*.cc"))

_needs = pytest.mark.skipif(
    CXX is None or shutil.which("nm") is None, reason="no C++ compiler and nm: c++, or what CXX names"
)
pytestmark = [_needs, pytest.mark.slow]


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


@pytest.mark.parametrize("isa", ISAS)
def test_no_symbol_outside_of_its_namespace(isa: str, commands: dict[str, list[str]], tmp_path: Path) -> None:
    if isa not in commands:
        pytest.skip(f"{isa} is not of this machine, or this compiler does not know it")
    command = [word for word in commands[isa] if not word.startswith("-O")]
    compiled = tmp_path / "isa.o"
    command[command.index("-o") + 1] = str(compiled)
    output(*command, "-O0")
    stays_in_its_namespace(isa, compiled)


@pytest.mark.parametrize("isa", ISAS)
def test_no_symbol_outside_of_its_namespace_in_what_is_installed(isa: str) -> None:
    """Optimised, as `make setup` left it; what is compiled for arm64 has the driver's test."""
    found = sorted((ROOT / "build").glob(f"py3-*/CMakeFiles/smjax_operations.dir/native/isa/{isa}.cc.o"))
    if not found:
        pytest.skip(f"{isa} is not of this machine, or smjax was not installed from here")
    stays_in_its_namespace(isa, found[0])
