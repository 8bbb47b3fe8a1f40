"""What a server is asked before it is timed: what it is, what it calls the model, and how it wants to be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from smjax.worker.engines.openai import completions
from smjax.worker.engines.openai.client import Client, RefusedError, ServerError
from smjax.worker.engines.openai.completions import FIELDS, PATH, Dialect, Told
from smjax.worker.engines.openai.received import receive

_PROBE_IDS, _PROBE_TEXT = [1, 2, 3, 4, 5], "once upon a time"
_NAMES_TOLD = 5


@dataclass(frozen=True)
class Greeting:
    """The same for all that is asked of the server later."""

    dialect: Dialect
    versions: dict[str, str] = field(default_factory=dict)
    """Of the server, as it says itself."""


def greet(client: Client, served_model: str, end_of_text: str) -> Greeting:
    """Ask; raises ServerError where it answers nothing that can be measured."""
    versions = dict(_facts(client))
    model = served_model or _only_model(client)
    refused: RefusedError | None = None
    for prompts in ("ids", "text"):
        for fields in FIELDS:
            dialect = Dialect(model, prompts, fields, end_of_text)
            try:
                if _understands(client, dialect):
                    named = {"served model": client.quoted(model)} if model else {}
                    return Greeting(dialect, {**versions, **named})
            except RefusedError as error:
                refused = error
    assert refused is not None, "a text is understood or refused"
    raise refused


def ask(client: Client, dialect: Dialect, prompt: completions.Prompt, n_ids: int, **more: Any) -> Told:
    """The answer to a request in one piece."""
    found = client.post(PATH, dialect.body(prompt, n_ids, stream=False, **more))
    if not isinstance(found, dict):
        raise ServerError("expected a JSON object as an answer, found something else")
    try:
        return completions.read(found)
    except ValueError as error:
        raise ServerError(f"expected one answer, found {error}") from None


def _understands(client: Client, dialect: Dialect) -> bool:
    """Whether the server takes such a request for what it is: ids for so many tokens, and not for a text of digits."""
    prompt: completions.Prompt = _PROBE_IDS if dialect.prompts == "ids" else _PROBE_TEXT
    found = receive(client.stream(PATH, dialect.body(prompt, 1, stream=True)), 1, lambda _: True)
    if dialect.prompts == "text":
        return True
    said = found.n_prompt if found.n_prompt is not None else ask(client, dialect, prompt, 1).n_prompt
    return said in (None, len(_PROBE_IDS))


def _only_model(client: Client) -> str:
    """What the server calls the model; empty where it has no list."""
    try:
        found = client.get("/v1/models")
    except RefusedError:
        return ""
    listed = found.get("data") if isinstance(found, dict) else None
    ids = [one.get("id") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    names = [name for name in ids if isinstance(name, str)]
    if len(names) != 1:
        told = ", ".join(client.quoted(name) for name in names[:_NAMES_TOLD]) + ", …" * (len(names) > _NAMES_TOLD)
        raise ServerError(
            f"engine_args.served_model: expected the server's name for the model, as it has {len(names)} "
            f"({told or 'none'}), found nothing; write engine_args.served_model=NAME"
        )
    return names[0]


_PLACES: tuple[tuple[str, str, Callable[[dict[str, Any]], Any]], ...] = (
    ("server build", "/props", lambda found: found.get("build_info")),  # llama-server
    ("server model file", "/props", lambda found: found.get("model_path")),
    ("server version", "/version", lambda found: found.get("version")),  # vLLM
    ("ollama", "/api/version", lambda found: found.get("version")),
    ("server API", "/openapi.json", lambda found: "{title} {version}".format(**found["info"])),  # FastAPI's
)
"""Where servers say what they are."""


def _facts(client: Client) -> Iterator[tuple[str, str]]:
    pages: dict[str, Any] = {}
    for name, path, reading in _PLACES:
        if path not in pages:
            try:
                pages[path] = client.get(path)
            except RefusedError:
                pages[path] = None
            except ServerError:  # it is in no state to be asked: whatever comes next says so
                return
        try:
            said = reading(pages[path])
        except (AttributeError, KeyError, TypeError):
            continue
        if isinstance(said, str) and said:
            yield name, client.quoted(said)
    if client.server:
        yield "server", client.server
