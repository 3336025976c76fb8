"""What a model results in: the values behind `model.output`."""

from __future__ import annotations

from specdl.core.diagnostics import Path
from specdl.core.wording import quoted
from specdl.graph.report import Report, Result, Section, Site
from specdl.graph.scope import SHOWN, Binding, Scope, did_you_mean, follow
from specdl.spec.model import ModelSpec

Outputs = dict[str, Result | None]
"""Results by the names they are asked for; None for one that has a finding."""


def lookup(name: str, model: Scope, path: Path, section: Section, report: Report) -> Result | None:
    """The result a name outside the layers stands for; None, with E215 at `path`, if there is none."""
    root, *parts = name.split(".")
    found: Binding | Result | str = f"no layer is called `{name}`"
    if root in model.inputs:
        found = f"`{name}` is an input, and no layer's result"
    elif root in model.bound:
        found = follow(model.bound[root], parts)
    elif root in model.position:  # its name has a finding
        return None
    if isinstance(found, Binding):
        return found.result
    if isinstance(found, Result):
        return found
    known = list(model.bound)
    meant = did_you_mean(model, name) if root in model.bound else report.suggester.nearest(name, known)
    help = f"did you mean `{meant}`?" if meant else f"name {quoted(known[-SHOWN:], 'or')}"
    report.error(Site("", path, (section,)), "E215", found, help=help if known else None)
    return None


def outputs(spec: ModelSpec, model: Scope, report: Report) -> Outputs:
    """The model's results by name: those of `model.output`, else that of the last layer."""
    wanted = spec.model.output
    if wanted is None:
        last = model.names[-1]
        return {last: model.previous}
    names = (wanted,) if isinstance(wanted, str) else wanted
    if not names:
        help = f"leave it out: it is `{model.names[-1]}` then"
        report.error(
            Site("", ("model", "output"), (Section.OUTPUT,)), "E215", "`output` names no layer", help=help
        )
        return {model.names[-1]: None}
    found: Outputs = {}
    for i, name in enumerate(names):
        path: Path = ("model", "output") if isinstance(wanted, str) else ("model", "output", i)
        if name in found:
            message = f"`{name}` is named twice in `output`"
            report.error(Site("", path, (Section.OUTPUT,)), "E213", message)
            continue
        found[name] = lookup(name, model, path, Section.OUTPUT, report)
    return found
