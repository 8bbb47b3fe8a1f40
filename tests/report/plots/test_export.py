"""Pictures as files: whole SVG and PNG with their titles, whatever is in them."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from smjax.core.errors import RequestError
from smjax.report.data.contents import Contents
from smjax.report.plots import export, over_context
from smjax.report.plots.plot import Plot
from smjax.report.tables.rebuild import rebuild
from tests.report.factory import processes, read, run_folder


@pytest.fixture(scope="module")
def plot() -> Plot:
    """Of a model whose name no font at hand has."""
    records = [
        one
        for model in ("モデル<&>", "plain")
        for ctx in (256, 512)
        for one in processes([[100.0]], model=model, model_hash=model, ctx=ctx, n_prompt=ctx - 101)
    ]
    return over_context.make(Contents.of(read(records)))[0]


def test_an_svg_is_xml_with_the_title_and_its_names(plot: Plot, tmp_path: Path) -> None:
    (path,) = export.write([plot], tmp_path / "new", "svg")
    assert path == tmp_path / "new" / "decode-over-context.svg"
    texts = ["".join(one.itertext()) for one in ET.parse(path).iter() if one.tag.endswith("text")]
    assert plot.title in texts
    assert r"\u30e2\u30c7\u30eb<&>" in texts, "characters without a font would vanish"


def test_a_png_is_twice_as_large_in_pixels(plot: Plot, tmp_path: Path) -> None:
    (path,) = export.write([plot], tmp_path, "png")
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">I", content[16:20])[0] == 2 * export.WIDTH_PX


def test_what_cannot_be_written_is_one_line(plot: Plot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RequestError, match="expected a folder for pictures"):
        export.write([plot], tmp_path / "file", "svg")


def test_a_report_writes_its_pictures_where_it_is_told(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", processes([[100.0], [101.0]]))
    (tmp_path / "file").write_text("")
    report = rebuild([folder], None, None, None, pictures={"svg": tmp_path / "drawn"})
    names = {"processes-in-order.svg", "memory-by-part.svg"}
    assert {path.name for path in report.paths if path.parent.name == "drawn"} == names
    assert {path.name for path in (tmp_path / "drawn").iterdir()} == names
    report = rebuild([folder], None, None, None, pictures={"png": tmp_path / "file"})
    assert "expected a folder for pictures" in report.complaints[0]
    assert folder / "summary.md" in report.paths
