"""The page of all ops."""

from __future__ import annotations

from smjax.core.ops import OPS
from smjax.core.ops.page import page


def test_every_op_has_a_row_of_five_cells() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    names = [row.split("`")[1] for row in rows]
    products = [name for name in OPS if name.endswith(("_matvec", "_matmul"))]
    assert set(OPS) - set(products) == set(names) - {"<encoding>_matvec", "<encoding>_matmul"}
    assert len(names) == len(set(names)) == len(OPS) - len(products) + 2
    assert {row.replace("\\|", "").count("|") for row in rows} == {6}
