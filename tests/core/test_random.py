import hashlib
import math

import numpy as np
import pytest

from specdl.core import random
from specdl.core.random import Stream, box_muller, key_of, logarithm, philox, scaled, turn

# Random123's kat_vectors for philox4x32 with 10 rounds: counter, key, result
VECTORS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text):
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "expected"), VECTORS)
def test_philox_gives_the_published_vectors(counter, key, expected):
    c = tuple(np.array([word], np.uint64) for word in words(counter))
    assert [int(word[0]) for word in philox(c, tuple(words(key)))] == words(expected)


def test_philox_works_on_arrays_of_counters():
    columns = zip(*(words(counter) for counter, _, _ in VECTORS), strict=True)
    together = philox(tuple(np.array(column, np.uint64) for column in columns), (7, 9))
    for i, (counter, _, _) in enumerate(VECTORS):
        alone = philox(tuple(np.array([word], np.uint64) for word in words(counter)), (7, 9))
        assert [int(w[i]) for w in together] == [int(w[0]) for w in alone]


def reference(stream, kind, i):
    """The 64-bit word behind element i, from one block at a time in Python's integers."""
    block = i // 2
    counter = (block & 0xFFFFFFFF, block >> 32, kind, 0)
    w = [int(word[0]) for word in philox(tuple(np.array([c], np.uint64) for c in counter), stream.key)]
    return w[2 * (i % 2)] | w[2 * (i % 2) + 1] << 32


def test_uniform_is_the_upper_53_bits_of_the_elements_word():
    stream = Stream(3, "a")
    drawn = stream.uniform(7).tolist()
    assert drawn == [(reference(stream, random.UNIFORM, i) >> 11) / 2**53 for i in range(7)]


@pytest.mark.parametrize("high", [1, 2, 10, 2**31 + 5, 2**32])
def test_integers_scale_the_elements_word(high):
    stream = Stream(3, "a")
    drawn = stream.integers(high, 9).tolist()
    assert drawn == [reference(stream, random.INTEGERS, i) * high >> 64 for i in range(9)]


def test_scaled_reaches_its_ends_without_overflow():
    ends = np.array([0, 2**64 - 1], np.uint64)
    assert scaled(ends, 2**32).tolist() == [0, 2**32 - 1]
    assert scaled(ends, 3).tolist() == [0, 2]


@pytest.mark.parametrize("high", [0, -1, 2**32 + 1])
def test_integers_refuse_other_ranges(high):
    with pytest.raises(ValueError, match=f"`high` is {high}"):
        Stream(0).integers(high, 2)


def test_normal_is_box_muller_of_the_blocks_words():
    stream = Stream(5, "b", 1)
    for i, drawn in enumerate(stream.normal(8).tolist()):
        u, v = ((reference(stream, random.NORMAL, 2 * (i // 2) + j) >> 11) / 2**53 for j in (0, 1))
        angle = 2 * math.pi * v
        expected = math.sqrt(-2 * math.log(1 - u)) * (math.sin(angle) if i % 2 else math.cos(angle))
        assert drawn == pytest.approx(expected, abs=1e-14)


def draws(stream):
    return {
        "uniform": stream.uniform,
        "normal": stream.normal,
        "integers": lambda shape, offset=0: stream.integers(1000, shape, offset),
    }


@pytest.mark.parametrize("name", ["uniform", "normal", "integers"])
def test_any_slice_can_be_had_alone(name, monkeypatch):
    draw = draws(Stream(1, "x"))[name]
    whole = draw(23)
    monkeypatch.setattr(random, "CHUNK", 3)
    for offset in range(23):
        for length in range(24 - offset):
            assert np.array_equal(draw(length, offset), whole[offset : offset + length])


@pytest.mark.parametrize("name", ["uniform", "normal", "integers"])
def test_a_draw_is_in_c_order_and_repeats(name):
    draw = draws(Stream(1, "x"))[name]
    assert np.array_equal(draw((3, 1, 5)).reshape(-1), draw(15))
    assert draw((3, 1, 5)).shape == (3, 1, 5)
    assert draw(()).shape == ()
    assert draw((4, 0)).shape == (4, 0)
    assert draw(4).flags.writeable


def test_blocks_beyond_the_first_32_bits_differ():
    stream = Stream(0)
    assert not np.array_equal(stream.uniform(4), stream.uniform(4, offset=2**33))
    across = stream.uniform(4, offset=2**33 - 2)
    assert np.array_equal(across[2:], stream.uniform(2, offset=2**33))


@pytest.mark.parametrize(("shape", "offset"), [(-1, 0), (1, -1)])
def test_refuses_what_is_not_there(shape, offset):
    with pytest.raises(ValueError, match="cannot be had"):
        Stream(0).uniform(shape, offset)


def test_keys_tell_seeds_and_names_apart():
    streams = [(0,), (1,), (2**63 - 1,), (0, "ab"), (0, "a", "b"), (0, "", "a"), (0, "a", "")]
    streams += [(0, "1"), (0, 1), (0, -1)]
    assert len({Stream(*each).key for each in streams}) == len(streams)


def test_the_key_is_blake2b_of_seed_and_names():
    text = (7).to_bytes(8, "little") + b"s" + (2).to_bytes(8, "little") + "é".encode()
    text += b"i" + (1).to_bytes(8, "little") + b"5"
    digest = hashlib.blake2b(text, digest_size=8, person=b"specdl").digest()
    assert key_of(7, ("é", 5)) == (int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little"))


def test_methods_of_one_stream_are_independent():
    stream = Stream(0)
    kinds = (random.UNIFORM, random.NORMAL, random.INTEGERS, random.PERMUTATION)
    assert len({reference(stream, kind, 0) for kind in kinds}) == 4
    assert abs(np.corrcoef(stream.uniform(10_000), stream.integers(1000, 10_000))[0, 1]) < 0.03


def test_uniform_has_the_moments_of_its_distribution():
    drawn = Stream(0, "moments").uniform(200_000)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert drawn.mean() == pytest.approx(0.5, abs=0.002)
    assert drawn.var() == pytest.approx(1 / 12, abs=0.001)
    assert np.histogram(drawn, 16, (0, 1))[0] == pytest.approx(12_500, rel=0.03)
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.01


def test_normal_has_the_moments_of_its_distribution():
    drawn = Stream(0, "moments").normal(200_000)
    assert drawn.mean() == pytest.approx(0, abs=0.007)
    assert drawn.var() == pytest.approx(1, abs=0.01)
    assert (drawn**3).mean() == pytest.approx(0, abs=0.03)
    assert (drawn**4).mean() == pytest.approx(3, abs=0.07)
    assert abs(np.corrcoef(drawn[0::2], drawn[1::2])[0, 1]) < 0.01


def test_integers_are_even():
    counts = np.bincount(Stream(0).integers(10, 100_000), minlength=10)
    assert counts.sum() == 100_000
    assert counts == pytest.approx(10_000, rel=0.05)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 1000])
def test_permutation_holds_every_number_once(n):
    order = Stream(0, "order", 1).permutation(n)
    assert order.dtype == np.int64
    assert sorted(order.tolist()) == list(range(n))
    assert np.array_equal(order, Stream(0, "order", 1).permutation(n))


def test_permutations_are_equally_frequent():
    seen = [tuple(Stream(0, "order", epoch).permutation(3).tolist()) for epoch in range(6000)]
    counts = [seen.count(order) for order in set(seen)]
    assert len(counts) == 6
    assert counts == pytest.approx([1000] * 6, rel=0.1)


def test_logarithm_and_turn_are_accurate():
    x = np.concatenate([Stream(0).uniform(50_000), 2.0 ** -np.arange(54), 1 - 2.0 ** -np.arange(2, 54)])
    x = x[x > 0]
    assert np.max(np.abs(logarithm(x) - np.log(x)) / np.maximum(np.abs(np.log(x)), 1e-300)) < 5e-16
    v = np.concatenate([Stream(1).uniform(50_000), np.arange(65) / 64])
    cosine, sine = turn(v)
    assert np.max(np.abs(cosine - np.cos(2 * np.pi * v))) < 1e-15
    assert np.max(np.abs(sine - np.sin(2 * np.pi * v))) < 1e-15


def test_box_muller_is_finite_at_its_ends():
    ends = np.array([0.0, 1 - 2.0**-53])
    x, y = box_muller(ends, np.zeros(2))
    assert x.tolist() == [0.0, pytest.approx(8.5717, abs=1e-4)]
    assert y.tolist() == [0.0, 0.0]


def test_numbers_stay_what_they_are():
    # equal on every machine, and for good: checkpoints and published runs rest on them
    stream = Stream(0, "init", "fc1.weight")
    assert stream.uniform(3).tolist() == [0.32169044967681026, 0.6099857375131543, 0.6126797917648354]
    assert stream.normal(3).tolist() == [-0.08379338524648446, -0.9328298933089205, 0.03606595763113599]
    assert stream.integers(100, 5).tolist() == [83, 33, 16, 40, 44]
    every = np.concatenate([stream.uniform(9999), stream.normal(9999), stream.permutation(9999)])
    assert (
        hashlib.sha256(every.astype("<f8").tobytes()).hexdigest()
        == "81c9d6ab0520fc272fdb1807b10766d03e99d4184e490a7dd5a110cc192f9c29"
    )
