"""What a report ends with in a terminal: a few sentences on what is certain and what is not, and no figure twice."""

from __future__ import annotations

import pytest

from smjax.report.data.contents import Contents
from smjax.report.tables import last_words, report
from smjax.report.tables.report import Report
from tests.report.factory import failed, processes, read, scenarios
from tests.report.render.test_renderers import Terminal


def contents(records):
    return Contents(read(records), scenarios(records))


RECORDS = [*processes([[100], [104], [96]], flags=["disturbed"]), failed("killed", "out of memory", threads=2)]


def said(records):
    return {grid.title: grid.notes for grid in last_words.last_words(contents(records))}


def test_figures_that_a_table_has_are_not_said_again():
    words = said(RECORDS)
    assert "What is certain" not in words, "the one figure is in the table"
    assert any("out of memory" in note for note in words["What is not"])
    assert said([failed("failed", "no memory")])["What is certain"] == (
        "Nothing: no process finished ok, so there is no figure.",
    )


def test_of_many_sentences_the_first_are_told_and_the_others_counted(monkeypatch):
    monkeypatch.setattr(last_words, "_MOST", 1)
    found = said(RECORDS)["What is not"]
    assert len(found) == 2
    assert found[1].startswith("and ")
    assert found[1].endswith("more, which report.html says")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_what_is_no_terminal_gets_tables_alone(is_terminal, monkeypatch, capsys):
    stream = Terminal()
    if is_terminal:
        monkeypatch.setattr("sys.stdout", stream)
    report.tell(Report((), (), (), contents(RECORDS)))
    assert ("What is not" in stream.getvalue() + capsys.readouterr().out) is is_terminal
