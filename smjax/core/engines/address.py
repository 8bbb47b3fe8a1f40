"""Where a server is, from a URL that somebody wrote and that has no secret in it, and whether that is this machine."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from smjax.core.errors import RequestError
from smjax.core.text import printable

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    """What is connected to, and what stands before every path there."""

    scheme: str
    host: str
    port: int
    prefix: str

    def places(self) -> list[str]:
        """Its IP addresses; raises OSError where nobody knows its name."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(place[4][0]) for place in found))


def read_address(where: str, url: str) -> Address:
    """The address that a URL names; raises RequestError, which says `where` it was found and shows no secret of it."""
    expected = f"{where}: expected http://HOST:PORT or https://HOST:PORT"
    if not url.isascii() or not url.isprintable() or " " in url:
        raise RequestError(f"{expected}, found characters that no URL has")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise RequestError(f"{expected}, found another port or host") from None
    _refuse_secrets(expected, parts)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise RequestError(f"{expected}, found {printable(url)}")
    prefix = parts.path.rstrip("/").removesuffix("/v1")
    return Address(parts.scheme, parts.hostname, _PORTS[parts.scheme] if port is None else port, prefix)


def is_loopback(place: str) -> bool:
    """Whether an IP address is this machine's own."""
    address = ipaddress.ip_address(place.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _refuse_secrets(expected: str, parts: SplitResult) -> None:
    """A record keeps the URL: what may be a secret is neither kept nor shown."""
    for what, found in (
        ("a user or a password", "@" in parts.netloc),
        ("a query", parts.query),
        ("a fragment", parts.fragment),
    ):
        if found:
            raise RequestError(f"{expected}, found one with {what}, which would be recorded; leave it out")
