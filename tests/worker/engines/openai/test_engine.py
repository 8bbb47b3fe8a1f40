"""What the engine asks of a server, and which of its answers it takes for a measurement."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from smjax.core.errors import RequestError
from smjax.core.records.answer import Answer, Sample
from smjax.core.records.flags import CHUNKS_NOT_TOKENS, MODEL_CLAIMED, PREFIX_CACHE_HIT, TEXT_PROMPTS, UNIQUE_PROMPTS
from smjax.worker.engines.openai.client import ServerError
from smjax.worker.engines.openai.engine import OpenAIEngine
from smjax.worker.timing import time_answers
from tests.worker.engines.openai.conftest import N_GEN, N_PROMPT, Asking, engine_at
from tests.worker.engines.openai.fake_server import Behaviour, answer_to

PROMPT = np.arange(N_PROMPT, dtype=np.int32)
CLAIMED = [MODEL_CLAIMED.name, UNIQUE_PROMPTS.name]
TEXTS = Behaviour(takes_ids=False, gives_ids=False, gives_usage=False, refusal=422)
"""As llama-cpp-python's own server: usage is in answers of one piece alone."""


def pairs(ids: list[int]) -> list[list[int]]:
    """The first by itself, then two at a time."""
    return [ids[:1], *(ids[i : i + 2] for i in range(1, len(ids), 2))]


def timed(engine: OpenAIEngine, count: int = 1) -> list[Sample]:
    return time_answers(engine, PROMPT, N_GEN, count, each_token=True, between=lambda: None)


def described(engine: OpenAIEngine) -> Answer:
    answer = Answer()
    engine.describe(answer)
    return answer


def test_an_answer_is_asked_for_as_it_is_defined(asking: Asking) -> None:
    behaviour = Behaviour()
    (sample,) = timed(asking(behaviour))
    body = behaviour.bodies()[-1]
    assert (body["model"], body["max_tokens"], body["temperature"], body["stream"]) == ("fake", N_GEN, 0, True)
    assert body["ignore_eos"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert len(body["prompt"]) == N_PROMPT
    assert all(type(i) is int and 0 <= i < 1024 for i in body["prompt"])
    assert len(sample.token_ns or ()) == N_GEN - 1
    assert sum(sample.token_ns or ()) == sample.decode_ns


def test_no_prompt_is_asked_twice_by_any_process(asking: Asking) -> None:
    behaviour = Behaviour(caches=True)
    engines = [asking(behaviour) for _ in range(2)]
    for engine in engines:
        timed(engine, 3)
    prompts = [tuple(body["prompt"]) for body in behaviour.bodies() if len(body["prompt"]) == N_PROMPT]
    assert len(set(prompts)) == len(prompts) == 6
    assert all(a[:8] != b[:8] for a, b in itertools.combinations(prompts, 2)), "a cache knows beginnings"


def test_what_the_cache_knew_is_said(asking: Asking) -> None:
    for n_cached, flags in ((None, CLAIMED), (0, CLAIMED), (1, CLAIMED), (16, [*CLAIMED, PREFIX_CACHE_HIT.name])):
        engine = asking(Behaviour(n_cached=n_cached))
        timed(engine)
        assert described(engine).flags == sorted(flags)
        known = {} if n_cached is None else {"cached_tokens": float(n_cached)}
        assert engine.check(PROMPT) == {"answers_differ": 0.0, "answers_left_out": 0.0, **known}


def test_a_server_that_takes_texts_alone_gets_texts_of_as_many_tokens(asking: Asking) -> None:
    behaviour = Behaviour(**{**vars(TEXTS), "counts_prompt": lambda n: n + 1, "log": [], "seen": set()})
    engine = asking(behaviour)
    timed(engine, 3)
    texts = [body["prompt"] for body in behaviour.bodies() if body["stream"]][-3:]
    assert [len(text.split()) for text in texts] == [N_PROMPT - 1] * 3, "the server puts one before each"
    assert len(set(texts)) == 3
    found = described(engine)
    assert found.flags == sorted([*CLAIMED, TEXT_PROMPTS.name])
    assert found.variants == {"prompts": "text", "fields": "all", "tokens counted by": "limit"}


def test_a_server_that_knows_no_fields_but_everybody_s_is_asked_without_others(asking: Asking) -> None:
    behaviour = Behaviour(known_fields=("stream_options",))
    timed(asking(behaviour))
    assert behaviour.bodies()[-1].keys() == {
        "model",
        "prompt",
        "max_tokens",
        "temperature",
        "stream",
        "stream_options",
    }


def test_digits_that_are_taken_for_a_text_are_no_ids(asking: Asking) -> None:
    engine = asking(Behaviour(counts_prompt=lambda n: n + 3))  # of five ids in brackets it makes eight tokens
    assert described(engine).variants["prompts"] == "text"


def test_tokens_that_come_two_by_two_have_no_times_of_their_own(asking: Asking) -> None:
    engine = asking(Behaviour(chunks=pairs))
    (sample,) = timed(engine)
    assert sample.token_ns is None
    assert sample.decode_ns > 0
    assert described(engine).flags == CLAIMED, "the server says that the first came alone"


def test_of_tokens_that_nobody_counts_by_part_it_is_said(asking: Asking) -> None:
    engine = asking(Behaviour(chunks=pairs, gives_ids=False))
    (sample,) = timed(engine)
    assert sample.token_ns is None
    assert described(engine).flags == sorted([*CLAIMED, CHUNKS_NOT_TOKENS.name])


def test_an_answer_whose_first_token_does_not_come_alone_is_left_out(asking: Asking) -> None:
    numbers = itertools.count()
    behaviour = Behaviour(chunks=lambda ids: [ids] if len(ids) > 1 and next(numbers) < 2 else [[i] for i in ids])
    engine = asking(behaviour)
    (sample,) = timed(engine)
    assert len(sample.token_ns or ()) == N_GEN - 1
    assert engine.check(PROMPT)["answers_left_out"] == 2


def test_never_alone_is_a_failure(asking: Asking) -> None:
    engine = asking(Behaviour(chunks=lambda ids: [ids]))
    with pytest.raises(ServerError, match="expected the first token by itself, found 5 answers"):
        timed(engine)


def test_the_agreed_prompt_is_asked_for_ids_once_all_is_timed(asking: Asking) -> None:
    engine = asking(Behaviour())
    timed(engine)
    engine.check(PROMPT)
    agreed = engine._prompts.agreed()
    assert isinstance(agreed, list)
    assert described(engine).ids == answer_to(agreed, N_GEN)


def test_what_the_server_says_of_itself_is_kept(asking: Asking) -> None:
    engine = asking(Behaviour(models=("one",)))
    timed(engine)
    told = {"server version": "9.9", "server": "fake/1.0", "served model": "one", "system_fingerprint": "fp-1"}
    assert engine.versions() == {"numpy": np.__version__, **told}
    resolved = described(engine).resolved
    assert resolved is not None
    assert vars(resolved) == {"kernel": "server", "isa": "", "kv_dtype": ""}


CUT: dict[str, tuple[Behaviour, str]] = {
    "ends early": (Behaviour(stops_after=5), "expected 8 tokens, found that the server stopped after 5: .*min_tokens"),
    "ends early, uncounted": (
        Behaviour(stops_after=5, gives_usage=False, gives_ids=False),
        "expected 8 tokens, found that the server stopped after about 5",
    ),
    "counts too few": (Behaviour(counts=lambda n: n - 1), "expected one count of the answer's tokens, found [78] and"),
    "counts fewer than came": (Behaviour(counts=lambda n: n - 1, gives_ids=False), "stopped after [07]"),
    "counts too many": (Behaviour(counts=lambda n: n + 2, gives_ids=False), r"expected \d+ tokens?, found that the se"),
    "cuts the stream": (Behaviour(cut_after=4), "cut"),
    "sends broken JSON": (
        Behaviour(write=lambda send, data: send(f"data: {data[:-1]}\n\n")),
        r'expected JSON, found \{"choices": \[',
    ),
    "sends no object": (Behaviour(write=lambda send, _: send("data: 5\n\n")), "expected a JSON object in every event"),
    "gives up": (
        Behaviour(before='data: {"error": {"message": "out of slots"}}\n\n'),
        "the server gave up: out of slots",
    ),
    "sends too much": (Behaviour(before="data: " + "x" * (1 << 21)), "expected events, found an event of more than"),
    "sends a page": (Behaviour(content_type="text/html"), "expected text/event-stream, found text/html"),
    "moves": (
        Behaviour(status=307, location="http://198.51.100.1/"),
        r"found a redirection \(307\), which is not fol",
    ),
    "fails": (Behaviour(status=500, error=b"<html><h1>Oh no"), "expected an answer, found 500 Internal Server Error$"),
    "is elsewhere": (Behaviour(status=404, error=b"<html>"), "expected an answer, found 404 Not Found$"),
    "wants a key": (Behaviour(key="secret"), "found 401 Unauthorized.*give its key in .*SMJAX_OPENAI_KEY"),
    "has two models": (Behaviour(models=("a", "b")), r"engine_args\.served_model: .*it has 2 \(a, b\)"),
    "has none": (Behaviour(models=()), r"engine_args\.served_model: .*it has 0 \(none\)"),
    "counts prompts wrongly": (
        Behaviour(counts_prompt=lambda n: n if n < 10 else n + 2),
        "expected a prompt of 24 tokens, found that the server counts 26",
    ),
    "counts nothing": (
        Behaviour(takes_ids=False, gives_ids=False, gives_usage=False, counts_prompt=lambda n: -1),
        "does not say how many tokens they are",
    ),
}


@pytest.mark.parametrize("name", CUT)
def test_what_is_no_answer_is_no_figure(name: str, asking: Asking) -> None:
    behaviour, said = CUT[name]
    with pytest.raises(ServerError, match=said):
        timed(asking(behaviour))


@pytest.mark.parametrize("pings", [False, True])
def test_a_server_that_stalls_is_not_waited_for(pings: bool, asking: Asking) -> None:
    """What keeps the line open is no token."""
    behaviour = Behaviour(stall_s=5.0, pings=pings)
    engine = asking(behaviour, stall_s="0.2")
    behaviour.stall_after = 3
    with pytest.raises(ServerError, match=r"expected a token within 0\.2 s, found none: the server stalls"):
        timed(engine)


def test_nobody_at_the_port(asking: Asking) -> None:
    engine = engine_at("http://127.0.0.1:9")
    with pytest.raises(ServerError, match=r"expected a server at 127\.0\.0\.1:9, found none: Connection refused; "):
        engine.load()


WRITERS: dict[str, Callable[[Any, str], None]] = {
    "lines end in CR LF": lambda send, data: send(f"data: {data}\r\n\r\n"),
    "without the space": lambda send, data: send(f"data:{data}\n\n"),
    "with comments and names": lambda send, data: send(f": still here\nevent: x\nid: 7\ndata: {data}\n\n"),
    "byte by byte": lambda send, data: [send(bytes([byte])) for byte in f"data: {data}\n\n".encode()] and None,
}


@pytest.mark.parametrize("name", WRITERS)
def test_events_are_understood_however_they_are_sent(name: str, asking: Asking) -> None:
    engine = asking(Behaviour(write=WRITERS[name], text_of=lambda i: "é☃"))
    (sample,) = timed(engine)
    assert len(sample.token_ns or ()) == N_GEN - 1


def test_an_empty_text_with_an_id_is_a_token_and_one_without_is_not(asking: Asking) -> None:
    (sample,) = timed(asking(Behaviour(text_of=lambda i: "")))
    assert len(sample.token_ns or ()) == N_GEN - 1
    engine = asking(Behaviour(text_of=lambda i: "" if i % 2 else "w", gives_ids=False))
    (sample,) = timed(engine)
    assert sample.token_ns is None


def test_a_key_goes_to_the_server_and_nowhere_else(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    behaviour = Behaviour(key="sk-right", models=("model of sk-right",), fingerprint="sk-right")
    with pytest.raises(ServerError) as raised:
        asking(behaviour)
    assert "SMJAX_OPENAI_KEY" in str(raised.value)
    started = asking  # the fixture has taken the variable away
    monkeypatch.setenv("SMJAX_OPENAI_KEY", "sk-right")
    engine = started(behaviour)
    timed(engine)
    assert behaviour.log[-1][2]["Authorization"] == "Bearer sk-right"
    assert "sk-right" not in str(vars(described(engine)))
    assert described(engine).versions["served model"] == "model of ***"
    monkeypatch.setenv("SMJAX_OPENAI_KEY", "sk-wrong")
    with pytest.raises(ServerError, match=r"401 Unauthorized: wrong key Bearer \*\*\*; give its key"):
        started(behaviour)


def test_a_key_that_is_none_is_refused_without_being_shown(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMJAX_OPENAI_KEY", "sk-1\nHost: elsewhere")
    with pytest.raises(RequestError, match="SMJAX_OPENAI_KEY: expected a key") as raised:
        asking(Behaviour())
    assert "elsewhere" not in str(raised.value)


def test_end_of_text_can_be_put_off_in_another_way(asking: Asking) -> None:
    behaviour = Behaviour()
    timed(asking(behaviour, end_of_text="min_tokens"))
    body = behaviour.bodies()[-1]
    assert body["min_tokens"] == N_GEN
    assert "ignore_eos" not in body


def test_an_answer_for_checking(asking: Asking) -> None:
    ids = np.array([5, 6, 7, 8], np.int32)
    found = asking(Behaviour(echo=True)).evaluate(ids, 6)
    assert found == {"nll_mean": 1.0, "logits": None, "greedy": answer_to(ids.tolist(), 6)}
    assert asking(Behaviour()).evaluate(ids, 0) == {"nll_mean": None, "logits": None, "greedy": []}
    assert asking(Behaviour(gives_ids=False)).evaluate(ids, 6) == {"nll_mean": None, "logits": None, "greedy": None}
    with pytest.raises(ServerError, match="expected a server that takes token ids"):
        asking(Behaviour(takes_ids=False)).evaluate(ids, 6)


def test_nothing_of_a_server_stays_behind(asking: Asking) -> None:
    before = threading.active_count()
    timed(asking(Behaviour()), 3)
    assert threading.active_count() <= before + 2, "the fake's own"
