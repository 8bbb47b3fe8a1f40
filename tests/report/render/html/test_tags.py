"""HTML from Python: text is escaped wherever it stands, and only elements are elements."""

from __future__ import annotations

import json

import pytest

from smjax.report.render.html.tags import LONGEST, Markup, as_json, joined, tag, text


def test_children_and_attributes_are_escaped_unless_they_are_markup():
    assert tag("p", "<b>", tag("b", "&"), None, title='"x" & <y>') == (
        '<p title="&quot;x&quot; &amp; &lt;y&gt;">&lt;b&gt;<b>&amp;</b></p>'
    )
    assert joined(["<", Markup("<br>"), [">"]]) == "&lt;<br>&gt;"


def test_names_of_attributes_and_elements_without_an_end():
    assert tag("input", class_="a", aria_label="b", checked=True, disabled=False, id=None) == (
        '<input class="a" aria-label="b" checked>'
    )


def test_what_is_not_seen_is_told_and_what_is_long_is_cut():
    assert text("a\u202eb\n\ud800") == r"a\u202eb\n\ud800"
    assert text("x" * (LONGEST + 1)) == "x" * LONGEST + "…"


@pytest.mark.parametrize("value", ["</script>", "<!--", "]]>", "\u2028\u2029", "\ud800", {"a": ["&", 1.5, None]}])
def test_data_cannot_end_their_element_and_stay_the_same(value):
    told = as_json(value)
    assert told.isascii()
    assert not set("<>&") & set(told)
    assert json.loads(told) == value


def test_no_number_is_no_data():
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json(float("nan"))
