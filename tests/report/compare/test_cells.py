"""What rows of comparisons are told apart by."""

from __future__ import annotations

from typing import Any

import pytest

from smjax.report.compare.cells import keys, varying

OLD: dict[str, Any] = {"model": "m", "python": "/old", "jaxlib": "0.9.2", "smjax": "0.1.0", "python version": "3.12.1"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"python": "/new", "jaxlib": "0.10.2"}, ["jaxlib"]),
        ({"python": "/new", "jaxlib": "0.10.2", "python version": "3.13.0"}, ["jaxlib", "python version"]),
        ({"python": "/new"}, ["python"]),
        ({"jaxlib": None}, []),  # another engine's, which another column tells
        ({"threads": 2}, ["threads"]),
    ],
)
def test_an_interpreter_is_told_by_its_versions_and_else_by_its_path(changes: dict[str, Any], told: list[str]) -> None:
    assert varying([OLD, OLD | changes]) == told


def test_a_path_is_told_where_versions_do_not_tell_all_apart() -> None:
    three = [OLD, OLD | {"python": "/new", "jaxlib": "0.10.2"}, OLD | {"python": "/twin", "jaxlib": "0.10.2"}]
    assert varying(three) == ["python", "jaxlib"]
    assert [column.heading for column in keys(three)] == ["model", "interpreter", "jaxlib"]


def test_weights_are_told_where_names_do_not_tell_them_apart() -> None:
    one, other, twin = (
        {"model": name, "model_hash": weights} for name, weights in (("m", "1"), ("n", "2"), ("m", "3"))
    )
    assert varying([one, other]) == ["model"]
    assert varying([one, other, twin]) == ["model", "model_hash"]
