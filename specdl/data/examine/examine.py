"""Every rule on loaded samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from specdl.core.advice import Limits
from specdl.core.diagnostics import Finding
from specdl.core.errors import FindingsError
from specdl.data.base import DataSpec, Reading
from specdl.data.examine import balance, columns, duplicates, targets
from specdl.data.examine.samples import Samples
from specdl.data.load import begin

RULES: tuple[Callable[[Samples], Iterable[Finding]], ...] = (
    balance.absent,
    balance.uneven,
    duplicates.repeated,
    columns.constant,
    columns.scales,
    columns.numbering,
    columns.giving_away,
    targets.out_of_reach,
)
DRAWN = ("disc", "random")
"""Sources whose samples are drawn by rule: what they are like is what was asked for."""


def examine(
    spec: DataSpec, reading: Reading, limits: Mapping[str, Limits], rows: dict[str, int] | None = None
) -> list[Finding]:
    """Load the samples of a spec: the errors in them, or else what is suspect about them.

    `limits` has, for each target, between what the output lies that it is compared with; `rows` is
    filled with the samples of each part, if there are no errors.
    """
    try:
        loading = begin(spec, reading)
        data = loading.run()
    except FindingsError as error:
        return list(error.findings)
    if rows is not None:
        rows |= {name: part.rows for name, part in data.parts.items()}
    if spec.source is None or spec.source.type in DRAWN:
        return []
    samples = Samples(loading, data, limits)
    return [finding for rule in RULES for finding in rule(samples)]
