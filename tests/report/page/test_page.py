"""The whole page: well-formed, the same each time, with all figures, and nothing in it that others could run."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from html.parser import HTMLParser

import pytest

from smjax.core.errors import RequestError
from smjax.core.records.columns import COLUMNS
from smjax.core.records.per_point import per_point
from smjax.core.text import printable
from smjax.report.data.contents import Contents
from smjax.report.page.report import page
from smjax.report.page.write import write_page
from smjax.report.render.html.document import document
from tests.report.compare.sweeps import noise, sweep
from tests.report.factory import failed, read, record
from tests.report.op_factory import answer, process

EVIL = "</script><script>alert(1)</script>](javascript:alert(1)) \"' onload=x \u202egpj\u2028\ud800"
VOID = {"input", "link", "meta"}


class Document(HTMLParser):
    """What is in a page; every element that begins ends where it should."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.text = [], [], ""
        self.inside = {"script": [], "style": []}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, name, attributes):
        given = dict(attributes)
        assert len(given) == len(attributes), f"{name}: an attribute twice"
        self.elements.append((name, given))
        if name not in VOID:
            self.open.append(name)
        if name in self.inside:
            self.inside[name].append((given.get("type"), []))

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        if self.open and self.open[-1] in self.inside:
            self.inside[self.open[-1]][-1][1].append(data)
        else:
            self.text += data

    def content(self, name, kind=None):
        return ["".join(parts) for found, parts in self.inside[name] if found == kind]

    def attributes(self, name):
        return [given[name] for _, given in self.elements if name in given]


def made(records, refused=()):
    contents = Contents.of([one for each in read(records) for one in per_point(each)])
    return document(page(Contents(contents.records, contents.rows, refused)))


def sides(**changes):
    return sweep("kernel", {"xla": noise(1, 8, 0.004), "native": noise(2, 8, 0.004, 150)}, **changes)


@pytest.fixture(scope="module")
def whole():
    """Of two kernels, a row that failed, and ops."""
    refused = ["a/b/records/x.json: expected a record", "profile.json: expected a profile"]
    return made([*sides(), failed(threads=4, reason="no memory"), process([answer()])], refused)


def test_it_is_well_formed(whole):
    found = Document(whole)
    ids = found.attributes("id")
    headings = [int(name[1]) for name, _ in found.elements if re.fullmatch("h[1-6]", name)]
    assert len(set(ids)) == len(ids)
    assert (headings[0], headings.count(1)) == (1, 1)
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(headings))
    assert {anchor[1:] for anchor in found.attributes("href") if anchor.startswith("#")} <= set(ids)
    assert set(found.attributes("aria-labelledby")) <= set(ids)
    names = [name for name, _ in found.elements]
    assert {"header", "nav", "main", "footer"} <= set(names)


def test_its_policy_allows_its_own_scripts_and_styles_alone(whole):
    found = Document(whole)
    (policy,) = (given["content"] for _, given in found.elements if "http-equiv" in given)
    said = dict(part.split(" ", 1) for part in policy.split("; "))
    for directive, name in (("script-src", "script"), ("style-src", "style")):
        hashes = [hashlib.sha256(one.encode()).digest() for one in found.content(name)]
        assert said[directive].split() == [f"'sha256-{base64.b64encode(one).decode()}'" for one in hashes]
    assert said["default-src"] == said["base-uri"] == said["form-action"] == "'none'"
    assert not {"style", "onclick", "onload", "src", "srcset"} & {name for _, given in found.elements for name in given}
    assert all(target.startswith(("#", "data:")) for target in found.attributes("href"))


def test_it_says_what_failed_and_what_could_not_be_read(whole):
    text = Document(whole).text
    assert "1 of 1 processes: no memory" in text
    assert "records/x.json: expected a record" in text
    assert "a/b/" not in text, "where a folder lies changes nothing"
    assert "profile.json: expected a profile" in text


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([record()], [True, False, False]),
        ([process([answer()])], [False, True, False]),
        ([record() | {"provenance": "imported"}], [False, False, True]),
        ([record(), process([answer()]), record() | {"provenance": "synthetic"}], [True, True, True]),
    ],
)
def test_its_method_is_that_of_its_rows(records, said):
    text = Document(made(records)).text
    wanted = ("every process is a fresh one", "A figure of an operation is", " rows are as their source defines them")
    assert [one in text for one in wanted] == said


def test_it_has_all_figures_of_the_rows():
    records = read(sides())
    contents = Contents.of(records)
    found = Document(document(page(contents)))
    (data,) = [one for one in map(json.loads, found.content("script", "application/json")) if "columns" in one]
    columns = {column["name"]: column for column in data["columns"]}
    for name in (column.name for column in COLUMNS if column.kind != "text"):
        values = contents.rows[name].to_list()
        is_there = any(value not in (None, "", "auto") for value in values) and not name.endswith(("_lo", "_hi"))
        assert (name in columns) == is_there, name
        if is_there and columns[name]["values"] is not None:
            assert columns[name]["values"] == pytest.approx(values, rel=1e-6), name
    los, his = columns["decode_tok_per_s"]["ends"]
    assert los == pytest.approx(contents.rows["decode_tok_per_s_lo"].to_list(), rel=1e-6)
    assert his == pytest.approx(contents.rows["decode_tok_per_s_hi"].to_list(), rel=1e-6)
    assert data["statuses"] == ["ok", "ok"]


def test_names_are_inert():
    machine = {"cpu": {"model": EVIL, "arch": "x86_64", "governor": EVIL}, "os": {"name": EVIL}}
    one = record(model=EVIL, label=EVIL, flags=[EVIL], machine=machine)
    other = failed(model=EVIL, label=EVIL, threads=2, reason=EVIL, machine=machine)
    text = made([one, other, *sides(label=EVIL)], [EVIL])
    found = Document(text)
    plain = Document(made([record(), failed(threads=2), *sides(label="x")], ["x"]))
    assert "alert(1)</script>" not in text.replace("&lt;", "")
    assert not re.search("[\u202e\u2028\ud800]", text)
    assert found.attributes("onload") == []
    scripts = [Document(text).content("script"), plain.content("script")]
    assert scripts[0] == scripts[1]
    assert printable(EVIL) in found.text


def test_a_long_name_is_cut():
    long = made([record(model="m" * 1_000_000, label="l" * 1_000_000)])
    assert len(long) < len(made([record()])) + 100_000


def test_the_same_records_give_the_same_page():
    records = [*sides(), failed(threads=4)]
    assert made(records) == made(records)
    assert len(made(records).encode()) < 3_000_000


def test_imports_without_sizes_and_old_records_have_a_page():
    nothing = record() | {"environment": {}, "host": "", "model": {}, "versions": {}}
    assert "A machine of an unknown kind" in Document(made([nothing])).text


def test_a_page_that_cannot_be_written_or_made_is_one_complaint(tmp_path, monkeypatch):
    contents = Contents.of(read([record()]))
    path = tmp_path / "report.html"
    path.mkdir()
    with pytest.raises(RequestError, match=r"report\.html: expected to write"):
        write_page(path, contents)
    path.rmdir()
    monkeypatch.setattr("smjax.report.page.report.page", lambda contents: 1 / 0)
    with pytest.raises(RequestError, match="expected a page, found ZeroDivisionError"):
        write_page(path, contents)
    assert list(tmp_path.iterdir()) == []
