"""A run as one HTML page that needs nothing else: no network, no script, no font of its own."""

from __future__ import annotations

from importlib.resources import files

from specdl.plan.machine import readable
from specdl.runner.report import charts, drawing, predictions, regions, sections
from specdl.runner.report.boxes import boxes
from specdl.runner.report.facts import RunFacts
from specdl.runner.report.history import curves
from specdl.runner.report.markup import Child, Element, Own, tag

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What the page may load and run, which is nothing: were a spec's text to slip out of its place, it
could do no harm."""
BESIDE = 520
"""A picture of the model up to this width has the table of layers beside it."""


def report(run: RunFacts) -> str:
    """The page of a run as HTML text; write it as UTF-8."""
    shown = [
        each
        for each in (training(run), outcome(run), model(run), memory(run), spec(run), machine(run))
        if each
    ]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{run.name} \u2013 specdl report"),
        tag("style", Own(style())),
    )
    body = tag("body", header(run, shown), tag("main", shown), tag("footer", footer(run)))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def style() -> str:
    """The style sheet."""
    return files("specdl.runner.report").joinpath("style.css").read_text(encoding="utf-8")


def header(run: RunFacts, shown: list[Element]) -> Element:
    """Name, description, the first figures, and links to the sections."""
    links = [tag("a", titled(each), href=f"#{each.attributes['id']}") for each in shown]
    return tag(
        "header",
        tag("p", "specdl report", class_="kind"),
        tag("h1", run.name),
        tag("p", run.description, class_="about") if run.description else None,
        tag("p", run.notice, class_="notice", role="note") if run.notice else None,
        sections.tiles(run),
        tag("nav", links, aria_label="Sections"),
    )


def titled(each: Element) -> str:
    """The heading of a section."""
    heading = next(child for child in each.children if isinstance(child, Element) and child.name == "h2")
    return str(heading.children[0])


def footer(run: RunFacts) -> Child:
    """Where the page comes from."""
    return tag("p", "Made by specdl", f" from {run.folder}" if run.folder else "", ".")


def section(key: str, title: str, *inside: Child) -> Element:
    """A part of the page with a heading."""
    return tag(
        "section", tag("h2", title, id=f"{key}-title"), *inside, id=key, aria_labelledby=f"{key}-title"
    )


def training(run: RunFacts) -> Element | None:
    """Curves, final figures, and how it was trained."""
    found = curves(run.history, run.better)
    final = sections.final(run)
    if not found and final is None:
        return None
    drawn = [charts.chart(each) for each in found if any(len(line) > 1 for line in each.lines.values())]
    tables = [tag("div", final, class_="card")] if final else []
    if run.settings:
        tables.append(tag("div", sections.pairs(run.settings), class_="card"))
    if len(drawn) == 1:
        beside = tag("div", tables, class_="stacked") if tables else None
        return section(
            "training", "Training", tag("div", drawn, beside, class_="columns"), sections.evaluations(found)
        )
    return section(
        "training",
        "Training",
        tag("div", drawn, class_="charts") if drawn else None,
        sections.evaluations(found),
        tag("div", tables, class_="columns") if tables else None,
    )


def outcome(run: RunFacts) -> Element | None:
    """Predictions against the truth."""
    several = len({each.output for each in run.predictions}) > 1
    drawn = [regions.section(each, several) for each in run.regions]
    drawn += [figure for each in run.predictions for figure in predictions.section(each, several)]
    return section("predictions", "Predictions", tag("div", drawn, class_="figures")) if drawn else None


def model(run: RunFacts) -> Element:
    """The picture of the model and the table of its layers."""
    picture = drawing.draw(run.graph)
    width = float(picture.attributes["style"].removeprefix("--width:").removesuffix("px"))
    tall = " tall" if len(boxes(run.graph).boxes) > drawing.MANY else ""
    frame = tag(
        "div",
        picture,
        class_=f"card picture scroll{tall}",
        tabindex=0,
        role="region",
        aria_label="Picture of the model",
    )
    table = tag("div", sections.layers(run), class_=f"card{tall}")
    kind = "beside" if width <= BESIDE else "stacked"
    return section("model", "Model", tag("div", frame, table, class_=kind))


def memory(run: RunFacts) -> Element:
    """Bytes by section."""
    size = readable(run.bytes.total)
    words = f"{size} for batches of up to {run.rows:,} samples: allocated once, before training."
    return section("memory", "Memory", tag("p", words), tag("div", sections.memory(run), class_="card"))


def spec(run: RunFacts) -> Element:
    """The spec as it was given."""
    code = tag("pre", tag("code", run.spec_text.rstrip()), tabindex=0)
    return section(
        "spec", "Spec", tag("p", tag("code", run.spec_file)), tag("div", code, class_="card source")
    )


def machine(run: RunFacts) -> Element | None:
    """What it was trained with."""
    if not run.environment:
        return None
    return section("environment", "Environment", tag("div", sections.pairs(run.environment), class_="card"))
