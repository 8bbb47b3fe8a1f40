"""The house's walls: which part may import which, and what stays out of the process that is measured."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "smjax"
PARTS = {"core", "worker", "sweep", "report"}

FORBIDDEN = {
    "core": {"jax", "jaxlib", "polars", "scipy", "hydra", "omegaconf", "rich"}
    | {"smjax." + p for p in PARTS - {"core"}},
    "worker": {"hydra", "omegaconf", "polars", "scipy", "rich", "smjax.sweep", "smjax.report"},
    "sweep": {"jax", "jaxlib", "smjax.worker"},
    "report": {"jax", "jaxlib", "hydra", "omegaconf", "smjax.sweep", "smjax.worker"},
}


def modules(part: str) -> list[Path]:
    return sorted((SOURCE / part).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it; `from smjax import core` counts as `smjax.core`."""
    package = ["smjax", *path.relative_to(SOURCE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def crossings(path: Path, forbidden: set[str]) -> list[str]:
    names = set(imported(path))
    return sorted(name for name in names for bad in forbidden if name == bad or name.startswith(bad + "."))


@pytest.mark.parametrize("part", sorted(FORBIDDEN))
def test_no_part_imports_what_is_not_its_own(part: str) -> None:
    assert modules(part), "there is nothing to check"
    found = {str(path.relative_to(SOURCE)): crossings(path, FORBIDDEN[part]) for path in modules(part)}
    assert {name: bad for name, bad in found.items() if bad} == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import jax.numpy as jnp", ["jax.numpy"]),
        ("def f():\n    from smjax import report", ["smjax.report"]),
        ("from ..report import store", ["smjax.report", "smjax.report.store"]),
        ("from smjax.core import errors\nimport jaxtyping", []),
    ],
)
def test_the_check_sees_every_way_to_import(text: str, expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda self: text)
    assert crossings(SOURCE / "core" / "example.py", FORBIDDEN["core"]) == expected
