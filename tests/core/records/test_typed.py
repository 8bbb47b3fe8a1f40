"""From JSON to dataclasses and back: what is absent has its default, what is wrong is named."""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from smjax.core.records.answer import Answer, Clock, Memory, Sample
from smjax.core.records.quantities import Date, Index, Nanoseconds, Rate
from smjax.core.records.request import Request
from smjax.core.records.typed import WrongValueError, decode, encode
from tests.sweep.points import chosen
from tests.worker.models import scenario


@dataclass
class Inner:
    size: int
    ratio: float = 1.0


@dataclass
class Outer:
    name: str
    kind: Literal["big", "small"] = "big"
    is_open: bool = False
    inner: Inner | None = None
    many: list[Inner] = field(default_factory=list)
    pairs: tuple[tuple[str, int], ...] = ()
    named: dict[str, int] = field(default_factory=dict)
    anything: Any = None


def test_what_is_absent_has_its_default_and_what_is_unknown_is_ignored() -> None:
    assert decode(Outer, {"name": "a", "of the future": 1}) == Outer("a")


def test_everything_is_of_its_kind() -> None:
    data = {
        "name": "a",
        "kind": "small",
        "is_open": True,
        "inner": {"size": 1, "ratio": 2},
        "many": [{"size": 2}, {"size": 3}],
        "named": {"x": 4},
        "anything": [{}, None],
    }
    found = decode(Outer, data)
    assert found.inner == Inner(1, 2)
    assert found.many == [Inner(2), Inner(3)]
    assert (found.kind, found.is_open, found.named, found.anything) == ("small", True, {"x": 4}, [{}, None])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": 1}, "name: expected a text, found 1"),
        ({"name": None}, "name: expected a text, found None"),
        ({"kind": "huge"}, "kind: expected one of big, small, found 'huge'"),
        ({"is_open": 1}, "is_open: expected true or false, found 1"),
        ({"inner": {}}, "inner.size: expected it, found nothing"),
        ({"inner": {"size": True}}, "inner.size: expected a whole number, found True"),
        ({"inner": {"size": 1.0}}, "inner.size: expected a whole number, found 1.0"),
        ({"inner": {"size": 1, "ratio": "1"}}, "inner.ratio: expected a number, found '1'"),
        ({"many": {}}, "many: expected a list, found {}"),
        ({"many": [{"size": 1}, []]}, "many[1]: expected an object, found []"),
        ({"named": {"x": "y"}}, "named.x: expected a whole number, found 'y'"),
        ({"named": "x" * 100}, f"named: expected an object, found '{'x' * 38}…"),
    ],
)
def test_the_first_wrong_value_is_named(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongValueError) as error:
        decode(Outer, {"name": "a", **changed})
    assert str(error.value) == said


@pytest.mark.parametrize("data", [None, 1, "x", [], [{}]])
def test_the_whole_has_to_be_an_object(data: object) -> None:
    with pytest.raises(WrongValueError, match=r"^the whole: expected an object, found "):
        decode(Outer, data)


REQUEST = Request("measure", chosen(scenario(threads=2)), {"tune": {"variants": {"a": "b"}}}, "/cache", cpus=[0, 1])
ANSWER = Answer(
    "ok",
    samples=[Sample(1, 2, array("I", [3, 4]), None)],
    memory=Memory(1, 2, None, 4),
    ghz=Clock(3.5, "read"),
    readings={"before": {"cpus": [0]}},
)


@pytest.mark.parametrize("whole", [REQUEST, ANSWER, Answer()])
def test_what_crosses_the_border_comes_out_as_it_went_in(whole: Any) -> None:
    assert decode(type(whole), json.loads(json.dumps(encode(whole)))) == whole


# what a kind says beside the type


@dataclass
class Measured:
    times: Sequence[int] | None = None
    took: Nanoseconds = 0
    at: Date = "2026-01-01T00:00:00Z"
    rate: Rate | None = None
    attempt: Index = 0
    flags: list[str] = field(default_factory=list)


def test_null_is_unknown_like_what_is_absent() -> None:
    assert decode(Measured, dict.fromkeys(("times", "took", "at", "rate", "attempt", "flags"))) == Measured()


@pytest.mark.parametrize("times", [[], [0, 1, 2**32 - 1], [0, 2**32, 2**63 - 1]])
def test_times_are_kept_as_they_are(times: list[int]) -> None:
    found = decode(Measured, {"times": times}).times
    assert list(found or ()) == times
    assert encode(Measured(times=found))["times"] == times


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"times": [1, -1]}, "times[1]: expected a whole number from 0, found -1"),
        ({"times": [2**70]}, f"times[0]: expected a whole number from 0, found {2**70}"),
        ({"times": [5, 6.0]}, "times[1]: expected a whole number from 0, found 6.0"),
        ({"times": [7, None]}, "times[1]: expected a whole number from 0, found None"),
        ({"times": [7, True]}, "times[1]: expected a whole number, found True"),
        ({"times": "many"}, "times: expected a list, found 'many'"),
        ({"took": -1}, "took: expected nanoseconds from 0 to 1,000,000,000,000,000, found -1"),
        ({"took": 10**5000}, "took: expected a whole number of a finite size, found something too long to be shown"),
        ({"rate": math.nan}, "rate: expected a number of a finite size, found nan"),
        ({"rate": -math.inf}, "rate: expected a number of a finite size, found -inf"),
        ({"attempt": 10**12}, "attempt: expected a whole number from 0 to 1,000,000, found 1000000000000"),
        ({"at": "2026-02-30T00:00:00Z"}, "at: expected a date and time in UTC, as in 2026-02-28T12:00:00Z, found"),
        ({"at": "2026-02-03T00:00:00"}, "at: expected a date and time in UTC"),
        ({"at": "2026-02-03T00:00:00+01:00"}, "at: expected a date and time in UTC"),
        ({"at": "yesterday"}, "at: expected a date and time in UTC"),
        ({"flags": ["a", 1]}, "flags[1]: expected a text, found 1"),
    ],
)
def test_what_no_value_of_its_kind_can_be_is_named(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongValueError) as error:
        decode(Measured, changed)
    assert str(error.value).startswith(said)
    assert len(str(error.value)) < 200
