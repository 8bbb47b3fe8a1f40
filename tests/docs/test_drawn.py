"""The pictures of the findings show what the tables of their pages say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.docs.pages import DOCS, loaded

DRAW = loaded(DOCS / "draw.py")
PLOTS = {plot.name: plot for plot in DRAW.pictures()}


def values(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return next(iter(spec["datasets"].values())) if "datasets" in spec else spec["data"]["values"]


@pytest.mark.parametrize("name", PLOTS)
def test_a_picture_has_every_figure_of_its_table(name: str) -> None:
    drawn = (DRAW.PICTURES / f"{name}.svg").read_text(encoding="utf-8")
    told = {one.get("label") or one["model"] for one in values(PLOTS[name].spec)}
    assert len(told) >= 4
    assert [text for text in told if f">{text}<" not in drawn] == [], "run: python docs/draw.py"


def test_the_parts_of_a_token_are_all_of_its_row() -> None:
    row = next(one for one in DRAW.table("where-a-token-goes.md", "dispatch", "measured") if one["kernel"] == "native")
    of_model = [one for one in values(PLOTS["where-a-token-goes"].spec) if one["model"].startswith(row["model"])]
    assert sum(one["us"] for one in of_model) == pytest.approx(sum(float(row[part]) for part in DRAW._PARTS))
    assert len(DRAW._PARTS) == len(row) - len(("model", "kernel", "ctx", "threads", "measured", "adds up"))


def test_a_table_that_is_gone_is_named() -> None:
    with pytest.raises(ValueError, match=r"ops\.md: expected a table of speed, found none"):
        DRAW.table("ops.md", "speed")
