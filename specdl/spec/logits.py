"""torch's pair of a log-softmax and the loss behind it, which is one loss here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specdl.core.diagnostics import Fix, Path, Remove, Replace, below
from specdl.spec.elsewhere import layers_of
from specdl.spec.suggestions import compact
from specdl.spec.unknown import Told

LOG_SOFTMAX = "logsoftmax"
NLL = ("nll", "nllloss", "negativeloglikelihood")
CROSS_ENTROPY = ("crossentropy", "crossentropyloss")


def log_softmaxes(root: Mapping[str, Any]) -> dict[Path, Told]:
    """What to say of a log-softmax at the end of a model, and of the loss that goes with it, by their paths.

    Cross-entropy takes a log-softmax itself, and one of a log-softmax changes nothing: to write the loss
    is right before the layer is taken away, and after.
    """
    found: dict[Path, Told] = {}
    section = next((key for key in ("loss", "criterion") if isinstance(root.get(key), dict)), "loss")
    loss = word_of(below(root, (section,)))
    layers = layers_of(root)
    last: Path = ("model", "layers", len(layers) - 1)
    end = layers[-1] if layers and isinstance(layers[-1], dict) else {}
    if loss not in (*NLL, *CROSS_ENTROPY) or len(layers) < 2:
        return found
    help = "leave it out: `cross_entropy` takes a log-softmax itself"
    if word_of(end) == LOG_SOFTMAX:
        found[*last, "type"] = Told(help, Fix("take the layer away", (Remove(last),), sure=True))
    elif word_of(end.get("activation")) == LOG_SOFTMAX:
        away = (Remove((*last, "activation")),)
        found[*last, "activation"] = Told(help, Fix("take `activation` away", away, sure=True))
    if found and loss in NLL:
        edits = (Replace((section, "type"), "cross_entropy"),)
        told = Told("write `cross_entropy`, which takes a log-softmax itself", Fix("write it", edits, True))
        found[section, "type"] = told
    return found


def word_of(said: Any) -> str:
    """What a type is called, without case and joints; nothing where none is said."""
    name = said.get("type") if isinstance(said, dict) else said
    return compact(name.rpartition(".")[2]) if isinstance(name, str) else ""
