"""The C++ build that an installation runs: it never fails, and says why where it makes no library."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
"""Of the environment that the tests run in: cmake and ninja."""

needs_compiler = pytest.mark.skipif(
    shutil.which(os.environ.get("CXX", "c++")) is None, reason="no C++ compiler: c++, or what CXX names"
)


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def cmake(*arguments: str | Path, **environment: str) -> str:
    """What CMake prints; an environment variable that is set to nothing is not there."""
    variables = {name: value for name, value in {**os.environ, **environment}.items() if value}
    command = [str(TOOLS / "cmake"), *map(str, arguments)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def configure(build: Path, **environment: str) -> str:
    options = ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={TOOLS / 'ninja'}", f"-DPython3_EXECUTABLE={sys.executable}"]
    return cmake("-S", ROOT, "-B", build, *options, **environment)


def why_missing(build: Path) -> str:
    """Builds and installs what was configured: only a reason."""
    cmake("--build", build)
    cmake("--install", build, "--prefix", build / "installed")
    (reason,) = [path for path in (build / "installed").rglob("*") if path.is_file()]
    assert reason.relative_to(build / "installed") == Path("smjax/lib/native-missing.txt")
    return reason.read_text()


def test_no_compiler(tmp_path: Path) -> None:
    configure(tmp_path / "build", PATH=str(tmp_path), CXX="", CC="")
    assert why_missing(tmp_path / "build") == (
        "no C++ compiler that works was found when smjax was installed; install g++ or clang++ and smjax again\n"
    )


def test_a_compiler_that_is_not_there(tmp_path: Path) -> None:
    configure(tmp_path / "build", CXX=str(tmp_path / "c++"))
    assert why_missing(tmp_path / "build").startswith("no C++ compiler that works")


def test_a_compiler_that_does_not_work(tmp_path: Path) -> None:
    configure(tmp_path / "build", CXX=str(script(tmp_path / "c++", "exit 1")))
    assert why_missing(tmp_path / "build").startswith("no C++ compiler that works")


@pytest.mark.slow
@needs_compiler
def test_a_compiler_that_is_too_old(tmp_path: Path) -> None:
    real = shutil.which(os.environ.get("CXX", "c++"))
    old = script(tmp_path / "c++", f'case "$*" in *++17*) exit 1;; esac\nexec {real} "$@"')
    configure(tmp_path / "build", CXX=str(old))
    assert why_missing(tmp_path / "build") == (
        "the C++ compiler does not take XLA's headers; install g++ 9 or clang++ 10 or newer and smjax again\n"
    )


@pytest.mark.slow
@needs_compiler
def test_a_compiler_that_was_installed_since(tmp_path: Path) -> None:
    assert "no native kernel" in configure(tmp_path / "build", CXX=str(tmp_path / "c++"))
    assert "no native kernel" not in configure(tmp_path / "build")


@pytest.mark.slow
@needs_compiler
def test_headers_are_those_of_the_interpreter_that_installs(tmp_path: Path) -> None:
    for name in ("python", "python3", Path(sys.executable).name):
        script(tmp_path / name, "exit 1")
    output = configure(tmp_path / "build", PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert "no native kernel" not in output
