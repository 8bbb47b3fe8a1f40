"""The house's walls: what each folder may import, of smjax and of other packages. What is not listed is refused."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "smjax"

FIRST_FLOOR = {"smjax"} | {
    f"smjax.core.{name}"
    for name in ("errors", "exit_codes", "files", "native_library", "nearest", "output", "signals", "text")
}
MACHINE = FIRST_FLOOR | {"smjax.core.machine"}
GGUF = FIRST_FLOOR | {"smjax.core.gguf"}
MODELS = GGUF | {"smjax.core.models"}
RECORDS = MODELS | MACHINE | {"smjax.core.records"}
OPS = RECORDS | {"smjax.core.ops"}
ENGINES = RECORDS | {"smjax.core.engines"}
CORE = {"smjax", "smjax.core"}
JAX = {"jax", "jaxlib", "numpy"}
WORKER = CORE | {
    f"smjax.worker.{name}" for name in ("bandwidth", "engines", "process", "prompt", "surroundings", "tasks", "timing")
}
"""What the measured process is made of, whatever runs the model."""

ALLOWED: dict[str, set[str]] = {
    "": CORE | {"smjax.commands", "smjax.__main__", "smjax.doctor", "smjax.report", "smjax.sweep"},
    "commands": CORE
    | {"argcomplete"}
    | {f"smjax.{room}" for room in ("commands", "run", "doctor", "imports", "report", "sweep")},
    "core": FIRST_FLOOR,
    "core/machine": MACHINE | {"psutil", "cpuinfo", "platformdirs"},
    "core/gguf": GGUF | {"numpy"},
    "core/models": MODELS | {"numpy", "gguf"},
    "core/records": RECORDS | {"platformdirs"},
    "core/ops": OPS,
    "core/engines": ENGINES,
    "stats": {"smjax.stats", "numpy", "ruptures", "scipy"},
    "doctor": CORE | {"smjax.doctor", "numpy", "psutil", "rich"},
    "worker": WORKER | {"numpy"},
    "worker/tasks": WORKER | {"numpy"},
    "worker/engines": CORE | {"smjax.worker.engines", "smjax.worker.bandwidth", "numpy"},
    "worker/engines/smjax": WORKER | {"smjax.worker.kernels", "smjax.worker.model"} | JAX,
    "worker/engines/smjax/profile": WORKER | {"smjax.worker.kernels", "smjax.worker.model"} | JAX,
    "worker/engines/llama_cpp": WORKER | {"llama_cpp", "numpy"},
    "worker/engines/openvino": WORKER | {"openvino", "openvino_genai", "numpy"},
    "worker/engines/openai": WORKER | {"numpy"},
    "worker/kernels": CORE | {"smjax.worker.kernels", "jaxtyping"} | JAX,
    "worker/kernels/xla": CORE | {"smjax.worker.kernels"} | JAX,
    "worker/micro": WORKER | {"smjax.worker.kernels", "smjax.worker.model", "smjax.worker.micro"} | JAX,
    "worker/micro/ops": WORKER | {"smjax.worker.kernels", "smjax.worker.model", "smjax.worker.micro"} | JAX,
    "worker/model": CORE | {"smjax.worker.kernels", "smjax.worker.model"} | JAX,
    "sweep": set(),
    "sweep/request": CORE | {"smjax.sweep.request", "hydra", "omegaconf"},
    "sweep/process": CORE | {"smjax.sweep.request", "smjax.sweep.process"},
    "sweep/plan": CORE | {"smjax.stats"} | {f"smjax.sweep.{room}" for room in ("request", "process", "plan")},
    "sweep/subject": CORE | {f"smjax.sweep.{room}" for room in ("request", "process", "plan", "ahead", "subject")},
    "sweep/ahead": CORE | {f"smjax.sweep.{room}" for room in ("request", "process", "plan", "ahead")},
    "sweep/run": CORE | {"smjax.doctor", "smjax.sweep", "rich"},
    "imports": CORE | {"smjax.imports"},
    "imports/llama_bench": CORE | {"smjax.imports"},
    "report": set(),
    "report/data": CORE | {"smjax.stats", "smjax.report.data", "numpy", "polars"},
    "report/render": CORE | {"smjax.report.render", "polars", "rich"},
    "report/render/html": CORE | {"smjax.report.render"},
    "report/page": CORE | {"smjax.doctor", "smjax.stats", "smjax.report", "polars"},
    "report/compare": CORE | {"smjax.stats"} | {f"smjax.report.{room}" for room in ("data", "render", "compare")},
    "report/trend": CORE
    | {"smjax.stats"}
    | {f"smjax.report.{room}" for room in ("compare", "data", "render", "trend")},
    "report/plots": CORE
    | {f"smjax.report.{room}" for room in ("compare", "data", "plots", "render", "trend")}
    | {"smjax.stats", "altair", "numpy", "polars", "vl_convert"},
    "report/tables": CORE | {"smjax.stats", "smjax.report", "polars"},
    "report/badge": CORE
    | {"smjax.stats"}
    | {f"smjax.report.{room}" for room in ("badge", "compare", "data", "tables")},
    "report/audit": CORE | {f"smjax.report.{room}" for room in ("data", "render", "audit")} | {"smjax.stats", "numpy"},
}
"""By folder: what its modules may import, with all that is inside of it. The standard library is everybody's."""


def folders() -> list[str]:
    """Every folder of the package that has modules, as in ALLOWED."""
    found = {path.parent.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py")}
    return sorted("" if folder == "." else folder for folder in found)


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it; names of a module count as modules of their own."""
    package = ["smjax", *path.relative_to(SOURCE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def crossings(path: Path, allowed: set[str]) -> list[str]:
    """What a file imports and may not."""
    foreign = [name for name in imported(path) if name.partition(".")[0] not in sys.stdlib_module_names]
    return sorted({name for name in foreign if not any(_is_inside(name, wall) for wall in allowed)})


def _is_inside(name: str, wall: str) -> bool:
    """Whether a name is `wall` or inside of it; of smjax itself only what its first file says of it."""
    if wall == "smjax":
        return name in ("smjax", "smjax.__version__")
    return name == wall or name.startswith(f"{wall}.")


@pytest.mark.parametrize("folder", folders())
def test_no_folder_imports_what_is_not_listed_for_it(folder: str) -> None:
    assert folder in ALLOWED, "a new folder is listed above, with what it may import"
    allowed = ALLOWED[folder]
    found = {path.name: crossings(path, allowed) for path in sorted((SOURCE / folder).glob("*.py"))}
    assert {name: bad for name, bad in found.items() if bad} == {}


def test_no_folder_is_listed_that_is_not_there() -> None:
    assert sorted(ALLOWED) == folders()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import jax.numpy as jnp", ["jax.numpy"]),
        ("def f():\n    from smjax import report", ["smjax.report"]),
        ("from ..report import data", ["smjax.report.data"]),
        ("from smjax.core import errors\nimport jaxtyping, os", ["jaxtyping"]),
        ("import smjax\nfrom smjax import __version__\nfrom smjax.core import records", ["smjax.core.records"]),
    ],
)
def test_the_check_sees_every_way_to_import(text: str, expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda self: text)
    assert crossings(SOURCE / "core" / "example.py", ALLOWED["core"]) == expected


def test_an_engine_is_imported_by_itself_alone() -> None:
    """Else another engine's worker would carry its libraries in its memory."""
    rooms = [
        "smjax.worker.kernels",
        "smjax.worker.micro",
        "smjax.worker.model",
        *(f"smjax.worker.engines.{name}" for name in engine_folders()),
    ]
    for path in SOURCE.rglob("*.py"):
        inside = ".".join(["smjax", *path.relative_to(SOURCE).parts[:-1]])
        if inside in rooms or any(inside.startswith(f"{room}.") for room in rooms):
            continue
        found = [name for name in imported(path) if any(_is_inside(name, room) for room in rooms)]
        assert found == [], path


def engine_folders() -> list[str]:
    return [path.name for path in (SOURCE / "worker" / "engines").iterdir() if (path / "__init__.py").exists()]


def test_every_folder_says_what_it_is_for() -> None:
    for folder in folders():
        assert ast.get_docstring(ast.parse((SOURCE / folder / "__init__.py").read_text())), folder
