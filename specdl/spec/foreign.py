"""Files of other tools, told in one finding rather than by every key that they have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from specdl.core.diagnostics import Finding
from specdl.spec.fields import keys
from specdl.spec.model import ModelSpec
from specdl.spec.suggestions import key_meant
from specdl.spec.text import Fault

Value = Mapping[str, Any]
PROTOTXT = re.compile(r"^[ \t]*(layers?)[ \t]*\{", re.MULTILINE)
MOST_KEYS = 40
"""Of a file with more keys at its top these are looked at."""


def foreign(value: Value) -> Finding | None:
    """That a document is no spec: another tool's, or none that has any key of a spec.

    A document that says its version is a spec, whatever else it says.
    """
    if "specdl" in value or not value:
        return None
    for looks, tool, begin in TOOLS:
        if looks(value):
            return Finding("E102", f"this is {tool}, and no spec of specdl", help=begin)
    known = keys(ModelSpec)
    names = list(value)[:MOST_KEYS]
    if any(name in known or key_meant(name, known, list(known)) for name in names):
        return None
    return Finding("E102", "this is no spec: it has none of the keys that a spec has", help=START)


START = "`specdl init` writes a spec to start from"
LINEAR = "`InnerProduct` with `num_output` is `linear` with `out_features`"


def start(words: str) -> str:
    """How to begin, with what the other tool's words are here."""
    return f"{START}; {words}"


def is_keras(value: Value) -> bool:
    """`model.to_json()`, or one layer's configuration."""
    return isinstance(value.get("class_name"), str) and isinstance(value.get("config"), (dict, list))


def is_ludwig(value: Value) -> bool:
    """A configuration of Ludwig."""
    return isinstance(value.get("input_features"), list) or isinstance(value.get("output_features"), list)


def is_caffe_solver(value: Value) -> bool:
    """A solver's prototxt, whose lines happen to be YAML."""
    return "base_lr" in value and any(key in value for key in ("net", "train_net", "max_iter", "solver_mode"))


def is_caffe_net(value: Value) -> bool:
    """A network's prototxt, put into YAML."""
    layers = value.get("layer", value.get("layers"))
    return isinstance(layers, list) and any(
        isinstance(each, dict) and "type" in each and not {"bottom", "top"}.isdisjoint(each)
        for each in layers
    )


def is_hugging_face(value: Value) -> bool:
    """A `config.json` of a model on the hub."""
    return isinstance(value.get("model_type"), str) and any(
        key in value for key in ("architectures", "transformers_version", "hidden_size", "vocab_size")
    )


def is_lightning(value: Value) -> bool:
    """A configuration of Lightning's command line."""
    return any(isinstance(each, dict) and "class_path" in each for each in value.values())


def is_hydra(value: Value) -> bool:
    """A configuration whose mappings name Python classes."""
    return "_target_" in value or any(
        isinstance(each, dict) and "_target_" in each for each in value.values()
    )


TOOLS: tuple[tuple[Callable[[Value], bool], str, str], ...] = (
    (is_keras, "a model of Keras", start("`Dense` with `units` is `linear` with `out_features`")),
    (is_ludwig, "a configuration of Ludwig", start("its features are the columns of `data.source`")),
    (is_caffe_solver, "a solver of Caffe", start("`base_lr` is `optimizer.lr`, `max_iter` is `train.steps`")),
    (is_caffe_net, "a network of Caffe", start(LINEAR)),
    (is_hugging_face, "a model's configuration of Hugging Face", start("a model is a list of layers here")),
    (is_lightning, "a configuration of Lightning", start("a spec names types of its own, and no classes")),
    (is_hydra, "a configuration of Hydra", start("a spec names types of its own, and no classes")),
)
"""How a file is known, what it is, and how to begin here."""


def prototxt(text: str) -> Fault | None:
    """That a text is a network of Caffe, which is no YAML."""
    match = None if "specdl" in text else PROTOTXT.search(text)
    if match is None:
        return None
    message = "this is a network of Caffe, and no spec of specdl"
    return Fault(
        "E102",
        message,
        match.span(1),
        start(LINEAR),
    )
