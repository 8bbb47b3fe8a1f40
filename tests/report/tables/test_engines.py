"""A table says which builds of engines it compares, and of two builds of one what tells them apart."""

from __future__ import annotations

from smjax.report.render.markdown import markdown
from smjax.report.tables import run_table
from tests.report.data.test_builds import LLAMA
from tests.report.factory import record, scenarios


def of_llama(number, **versions):
    one = record(engine="llama_cpp", tokens_per_dispatch=1) | {"versions": LLAMA | versions}
    return one | {"identity": f"llama {number}", "id": f"llama {number}"}


def table(*records):
    return markdown(run_table.grids(scenarios(list(records))))


def test_engines_are_said_once_with_version_and_build():
    text = table(record(), of_llama(1))
    llama = "llama-cpp-python 0.3.36, llama.cpp 0.5.0-dev, ggml_commit 0c1e570-dirty, GCC 12.2.0, AVX512"
    assert f"Engines: llama_cpp: {llama}; smjax: jaxlib 0.10.2." in text
    assert "| engine version |" not in text
    assert "Engines:" not in table(record(), record(threads=2)), "versions of smjax have columns"


def test_two_builds_of_an_engine_are_told_apart_by_what_differs():
    text = table(record(), of_llama(1), of_llama(2, **{"llama.cpp": "0.6.0", "ggml_commit": "ffff"}))
    assert "llama_cpp: llama-cpp-python 0.3.36, GCC 12.2.0, AVX512;" in text
    (heading,) = [line for line in text.splitlines() if line.startswith("| model")]
    assert "| engine version |" in heading
    assert "| llama.cpp 0.6.0, ggml_commit ffff |" in text
    assert "identity" not in heading, "the shortest thing that tells"


def test_what_another_tool_says_of_an_engine_is_told_by_itself():
    theirs = of_llama(2) | {"versions": {"llama.cpp": "6700"}, "provenance": "imported"}
    text = table(record(), of_llama(1), theirs)
    assert "llama_cpp (imported): llama.cpp 6700" in text
    assert "| engine version |" not in text


def test_settings_that_all_rows_of_an_engine_have_are_said_with_it():
    def row(number, **arguments):
        one = record(engine="llama_cpp", engine_args={"mmap": "true"} | arguments) | {"versions": {}}
        return one | {"identity": f"llama {number}", "id": f"llama {number}"}

    text = table(record(), row(1, flash_attn="auto"))
    assert "llama_cpp: flash_attn=auto, mmap=true;" in text.replace("\\", "")
    assert "| engine args |" not in text
    text = table(record(), row(1, flash_attn="0"), row(2, flash_attn="1"))
    assert "llama_cpp: mmap=true;" in text
    assert "| flash_attn=1 |" in text.replace("\\", "")
