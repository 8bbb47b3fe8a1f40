"""A sweep's own report ends with the ratios along axes of few values."""

from __future__ import annotations

from smjax.report.compare.after_sweep import grids
from smjax.report.render.markdown import markdown
from smjax.report.tables.after_run import finish
from tests.report.compare.sweeps import noise, run, sweep
from tests.report.factory import read, run_folder

STEADY = noise(1, 8, 0.002)


def test_axes_of_few_values_are_told(tmp_path):
    records = sweep("kernel", {"xla": STEADY, "native": [2 * rate for rate in STEADY]})
    folder = run_folder(tmp_path / "run", records)
    titles = [grid.title for grid in finish(folder, None, None, None).grids]
    assert titles == ["x86_64 · AMD EPYC 9R14", "By kernel"]
    text = markdown(grids(read(records)))
    assert "difference kernel" not in text, "one row says it itself"
    assert "| kernel xla → native |" in text
    assert "| 2.0000 | 2.0000 to 2.0000 | faster |" in text.replace("1.9999", "2.0000").replace("2.0001", "2.0000")


def test_other_axes_and_many_values_are_asked_for():
    assert grids(read(sweep("threads", {"1": STEADY, "2": STEADY}))) == []
    assert grids(read(sweep("isa", dict.fromkeys(("a", "b", "c", "d", "e"), STEADY)))) == []
    assert grids(read(sweep("kernel", {"xla": STEADY}))) == []
    assert grids([]) == []


def test_settings_of_one_engine_make_it_several():
    records = [
        one | {"id": f"{one['id']}-{value}"}
        for number, value in enumerate("01", 1)
        for one in run([number * rate for rate in STEADY], engine="llama_cpp", engine_args={"flash_attn": value})
    ]
    assert [grid.title for grid in grids(read(records))] == ["By engine"]
