"""What parts of answers say, as several servers send them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from smjax.worker.engines.openai.client import ServerError
from smjax.worker.engines.openai.completions import Dialect, read
from smjax.worker.engines.openai.received import Received, receive


def choice(text: str, finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {"choices": [{"text": text, "index": 0, "finish_reason": finish, **more}]}


def timings(predicted: int, **more: int) -> dict[str, Any]:
    return {"timings": {"prompt_n": 20, "cache_n": 4, "predicted_n": predicted, **more}}


LLAMA_SERVER = [
    {**choice("a"), **timings(1)},
    {**choice(""), **timings(2)},
    {**choice("bc"), **timings(4)},
    {**choice("", "length"), **timings(4), "system_fingerprint": "b7000-abc"},
    {"choices": [], "usage": {"prompt_tokens": 24, "completion_tokens": 4}, **timings(4)},
]
VLLM = [
    choice("a", token_ids=[7], prompt_token_ids=[1, 2]),
    choice("b", token_ids=[8, 9]),
    choice("", "length", token_ids=[4]),
    {"choices": [], "usage": {"prompt_tokens": 2, "completion_tokens": 4, "prompt_tokens_details": None}},
]
OLLAMA = [
    {**choice("a"), "usage": None},
    choice("b"),
    choice("", "length"),
    {"choices": [], "usage": {"prompt_tokens": 30, "completion_tokens": 3}},
]


def received(parts: list[dict[str, Any]], n_ids: int = 4) -> tuple[Received, list[int]]:
    """The answer, and the numbers of parts that had come whenever one was heard."""
    heard: list[int] = []
    found = receive(iter(parts), n_ids, lambda so_far: heard.append(so_far.parts) is None)
    return found, heard


def test_llama_server_counts_as_it_goes() -> None:
    found, heard = received(LLAMA_SERVER)
    assert (found.parts, found.first, found.n_ids, found.n_prompt, found.n_cached) == (3, 1, 4, 24, 4)
    assert heard == [1, 2, 3, 3], "a token without a text is one; fewer parts than tokens run to the end"
    assert found.versions == {"system_fingerprint": "b7000-abc"}


def test_vllm_gives_ids() -> None:
    found, heard = received(VLLM)
    assert (found.parts, found.first, found.ids, found.n_ids, found.n_prompt) == (3, 1, [7, 8, 9, 4], 4, 2)
    assert (heard, found.n_cached) == ([1, 2, 3], None)


def test_ollama_counts_at_the_end() -> None:
    found, heard = received(OLLAMA)
    assert (found.parts, found.first, found.n_ids, found.n_prompt, found.ids) == (2, None, 3, 30, None)
    assert heard == [1, 2, 2]


def test_a_part_for_each_token_ends_with_the_last_of_them() -> None:
    _, heard = received(OLLAMA, 2)
    assert heard == [1, 2]


def test_what_begins_with_several_is_not_heard_to_its_end() -> None:
    found = receive(iter([choice("ab", token_ids=[1, 2])]), 4, lambda so_far: so_far.first == 1)
    assert found.first == 2


def test_ids_stand_beside_llama_server_s_probabilities() -> None:
    tokens = [{"id": 5, "token": " a", "logprob": -0.5}, {"id": 6, "token": " b", "logprob": -0.1}]
    assert read(choice(" a b", "length", logprobs={"content": tokens})).ids == [5, 6]


@pytest.mark.parametrize(
    "found",
    [
        {"choices": [{"text": "a"}, {"text": "b"}]},
        {"choices": "a"},
        {"choices": [{"text": 5}]},
        {"choices": [{"text": "a", "finish_reason": 1}]},
    ],
)
def test_what_no_server_sends_is_no_answer(found: dict[str, Any]) -> None:
    with pytest.raises(ServerError, match="expected parts of one answer"):
        received([found])


@pytest.mark.parametrize(
    "found", [{"token_ids": ["a"]}, {"token_ids": 5}, {"logprobs": 5}, {"logprobs": {"content": 5}}]
)
def test_what_is_no_list_of_ids_is_none(found: dict[str, Any]) -> None:
    assert read(choice("a", **found)).ids is None


@pytest.mark.parametrize("n", [-1, 1.5, True, "3", None])
def test_what_is_no_count_is_none(n: Any) -> None:
    assert read({"choices": [], "usage": {"completion_tokens": n, "prompt_tokens": n}}).n_ids is None


def test_an_answer_without_an_end_was_cut() -> None:
    with pytest.raises(ServerError, match="found that it was cut after 2 of 4 tokens"):
        received(OLLAMA[:2])


def test_parts_that_carry_nothing_have_an_end() -> None:
    with pytest.raises(ServerError, match="expected at most 4 tokens"):
        received([choice("")] * 1000)


def test_a_request_in_one_piece_asks_for_no_events() -> None:
    body = json.loads(Dialect("", "text", "usage", "ignore_eos").body("a", 3, stream=False))
    assert body == {"prompt": "a", "max_tokens": 3, "temperature": 0, "stream": False}
