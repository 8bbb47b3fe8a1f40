"""From JSON to dataclasses and back: what is absent has its default, what is wrong is named."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from smjax.core.records.answer import Answer, Clock, Memory, Sample
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
    samples=[Sample(1, 2, [3, 4], None)],
    memory=Memory(1, 2, None, 4),
    ghz=Clock(3.5, "read"),
    readings={"before": {"cpus": [0]}},
)


@pytest.mark.parametrize("whole", [REQUEST, ANSWER, Answer()])
def test_what_crosses_the_border_comes_out_as_it_went_in(whole: Any) -> None:
    assert decode(type(whole), json.loads(json.dumps(encode(whole)))) == whole
