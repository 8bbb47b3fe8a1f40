"""The command that measures both sides in turn: both of them, and nothing else; or none."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from smjax.report.compare.fields import asked
from smjax.report.compare.pairing import Pair, processes_of
from smjax.report.compare.turn import USUAL, in_turn
from tests.report.compare.sweeps import run
from tests.report.factory import read

CONF = Path(__file__).parents[3] / "conf"
PYTHON = "python=BASE/bin/python,NEW/bin/python"
LLAMA = {"scenario.engine": "llama_cpp", "resolved.kernel": "ggml", "scenario.kernel": "auto"}
FLASH, MAPPED = "scenario.engine_args.flash_attn", "scenario.engine_args.mmap"
USUALLY = {"scenario.measure.iterations": None, "scenario.measure.warmup": 2, "scenario.kernel": "auto"}


def side(name, changes):
    """Two processes with these values at these places of their records."""
    records = copy.deepcopy(run([100, 101], run=name))
    for record in records:
        for path, value in changes.items():
            *rooms, last = path.split(".")
            place = record
            for room in rooms:
                place = place.setdefault(room, {})
            place[last] = value
    return processes_of(read(records), "decode_tok_per_s")


def command(base, new, both=None):
    both = both or {}
    return in_turn([Pair(side("base", both | base), side("new", both | new))])


def git(commit, dirty):
    return {"environment.git": {"commit": commit * 40, "dirty": dirty}}


@pytest.mark.parametrize(
    ("base", "new", "axis"),
    [
        ({}, {}, "label=base,new"),
        ({"scenario.label": "a"}, {"scenario.label": "b"}, "label=base,new"),
        ({}, {"scenario.kernel": "xla", "resolved.kernel": "xla"}, "kernel=native,xla"),
        ({"scenario.kernel": "auto"}, {"scenario.kernel": "auto", "resolved.kernel": "xla"}, "kernel=native,xla"),
        ({}, {"resolved.kernel": "xla", "variables.XLA_FLAGS": "b", "resolved.isa": "avx2"}, "kernel=native,xla"),
        ({}, {"scenario.isa": "avx2", "resolved.isa": "avx2"}, "isa=avx512,avx2"),
        ({}, {"scenario.seed": 7}, "seed=42,7"),
        ({}, {"scenario.measure.warmup": 9}, "measure.warmup=1,9"),
        ({"scenario.measure.iterations": None}, {}, "measure.iterations=null,5"),
        ({}, {"scenario.measure.compile_cache": False}, "measure.compile_cache=true,false"),
        (LLAMA | {FLASH: "0"}, LLAMA | {FLASH: "1"}, "engine_args.flash_attn=0,1"),
        (LLAMA | {FLASH: "auto"}, LLAMA | {FLASH: "1"}, "engine_args.flash_attn=null,1"),
        (LLAMA, LLAMA | {FLASH: "auto", MAPPED: "true"}, "label=base,new"),
        ({"scenario.kernel": "auto"}, LLAMA | {FLASH: "auto"}, "engine=smjax,llama_cpp"),
        ({"scenario.kernel": "auto"}, LLAMA | {"identity_parts": {"smjax's files": "b"}}, "engine=smjax,llama_cpp"),
        ({}, {"versions.jaxlib": "0.11.0"}, PYTHON),
        ({}, {"versions.jaxlib": "0.11.0", "resolved.kernel": "xla", "scenario.python": "/new"}, PYTHON),
        ({}, {"identity_parts": {"smjax's files": "b"}}, PYTHON),
        (git("a", False), git("b", False), PYTHON),
        (git("a", False), git("a", True) | {"identity_parts": {"smjax's files": "b"}}, PYTHON),
        ({"scenario.python": "/old"}, {"scenario.python": "/new"}, "python=/old,/new"),
        ({}, {"scenario.python": "/new", "versions.jaxlib": "0.11.0"}, PYTHON),
    ],
)
def test_the_axis_is_what_the_sides_differ_in(base, new, axis):
    both = {"identity_parts": {"smjax's files": "a"}, "variables.XLA_FLAGS": "a"}
    found = command(base, new, both)
    assert found.startswith(f"smjax run -m {axis} model=tinystories-1m threads=1 ctx=256")
    assert found.endswith(f"then smjax compare DIR --axis {axis.partition('=')[0]}")


@pytest.mark.parametrize(
    "new",
    [
        {"environment.cpu.governor": "powersave"},
        {"environment.os.kernel": "6.8"},
        {"variables.LD_PRELOAD": "libjemalloc.so"},
        {"machine": "there"},
        {"scenario.seed": 7, "scenario.measure.warmup": 9},
        {"scenario.seed": 7, "versions.jaxlib": "0.11.0"},
        {"scenario.kernel": "xla", "resolved.kernel": "xla", "identity_parts": {"smjax's files": "b"}},
        {"scenario.isa": "avx2", "resolved.isa": "avx2", "scenario.kernel": "xla", "resolved.kernel": "xla"},
        {"scenario.kernel": "xla", "resolved.kernel": "xla", "environment.cpu.governor": "powersave"},
        LLAMA | {"versions.numpy": "2.0"},
        {"provenance": "imported"},
    ],
)
def test_where_no_one_sweep_measures_both_there_is_no_command(new):
    both = {
        "environment.cpu.governor": "performance",
        "environment.os.kernel": "6.1",
        "scenario.kernel": "auto",
        "identity_parts": {"smjax's files": "a"},
        "variables.XLA_FLAGS": "a",
        "versions.numpy": "1.0",
    }
    assert command({}, new, both) == ""
    assert command({}, {}, both) != ""


def test_pairs_that_differ_in_two_things_have_no_command():
    same = Pair(side("base", {}), side("new", {}))
    other = Pair(side("base", {"scenario.threads": 2}), side("new", {"scenario.threads": 2, "scenario.seed": 7}))
    assert in_turn([same]) != ""
    assert in_turn([same, other]) == ""
    assert in_turn([Pair(side("base", {}), ())]) == ""


@pytest.mark.parametrize(
    ("both", "told"),
    [
        ({}, ""),
        ({"scenario.seed": 7}, " seed=7"),
        ({"scenario.python": "/a b"}, " 'python=/a b'"),
        (
            {"scenario.measure.warmup": 0, "scenario.measure.sampling_s": 3.5},
            " measure.sampling_s=3.5 measure.warmup=0",
        ),
        ({"scenario.measure.compile_cache": False}, " measure.compile_cache=false"),
        ({"scenario.measure.handicap": 0.05}, " measure.handicap=0.05"),
        (LLAMA | {FLASH: "1", MAPPED: "true"}, " engine=llama_cpp engine_args.flash_attn=1"),
        ({"scenario.engine": "other", "scenario.engine_args.a": "b"}, " engine=other engine_args.a=b"),
        ({"scenario.n_prompt": 100}, " n_prompt=100"),
        ({"scenario.model_path": "/a.gguf"}, "model=/a.gguf"),
    ],
)
def test_all_that_both_sides_were_asked_for_is_told_and_nothing_that_is_usual(both, told):
    found = command({}, {}, USUALLY | both)
    usual = "threads=1 ctx=256 n_gen=101 tokens_per_dispatch=101"
    model, _, rest = found.removeprefix("smjax run -m label=base,new ").partition(f" {usual}")
    rest = rest.removesuffix(", then smjax compare DIR --axis label")
    assert (model, rest) == ((told, "") if "model=" in told else ("model=tinystories-1m", told))


def test_of_what_one_side_left_open_it_is_told_what_was_chosen():
    assert " kernel=native" in command({"scenario.kernel": "auto"}, {})
    assert "kernel" not in command({}, {}, {"scenario.kernel": "auto"})


def test_what_is_usual_is_what_the_configuration_says_and_all_that_can_be_asked():
    config = OmegaConf.to_container(OmegaConf.load(CONF / "config.yaml"))
    measure = OmegaConf.to_container(OmegaConf.load(CONF / "measure" / "default.yaml"))
    for name, value in USUAL.items():
        room, _, last = name.rpartition(".")
        assert (measure if room else config)[last] == value, name
    (process, _) = side("base", {})
    point = {"model", "threads", "ctx", "n_gen", "n_prompt", "tokens_per_dispatch", "label"}
    assert set(asked(process.record)) - point == set(USUAL), "a new setting is told, and can be an axis"
