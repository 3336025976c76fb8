"""The word of specdl's that was probably meant: by meaning first, then by the letters."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from specdl.core.lookalikes import skeleton
from specdl.core.suggest import nearest

MAX_WORD = 60
"""Longer words are no slips of anything, and comparing them takes long."""
OTHER: Mapping[str, tuple[str, ...]] = {
    "float32": ("float", "single", "fp32", "f32"),
    "float64": ("double", "fp64", "f64"),
    "int64": ("long", "int", "i64"),
    "bfloat16": ("bf16",),
    "epochs": ("epoch",),
    "steps": ("step", "iterations", "iteration", "iters", "iter", "batches"),
    "one_hot": ("categorical",),
    "index": ("sparse", "labels"),
}
"""Other words for choices that are no types of their own."""
SHORT = 5
"""A foreign word of fewer letters is too near to too many others to be misspelt."""


@dataclass(frozen=True)
class Guess:
    """A word that was probably meant.

    It is `sure` where nothing else can have been, `loose` where another framework's word only
    resembles it, and not `there` where specdl is to have such a thing and does not yet.
    """

    word: str
    sure: bool = False
    loose: bool = False
    there: bool = True


def compact(word: str) -> str:
    """A word without its case and joints, as it looks: `BatchNorm2d` and `batch_norm_2d` are the same."""
    if not word.isascii():
        word = skeleton(word)
    return re.sub(r"[\W_]", "", word).lower()


@cache
def senses(category: str) -> Mapping[str, tuple[Guess, ...]]:
    """What foreign words may mean among the types of a category, or among keys (category `keys`)."""
    from specdl.spec.words import KEYS, TYPES

    found: dict[str, tuple[Guess, ...]] = {}
    for word, meant in (KEYS if category == "keys" else TYPES.get(category, {})).items():
        guesses = (Guess(each.word, each.sure, not each.sure) for each in meant)
        found[compact(word)] = (*found.get(compact(word), ()), *guesses)
    return found


@lru_cache(maxsize=1024)
def tag_guess(word: str, tags: tuple[str, ...], category: str) -> Guess | None:
    """The tag that was probably meant in a category which has `tags`."""
    if len(word) > MAX_WORD:
        return None
    bare = word.rpartition(".")[2]  # torch.nn.Linear, keras.layers.Dense
    same = [tag for tag in tags if compact(tag) == compact(bare)]
    if same:
        return Guess(same[0], sure=True)
    known = senses(category)
    guess = among(known.get(compact(bare), ()), tags)
    if guess:
        return guess
    words = {each.word for meant in known.values() for each in meant}
    near = nearest(bare, {*tags, *words})
    if near:
        return Guess(near, there=near in tags)
    foreign = nearest(compact(bare), [each for each in known if len(each) >= SHORT])
    guess = among(known[foreign], tags) if foreign else None
    return guess and Guess(guess.word, loose=guess.loose, there=guess.there)


def among(meant: Iterable[Guess], tags: Collection[str]) -> Guess | None:
    """Of what a foreign word may mean what is there, the surest first; else what is to come."""
    listed = sorted(dict.fromkeys(meant), key=lambda each: each.loose)
    there = [each for each in listed if each.word in tags]
    if there:
        sure = there[0].sure and sum(each.sure for each in listed) == 1
        return Guess(there[0].word, sure, there[0].loose)
    return Guess(listed[0].word, there=False) if listed else None


def tag_meant(word: str, tags: Collection[str]) -> str | None:
    """The tag that was probably meant, of whatever category."""
    from specdl.spec.words import TYPES

    for category in TYPES:
        guess = among(senses(category).get(compact(word.rpartition(".")[2]), ()), tags)
        if guess and guess.there:
            return guess.word
    guess = tag_guess(word, tuple(tags), "")
    return guess.word if guess else None


def key_guess(word: str, names: Iterable[str], absent: Collection[str]) -> Guess | None:
    """The key that a word means in a mapping which has `names`, of which some are `absent`.

    Not by its letters: those are for `key_near`. A key that is there already is a guess that is not
    `sure`, and the last resort.
    """
    if len(word) > MAX_WORD:
        return None
    return key_sense(word, tuple(names), frozenset(absent))


@lru_cache(maxsize=1024)
def key_sense(word: str, names: tuple[str, ...], absent: frozenset[str]) -> Guess | None:
    """What `key_guess` gives."""
    same = [name for name in names if compact(name) == compact(word)]
    if same:
        return Guess(same[0], sure=same[0] in absent)
    meant = dict.fromkeys(senses("keys").get(compact(word), ()))
    free = sorted((each for each in meant if each.word in absent), key=lambda each: each.loose)
    if free:
        return Guess(free[0].word, free[0].sure and len(free) == 1, free[0].loose)
    taken = [each for each in meant if each.word in names and each.sure]
    return Guess(taken[0].word) if taken else None


def key_near(word: str, names: Iterable[str], absent: Collection[str]) -> Guess | None:
    """The key that a word is a slip of: one that is `absent` before one that is there."""
    if len(word) > MAX_WORD:
        return None
    return key_slip(word, tuple(names), frozenset(absent))


@lru_cache(maxsize=1024)
def key_slip(word: str, names: tuple[str, ...], absent: frozenset[str]) -> Guess | None:
    """What `key_near` gives."""
    near = nearest(word, [each for each in names if each in absent]) or nearest(word, names)
    return Guess(near) if near else None


def key_meant(word: str, names: Iterable[str], absent: Collection[str]) -> str | None:
    """The key that was probably meant, by meaning or by the letters."""
    guess = key_guess(word, names, absent) or key_near(word, names, absent)
    return guess.word if guess else None


def choice_guess(word: str, choices: Collection[str]) -> Guess | None:
    """The one of some choices that a word was meant to be."""
    if len(word) > MAX_WORD:
        return None
    bare = compact(word.rpartition(".")[2])
    meant = next((each for each in choices if compact(each) in (bare, bare.removeprefix("load"))), None)
    meant = meant or next((choice for choice in choices if compact(word) in OTHER.get(choice, ())), None)
    if meant:
        return Guess(meant, sure=True)
    near = nearest(word, choices)
    return Guess(near) if near else None
