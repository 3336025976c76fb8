import pytest

from specdl.runner.report.markup import Own, number, tag


def test_texts_and_attributes_are_escaped():
    element = tag("p", "<script>alert(1)</script> & more", title='"><script>')
    assert str(element) == (
        '<p title="&quot;&gt;&lt;script&gt;">&lt;script&gt;alert(1)&lt;/script&gt; &amp; more</p>'
    )


def test_children_may_be_lists_numbers_or_nothing():
    assert str(tag("ul", [tag("li", 1), None, [tag("li", 2.5)]], "x")) == "<ul><li>1</li><li>2.5</li>x</ul>"


def test_only_what_is_our_own_goes_out_as_it_is():
    assert str(tag("style", Own("a > b {}"))) == "<style>a > b {}</style>"


def test_elements_without_content_have_no_end_tag():
    assert str(tag("meta", charset="utf-8")) == '<meta charset="utf-8">'


def test_attributes_that_are_none_or_false_are_left_out():
    assert str(tag("a", class_="x", title=None, hidden=False)) == '<a class="x"></a>'


@pytest.mark.parametrize("char", ["\x00", "\x1b", "\ud800", "\u202e", "\u2066", "\x85"])
def test_characters_that_no_page_may_hold_become_a_mark(char):
    assert str(tag("p", f"a{char}b", title=char)) == '<p title="\ufffd">a\ufffdb</p>'


def test_line_ends_and_tabs_stay():
    assert str(tag("pre", "a\n\tb")) == "<pre>a\n\tb</pre>"


def test_lengths_are_short():
    assert [number(each) for each in (1, 1.5, 2 / 3, -0.0001, 1200.0)] == ["1", "1.5", "0.67", "0", "1200"]
