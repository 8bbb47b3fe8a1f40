"""A server that answers as it is told to, well or not, on a port of this machine and in a thread of its own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VOCABULARY = 1024
FINISH = "data: [DONE]\n\n"


def answer_to(prompt: list[int], n: int) -> list[int]:
    """The ids that follow."""
    found, last = [], prompt[-1] + 31 * len(prompt)
    for _ in range(n):
        last = (7 * last + 3) % VOCABULARY
        found.append(last)
    return found


@dataclass
class Behaviour:
    """What the server does; as it stands a server with everything, such as vLLM's."""

    takes_ids: bool = True
    gives_ids: bool = True
    gives_usage: bool = True
    known_fields: tuple[str, ...] | None = None
    """None for all."""
    refusal: int = 400
    models: tuple[str, ...] = ("fake",)
    key: str = ""
    status: int = 200
    error: bytes = b""
    content_type: str = "text/event-stream"
    location: str = ""
    chunks: Callable[[list[int]], list[list[int]]] = lambda ids: [[i] for i in ids]
    """How the answer's ids are divided among events."""
    stops_after: int | None = None
    """Tokens after which it ends, whatever is asked."""
    counts: Callable[[int], int] = lambda n: n
    """What its usage says of n tokens."""
    counts_prompt: Callable[[int], int] = lambda n: n
    n_cached: int | None = None
    caches: bool = False
    """Whether it answers what it knows without computing, and says so."""
    write: Callable[[Any, str], None] | None = None
    """Sends one event in a way of its own."""
    before: str = ""
    """What it sends before anything else of a stream."""
    cut_after: int | None = None
    stall_after: int | None = None
    stall_s: float = 0.0
    pings: bool = False
    text_of: Callable[[int], str] = lambda i: f" w{i}"
    echo: bool = False
    fingerprint: str = "fp-1"
    log: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    """Path, body and headers of every request."""
    seen: set[str] = field(default_factory=set)

    def bodies(self) -> list[dict[str, Any]]:
        """Of the requests for completions."""
        return [body for path, body, _ in self.log if path.endswith("/v1/completions")]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "fake/1.0", ""
    server: Any

    @property
    def how(self) -> Behaviour:
        found: Behaviour = self.server.behaviour
        return found

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.how.log.append((self.path, {}, dict(self.headers)))
        if self._is_refused():
            return
        if self.path.endswith("/v1/models"):
            self._send({"object": "list", "data": [{"id": name} for name in self.how.models]})
        elif self.path == "/version":
            self._send({"version": "9.9"})
        else:
            self._send({"error": {"message": "no such place"}}, 404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.how.log.append((self.path, body, dict(self.headers)))
        if self._is_refused():
            return
        known = self.how.known_fields
        if known is not None and (unknown := body.keys() - {*known, *_EVERYBODY_S}):
            self._send({"error": {"message": f"unknown: {', '.join(sorted(unknown))}"}}, self.how.refusal)
        elif body.get("echo") and not self.how.echo:
            self._send({"error": {"message": "no echo"}}, self.how.refusal)
        elif isinstance(body["prompt"], list) and not self.how.takes_ids:
            self._send({"error": {"message": "prompt: expected a text"}}, self.how.refusal)
        else:
            self._complete(body)

    def _is_refused(self) -> bool:
        how = self.how
        if how.key and self.headers.get("Authorization") != f"Bearer {how.key}":
            self._send({"error": {"message": f"wrong key {self.headers.get('Authorization')}"}}, 401)
            return True
        if how.status != 200:
            self.send_response(how.status)
            if how.location:
                self.send_header("Location", how.location)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(how.error)))
            self.end_headers()
            self.wfile.write(how.error)
            return True
        return False

    def _complete(self, body: dict[str, Any]) -> None:
        how, prompt = self.how, _ids(body["prompt"])
        is_known = json.dumps(body["prompt"]) in how.seen
        how.seen.add(json.dumps(body["prompt"]))
        wanted = body["max_tokens"]
        ids = answer_to(prompt, wanted if how.stops_after is None else min(wanted, how.stops_after))
        finish = "length" if len(ids) == wanted else "stop"
        cached = len(prompt) - 1 if how.caches and is_known else how.n_cached
        usage = {
            "prompt_tokens": how.counts_prompt(len(prompt)),
            "completion_tokens": how.counts(len(ids)),
            **({} if cached is None else {"prompt_tokens_details": {"cached_tokens": cached}}),
        }
        if not body["stream"]:
            self._send({"choices": [self._choice(ids, finish, body, prompt)], "usage": usage})
            return
        self.send_response(200)
        self.send_header("Content-Type", how.content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if how.before:
            self._chunk(how.before)
        for number, part in enumerate(how.chunks(ids)):
            if number == how.cut_after:
                self.close_connection = True
                return
            if number == how.stall_after:
                self._stall()
            self._event({"choices": [self._choice(part, None, body, prompt)]})
        asked = body.get("stream_options", {}).get("include_usage")
        self._event(
            {"choices": [{"text": "", "index": 0, "finish_reason": finish}], "system_fingerprint": how.fingerprint}
        )
        if asked and how.gives_usage:
            self._event({"choices": [], "usage": usage})
        self._chunk(FINISH)
        self.wfile.write(b"0\r\n\r\n")

    def _choice(self, ids: list[int], finish: str | None, body: dict[str, Any], prompt: list[int]) -> dict[str, Any]:
        how = self.how
        found: dict[str, Any] = {"text": "".join(map(how.text_of, ids)), "index": 0, "finish_reason": finish}
        if how.gives_ids and body.get("return_token_ids"):
            found["token_ids"] = ids
        if body.get("logprobs"):
            repeated = [None, *(-1.0 for _ in prompt[1:])] if body.get("echo") else []
            found["logprobs"] = {"token_logprobs": [*repeated, *(-0.5 for _ in ids)]}
        return found

    def _stall(self) -> None:
        until = time.monotonic() + self.how.stall_s
        while time.monotonic() < until and not self.server.is_over.is_set():
            time.sleep(0.02)
            if self.how.pings:
                self._chunk(": ping\n\n")

    def _event(self, found: dict[str, Any]) -> None:
        data = json.dumps(found, ensure_ascii=False)
        if self.how.write is None:
            self._chunk(f"data: {data}\n\n")
        else:
            self.how.write(self._chunk, data)

    def _chunk(self, text: str | bytes) -> None:
        data = text.encode() if isinstance(text, str) else text
        try:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        except OSError:  # nobody listens any more
            self.close_connection = True

    def _send(self, found: Any, status: int = 200) -> None:
        data = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


_EVERYBODY_S = ("model", "prompt", "max_tokens", "temperature", "stream")


def _ids(prompt: list[int] | str) -> list[int]:
    """A text is as many tokens as it has words."""
    return prompt if isinstance(prompt, list) else [len(word) for word in prompt.split()]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behaviour, self.is_over = behaviour, threading.Event()

    def handle_error(self, *_: Any) -> None:
        """A client that ends a connection is none."""


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[str]:
    """The URL of a server that behaves so."""
    server = _Server(behaviour)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()
