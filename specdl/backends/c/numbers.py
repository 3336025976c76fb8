"""The numbers of a schedule as C: a function of the learning rate, the step and the batch."""

from __future__ import annotations

from collections.abc import Sequence

from specdl.core.expr import Expr, walk

TEXT = {
    "add": "{} + {}",
    "sub": "{} - {}",
    "mul": "{} * {}",
    "div": "{} / {}",
    "neg": "-{}",
    "pow": "pow({}, {})",
    "maximum": "{1} > {0} ? {1} : {0}",
    "minimum": "{1} < {0} ? {1} : {0}",
    "where": "{} ? {} : {}",
    "exp": "exp({})",
    "log": "log({})",
    "log1p": "log1p({})",
    "sqrt": "sqrt({})",
    "rsqrt": "1.0 / sqrt({})",
    "tanh": "tanh({})",
    "erf": "erf({})",
    "sigmoid": "{0} >= 0.0 ? 1.0 / (1.0 + exp(-{0})) : exp({0}) / (1.0 + exp({0}))",
    "softplus": "({0} > 0.0 ? {0} : 0.0) + log1p(exp(-fabs({0})))",
    "sign": "(double)({0} > 0.0) - (double)({0} < 0.0)",
    "abs": "fabs({})",
    "lt": "{} < {}",
    "le": "{} <= {}",
    "gt": "{} > {}",
    "ge": "{} >= {}",
    "eq": "{} == {}",
}
"""Each function of `specdl.core.expr.NUMBERS` on doubles."""


def numbers(slots: Sequence[Expr]) -> str:
    """The body of a function (lr, t, samples, s) that fills the slots, in double precision."""
    lines: list[str] = []
    names: dict[Expr, str] = {}
    for expr in walk(slots):
        if expr.op == "const":
            names[expr] = f"{float(expr.attr)!r}" if expr.attr >= 0 else f"({float(expr.attr)!r})"
        elif expr.op == "samples":
            names[expr] = f"({expr.attr}.0 * samples)"
        elif expr.op == "scalar":
            names[expr] = str(expr.attr)
        else:
            names[expr] = f"d{len(lines)}"
            text = TEXT[expr.op].format(*(names[arg] for arg in expr.args))
            lines.append(f"  const double {names[expr]} = {text};\n")
    lines += [f"  s[{number}] = (real){names[expr]};\n" for number, expr in enumerate(slots)]
    return "".join(["  (void)lr, (void)t, (void)samples, (void)s;\n", *lines])
