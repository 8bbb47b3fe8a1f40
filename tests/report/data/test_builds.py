"""What computed, in a few words."""

from __future__ import annotations

from smjax.report.data.builds import builds
from tests.report.factory import failed, read, record

LLAMA = {
    "ggml": "0.25.3",
    "ggml_commit": "0c1e570-dirty",
    "llama-cpp-python": "0.3.36",
    "llama.cpp": "0.5.0-dev",
    "llama.cpp compiler": "GCC: (Debian 12.2.0-14+deb12u1) 12.2.0",
    "llama.cpp system_info": "CPU : SSE3 = 1 | AVX = 1 | AVX2 = 1 | AVX512 = 1 | AVX512_VBMI = 1 | REPACK = 1 |",
    "numpy": "2.4.6",
    "python": "3.11.7",
}


def called(*records):
    return builds([read(list(records))])[0]


def test_an_engine_is_called_by_its_packages_and_its_build():
    assert called(record(engine="llama_cpp") | {"versions": LLAMA}) == (
        "llama-cpp-python 0.3.36, llama.cpp 0.5.0-dev, ggml_commit 0c1e570-dirty, GCC 12.2.0, AVX512"
    )
    assert called(record()) == "jaxlib 0.10.2"


def test_a_server_is_called_by_what_it_says_of_itself():
    said = {"python": "3.11.7", "numpy": "2.4.6", "server": "llama.cpp", "server build": "b1-0c1e570"}
    ran = {"kernel": "server", "isa": "", "kv_dtype": ""}
    assert called(record(engine="openai") | {"versions": said, "resolved": ran}) == "llama.cpp, b1-0c1e570"
    assert called(record(engine="openai") | {"versions": {"ollama": "0.9"}, "resolved": ran}) == "Ollama 0.9"


def test_what_another_tool_says_of_it_is_all_there_is():
    said = {"llama.cpp": "6700", "llama.cpp commit": "3df2244d"}
    assert called(record(engine="llama_cpp") | {"versions": said}) == "llama.cpp 6700, llama.cpp commit 3df2244d"


def test_an_engine_that_nobody_here_knows_is_called_by_all_that_it_says():
    said = {"its_library": "1.2", "python": "3.11", "numpy": "2", "build": "a, b"}
    assert called(record(engine="theirs") | {"versions": said}) == "build a b, its_library 1.2"


def test_a_process_that_finished_says_it_rather_than_one_that_did_not():
    bad = failed(engine="llama_cpp", replicate=0)
    good = record(engine="llama_cpp", replicate=1) | {"versions": LLAMA}
    assert "AVX512" in called(bad, good)
    assert called(bad | {"environment": {"packages": {"llama-cpp-python": "0.3.36"}}}) == "llama-cpp-python 0.3.36"
    assert called(bad) is None


def test_a_row_that_failed_is_of_the_build_that_its_files_are():
    parts = {"identity_parts": {"libraries": "abc"}}
    installed = {"environment": {"packages": {"llama-cpp-python": "0.3"}}}
    bad = failed(engine="llama_cpp", threads=8) | parts | installed
    good = record(engine="llama_cpp") | parts | {"versions": LLAMA}
    assert len(set(builds([read([bad]), read([good])]))) == 1
    other = bad | {"identity_parts": {"libraries": "def"}}
    assert builds([read([other]), read([good])])[0] == "llama-cpp-python 0.3"
