"""Rows of several interpreters: never pooled, and told apart by the least that a reader needs."""

from __future__ import annotations

from typing import Any

import polars as pl

from smjax.report.tables.run_table import grids
from tests.report import factory

ONE, OTHER = "/one/bin/python", "/other/bin/python"
USUAL = {"jax": "0.10.2", "jaxlib": "0.10.2", "numpy": "2.4.6", "smjax": "0.1.0"}
TOLD = ("jaxlib", "smjax", "Python", "packages", "interpreter", "identity")


def ran(python: str, number: int = 0, *, version: str = "3.12.1", threads: int = 1, **packages: str) -> dict[str, Any]:
    """A process of an interpreter with these packages, and the usual others."""
    found = {**USUAL, **packages}
    one = factory.record(replicate=number, python=python, threads=threads, jaxlib=found["jaxlib"])
    one["environment"] |= {"packages": found, "python": version}
    one["smjax"] = found["smjax"]
    return one | {"id": f"{one['id']}-{python}", "identity": f"{python} {sorted(found.items())} {version} {threads}"}


def rows(*records: dict[str, Any]) -> pl.DataFrame:
    return factory.scenarios(list(records))


def told(*records: dict[str, Any]) -> dict[str, list[str]]:
    """What the table says of interpreters: its columns, with their cells."""
    (grid,) = grids(rows(*records))
    headings = [column.heading for column in grid.columns]
    return {
        heading: [row[place].text for row in grid.rows] for place, heading in enumerate(headings) if heading in TOLD
    }


def test_a_version_that_differs_is_a_column_and_the_path_is_none() -> None:
    found = told(ran(ONE), ran(OTHER, jaxlib="0.9.2", jax="0.9.2", version="3.13.0"))
    assert found == {
        "jaxlib": ["0.10.2", "0.9.2"],
        "Python": ["3.12.1", "3.13.0"],
        "packages": ["jax 0.10.2", "jax 0.9.2"],
    }
    assert told(ran(ONE), ran(OTHER, numpy="2.3.0")) == {"packages": ["numpy 2.4.6", "numpy 2.3.0"]}


def test_where_all_versions_are_the_same_the_path_is_the_name() -> None:
    assert told(ran(ONE), ran(OTHER)) == {"interpreter": [ONE, OTHER]}


def test_one_interpreter_is_not_spoken_of() -> None:
    assert told(ran(ONE, 0), ran(ONE, 1)) == {}
    assert rows(ran(ONE, 0), ran(ONE, 1))["replicates"].to_list() == [2]


def test_packages_of_other_engines_are_no_difference() -> None:
    other = ran(ONE)
    other["scenario"] |= {"engine": "llama_cpp"}
    other["environment"] |= {"packages": {"llama-cpp-python": "0.3.36", "numpy": "2.4.6", "smjax": "0.1.0"}}
    other |= {"id": "other", "identity": "other"}
    assert "packages" not in told(ran(ONE), other)


def test_each_scales_by_its_own_single_thread() -> None:
    """Here they differ in their path alone."""
    found = rows(*(ran(python, threads=threads) for python in (ONE, OTHER) for threads in (1, 2)))
    assert found["scaling_efficiency"].to_list() == [1.0, 1.0, 0.5, 0.5]
