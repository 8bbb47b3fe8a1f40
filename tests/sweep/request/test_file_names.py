"""Any name of a file is the file, in a single run and in a sweep, whatever grammar stands between."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from smjax.core.errors import RequestError
from smjax.sweep.request.compose import Asked, compose
from smjax.sweep.request.literal import quoted, unquoted
from smjax.sweep.request.rewrite import Rewritten

NAMES = [
    *("a b.gguf", " a.gguf", "a.gguf ", "a\tb.gguf", "a\nb.gguf", "模型 é.gguf"),
    *("a,b.gguf", ",a.gguf", "a,.gguf,", "a=b.gguf", "=.gguf", "a:b.gguf", "#a.gguf", "a;b&c|d.gguf", "100%.gguf"),
    *("[a].gguf", "{a:b}.gguf", "(a).gguf", "[a.gguf", "a)].gguf", "choice(a,b).gguf", "glob(*)", "range(1,3)"),
    *("it's.gguf", "'a'.gguf", "'a'", '"a".gguf', "'a','b'", "'", "\\.gguf", "a\\", "\\\\a\\'.gguf", "a\\,b.gguf"),
    *("$a.gguf", "${threads}.gguf", "\\${threads}.gguf", "a${", "$(a).gguf", "${oc.env:HOME}"),
    *("-m", "--help.gguf", "~a.gguf", "+a.gguf", "@a.gguf", "???", "*.gguf", "null", "true", "1.5", "a", "GGUF"),
    *("stories-15m.gguf", "gguf,stories-15m", "deep/er,x.gguf"),
]
if sys.platform == "linux":  # where a file name need not be text
    NAMES.append("a\udcff,b.gguf")


def models(*overrides: str, sweep: bool = False) -> list[tuple[str, str | None]]:
    composed = compose(Asked(overrides, sweep))
    assert composed is not None
    return [(point.model.name, point.model.path) for point in composed.points]


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.touch()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_file_of_any_name_is_a_model(name: str, empty_dir: Path) -> None:
    touch(empty_dir, name, "other.gguf")
    spelt = "./???" if name == "???" else name  # as it is, it says to OmegaConf that there is none
    assert models(f"model={name}") == [("gguf", spelt)]
    assert Rewritten([f"model={name}"], is_sweep=True).models == [spelt]
    several = Rewritten([f"model=stories-15m,{name},other.gguf"], is_sweep=True)
    assert (several.overrides, several.models) == (["model=stories-15m,gguf-1,gguf-2"], [spelt, "other.gguf"])


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_path_of_any_name_is_a_file(name: str, empty_dir: Path) -> None:
    touch(empty_dir, name, "other.gguf")
    spelt = "./???" if name == "???" else name
    parser = OverridesParser.create()
    (path,) = Rewritten([f"model.path={name}"], is_sweep=False).overrides
    assert in_config(parser.parse_override(path).value()) == spelt
    (paths,) = Rewritten([f"model.path={name},other.gguf"], is_sweep=True).overrides
    swept = [
        parser.parse_override(f"path={text}").value() for text in parser.parse_override(paths).sweep_string_iterator()
    ]
    assert [in_config(text) for text in swept] == [spelt, "other.gguf"]


def in_config(value: object) -> object:
    """What a value of the grammar is once OmegaConf has it."""
    container = OmegaConf.to_container(OmegaConf.create({"key": value}), resolve=True)
    assert isinstance(container, dict)
    return container["key"]


def test_several_paths_are_several_models(empty_dir: Path) -> None:
    touch(empty_dir, "a, b.gguf", "it's.gguf")
    assert models("model=gguf", "model.path=a, b.gguf,it's.gguf", sweep=True) == [
        ("gguf", "a, b.gguf"),
        ("gguf", "it's.gguf"),
    ]
    assert models("model=stories-15m,it's.gguf,a, b.gguf", sweep=True) == [
        ("stories-15m", None),
        ("gguf", "it's.gguf"),
        ("gguf", "a, b.gguf"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("nope.gguf", ["nope.gguf"]),
        ("my nope.gguf,a.gguf", ["my nope.gguf", "a.gguf"]),
        ("stories-15m,nope, really.GGUF,tinyllama-1.1b", None),
        ("'my, own.gguf',a.gguf", ["my, own.gguf", "a.gguf"]),
        ("choice(a.gguf,stories-15m)", ["a.gguf", "stories-15m"]),
        ("a,b.gguf,b.gguf", ["a,b.gguf", "b.gguf"]),
        ("a.gguf,a.gguf,b.gguf", ["a.gguf", "a.gguf,b.gguf"]),
    ],
)
def test_a_sweep_is_split_where_no_name_ends(value: str, expected: list[str] | None, empty_dir: Path) -> None:
    """There are a.gguf, b.gguf, "a,b.gguf" and "a.gguf,b.gguf", which are four models."""
    touch(empty_dir, "a.gguf", "b.gguf", "a,b.gguf", "a.gguf,b.gguf")
    if expected is None:
        with pytest.raises(RequestError, match=r"or a GGUF file, found nope$"):
            models(f"model={value}", sweep=True)
    else:
        assert [path or name for name, path in models(f"model={value}", sweep=True)] == expected


def test_a_preset_wins_over_a_file_of_its_name(empty_dir: Path) -> None:
    touch(empty_dir, "stories-15m", "gguf")
    assert models("model=stories-15m") == [("stories-15m", None)]
    assert models("model=./stories-15m") == [("gguf", "./stories-15m")]
    assert models("model=glob(stories*)", sweep=True) == [("stories-110m", None), ("stories-15m", None)]


@pytest.mark.parametrize("value", ["a.gguf,b.gguf", "stories-15m,tinystories-1m", "stories-110m,my own.gguf"])
def test_nothing_is_split_without_m(value: str, empty_dir: Path) -> None:
    with pytest.raises(RequestError, match=r"model: expected one, found 2; to sweep over them write -m '?model="):
        models(f"model={value}")
    touch(empty_dir, value)
    assert models(f"model={value}") == [("gguf", value)]


def test_a_file_at_home_may_be_written_short(empty_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(empty_dir / "me"))
    touch(empty_dir, "me/x.gguf")
    assert models("model=~/x.gguf") == [("gguf", f"{empty_dir}/me/x.gguf")]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["my run", "run,2", "[run]", "it's 100 %", "$run", "a=b", "'run'x"])
def test_a_run_folder_of_any_name(name: str, empty_dir: Path) -> None:
    for key in ("hydra.run.dir", "hydra.sweep.dir"):
        for sweep in (False, True):
            composed = compose(Asked((f"{key}={name}",), sweep))
            assert composed is not None
            assert composed.folder.path == Path(name)


def test_quoting_is_undone_by_hydra_and_by_us() -> None:
    rng, parser = random.Random(5), OverridesParser.create()
    for _ in range(400):
        text = "".join(rng.choice("\\\\\\${}''\"a: ,[]=()#\n\té\udcff") for _ in range(rng.randrange(1, 9)))
        found = parser.parse_override(f"key={quoted(text)}")
        again = parser.parse_override(f"key={found.get_value_element_as_str()}")  # as a sweep hands it on
        for value in (found.value(), again.value()):
            assert in_config(value) == text
        if "${" not in text:
            assert unquoted(quoted(text)) == text
