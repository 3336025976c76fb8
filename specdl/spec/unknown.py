"""What to say of a key or a type that nobody knows, and how to mend it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field
from typing import Any

from specdl.core.diagnostics import Fix, Note, Path, Remove, Rename, Replace
from specdl.core.entry import Slot
from specdl.core.lookalikes import ordinal, skeleton, unlike_ascii
from specdl.core.record import record
from specdl.core.wording import quoted
from specdl.ops.base import LayerEntry
from specdl.spec.complaints import literals
from specdl.spec.fields import CATALOGS, NOUNS, Key, keys, members, unwrap
from specdl.spec.strays import SECTIONS, VARS, Stray, owners
from specdl.spec.suggestions import Guess, choice_guess, compact, key_guess, key_near, tag_guess

LISTED = 12
"""How many choices a help lists at most."""
NONE = ("linear", "none", "identity", "null", "id")
"""What others call an activation that changes nothing."""
DTYPES = ("float32", "float64", "bfloat16", "int64")
FROZEN = ("frozen", "freeze")
BETAS = (("beta_1", "beta_2"), ("beta1", "beta2"))
ARGUMENTS = ("args", "arguments", "init_args", "params")


@record()
class Told:
    """What an unknown key or type gets: a help, a fix, and the word that was meant, if there is one.

    `judged` says whether the value is to be judged as that of the word meant, and `silent` that another
    key's finding says it all.
    """

    help: str | None = None
    fix: Fix | None = None
    meant: str | None = None
    judged: bool = False
    silent: bool = False


@record()
class Mapped:
    """A mapping with a key that is unknown: its keys, those it lacks, and what else is known of it."""

    known: Mapping[str, Key]
    absent: Collection[str]
    noun: str = "key"
    category: str | None = None
    lonely: str | None = None
    """The only key that must be there and is not, where only one is unknown too."""
    raw: Mapping[str, Any] = field(default_factory=dict)
    owner: str = ""
    """How messages call it."""

    def chosen(self, value: Any) -> Guess | None:
        """The key that is missing, where a value is one of those that it takes."""
        named = self.lonely and isinstance(value, str) and value in literals(self.known[self.lonely].type)
        return Guess(self.lonely, sure=True) if self.lonely and named else None

    def listed(self) -> str | None:
        """All keys, if they are few."""
        if len(self.known) > LISTED:
            return None
        names = ", ".join(f"`{each}`" for each in self.known)
        return f"its {self.noun}s are {names}" if names else f"it has no {self.noun}s"


def lookalike(word: str) -> tuple[Note, ...]:
    """Which character of a word is not what it looks like, if the word looks like ASCII."""
    odd = unlike_ascii(word)
    if odd is None or not skeleton(word).isascii():
        return ()
    return (Note(f"its {ordinal(odd.index + 1)} character is {odd.told}"),)


def unknown_key(name: str, value: Any, path: Path, mapped: Mapped, stray: Stray | None) -> Told:
    """What to say of a key that its mapping does not know: by its meaning, its place, its letters."""
    from specdl.spec.caffe import caffe_key
    from specdl.spec.habits import habit

    if name in FROZEN and "trainable" in mapped.absent and isinstance(value, bool):
        word = "false" if value else "true"
        edits = (Rename(path, "trainable"), Replace(path, not value))
        return Told(f'write "trainable": {word}', Fix(f'write "trainable": {word}', edits, True), "trainable")
    parts = two_in_one(name, path, mapped) or positional(name, value, path, mapped)
    parts = parts or caffe_key(name, value, path, mapped) or habit(name, value, path, mapped)
    if parts:
        return parts
    if stray and stray.home == VARS:
        return Told(stray.help, stray.fix(value))
    guess = mapped.chosen(value) or key_guess(name, mapped.known, mapped.absent)
    if name == "type" and "dtype" in mapped.absent and choice_guess(str(value), DTYPES):
        return renamed(name, value, path, Guess("dtype"), mapped)
    if guess and guess.sure:
        return renamed(name, value, path, guess, mapped)
    if stray:
        return Told(stray.help, stray.fix(value))
    elsewhere = elsewhere_key(name, path, mapped)
    if elsewhere:
        return elsewhere
    guess = guess or key_near(name, mapped.known, mapped.absent)
    if guess and (guess.word in mapped.absent or guess.word in mapped.raw):
        return renamed(name, value, path, guess, mapped)
    if mapped.lonely and plausible(value, mapped.known[mapped.lonely]):
        return renamed(name, value, path, Guess(mapped.lonely, loose=True), mapped)
    return Told(mapped.listed())


def renamed(name: str, value: Any, path: Path, guess: Guess, mapped: Mapped) -> Told:
    """A key that was meant to be another one."""
    if guess.word not in mapped.absent:
        if guess.word in mapped.raw and mapped.raw[guess.word] != value:
            return Told(
                f"`{guess.word}` is there already, with another value: keep one of them", None, guess.word
            )
        fix = Fix(f"take `{name}` away", (Remove(path),))
        return Told(f"`{guess.word}` is there already: take `{name}` away", fix, guess.word)
    if guess.word == "betas" and not isinstance(value, list):
        return Told('write "betas": [0.9, 0.999]', None, guess.word)
    fix = Fix(f"write `{guess.word}`", (Rename(path, guess.word),), guess.sure)
    return Told(f"did you mean `{guess.word}`?", fix, guess.word, judged=not guess.loose)


def two_in_one(name: str, path: Path, mapped: Mapped) -> Told | None:
    """The two keys that others have for `betas`, told at the first of them."""
    for pair in BETAS:
        if name in pair and "betas" in mapped.absent and all(each in mapped.raw for each in pair):
            if name != next(key for key in mapped.raw if key in pair):
                return Told(meant="betas", silent=True)
            values = [mapped.raw[each] for each in pair]
            other = pair[1 - pair.index(name)]
            help = f'write "betas": {values}'
            edits = (Replace(path, values), Rename(path, "betas"), Remove((*path[:-1], other)))
            plain = all(type(each) in (int, float) for each in values)
            return Told(help, Fix(help, edits, sure=True), "betas") if plain else None
    return None


def positional(name: str, value: Any, path: Path, mapped: Mapped) -> Told | None:
    """Arguments without names, of which the last is what the type needs: torch's `Linear(2, 3)`."""
    last = value[-1] if isinstance(value, list) and value else value
    if name not in ARGUMENTS or not mapped.lonely or not plausible(last, mapped.known[mapped.lonely]):
        return None
    help = f'write "{mapped.lonely}": {last}'
    return Told(help, Fix(help, (Replace(path, last), Rename(path, mapped.lonely))), mapped.lonely)


def elsewhere_key(name: str, path: Path, mapped: Mapped) -> Told | None:
    """A key that specdl knows, but not here."""
    from specdl.spec.words import NEEDLESS, NOT_HERE

    needless = hinted(name, path, mapped)
    if needless:
        return needless
    if mapped.category:
        types = owners(mapped.category, name)
        if 0 < len(types) <= 3:
            return Told(f"`{name}` belongs to {quoted(types)}")
    if path[:-1] == ("model",) and name in keys(LayerEntry):
        return Told(f"`{name}` belongs in a layer, or in `model.defaults` for all layers of a type")
    hint = NOT_HERE.get(name)
    if hint is None or (name == "type" and path[:-1] not in SECTIONS[1:]):
        return None
    fix = (
        Fix(f"take `{name}` away", (Remove(path),), sure=name.startswith("in_")) if name in NEEDLESS else None
    )
    return Told(hint, fix)


def hinted(name: str, path: Path, mapped: Mapped) -> Told | None:
    """What to do about a key that specdl needs no word for."""
    from specdl.spec.hints import hint_of

    value, hint = mapped.raw.get(name), hint_of(name, mapped.owner, mapped.category)
    if name == "reduction" and value == "sum" and mapped.owner == "`mse`":
        edits = (Replace((*path[:-1], "type"), "sum_squared_error"), Remove(path))
        return Told('write "type": "sum_squared_error"', Fix("write `sum_squared_error`", edits))
    if hint is None:
        return None
    fix = Fix(f"take `{name}` away", (Remove(path),), sure=hint.says_nothing(value))
    wish = hint.instead or (hint.lacking and not fix.sure)
    return Told(hint.help(name, value), None if wish else fix)


def plausible(value: Any, key: Key) -> bool:
    """Whether a value may have been meant for a key, as far as its type tells."""
    kinds = [unwrap(each)[0] for each in members(unwrap(key.type)[0])]
    if isinstance(value, bool):
        return bool in kinds
    return (isinstance(value, int) and int in kinds) or (isinstance(value, (int, float)) and float in kinds)


def unknown_tag(slot: Slot, tag: str, path: Path, at_key: bool, guess: Guess | None) -> Told:
    """What to say of a type that there is not."""
    from specdl.spec.habits import instead

    noun = NOUNS[slot.category]
    if slot.category == "activations" and tag.lower() in NONE and path[-1] == "activation":
        fix = Fix("take `activation` away", (Remove(path),), sure=True)
        return Told("leave `activation` out: the value stays as it is then", fix)
    if slot.category == "layers" and (hint := layer_hint(tag)):
        return Told(hint)
    home = None if guess and guess.sure else category_of(slot, tag)
    if home:
        return Told(f"`{tag}` is {article(NOUNS[home])}, no {noun}")
    if guess and guess.there:
        edit = Rename(path, guess.word) if at_key else Replace(path, guess.word)
        fix = Fix(f"write `{guess.word}`", (edit,), guess.sure)
        needed = needs(slot, guess.word) if guess.loose and not at_key else []
        if needed:
            return Told(f"`{guess.word}` comes near it, and needs {quoted(needed)}", None, guess.word)
        return Told(f"did you mean `{guess.word}`?", fix, guess.word, judged=not guess.loose)
    if guess:
        return Told(instead(slot.category, guess))
    return Told(listed(slot))


def needs(slot: Slot, tag: str) -> list[str]:
    """The options that a type cannot do without."""
    cls = CATALOGS[slot.category].get(tag)
    return [name for name, key in keys(cls).items() if key.required and name != "type"] if cls else []


def layer_hint(tag: str) -> str | None:
    """What to do about a layer of others that is none here."""
    from specdl.spec.words import LAYERS_NOT_HERE

    return LAYERS_NOT_HERE.get(compact(tag.rpartition(".")[2]))


def category_of(slot: Slot, tag: str) -> str | None:
    """The other category that has a tag; activations are layers too, and come first."""
    for category, catalog in sorted(CATALOGS.items()):
        if category != slot.category and tag in catalog.tags():
            return category
    return None


def listed(slot: Slot) -> str | None:
    """The tags of a category, if they are few."""
    tags = CATALOGS[slot.category].tags()
    return f"choose {quoted(tags, 'or')}" if 0 < len(tags) <= LISTED else None


def guess_tag(slot: Slot, tag: str) -> Guess | None:
    """The type of a category that was probably meant."""
    return tag_guess(tag, CATALOGS[slot.category].tags(), slot.category)


def article(noun: str) -> str:
    """A noun with its article."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
