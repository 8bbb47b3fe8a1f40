"""Engines of other packages: found, completed, and left out with one line where something is wrong with them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from smjax.core.engines import ENGINES, EngineSpec, introduction
from smjax.core.engines.completed import complete, package_files
from smjax.core.engines.third_party import Found, find
from smjax.core.errors import RequestError
from tests.plugins import SPEC, install


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path; what is imported from it is forgotten."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def found_there() -> Found:
    return find(taken=("smjax", "llama_cpp"))


def test_nothing_is_imported_where_there_is_none() -> None:
    """Nor by a command that lists engines: reading metadata alone takes 50 modules."""
    code = (
        "import sys; from smjax.core.engines import ENGINES; list(ENGINES); "
        "assert not {'importlib.metadata', 'email', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def test_a_worker_that_imports_what_a_spec_is_made_of_looks_for_no_engine(place: Path) -> None:
    install(place, {"toy/__init__.py": "raise SystemExit"})
    code = f"import sys; sys.path.insert(0, {str(place)!r}); import smjax.core.engines, smjax.worker.tasks"
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def test_an_engine_is_found_and_completed(place: Path) -> None:
    install(place, {"toy/__init__.py": SPEC, "toy/engine.py": "", "toy/table.bin": ""})
    found = found_there()
    assert found.complaints == {}
    spec = found.specs["toy"]
    assert (spec.module, spec.packages) == ("toy.engine", ("toy-engine",))
    assert {path.name for path in spec.libraries()} == {"__init__.py", "engine.py", "table.bin"}


def test_a_module_that_no_package_holds_is_its_own_file(place: Path) -> None:
    install(place, {"single.py": SPEC.replace("toy.engine", "")}, "toy = single:SPEC")
    spec = found_there().specs["toy"]
    assert spec.module == "single"
    assert spec.libraries() == (place / "single.py",)


WRONG = {
    "raise ImportError('no torch\\nhere')": "expected toy:SPEC to be imported, found ImportError: no torch here",
    "raise SystemExit(3)": "expected toy:SPEC to be imported, found SystemExit: 3",
    "import smjax.nowhere": "expected toy:SPEC to be imported, found ModuleNotFoundError: No module named 'smjax.nowh",
    "SPEK = 1": "expected toy:SPEC to be imported, found AttributeError",
    "class SPEC(BaseException): ...\nraise SPEC": "expected toy:SPEC to be imported, found SPEC",
    "SPEC = {'name': 'toy'}": "expected an EngineSpec at toy:SPEC, found dict",
    SPEC.replace('"toy"', '"joy"'): "expected a spec of that name, found joy",
    SPEC.replace("modules=()", "modules=('xml.dom',)") + "import xml.dom": "that it imports xml.dom; leave that to its",
    SPEC.replace("modules=()", "modules='numpy'"): "expected a tuple of texts as modules of its spec, found 'numpy'",
    SPEC.replace("packages=()", "packages=None"): "expected a tuple of texts as packages of its spec, found None",
    SPEC.replace("50e6", "'much'"): "expected a number of bytes as worker_bytes of its spec, found 'much'",
    SPEC.replace('("preset", "gguf")', '("onnx",)'): "expected a tuple of preset, gguf or both as model_formats",
    SPEC.replace('("preset", "gguf")', '["gguf"]'): "expected a tuple of preset, gguf or both as model_formats",
    SPEC.replace('"table"', '"all"'): "expected KernelSpecs, each with a name of its own and one of its kv_dtypes",
    SPEC.replace('(), "none"),', '(), "f8"),'): "expected KernelSpecs, each with a name of its own and one of its kv",
    SPEC.replace('kernels=(KernelSpec("table", lambda host: (), "none"),)', "kernels=()"): "expected KernelSpecs",
    SPEC.replace("worker_bytes", "arguments=(ArgumentSpec('a b', (), ''),), worker_bytes"): "expected ArgumentSpecs",
    SPEC.replace("worker_bytes", "arguments='ab', worker_bytes"): "expected ArgumentSpecs, each with a name of its own",
    SPEC.replace("worker_bytes", "arguments=[ArgumentSpec('a', (), '')], worker_bytes"): "found: unhashable type",
    SPEC.replace("worker_bytes", "ahead=(StepAhead('go', ('treads',)),), worker_bytes"): "expected StepAheads, each",
    SPEC.replace("worker_bytes", "sources=['a'], worker_bytes"): "expected a tuple of texts as sources of its spec",
    SPEC.replace("worker_bytes", "is_client=1, worker_bytes"): "expected True or False as is_client of its",
    SPEC.replace('"toy.engine"', "None"): "expected the name of a module as module of its spec, found None",
}


@pytest.mark.parametrize("source", WRONG)
def test_a_wrong_one_is_left_out_with_one_line(source: str, place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    install(place, {"toy.py": source})
    install(place, {"good.py": SPEC.replace('"toy"', '"good"')}, "good = good:SPEC", "good_engine", "2.1")
    found = found_there()
    assert list(found.specs) == ["good"]
    (complaint,) = found.complaints.values()
    assert complaint.startswith("engine toy of toy-engine 1.0: expected ")
    assert WRONG[source] in complaint
    assert complaint.endswith("; left out")
    assert complaint.isprintable()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("entries", "name", "complaint"),
    [
        ("smjax = toy:SPEC", "smjax", "engine smjax of toy-engine 1.0: expected a name of its own, found that"),
        ("all = toy:SPEC", "all", "engine all of toy-engine 1.0: expected a name of letters, digits, _ and -"),
        ("a,b = toy:SPEC", "a,b", "engine a,b of toy-engine 1.0: expected a name of letters, digits, _ and -"),
        ("toy = nowhere:SPEC", "toy", "engine toy of toy-engine 1.0: expected nowhere:SPEC to be imported, found"),
    ],
)  # fmt: skip
def test_a_name_that_cannot_be_is_left_out(entries: str, name: str, complaint: str, place: Path) -> None:
    install(place, {"toy.py": SPEC}, entries)
    found = found_there()
    assert found.specs == {}
    assert found.complaints[name].startswith(complaint)


def test_two_packages_with_one_name_are_both_left_out(place: Path) -> None:
    install(place, {"toy.py": SPEC})
    install(place, {"other.py": SPEC}, "toy = other:SPEC", "another", "3")
    found = found_there()
    assert found.specs == {}
    assert found.complaints["toy"].startswith("engine toy of another 3 and toy-engine 1.0: expected one package with")


def test_a_package_that_lies_twice_on_the_path_is_the_first(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(place, {"toy.py": SPEC})
    first = install(place / "first", {"toy.py": SPEC}, version="2.0")
    monkeypatch.syspath_prepend(first)
    found = found_there()
    assert found.complaints == {}
    assert found.specs["toy"].libraries()[0].parent == first


def test_what_one_prints_is_told_and_kept_from_stdout(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = "import os\nprint('hello\\nthere')\nos.system('echo from a shell')\n" + SPEC
    install(place, {"toy.py": source})
    found = found_there()
    assert list(found.specs) == ["toy"]
    said = "engine toy of toy-engine 1.0: toy:SPEC printed 'hello there' when it was imported, which is not passed on"
    assert found.complaints == {"toy": said}
    assert capfd.readouterr() == ("", "from a shell\n")


def test_one_that_is_slow_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(place, {"toy.py": SPEC})
    monkeypatch.setattr("smjax.core.engines.third_party._SLOW_S", 0.0)
    assert "s to import, for which every command waits" in found_there().complaints["toy"]


@pytest.mark.parametrize("text", ["toy", "= toy:SPEC", "toy = ", "\x00"])
def test_entry_points_that_are_none_break_nothing(text: str, place: Path) -> None:
    install(place, {"toy.py": SPEC}, text)
    found = found_there()
    assert found.specs == {}
    assert "toy-engine 1.0: expected" in "".join(found.complaints.values())


def test_metadata_of_nothing_but_entry_points_is_enough(place: Path) -> None:
    install(place, {"toy.py": SPEC})
    (place / "toy_engine-1.0.dist-info" / "METADATA").unlink()
    assert list(found_there().specs) == ["toy"]


def test_what_a_spec_raises_is_said_in_one_line() -> None:
    def raises(*_: object) -> None:
        raise ZeroDivisionError("by\nzero")

    own = ENGINES["smjax"]
    kernel = replace(own.kernels[0], isas=raises, why_missing=raises)
    spec = complete(
        replace(own, variables=raises, why_not=raises, libraries=raises, kernels=(kernel,)), "smjax", "toy-engine"
    )
    said = "engine=smjax, of toy-engine: expected an answer of its spec, found ZeroDivisionError: by zero; repair it"
    calls = [
        lambda: spec.variables(None),
        lambda: spec.why_not(None, None),
        spec.libraries,
        lambda: spec.kernels[0].isas({}),
        spec.kernels[0].why_missing,
    ]
    for call in calls:
        with pytest.raises(RequestError, match=said):
            call()


def test_a_build_that_is_not_told_breaks_no_table() -> None:
    def raises(*_: object) -> tuple[str, ...]:
        raise KeyError("compiler")

    spec = complete(replace(ENGINES["smjax"], build=raises), "smjax", "toy-engine")
    assert spec.called({"jaxlib": "1"}) == ("jaxlib 1", "of a build that its spec does not tell (KeyError)")


@pytest.mark.parametrize("library", ["nowhere.so", "."])
def test_a_file_that_cannot_be_read_is_said_in_one_line(library: str, place: Path) -> None:
    source = SPEC.replace("worker_bytes", f"libraries=lambda: (Path({str(place / library)!r}),), worker_bytes")
    install(place, {"toy/__init__.py": "from pathlib import Path\n" + source})
    spec = found_there().specs["toy"]
    with pytest.raises(RequestError, match=f"^{place / library}: expected a file that can be read, .*; install its"):
        introduction._libraries(spec)


def test_of_a_server_nobody_knows_the_type_of_its_cache(place: Path) -> None:
    client = SPEC.replace('"none")', '"")').replace("worker_bytes", "is_client=True, worker_bytes")
    install(place, {"toy.py": client})
    assert found_there().complaints == {}


def test_variables_are_texts(place: Path) -> None:
    install(place, {"toy.py": SPEC.replace("worker_bytes", "variables=lambda resolved: {'N': 3}, worker_bytes")})
    spec: EngineSpec = found_there().specs["toy"]
    assert spec.variables(None) == {"N": "3"}  # type: ignore[arg-type]


def test_a_package_that_is_not_there_is_said() -> None:
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        package_files("nowhere.inside")
