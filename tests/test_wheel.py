"""The package as a user installs it: a wheel, built from the source distribution, alone, in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both, built without a compiler in reach."""
    out = tmp_path_factory.mktemp("dist")
    environment = {name: value for name, value in os.environ.items() if name not in {"CC", "CXX"}} | {"PATH": str(out)}
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has the wheel, and of this environment its dependencies but not its editable install."""
    folder = tmp_path_factory.mktemp("wheel") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True)
    (site,) = folder.glob("lib/python*/site-packages")
    # This puts the folder on the path without reading the .pth files in it, such as an editable install's.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [str(python), "-m", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_wheel_holds_the_configuration_and_the_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"smjax/conf/{path.relative_to(ROOT / 'conf')}" for path in (ROOT / "conf").rglob("*.yaml")}
    expected |= {f"smjax/conf/experiment/{path.name}" for path in (ROOT / "experiments").glob("*.yaml")}
    expected |= {str(path.relative_to(ROOT)) for path in (ROOT / "smjax" / "data").rglob("*.json")}
    expected |= {str(path.relative_to(ROOT)) for path in (ROOT / "smjax").rglob("*.py")}
    assert len(expected) > 40
    assert expected - names == set()
    assert {name.split("/")[0] for name in names} == {"smjax", "smjax-0.1.0.data", "smjax-0.1.0.dist-info"}
    assert [name for name in names if ".data/" in name] == ["smjax-0.1.0.data/data/share/man/man1/smjax.1"]
    studies = [name for name in names if name.startswith("smjax/conf/experiment/")]
    assert [name for name in studies if not name.endswith(".yaml")] == []
    assert not [name for name in names if name.endswith((".pyc", ".md")) and not name.startswith("smjax-")]


def test_the_source_distribution_holds_all_that_is_compiled(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.split("/", 1)[-1] for name in archive.getnames()}
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "native").rglob("*") if path.is_file()}
    assert len(sources) > 20
    assert (sources | {"CMakeLists.txt"}) - names == set()


def test_the_wheel_says_why_it_has_no_native_kernel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        compiled = [name for name in archive.namelist() if name.startswith("smjax/lib/")]
        assert compiled == ["smjax/lib/native-missing.txt"]
        assert archive.read(compiled[0]).startswith(b"no C++ compiler that works was found")


def test_the_wheel_is_what_runs(python: Path, tmp_path: Path) -> None:
    code = "import smjax; print(smjax.__file__)"
    found = subprocess.run([str(python), "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).is_relative_to(python.parents[1])


def test_studies_compose_in_an_empty_folder(python: Path, tmp_path: Path) -> None:
    done = run(python, tmp_path, "smjax.run", "--cfg", "job", "experiment=seed-2026-02", "model=stories-15m")
    assert done.returncode == 0, done.stderr
    assert "history: smallmind-2026-02" in done.stdout
    assert "name: stories-15m" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_request_is_refused_in_an_empty_folder(python: Path, tmp_path: Path) -> None:
    done = run(python, tmp_path, "smjax.run", "experiment=seed-2026-02", "threads=0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "smjax: threads: expected at least 1, found 0\n"
    assert list(tmp_path.iterdir()) == []


def test_the_wheel_measures_in_an_empty_folder(python: Path, tmp_path: Path) -> None:
    done = run(python, tmp_path, "smjax.run", "ctx=32", "n_gen=8", "measure=quick", "hydra.run.dir=run")
    assert done.returncode == 0, done.stderr
    assert "tinystories-1m" in (tmp_path / "run" / "summary.csv").read_text()
    assert len(list((tmp_path / "run" / "records").iterdir())) == 1


def test_the_console_script_answers(python: Path, tmp_path: Path) -> None:
    script = python.with_name("smjax")
    done = subprocess.run([str(script), "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "smjax 0.1.0\n"
