"""Ways to spoil a spec, by bytes and by structure; each takes its choices from a random generator."""

import json

import yaml

from specdl.data.registry import CATALOGS as DATA
from specdl.ops.registry import CATALOGS as OPS

MAX_BYTES = 20_000
TAGS = sorted({tag for catalog in (*OPS.values(), *DATA.values()) for tag in catalog.tags()})
TOKENS = [
    *(b"{", b"}", b"[", b"]", b",", b":", b'"', b"'", b"\\", b"\n", b"\r", b"\r\n", b"\t", b" ", b"#", b"//"),
    *(b"- ", b"? ", b": ", b"&a ", b"*a", b"<<: *a\n", b"<<: {", b"!!str ", b"!", b"---\n", b"...\n", b"|\n"),
    *(b">-\n", b"~", b"null", b"True", b"no", b"012", b"0x1F", b"1e400", b".nan", b"-.inf", b"NaN", b"1e-3"),
    *(b"%YAML 1.2\n", b"9" * 400, b"-0", b"1_000", b"${", b"${width}", b"${width * 2}", b"${9**9**9}", b"}"),
    *(b"${index}", b"$", b"\\u", b"\\ud800", b"\\u0000", b"\x00", b"\xff", b"\xc3", b"\xef\xbb\xbf"),
    *(b"\xe2\x80\x8b", b"\xc2\xa0", b"\xd0\xb0"),
    *(b"\xef\xbd\x8c", b"\xf0\x9f\x98\x80", b"\xe2\x80\xae"),
    *(b"\xed\xa0\x80", b"\x1b[31m", b"\x7f", b'"type": ', b'"repeat": 1000000000', b'"inputs": ["fc1"]'),
    *(b'"extends": "base.json"', b"extends: base.yaml\n", b'"name": ', b'"with": {', b"layers:\n"),
    *(b"lint: {ignore: [W310]}\n", b"specdl: 99\n", b"vars: {a: 1}\n"),
]  # fmt: skip
NUMBERS = [0, 1, -1, 2, 3, 7, 64, 1000, 2**31, 2**63 - 1, 2**63, 10**12, 10**18, 10**40, -(10**12), 10**299]
NUMBERS += [0.0, -0.0, 0.5, 1e-3, 1.5, 1e300, -1e300, 5e-324, 0.1, 1.0]
WORDS = [
    "",
    "x",
    "fc1",
    "head",
    "input",
    "output",
    "tanh",
    "a.b",
    "é",
    "名",
    "\a",
    "a b",
    "linear1",
    "x" * 300,
    "\u202e",
]
WORDS += [
    "index",
    "${width}",
    "${width * 2}",
    "${",
    "${}",
    "${index}",
    "${1/0}",
    "${9**9**9}",
    "${nope}",
    "a${width}b",
]
WORDS += [
    "${min(1, 2)}",
    "${" + "(" * 40 + "1" + ")" * 40 + "}",
    "../x",
    "/etc/passwd",
    "base.json",
    "base.yaml",
    "a.csv",
]
WORDS += [
    "*",
    "fc*",
    "[",
    "~",
    "no",
    "1e-3",
    "012",
    "float64",
    "bfloat16",
    "int64",
    "\ud83d\ude00",
    "л\u0430yers",
]
ODD = [None, True, False, [], {}, [[]], [{}], [1, "a"], {"type": None}, {"x": {"y": 1}}, [None], ["a"] * 50]
ODD += [
    {"type": "block", "block": "dense"},
    {"type": "block", "block": "dense", "repeat": 10**9},
    {"steps": 5},
]
ODD += [
    {"type": "linear", "out_features": 10**12},
    {"type": "warmup", "unit": "steps", "then": {"type": "constant"}},
]
KEYS = """
type name units out_features layers inputs output repeat with block blocks vars params extends set seed lint
ignore model data loss losses optimizer schedule train metrics input init activation tie trainable dtype
classes shape source target encode from path split transforms lr groups clip accumulate average defaults
early_stopping evaluate_every steps epochs specdl description $schema l\u0430yers
""".split()


def by_bytes(rng, seeds):
    """A seed's bytes with a few places changed, and its suffix, or another's."""
    data, suffix = rng.choice(seeds)
    for _ in range(1 if rng.random() < 0.5 else rng.randrange(1, 8)):
        data = rng.choice(BYTES)(rng, data, seeds)
    if rng.random() < 0.05:
        suffix = "json" if suffix == "yaml" else "yaml"
    return data[:MAX_BYTES], suffix


def place(rng, data):
    return rng.randrange(len(data) + 1)


def flip(rng, data, seeds):
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << rng.choice((0, 0, 1, 2, 3, 4, 5, 6, 7)))]) + data[at + 1 :]


def overwrite(rng, data, seeds):
    at = place(rng, data)
    return data[:at] + bytes([rng.randrange(rng.choice((128, 128, 128, 256)))]) + data[at + 1 :]


def insert(rng, data, seeds):
    at = place(rng, data)
    return data[:at] + some_bytes(rng) + data[at:]


def some_bytes(rng):
    """A few bytes: mostly of ASCII, since most readers stop at the first byte that is no UTF-8."""
    found = rng.randbytes(rng.randrange(1, 5))
    return found if rng.random() < 0.1 else bytes(byte & 127 for byte in found)


def delete(rng, data, seeds):
    at = place(rng, data)
    return data[:at] + data[at + rng.choice((1, 1, 2, 5, 20, 100)) :]


def token(rng, data, seeds):
    at = place(rng, data)
    return data[:at] + rng.choice(TOKENS) + data[at + rng.choice((0, 0, 1, 3)) :]


def double(rng, data, seeds):
    at = place(rng, data)
    chunk = data[at : at + rng.choice((1, 4, 20, 100, 500))]
    return data[:at] + chunk * rng.choice((2, 2, 3, 10, 200)) + data[at + len(chunk) :]


def move(rng, data, seeds):
    at, size = place(rng, data), rng.choice((1, 5, 30, 200))
    chunk, rest = data[at : at + size], data[:at] + data[at + size :]
    to = place(rng, rest)
    return rest[:to] + chunk + rest[to:]


def splice(rng, data, seeds):
    other = rng.choice(seeds)[0]
    at = place(rng, other)
    cut = place(rng, data)
    return (
        data[:cut] + other[at : at + rng.choice((5, 40, 300, 5000))] + data[cut + rng.choice((0, 10, 100)) :]
    )


def cut_off(rng, data, seeds):
    return data[: place(rng, data)]


def lines(rng, data, seeds):
    """Lines in another order, or indented otherwise."""
    parts = data.split(b"\n")
    at, to = rng.randrange(len(parts)), rng.randrange(len(parts))
    how = rng.randrange(4)
    if how == 0:
        parts[at], parts[to] = parts[to], parts[at]
    elif how == 1:
        parts[at] = rng.choice((b" ", b"  ", b"\t", b"- ", b"\xc2\xa0", b"# ")) + parts[at]
    elif how == 2:
        parts[at] = parts[at].lstrip()
    else:
        parts.insert(at, parts[to])
    return b"\n".join(parts)


def number(rng, data, seeds):
    """Another number in place of a digit."""
    digits = [i for i, byte in enumerate(data) if 48 <= byte <= 57]
    if not digits:
        return data
    at = rng.choice(digits)
    return data[:at] + str(rng.choice(NUMBERS)).encode() + data[at + 1 :]


def nest(rng, data, seeds):
    at = place(rng, data)
    opening = rng.choice((b"[", b"{a: ", b'{"a":', b"- ", b"? ", b"&a [", b"${", b"("))
    return data[:at] + opening * rng.choice((3, 70, 500)) + data[at:]


BYTES = [flip, overwrite, insert, delete, token, token, double, move, splice, cut_off, lines, number, nest]


class Stock:
    """What structures are made of: values as JSON, those of good specs apart, and values by their keys."""

    def __init__(self, good, values):
        self.good, self.values, self.by_key = good, values, {}
        for text in good:
            self.gather(json.loads(text))

    def gather(self, value):
        """Remember what stands behind each key."""
        for step, each in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(step, str):
                self.by_key.setdefault(step, []).append(json.dumps(each))
            if isinstance(each, (dict, list)):
                self.gather(each)


def by_structure(rng, stock):
    """A spec's value with a few places changed, as JSON or YAML; mostly of a good one, to get far."""
    value = json.loads(rng.choice(stock.good if rng.random() < 0.8 else stock.values))
    for _ in range(1 if rng.random() < 0.6 else rng.randrange(1, 6)):
        value = changed(rng, value, stock)
    return written(rng, value)


def written(rng, value):
    """A value as text of one language or the other, in one of their styles."""
    how = rng.randrange(5)
    if how < 3:
        text = json.dumps(value, indent=rng.choice((None, 1, "\t")), ensure_ascii=rng.random() < 0.5)
        suffix = "json" if how < 2 else "yaml"
    else:
        flow = rng.choice((None, False, True))
        text, suffix = (
            yaml.dump(value, Dumper=Dumper, default_flow_style=flow, allow_unicode=True, width=1000),
            "yaml",
        )
    if rng.random() < 0.05:
        text = text.replace("\n", rng.choice(("\r\n", "\r", "\n\n")))
    return text.encode("utf-8", "surrogatepass" if rng.random() < 0.1 else "replace"), suffix


class Dumper(yaml.CSafeDumper):
    """Writes aliases only where the value itself holds one mapping twice."""


def spot(rng, value):
    """A mapping or list within a value, and one of its keys; None where there is nothing in it."""
    found = None
    while isinstance(value, (dict, list)) and value:
        step = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        if found is None and isinstance(value, dict) and "model" in value and rng.random() < 0.5:
            step = "model"
        found = (value, step)
        value = value[step]
        if rng.random() < 0.25:
            break
    return found


def changed(rng, value, stock):
    """The value with one place changed."""
    found = spot(rng, value)
    if found is None:
        return odd(rng)
    holder, step = found
    rng.choice(CHANGES)(rng, holder, step, stock)
    return value


def odd(rng):
    """A value that may stand nowhere."""
    how = rng.randrange(5)
    if how == 0:
        return rng.choice(NUMBERS)
    if how == 1:
        return rng.choice(WORDS)
    if how == 2:
        return rng.choice(TAGS)
    if how == 3:
        return {"type": rng.choice(TAGS)}
    return json.loads(json.dumps(rng.choice(ODD)))


def replaced(rng, holder, step, stock):
    holder[step] = odd(rng)


def nudged(rng, holder, step, stock):
    """A number beside the one that stands there."""
    if isinstance(holder[step], (int, float)) and not isinstance(holder[step], bool):
        holder[step] = rng.choice(
            (holder[step] + 1, holder[step] - 1, -holder[step], holder[step] * 10, rng.choice(NUMBERS))
        )
    else:
        holder[step] = odd(rng)


def dropped(rng, holder, step, stock):
    del holder[step]


def renamed(rng, holder, step, stock):
    if isinstance(holder, dict):
        names = (
            f"{step}x",
            str(step)[:-1],
            str(step).upper(),
            f"{step}\u200b",
            rng.choice(KEYS),
            rng.choice(WORDS),
        )
        holder[rng.choice(names)] = holder.pop(step)
    else:
        holder.reverse()


def added(rng, holder, step, stock):
    if isinstance(holder, dict):
        holder[rng.choice(KEYS)] = odd(rng)
    else:
        holder.insert(step, odd(rng))


def doubled(rng, holder, step, stock):
    if isinstance(holder, list):
        holder[step:step] = [holder[step]] * rng.choice((1, 2, 20))
    else:
        holder[rng.choice(KEYS)] = json.loads(json.dumps(holder[step]))


def grafted(rng, holder, step, stock):
    """What stands somewhere in another spec."""
    other = spot(rng, json.loads(rng.choice(stock.values)))
    if other:
        holder[step] = other[0][other[1]]
        if isinstance(holder, dict) and isinstance(other[1], str):
            holder[other[1]] = holder.pop(step)


def swapped(rng, holder, step, stock):
    """What stands behind the same key elsewhere, or a key that its neighbours have elsewhere."""
    if isinstance(holder, dict):
        known = stock.by_key.get(step)
        holder[step] = json.loads(rng.choice(known)) if known else odd(rng)
        if rng.random() < 0.3:
            other = rng.choice(list(stock.by_key))
            holder[other] = json.loads(rng.choice(stock.by_key[other]))
    else:
        layers = stock.by_key.get("layers", ["[{}]"])
        holder.insert(step, rng.choice(json.loads(rng.choice(layers)) or [{}]))


def wrapped(rng, holder, step, stock):
    """A value in lists or mappings, a few or too many."""
    for _ in range(rng.choice((1, 1, 2, 20, 70))):
        holder[step] = [holder[step]] if rng.random() < 0.5 else {rng.choice(KEYS): holder[step]}


def shared(rng, holder, step, stock):
    """One mapping in several places: YAML writes it as an anchor and aliases."""
    if isinstance(holder, list):
        for _ in range(rng.choice((1, 5))):
            holder.append(holder[step])
    else:
        holder[rng.choice(KEYS)] = holder[step]


def looped(rng, holder, step, stock):
    """Blocks that use one another, and repeat."""
    holder[step] = {
        "type": "block",
        "block": rng.choice(("dense", "pair", "residual", "a")),
        "repeat": rng.choice((*NUMBERS, "${width}", "${index}")),
        "with": {rng.choice(KEYS): odd(rng)},
    }


def expression(rng, holder, step, stock):
    """Arithmetic of a few names and numbers."""
    parts = [rng.choice(("width", "index", "double", "1", "2.5", "0", "9" * 30, "min(1, 2)", "(", ")", "x"))]
    for _ in range(rng.choice((1, 2, 30))):
        parts += [
            rng.choice(("+", "-", "*", "/", "//", "%", "**", ",")),
            rng.choice(("width", "3", "0", "index", "1e9")),
        ]
    holder[step] = "${" + " ".join(parts) + "}"


CHANGES = [
    replaced,
    replaced,
    nudged,
    nudged,
    dropped,
    renamed,
    added,
    doubled,
    grafted,
    grafted,
    wrapped,
    shared,
]
CHANGES += [looped, expression]
