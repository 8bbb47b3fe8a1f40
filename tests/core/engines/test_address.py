"""URLs of servers: what is one, what is a secret, and what is this machine."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from smjax.core.engines import ENGINES
from smjax.core.engines.address import Address, is_loopback, read_address
from smjax.core.engines.openai import address_of, stall_s
from smjax.core.errors import RequestError


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://127.0.0.1:8000", Address("http", "127.0.0.1", 8000, "")),
        ("http://localhost", Address("http", "localhost", 80, "")),
        ("https://example.org/v1/", Address("https", "example.org", 443, "")),
        ("https://example.org:444/a/b/v1", Address("https", "example.org", 444, "/a/b")),
        ("http://[::1]:8080/", Address("http", "::1", 8080, "")),
    ],
)
def test_what_a_url_names(url: str, found: Address) -> None:
    assert read_address("url", url) == found


@pytest.mark.parametrize(
    "url",
    [
        *("", "127.0.0.1:8000", "/", "ftp://a", "http://"),
        *("http://a:99999", "http://a:b", "http://a b", "http://a\n", "http://[1"),
    ],
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(RequestError, match=r"^url: expected http://HOST:PORT or https://HOST:PORT, found "):
        read_address("url", url)


@pytest.mark.parametrize("url", ["http://me:s3cret@a", "http://s3cret@a", "http://a/?key=s3cret", "http://a/#s3cret"])
def test_what_may_be_a_secret_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(RequestError, match=r"which would be recorded; leave it out$") as raised:
        read_address("url", url)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("place", "is_ours"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("2001:db8::1", False),
    ],
)
def test_what_is_this_machine(place: str, is_ours: bool) -> None:
    assert is_loopback(place) == is_ours


def _resolving(monkeypatch: pytest.MonkeyPatch, *places: str) -> None:
    def found(*_: Any, **__: Any) -> list[Any]:
        if not places:
            raise socket.gaierror("unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, 80)) for place in places]

    monkeypatch.setattr(socket, "getaddrinfo", found)


def arguments(**given: str) -> dict[str, str]:
    return {**ENGINES["openai"].defaults, "url": "http://name", **given}


def test_a_name_is_this_machine_s_only_where_all_that_it_stands_for_is(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolving(monkeypatch, "127.0.0.1", "::1")
    assert address_of(arguments())[1] == ["127.0.0.1", "::1"]
    _resolving(monkeypatch, "127.0.0.1", "10.1.2.3")
    with pytest.raises(RequestError, match=r"found name \(10\.1\.2\.3\); write engine_args\.remote=true if prompts"):
        address_of(arguments())
    assert address_of(arguments(remote="true"))[1] == ["127.0.0.1", "10.1.2.3"]


def test_a_name_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolving(monkeypatch)
    with pytest.raises(RequestError, match="expected a host that is known, found name"):
        address_of(arguments(remote="true"))


@pytest.mark.parametrize("text", ["", "soon", "0", "-1", "nan", "inf"])
def test_a_time_is_a_number_of_seconds(text: str) -> None:
    with pytest.raises(RequestError, match=r"engine_args\.stall_s: expected seconds above 0"):
        stall_s(arguments(stall_s=text))
    assert stall_s(arguments()) == 120
