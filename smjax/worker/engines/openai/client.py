"""HTTP with one server: requests go to the one address that was judged, and no secret comes back in an error."""

from __future__ import annotations

import http.client
import json
import select
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

from smjax.core.engines.address import Address
from smjax.core.engines.openai import KEY_VARIABLE, key
from smjax.core.text import printable
from smjax.worker.engines.openai.events import Events

_CONNECT_S = 10.0
_ANSWER_BYTES, _READ_BYTES = 1 << 22, 1 << 16
"""Read of an answer that is one piece, and at once of a stream."""
_JSON, _EVENTS = "application/json", "text/event-stream"
_DONE = b"[DONE]"
_WHATEVER_IS_ASKED = (401, 403, 429, 503)
"""Statuses of whoever answers nothing. With any other one, 500 too, a request may be refused and another one taken."""


class ServerError(Exception):
    """What the server did instead of answering, in one line."""


class RefusedError(ServerError):
    """The server does not take the request as it is."""


class Client:
    """Asks one server, each time over a connection of its own that is there before it asks.

    Whatever goes wrong is a ServerError.
    """

    def __init__(self, address: Address, places: Sequence[str], stall_s: float) -> None:
        """Of its IP addresses, `places`, the first that answers is taken."""
        self._address, self._places, self._stall_s = address, places, stall_s
        self._key = key()
        self._ready: socket.socket | None = None
        self.server = ""
        """What the newest answer says of who gives it."""

    def connect(self) -> None:
        """Have a connection for the next request."""
        if self._ready is None or _has_ended(self._ready):
            self._ready = self._connected()

    def get(self, path: str) -> Any:
        """The JSON at a path."""
        return self._whole(*self._ask("GET", path, None, _JSON))

    def post(self, path: str, body: bytes) -> Any:
        """The JSON that answers a request."""
        return self._whole(*self._ask("POST", path, body, _JSON))

    def stream(self, path: str, body: bytes) -> Iterator[dict[str, Any]]:
        """The objects that answer a request, each as it arrives."""
        response, connected = self._ask("POST", path, body, _EVENTS)
        with response:
            events, received = Events(), b"\n"
            while received:
                deadline = time.monotonic() + self._stall_s
                found: list[bytes] = []
                while received and not found:  # what keeps the line open is no token
                    received = self._read(response, connected, deadline)
                    found = self._events(events, received)
                for data in found:
                    if data.strip() == _DONE:
                        return
                    yield self._object(data)

    def _read(self, response: http.client.HTTPResponse, connected: socket.socket, deadline: float) -> bytes:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise self._stalled()
        try:
            connected.settimeout(left_s)
            return response.read1(_READ_BYTES)
        except TimeoutError:
            raise self._stalled() from None
        except (OSError, http.client.HTTPException) as error:
            raise self._error(f"expected a whole answer, found that it was cut: {_named(error)}") from None

    def _events(self, events: Events, received: bytes) -> list[bytes]:
        try:
            return list(events.feed(received) if received else events.end())
        except ValueError as error:
            raise self._error(f"expected events, found {error}") from None

    def _object(self, data: bytes) -> dict[str, Any]:
        found = self._decoded(data)
        if not isinstance(found, dict):
            raise self._error(f"expected a JSON object in every event, found {self._shown(data)}")
        if "choices" not in found and (said := _said(found)):
            raise self._error(f"the server gave up: {self.quoted(said)}")
        return found

    def _ask(
        self, method: str, path: str, body: bytes | None, wanted: str
    ) -> tuple[http.client.HTTPResponse, socket.socket]:
        """The answer, once it has begun, and what it comes over."""
        self.connect()
        connected, self._ready = self._ready, None
        assert connected is not None
        connection = http.client.HTTPConnection(self._address.host, self._address.port)
        connection.sock = connected
        headers = {"Accept": wanted, "Content-Type": _JSON, "Connection": "close"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        try:
            connection.request(method, self._address.prefix + path, body, headers)
            response = connection.getresponse()
        except TimeoutError:
            raise self._stalled() from None
        except (OSError, http.client.HTTPException) as error:
            raise self._error(f"{method} {path}: expected an answer, found none: {_named(error)}") from None
        self.server = self.quoted(response.getheader("Server") or "").strip()
        self._judge(response, f"{method} {path}", wanted)
        return response, connected

    def _judge(self, response: http.client.HTTPResponse, asked: str, wanted: str) -> None:
        status, kind = response.status, response.headers.get_content_type()
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            told = f"found a redirection ({status}), which is not followed"
            raise self._error(f"{asked}: expected an answer, {told}", RefusedError)
        if status != HTTPStatus.OK:
            said = _said(_parsed(response))
            text = f"{asked}: expected an answer, found {status} {http.client.responses.get(status, '')}".rstrip()
            text += f": {self.quoted(said)}" if said else ""  # pages for people are not repeated
            if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                text += f"; give its key in the environment's {KEY_VARIABLE}"
            raise self._error(text, ServerError if status in _WHATEVER_IS_ASKED else RefusedError)
        if kind != wanted:
            raise self._error(f"{asked}: expected {wanted}, found {printable(kind)}", RefusedError)

    def _whole(self, response: http.client.HTTPResponse, connected: socket.socket) -> Any:
        with response:
            try:
                data = response.read(_ANSWER_BYTES)
            except TimeoutError:
                raise self._stalled() from None
            except (OSError, http.client.HTTPException) as error:
                raise self._error(f"expected a whole answer, found that it was cut: {_named(error)}") from None
        return self._decoded(data)

    def _decoded(self, data: bytes) -> Any:
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise self._error(f"expected JSON, found {self._shown(data)}") from None

    def _connected(self) -> socket.socket:
        """To the address that was judged: its name is not looked up a second time."""
        why = "no address"
        for place in self._places:
            try:
                found = _connected(place, self._address)
            except OSError as error:
                why = _named(error)
            else:
                found.settimeout(self._stall_s)
                self._places = [place]
                return found
        where = f"{self._address.host}:{self._address.port}"
        fix = "start it, or name another in engine_args.url"
        raise ServerError(f"expected a server at {where}, found none: {why}; {fix}")

    def _stalled(self) -> ServerError:
        return ServerError(
            f"expected a token within {self._stall_s:g} s, found none: the server stalls; "
            "raise engine_args.stall_s if it is only slow"
        )

    def _error(self, text: str, kind: type[ServerError] = ServerError) -> ServerError:
        return kind(self._without_key(text))

    def _shown(self, data: bytes) -> str:
        return self.quoted(data.decode(errors="replace"), 60)

    def quoted(self, text: str, limit: int = 200) -> str:
        """What the server says, cut once the key is out: half of one is still a secret."""
        return printable(self._without_key(text), limit)

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "***") if self._key else text


def _connected(place: str, address: Address) -> socket.socket:
    found = socket.create_connection((place, address.port), _CONNECT_S)
    try:
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address.scheme == "https":
            return ssl.create_default_context().wrap_socket(found, server_hostname=address.host)
    except BaseException:
        found.close()
        raise
    return found


def _has_ended(connected: socket.socket) -> bool:
    """Whether the other side has closed a connection on which nothing was asked yet.

    An encrypted one says something before it is asked.
    """
    return not isinstance(connected, ssl.SSLSocket) and bool(select.select([connected], [], [], 0)[0])


def _named(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) else str(error)
    return printable(said or type(error).__name__, 200)


def _parsed(response: http.client.HTTPResponse) -> Any:
    """What an error is, where it is a document."""
    try:
        return json.loads(response.read(_READ_BYTES))
    except (OSError, ValueError, RecursionError, http.client.HTTPException):
        return None


def _said(found: Any) -> str:
    """What a document says that tells of an error, in any of the ways in use; empty where it tells of none."""
    for _ in range(3):
        if isinstance(found, dict):
            found = next((found[name] for name in ("error", "message", "detail") if found.get(name)), "")
    return found if isinstance(found, str) else json.dumps(found) if found else ""
