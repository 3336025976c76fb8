import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from specdl.runner.report import report
from specdl.runner.report.markup import VOID
from tests.runner.report import runs

RUNS = {name: getattr(runs, name) for name in ("disc", "digits", "diabetes", "branches", "deep")}


class Reader(HTMLParser):
    """Tags in order, with every one closed where it should be."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.names, self.ids, self.links, self.text = [], [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), (tag, names)
        self.tags.append(tag)
        self.names += names
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [
            value for name, value in attrs if name in ("href", "src", "xlink:href", "data", "action")
        ]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text.append(data)


@pytest.fixture(scope="module", params=RUNS)
def page(request):
    return report(RUNS[request.param]())


def sections(text):
    return re.findall(r'<section id="(\w+)"', text)


def test_a_page_is_balanced_html(page):
    found = Reader(page)
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert len(set(found.ids)) == len(found.ids)
    assert all(link.removeprefix("#") in found.ids for link in found.links)


def test_a_page_needs_nothing_from_outside(page):
    before_the_spec = page[: page.index('<section id="spec"')]
    assert set(re.findall(r"\w+://[^\s\"'<)]*", before_the_spec)) <= {"http://www.w3.org/2000/svg"}
    for word in ("url(", "@import", "@font-face"):
        assert word not in before_the_spec
    found = Reader(page)
    assert {"script", "link", "img", "image", "iframe", "object", "embed", "use"}.isdisjoint(found.tags)
    assert not any(name.startswith("on") for name in found.names)


def test_a_page_is_small(page):
    assert len(page.encode()) < 1_000_000


def test_pictures_are_described(page):
    for svg in re.findall(r"<svg[^>]*>", page):
        assert 'role="img"' in svg
        assert re.search(r'aria-label="[^"]{10,}"', svg)
    for box in re.findall(r'<\w+ class="[^"]*scroll[^"]*"[^>]*>', page):
        assert 'tabindex="0"' in box
        assert "aria-label=" in box


def test_headings_step_down_one_at_a_time(page):
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))


def test_no_number_is_broken(page):
    drawn = re.findall(r'(?: d|points|x|y|cx|cy|r|width|height|transform|viewBox|style)="([^"]*)"', page)
    assert drawn
    assert not any(re.search(r"\b(nan|inf|None)\b", each) for each in drawn)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("disc", ["training", "predictions", "model", "memory", "spec", "environment"]),
        ("deep", ["model", "memory", "spec"]),
    ],
)
def test_sections_are_there_where_there_is_something_to_say(name, wanted):
    assert sections(report(RUNS[name]())) == wanted


@pytest.mark.parametrize(
    ("name", "regions", "confusion", "scatter"),
    [("disc", 1, 1, 0), ("digits", 0, 1, 0), ("diabetes", 0, 0, 1), ("branches", 0, 1, 1), ("deep", 0, 0, 0)],
)
def test_predictions_are_shown_by_their_kind(name, regions, confusion, scatter):
    text = report(RUNS[name]())
    found = [
        text.count(f"<h3>{title}") for title in ("Decision regions", "Confusion matrix", "Predicted against")
    ]
    assert found == [regions, confusion, scatter]


def test_a_chart_for_each_metric():
    assert len(re.findall(r'aria-label="[\w ]+ by epoch', report(runs.disc()))) == 3
    alone = replace(runs.disc(), history=runs.disc().history[:1])
    assert " by epoch" not in report(alone)


EVIL = "<script>alert(1)</script>\"'&\x00\ud800"


def test_what_comes_from_outside_is_inert():
    run = runs.branches()
    classes = replace(run.predictions[0], output=EVIL, labels=(EVIL, *"bcde"))
    graph = replace(run.graph, name=EVIL)
    text = report(
        replace(
            run,
            name=EVIL,
            description=EVIL,
            notice=EVIL,
            folder=EVIL,
            spec_file=EVIL,
            spec_text=EVIL,
            final_of=EVIL,
            graph=graph,
            settings={EVIL: EVIL},
            environment={EVIL: {EVIL: [EVIL]}},
            history=[{"epoch": i, "train": {EVIL: 1.0 + i}} for i in range(3)],
            final={"test": {EVIL: 1.0}},
            predictions=(classes, *run.predictions[1:]),
        )
    )
    found = Reader(text)
    assert "script" not in found.tags
    assert "<script" not in text
    assert "\x00" not in text
    text.encode("utf-8")
    assert any("<script>alert(1)</script>" in each for each in found.text)


def test_the_spec_is_shown_as_it_was_given():
    run = runs.disc()
    shown = Reader(report(run))
    assert run.spec_text.rstrip() in shown.text


def test_a_run_without_an_end_says_so():
    text = report(replace(runs.disc(), notice="Training diverged in epoch 3."))
    assert 'role="note">Training diverged in epoch 3.<' in text
    assert 'class="notice"' not in report(runs.disc())


def test_nothing_may_be_loaded_or_run():
    assert "content=\"default-src 'none'; style-src 'unsafe-inline'" in report(runs.disc()).replace(
        "&#x27;", "'"
    )


def test_the_same_facts_give_the_same_page():
    assert report(runs.digits()) == report(runs.digits())
