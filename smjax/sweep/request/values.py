"""Values as they were typed: what is no number or no known name is refused with what was probably meant."""

from __future__ import annotations

import math
import re

from smjax.core.errors import RequestError
from smjax.core.nearest import nearest
from smjax.sweep.request.keys import GROUP, NAME, NUMBER, SWITCH, WHOLE, Key
from smjax.sweep.request.overrides import Override, write

_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_SWITCH = ("true", "false", "yes", "no", "on", "off", "1", "0")
_EXPECTED = {WHOLE: "a whole number", NUMBER: "a number", SWITCH: "true or false"}
_WHOLE = re.compile(r"[+-]?[0-9][0-9_]{0,40}")
_SPAN = re.compile(r"(\d+)\s*(?:-|\.\.\.?|:|\u2013|to)\s*(\d+)")
_LISTED = 16
"""Numbers that are written out rather than as a range."""


def check(override: Override) -> None:
    """Raise RequestError for a value that its key cannot take; functions and interpolations are left to Hydra."""
    key, value = override.key, override.value
    if key.kind not in (WHOLE, NUMBER, SWITCH, NAME, GROUP) or re.search(r"[('\"$]", value):
        return
    for one in re.split(r"\s*,\s*", _unbracketed(key, value)):
        if not _fits(key, one):
            raise RequestError(f"{key.name}: expected {_expected(key)}, found {one or 'nothing'}{_fix(key, one)}")


def _unbracketed(key: Key, value: str) -> str:
    if value.startswith(("[", "{")):
        bare = re.sub(r"\s", "", value.strip("[]{}"))
        raise RequestError(f"{key.name}: expected {_expected(key)}, found {value}; {_list(key, bare)}")
    return value.strip()


def _fits(key: Key, element: str) -> bool:
    if element.lower() == "null" and key.is_optional:
        return True
    if key.kind == WHOLE:
        return _WHOLE.fullmatch(element) is not None and abs(int(element)) < 2**63
    if key.kind == NUMBER:
        return _is_number(element)
    if key.kind == SWITCH:
        return element.lower() in _SWITCH
    if key.kind == GROUP:
        return element in key.names
    # Other names may be known elsewhere, where they are judged, but one that is nearly known is a slip.
    return element in key.names or (element != "" and nearest(element, key.names) is None)


def _is_number(element: str) -> bool:
    try:
        return math.isfinite(float(element))
    except ValueError:
        return False


def _expected(key: Key) -> str:
    if key.kind in (GROUP, NAME):
        return f"one of {', '.join(key.names)}{', null' if key.is_optional else ''}"
    return _EXPECTED[key.kind] + (" or null" if key.is_optional else "")


def _fix(key: Key, element: str) -> str:
    """What was meant, after a semicolon, or nothing."""
    span = _SPAN.fullmatch(element)
    if span and key.kind == WHOLE:
        first, last = sorted(int(number) for number in span.groups())
        listed = ",".join(str(number) for number in range(first, last + 1)) if last - first < _LISTED else None
        return f"; {_list(key, listed or f'range({first},{last + 1})')}"
    if key.kind in (WHOLE, NUMBER) and re.fullmatch(r"\d+([;/| ]+\d+)+", element):
        return f"; {_list(key, re.sub(r'[;/| ]+', ',', element))}"
    if key.kind == WHOLE and _WHOLE.fullmatch(element):
        return "; it has to be below 2^63"
    meant = nearest(element, _SWITCH[:2] if key.kind == SWITCH else key.names)
    meant = meant or (_number_meant(element, key.kind) if key.kind in (WHOLE, NUMBER) else None)
    return f"; {write(f'{key.name}={meant}')}" if meant else ""


def _list(key: Key, values: str) -> str:
    return write(f"{key.name}={values}", sweep="," in values)


def _number_meant(element: str, kind: str) -> str | None:
    """`four`, `4k`, `4.0`, `2%`, `10s` as numbers."""
    word = element.casefold()
    if word in _WORDS:
        return str(_WORDS.index(word))
    found = re.fullmatch(r"(\d+(?:\.\d*)?(?:e\d+)?)\s*([a-z%]*)", word)
    factor = {"": 1, "k": 1024, "m": 2**20, "%": 0.01, "s": 1, "sec": 1, "min": 60, "h": 3600}
    if found is None or found[2] not in factor:
        return None
    meant = float(found[1]) * factor[found[2]]
    whole = meant == int(meant) and meant < 2**63
    return str(int(meant)) if whole else f"{meant:.6g}" if kind == NUMBER else None
