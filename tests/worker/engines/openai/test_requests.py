"""What may be asked of a server, and what is refused before one is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smjax.core.errors import RequestError
from smjax.core.records.scenario import Scenario
from smjax.sweep.request.compose import Asked, compose
from smjax.sweep.request.resolve import resolve
from smjax.sweep.request.scenario import scenario_of
from smjax.sweep.request.validate import check_memory, resolve_all
from tests.worker.engines.openai.conftest import FILE
from tests.worker.models import scenario

HOST: dict[str, Any] = {
    "cpu": {"arch": "x86_64", "simd": ["avx2"], "usable_cores": 2, "cgroup_quota_cores": None},
}


def asked(**changes: Any) -> Scenario:
    fields = {"engine": "openai", "model": "gguf", "model_path": str(FILE), "kernel": "auto", "kv_dtype": "auto"}
    return scenario(**{**fields, **changes})


def test_what_is_left_open_is_said() -> None:
    (found,), _ = resolve_all([asked()], HOST)
    assert (found.kernel, found.isa, found.kv_dtype) == ("server", "auto", "")
    defaults = {"url": "http://127.0.0.1:8000", "served_model": "", "end_of_text": "ignore_eos"}
    assert found.scenario.engine_args == {**defaults, "remote": "false", "stall_s": "120"}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"tokens_per_dispatch": 8}, "tokens_per_dispatch: expected 1 with engine=openai"),
    ({"isa": "avx2"}, "isa: .*found avx2"),
    ({"kv_dtype": "float16"}, "kv_dtype: expected one of auto, found float16"),
    ({"kernel": "native"}, "kernel: expected one of auto, server, found native"),
    ({"model": "tinystories-1m", "model_path": None}, "model: expected one of stories-15m.*found tinystories-1m"),
    (
        {"engine_args": {"url": "http://192.0.2.1"}},
        r"found 192\.0\.2\.1 .*; write engine_args\.remote=true",
    ),
    ({"engine_args": {"url": "http://a:b@127.0.0.1"}}, "found one with a user or a password"),
    ({"engine_args": {"stall_s": "never"}}, r"engine_args\.stall_s: expected seconds above 0, found never"),
    ({"engine_args": {"remote": "yes"}}, r"engine_args\.remote: expected one of false, true"),
]


@pytest.mark.parametrize(("changes", "said"), REFUSED)
def test_what_it_cannot_do_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        resolve_all([asked(**changes)], HOST)


def test_a_server_cannot_be_slowed_down_from_here() -> None:
    wanted = asked()
    with pytest.raises(RequestError, match=r"measure\.handicap: expected 0 with engine=openai"):
        resolve_all([replace(wanted, measure=replace(wanted.measure, handicap=0.1))], HOST)


def test_its_memory_and_threads_are_the_server_s() -> None:
    """Neither is there to be refused."""
    wanted = asked(threads=64)
    strict = replace(wanted, measure=replace(wanted.measure, strict=True))
    (found,), models = resolve_all([strict], HOST)
    (model,) = models.values()
    check_memory(found, model, int(70e6))
    with pytest.raises(RequestError, match="memory: expected"):
        check_memory(found, model, int(50e6))


def test_any_text_is_a_name_and_several_are_an_axis(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")  # and so put it back: composing sets it
    name = "engine_args.served_model"

    def names(*overrides: str, is_sweep: bool) -> list[str]:
        found = compose(Asked([*overrides, "hydra.run.dir=run"], is_sweep))
        assert found is not None
        return [scenario_of(point).engine_args["served_model"] for point in found.points]

    assert names(f"{name}=llama3:8b, {{the}} $best", is_sweep=False) == ["llama3:8b, {the} $best"]
    assert names(f"{name}=a:1,'b,c'", is_sweep=True) == ["a:1", "b,c"]


def test_resolving_keeps_what_was_asked_of_the_server() -> None:
    url = "http://localhost:1/api/v1"
    assert resolve(asked(engine_args={"url": url}), HOST).scenario.engine_args["url"] == url


def test_a_key_that_no_header_may_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMJAX_OPENAI_KEY", "sk-1\nHost: elsewhere")
    with pytest.raises(RequestError, match=r"^SMJAX_OPENAI_KEY: expected a key, found characters [\w ]+$"):
        resolve_all([asked()], HOST)
