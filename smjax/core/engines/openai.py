"""A server that speaks the OpenAI-compatible completions API, as its client sees it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from smjax.core.engines.address import Address, is_loopback, read_address
from smjax.core.engines.spec import ArgumentSpec, EngineSpec, KernelSpec, StepAhead, Versions
from smjax.core.errors import RequestError
from smjax.core.records.resolved import Resolved

if TYPE_CHECKING:  # it imports NumPy, which whoever lists engines has no need of
    from smjax.core.models.source import Model

KEY_VARIABLE = "SMJAX_OPENAI_KEY"
"""Of the environment: what a server that wants a key is sent. Nobody else is, and no record has it."""
REMOTE = "remote"
_URL, _STALL_S = "http://127.0.0.1:8000", "120"


def address_of(arguments: Mapping[str, str]) -> tuple[Address, list[str]]:
    """Where the server is, and the IP addresses of that.

    Raises RequestError where that is not this machine and nobody said that it may be another.
    """
    found = read_address("engine_args.url", arguments["url"])
    try:
        places = found.places()
    except (OSError, UnicodeError):
        raise RequestError(f"engine_args.url: expected a host that is known, found {found.host}") from None
    elsewhere = [place for place in places if not is_loopback(place)]
    if elsewhere and arguments[REMOTE] != "true":
        raise RequestError(
            f"engine_args.url: expected a server on this machine, found {found.host} ({elsewhere[0]}); write "
            "engine_args.remote=true if prompts, and a key, may go there"
        )
    return found, places


def key() -> str:
    """What a server that wants one is shown, or nothing; RequestError for what no header may have."""
    found = os.environ.get(KEY_VARIABLE, "")
    if not (found.isascii() and found.isprintable()):
        raise RequestError(f"{KEY_VARIABLE}: expected a key, found characters that no header may have")
    return found


def stall_s(arguments: Mapping[str, str]) -> float:
    """Seconds without a token after which the server counts as stalled; raises RequestError for anything else."""
    try:
        found = float(arguments["stall_s"])
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise RequestError(f"engine_args.stall_s: expected seconds above 0, found {arguments['stall_s'][:40]}")
    return found


def _why_not(resolved: Resolved, model: Model) -> str | None:
    scenario = resolved.scenario
    if scenario.tokens_per_dispatch != 1:
        found = f"found {scenario.tokens_per_dispatch}"
        return f"tokens_per_dispatch: expected 1 with engine=openai, whose server decides on it, {found}"
    if scenario.measure.handicap:
        return (
            "measure.handicap: expected 0 with engine=openai, as its server goes on while its client waits, found "
            f"{scenario.measure.handicap}"
        )
    try:
        key()
        stall_s(scenario.engine_args)
        address_of(scenario.engine_args)
    except RequestError as error:
        return str(error)
    return None


def _build(versions: Versions) -> tuple[str, ...]:
    """The server, as far as it says what it is."""
    own = [versions.get(name) for name in ("server", "server API", "server build", "server version")]
    ollama = versions.get("ollama")
    return (*filter(None, own), *([f"Ollama {ollama}"] if ollama else []))


SPEC = EngineSpec(
    name="openai",
    packages=("numpy",),
    modules=("numpy",),
    install="pip install smjax",
    kernels=(KernelSpec("server", lambda host: (), ""),),
    kv_dtypes=(),
    model_formats=("gguf",),
    worker_bytes=60e6,  # Python and NumPy
    arguments=(
        ArgumentSpec("url", (), f"where the server is; {_URL} where nothing is said", _URL),
        ArgumentSpec("served_model", (), "the server's name for the model; where it has one alone, that"),
        ArgumentSpec("end_of_text", ("ignore_eos", "min_tokens"), "how it is asked to go on after an end-of-text"),
        ArgumentSpec(REMOTE, ("false", "true"), "true: it may be, or is, another machine than this"),
        ArgumentSpec("stall_s", (), f"seconds to wait for a token; {_STALL_S} where nothing is said", _STALL_S),
    ),
    why_not=_why_not,
    ahead=(StepAhead("greet", depends_on=(), is_kept=False),),  # what the server is belongs to identities
    is_client=True,
    build=_build,
    is_elsewhere=lambda scenario: scenario.engine_args[REMOTE] == "true",
)
