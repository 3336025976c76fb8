"""Random streams: pure functions of a key and a counter, with no hidden state.

The generator is Philox4x32-10: a block of 128 random bits is a function of a 128-bit counter
and a 64-bit key. Element i of a draw comes from block i // 2, so any slice of a draw can be
had without the rest, and nothing depends on what was drawn before.

Every step is integer arithmetic or +, -, *, / and sqrt in float64, which IEEE 754 fixes to the
last bit. The logarithm, sine and cosine that normal numbers need are therefore written here:
those of numpy differ between processors.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from specdl.core.lazy import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Words = npt.NDArray[np.uint64]
    Integers = npt.NDArray[np.int64]

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
"""By how much the two halves of the key grow from round to round."""
ROUNDS = 10
LOW = 0xFFFFFFFF
HALF = 32
CHUNK = 1 << 13
"""Blocks computed at a time, so that they stay in a processor's cache."""

UNIFORM, NORMAL, INTEGERS, PERMUTATION = range(4)
"""Each kind of draw has counters of its own (their third word)."""


def philox(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> tuple[Words, ...]:
    """Philox4x32-10: four random 32-bit words for each counter.

    `counter` is four uint64 arrays of one shape, or that broadcast, holding a 32-bit word per
    element; `key` is two 32-bit words. The result is four uint64 arrays of 32-bit words.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        p0 = c0 * np.uint64(MULTIPLIERS[0])
        p1 = c2 * np.uint64(MULTIPLIERS[1])
        c0, c2 = (p1 >> np.uint64(HALF)) ^ c1 ^ np.uint64(k0), (p0 >> np.uint64(HALF)) ^ c3 ^ np.uint64(k1)
        c1, c3 = p1 & np.uint64(LOW), p0 & np.uint64(LOW)
        k0, k1 = (k0 + WEYL[0]) & 0xFFFFFFFF, (k1 + WEYL[1]) & 0xFFFFFFFF
    return c0, c1, c2, c3


def key_of(seed: int, names: tuple[str | int, ...]) -> tuple[int, int]:
    """The key of a stream: 64 bits of BLAKE2b over the seed and the names.

    The seed goes in as its 64-bit two's complement; a name as a letter for its kind, its
    length in bytes, and its text, so that `("ab",)`, `("a", "b")`, `("1",)` and `(1,)` differ.
    """
    digest = hashlib.blake2b((seed % 2**64).to_bytes(8, "little"), digest_size=8, person=b"specdl")
    for name in names:
        text = str(name).encode("utf-8", "surrogatepass")
        kind = b"s" if isinstance(name, str) else b"i"
        digest.update(kind + len(text).to_bytes(8, "little") + text)
    bits = int.from_bytes(digest.digest(), "little")
    return bits & 0xFFFFFFFF, bits >> 32


class Stream:
    """Random numbers by (seed, names): the same on every machine, whatever was drawn elsewhere.

    A stream holds a key and no state: a method called twice gives the same numbers twice.
    What should differ has another name: `Stream(seed, "init", "fc1.weight")`,
    `Stream(seed, "order", epoch)`. Different methods of one stream are independent.

    `shape` is a length or a tuple of lengths. Element i, counted in C order, depends on i
    alone: `uniform(5, offset=3)` are the last five of `uniform(8)`.

    >>> Stream(0, "init", "fc1.weight").uniform(2).tolist()
    [0.32169044967681026, 0.6099857375131543]
    """

    def __init__(self, seed: int, *names: str | int) -> None:
        self.key = key_of(seed, names)

    def uniform(self, shape: int | tuple[int, ...], offset: int = 0) -> Floats:
        """Float64 in [0, 1): the upper 53 bits of a random 64-bit word, times 2**-53."""
        return self._fill(shape, offset, UNIFORM, np.float64, lambda a, b: (unit(a), unit(b)))

    def normal(self, shape: int | tuple[int, ...], offset: int = 0) -> Floats:
        """Float64 of mean 0 and variance 1, by the method of Box and Muller.

        With u and v the uniform numbers of block i // 2, element i is
        sqrt(-2 log(1 - u)) times cos(2 pi v) for even i, sin(2 pi v) for odd i. The largest
        possible magnitude is 8.58.
        """
        return self._fill(shape, offset, NORMAL, np.float64, lambda a, b: box_muller(unit(a), unit(b)))

    def integers(self, high: int, shape: int | tuple[int, ...], offset: int = 0) -> Integers:
        """Int64 in [0, high): floor(w * high / 2**64) of a random 64-bit word w.

        `high` is from 1 to 2**32, else `ValueError`. No number is more frequent than another
        by more than a factor of 1 + high / 2**64.
        """
        if not 1 <= high <= 2**32:
            raise ValueError(f"`high` is {high}, and must be from 1 to 2**32")
        return self._fill(shape, offset, INTEGERS, np.int64, lambda a, b: (scaled(a, high), scaled(b, high)))

    def permutation(self, n: int) -> Integers:
        """The numbers from 0 to n - 1 in random order, int64: the order that sorts n random words.

        Equal words, which are rarer than n**2 / 2**65, keep the order of their numbers.
        """
        words: Words = self._fill(n, 0, PERMUTATION, np.uint64, lambda a, b: (a, b))
        return np.argsort(words, kind="stable").astype(np.int64, copy=False)

    def _fill(
        self,
        shape: int | tuple[int, ...],
        offset: int,
        kind: int,
        dtype: type[np.generic],
        form: Callable[[Words, Words], tuple[npt.NDArray[Any], npt.NDArray[Any]]],
    ) -> npt.NDArray[Any]:
        """Elements `offset` and on of a draw; `form` makes the even and odd ones from 64-bit words."""
        size = math.prod(shape) if isinstance(shape, tuple) else shape
        if size < 0 or offset < 0:
            raise ValueError(f"a draw of {size} elements from {offset} on cannot be had")
        first, last = offset // 2, -(-(offset + size) // 2)
        pairs = np.empty((last - first, 2), dtype)
        for start, words in self._blocks(first, last, kind):
            here = slice(start - first, start - first + len(words[0]))
            pairs[here, 0], pairs[here, 1] = form(*words)
        skip = offset - 2 * first
        return pairs.reshape(-1)[skip : skip + size].reshape(shape)

    def _blocks(self, first: int, last: int, kind: int) -> Iterator[tuple[int, tuple[Words, Words]]]:
        """The two 64-bit words of each block from `first` to before `last`, chunk by chunk."""
        third, fourth = np.uint64(kind), np.uint64(0)
        for start in range(first, last, CHUNK):
            index = np.arange(start, min(start + CHUNK, last), dtype=np.uint64)
            counter = (
                index & np.uint64(LOW),
                index >> np.uint64(HALF),
                np.full_like(index, third),
                np.full_like(index, fourth),
            )
            w0, w1, w2, w3 = philox(counter, self.key)
            yield start, (w0 | (w1 << np.uint64(HALF)), w2 | (w3 << np.uint64(HALF)))


def unit(words: Words) -> Floats:
    """The upper 53 bits of each 64-bit word as a number in [0, 1)."""
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def scaled(words: Words, high: int) -> Integers:
    """floor(w * high / 2**64) of each 64-bit word, for `high` up to 2**32."""
    carry = ((words & np.uint64(LOW)) * np.uint64(high)) >> np.uint64(HALF)
    return (((words >> np.uint64(HALF)) * np.uint64(high) + carry) >> np.uint64(HALF)).astype(np.int64)


def box_muller(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Two independent normal numbers from two uniform ones."""
    radius = np.sqrt(-2.0 * logarithm(1.0 - u))
    cosine, sine = turn(v)
    return radius * cosine, radius * sine


def logarithm(x: Floats) -> Floats:
    """log(x) for normal, positive x, to two units in the last place.

    x = m * 2**e with m from sqrt(1/2) to sqrt(2), and log(m) = 2 artanh((m - 1) / (m + 1)).
    """
    m, e = np.frexp(x)
    small = m < math.sqrt(0.5)
    m, e = np.where(small, 2.0 * m, m), np.where(small, e - 1, e)
    s = (m - 1.0) / (m + 1.0)
    series = horner(s * s, [2.0 / (2 * k + 1) for k in range(12)])
    return e * math.log(2.0) + s * series


def turn(v: Floats) -> tuple[Floats, Floats]:
    """cos(2 pi v) and sin(2 pi v) for v in [0, 1], to 4e-16.

    v is a number of quarter turns and a rest of at most an eighth of a turn, which is exact.
    """
    quarters = np.floor(4.0 * v + 0.5)
    angle = (v - 0.25 * quarters) * (2.0 * math.pi)
    square = angle * angle
    cosine = horner(square, [(-1) ** k / math.factorial(2 * k) for k in range(10)])
    sine = angle * horner(square, [(-1) ** k / math.factorial(2 * k + 1) for k in range(10)])
    quarter = quarters.astype(np.int64) & 3
    odd = (quarter & 1) == 1
    x, y = np.where(odd, -sine, cosine), np.where(odd, cosine, sine)
    half = quarter >= 2
    return np.where(half, -x, x), np.where(half, -y, y)


def horner(x: Floats, coefficients: list[float]) -> Floats:
    """The polynomial with these coefficients, the constant one first."""
    total = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + coefficient
    return total
