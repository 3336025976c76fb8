"""What is said of the thing under the cursor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from specdl.core.diagnostics import Path, below
from specdl.core.entry import Entry
from specdl.core.wording import quoted
from specdl.editor import docs
from specdl.editor.figures import Figures
from specdl.editor.slots import chosen, is_block, is_layer, place, slot
from specdl.editor.view import Token, View
from specdl.plan.machine import readable
from specdl.spec.expressions import FAILED, ExpressionError, Failed, substitute
from specdl.spec.fields import CATALOGS, NOUNS
from specdl.spec.text import Span
from specdl.spec.variables import evaluate

SHOWN = 12
"""How many layers of a block, or parameters, are listed."""
SHOWN_USES = 4


@dataclass(frozen=True)
class Hover:
    """Markdown about a piece of text."""

    text: str
    span: Span


def hover(view: View, offset: int) -> Hover | None:
    """What there is to say of the text at an offset."""
    token = view.at(offset)
    if token is None:
        return None
    said = [each for each in parts(view, token, offset) if each]
    return Hover("\n\n---\n\n".join(dict.fromkeys(said)), token.span) if said else None


def parts(view: View, token: Token, offset: int) -> Iterator[str | None]:
    """The paragraphs about a token, the nearest matter first."""
    path, value = token.path, below(view.spec, token.path)
    if token.at_key:
        yield of_named_key(view, path) or key_page(view.spec, path)
        return
    here = place(view.spec, path)
    if isinstance(value, str) and "${" in value:
        yield expression(view, path, value)
    use = view.use(offset)
    if use is not None and use.target != path:
        yield of_target(view, use.target)
    if here is not None and is_layer(here.kind):
        yield layer_page(view, path)
    elif path[-1:] == ("type",) and isinstance(value, str):
        yield type_page(view, path[:-1])
    elif path[-1:] == ("name",) and (around := place(view.spec, path[:-1])) and is_layer(around.kind):
        yield layer_page(view, path[:-1])
    elif here is not None and slot(here.kind) and isinstance(value, str):
        yield tag_page(here.kind, value)
    elif here is not None and here.key is not None:
        yield docs.of_key(here.key, here.owner)


def key_page(spec: Any, path: Path) -> str | None:
    """What a key means."""
    found = place(spec, path)
    if found is not None and found.key is not None:
        return docs.of_key(found.key, found.owner)
    around = place(spec, path[:-1])
    where = slot(around.kind) if around else None
    if where is None or path[-1] != "type":
        return None
    tags = quoted(CATALOGS[where.category].tags(), "or")
    return f"**type**: the {NOUNS[where.category]}, {tags}"


def of_named_key(view: View, path: Path) -> str | None:
    """What is said of keys that are names: of variables, blocks and their parameters."""
    if path[0] in ("vars", "blocks") and len(path) in (2, 4):
        return of_target(view, path)
    if len(path) > 2 and path[-2] == "with":
        block = below(view.spec, (*path[:-2], "block"))
        return of_target(view, ("blocks", block, "params", path[-1])) if isinstance(block, str) else None
    return None


def of_target(view: View, target: Path) -> str | None:
    """What is said of something by its name."""
    if len(target) == 2 and target[0] == "vars":
        value = evaluate(view.spec.get("vars"))[0].get(str(target[1]), FAILED)
        return None if isinstance(value, Failed) else f"`{target[1]}` = `{shown(value)}`"
    if len(target) == 2 and target[0] == "blocks":
        return block_page(view, str(target[1]))
    if len(target) == 4 and target[0] == "blocks" and target[2] == "params":
        declared = below(view.spec, target)
        kind = declared.get("type") if isinstance(declared, dict) else declared
        default = declared.get("default") if isinstance(declared, dict) else None
        said = "required" if default is None else f"`{shown(default)}` by default"
        return f"**{target[3]}**: `{kind}`, {said}; a parameter of the block `{target[1]}`" if kind else None
    if target[:2] in (("model", "input"), ("model", "inputs")):
        return input_page(view, target)
    return layer_page(view, target)


def shown(value: Any) -> str:
    """A value as a spec has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def input_page(view: View, path: Path) -> str | None:
    """What one of the model's inputs is."""
    if view.numbers is None:
        return None
    name, compilation = str(path[-1]), view.numbers.compilation
    type = compilation.graph.inputs.get(name)
    return f"**{name}**: input `{type.bind(compilation.plan.rows)}`" if type else None


def block_page(view: View, name: str) -> str | None:
    """What a template is: its parameters, its layers, and where it is used."""
    template = view.outline.blocks.get(name)
    if not isinstance(template, dict):
        return None
    params = ", ".join(f"`{each}`" for each in view.outline.params(name)) or "none"
    layers = template.get("layers")
    tags = [f"`{each.get('type')}`" for each in layers or () if isinstance(each, dict)]
    count = sum(is_block(raw) and raw.get("block") == name for _, _, raw in view.outline.layers())
    said = f"**{name}**: block; parameters: {params}; used {count} time{'' if count == 1 else 's'}"
    return f"{said}\n\nLayers: {', '.join(tags[:SHOWN])}{', ...' if len(tags) > SHOWN else ''}"


def type_page(view: View, path: Path) -> str | None:
    """The page of what a mapping's `type` names: of a layer with its figures."""
    found = place(view.spec, path)
    if found is None:
        return None
    raw = below(view.spec, path)
    if is_layer(found.kind):
        return layer_page(view, path, whole=True)
    return tag_page(found.kind, raw.get("type") if isinstance(raw, dict) else None)


def tag_page(kind: Any, tag: Any) -> str | None:
    """The page of a tag in a slot."""
    where = slot(kind)
    return docs.of_type(where.category, tag) if where and isinstance(tag, str) else None


def layer_page(view: View, path: Path, whole: bool = False) -> str | None:
    """A layer: its type, its shapes and its costs; with `whole` all of its type's page."""
    raw = below(view.spec, path)
    found = place(view.spec, path)
    cls = chosen(found.kind, raw) if found else None
    if not isinstance(raw, dict) or cls is None:
        return None
    name = view.outline.name(path)
    tag = raw.get("type")
    head = f"**{name}**: `{tag}`" if name and name != tag else f"`{tag}`"
    page = (docs.of_type("layers", str(tag)) if whole else docs.paragraph(cls)) or ""
    return "\n\n".join(part for part in (head, figures(view, path, cls), page) if part)


def figures(view: View, path: Path, cls: type[Entry]) -> str:
    """The figures of a layer at its place; of a block's layer those of its first uses."""
    names = view.numbers.names.get(path, []) if view.numbers else []
    names = [each for each in names if not any(each.startswith(f"{other}.") for other in names)]
    said: list[str] = []
    for name in names[:SHOWN_USES]:
        found = view.numbers.of(name) if view.numbers else None
        if found is None:
            said.append(f"`{name}`: no result of it is used, so it is left out of the model")
        else:
            said.append(card(found, titled=len(names) > 1))
    if len(names) > SHOWN_USES:
        said.append(f"and {len(names) - SHOWN_USES:,} more uses")
    return "\n\n".join(said)


def card(found: Figures, titled: bool) -> str:
    """The figures of a layer as a list."""
    lines = [f"`{found.name}`", ""] if titled else []
    reads = ", ".join(f"`{type}`" for type in found.reads)
    makes = ", ".join(f"`{type}`" for type in found.makes)
    lines.append(f"- shape: {reads} → {makes}")
    if found.parameters:
        listed = [f"`{each.name}` `{each.type}`{mark(each)}" for each in found.parameters[:SHOWN]]
        more = ", ..." if len(found.parameters) > SHOWN else ""
        lines.append(f"- parameters: {found.elements:,} in {nbytes(found.bytes)}: {', '.join(listed)}{more}")
    else:
        lines.append("- parameters: none")
    lines.append(f"- activations: {nbytes(found.activations)} for a batch of {found.rows:,}")
    lines.append(f"- FLOPs: {found.flops:,} forward for one sample")
    if found.inside:
        more = f" and {len(found.inside) - SHOWN:,} more" if len(found.inside) > SHOWN else ""
        lines += [f"- stands for {len(found.inside):,} layers:"]
        lines += [f"  - `{each}`" for each in found.inside[:SHOWN]]
        lines += [f"  -{more}"] if more else []
    return "\n".join(lines)


def mark(owned: Any) -> str:
    """What is special about a parameter."""
    return " (tied)" if owned.tied else "" if owned.trainable else " (frozen)"


def nbytes(count: int) -> str:
    """Bytes, and the same in a larger unit."""
    words = readable(count)
    return f"{count:,} bytes" if words.endswith("bytes") else f"{count:,} bytes ({words})"


def expression(view: View, path: Path, text: str) -> str | None:
    """The value of a text with `${...}`; in a template, for each of its uses."""
    variables = evaluate(view.spec.get("vars"))[0]
    if path[0] != "blocks" or len(path) < 4:
        value = computed(text, variables)
        return None if value is None else f"`{text}` = `{shown(value)}`"
    found: dict[str, None] = {}
    for group, at, raw in view.outline.layers():
        if is_block(raw) and raw.get("block") == path[1]:
            value = computed(text, {**variables, **arguments(view, str(path[1]), raw, variables), "index": 0})
            if value is not None:
                found[f"- `{shown(value)}` for `{group.names[at]}`"] = None
    return "\n".join([f"`{text}`", "", *list(found)[:SHOWN_USES]]) if found else None


def arguments(view: View, block: str, raw: Any, variables: dict[str, Any]) -> dict[str, Any]:
    """The values of a block's parameters at a use."""
    declared = view.outline.params(block).items()
    defaults = {name: each.get("default") for name, each in declared if isinstance(each, dict)}
    given = raw.get("with")
    for name, value in given.items() if isinstance(given, dict) else ():
        defaults[name] = computed(value, variables) if isinstance(value, str) else value
    return {name: FAILED if value is None else value for name, value in defaults.items()}


def computed(text: str, scope: dict[str, Any]) -> Any:
    """The value of a text with expressions; None where it has none."""
    try:
        value = substitute(text, scope)
    except ExpressionError:
        return None
    return None if isinstance(value, Failed) else value
