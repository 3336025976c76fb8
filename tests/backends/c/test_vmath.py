import ctypes
from functools import cache

import numpy as np
import pytest

from tests.backends.c.vmath_harness import EXACT, Build, Harness, compiler, exact, levels, pointer

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C compiler is found")

NATIVE = [Build(16), Build(8)]
FLOATS = [*NATIVE, Build(4), Build(8, contract="off"), *(Build(8, march=march) for march in levels())]
DOUBLES = [Build(8, double=True), Build(4, double=True), Build(2, double=True)]
BUILDS = FLOATS + DOUBLES
LIMITS = {"exp": 1.2, "log": 1.2, "log1p": 1.2, "softplus": 2, "sqrt": 0.5, "rsqrt": 1.5}
"""Errors in ulp, with and without FMA, where the method gives better than 3."""
inf, nan = np.inf, np.nan


@pytest.fixture(scope="module")
def harness_of(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vmath")
    return cache(lambda build: Harness(build, folder))


@pytest.fixture
def harness(request, harness_of):
    return harness_of(request.param)


def over(builds):
    return pytest.mark.parametrize("harness", builds, ids=str, indirect=True)


@cache
def sample():
    """Numbers of every sign, exponent and kind of NaN; and twice as many where functions bend."""
    rng = np.random.default_rng(0)
    spread = (np.arange(2**19, dtype=np.uint64) * 8191 + rng.integers(0, 8191, 2**19)).astype(np.uint32)
    bends = rng.normal(0, 4, 2**19).astype(np.float32)
    powers = 2.0 ** np.arange(-149, 128)
    edges = np.float32([87.33654, 88.72283, 88.72284, 9.02, 4, 0.927734375, 1, 2 / 3, 4 / 3, *powers])
    nearby = [np.nextafter(edges, np.float32(0)), edges, np.nextafter(edges, np.float32(inf))]
    return np.concatenate([spread.view(np.float32), bends, *nearby, *(-near for near in nearby)])


@cache
def truth(name, flush):
    return exact(name, sample(), flush)


@over(FLOATS)
@pytest.mark.parametrize("flush", [False, True], ids=["exact", "flush"])
@pytest.mark.parametrize("name", EXACT)
def test_floats_are_within_their_limits(harness, name, flush):
    error, at = harness.worst(harness(name, sample(), flush=flush), truth(name, flush))
    assert error <= LIMITS.get(name, 3), f"{name}({sample()[at]!r}) is off by {error} ulp"


@over(NATIVE)
@pytest.mark.parametrize(
    ("y", "truth", "error"),
    [
        (1.0, 1.0, 0),
        (1 + 2**-22, 1 + 2**-23, 1),
        (2**-130, 2**-130, 0),
        (0.0, 2**-130, 0),
        (inf, 3e38, inf),
        (inf, 1e39, 0),
        (3e38, inf, inf),
        (nan, nan, 0),
        (nan, 1.0, inf),
        (1.0, nan, inf),
        (0.0, -0.0, inf),
        (1.0, -1.0, inf),
    ],
)
def test_the_judge_knows_right_from_wrong(harness, y, truth, error):
    ys, truths = np.float32([1, y, 1]), np.float64([1, truth, 1])
    assert harness.worst(ys, truths) == (error, int(error > 0))


SPECIAL = {
    "exp": [(0.0, 1), (-0.0, 1), (inf, inf), (-inf, 0.0), (1000, inf), (-1000, 0.0)],
    "log": [(0.0, -inf), (-0.0, -inf), (-1.0, nan), (-inf, nan), (inf, inf), (1, 0.0)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1.0, -inf), (-2.0, nan), (inf, inf), (-inf, nan)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (inf, 1), (-inf, -1), (100, 1), (-100, -1)],
    "sigmoid": [(0.0, 0.5), (-0.0, 0.5), (inf, 1), (-inf, 0.0), (1000, 1), (-1000, 0.0)],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (inf, 1), (-inf, -1), (100, 1), (-100, -1)],
    "softplus": [(inf, inf), (-inf, 0.0), (1000, 1000), (-1000, 0.0)],
    "sqrt": [(0.0, 0.0), (-0.0, -0.0), (inf, inf), (-1.0, nan), (4, 2)],
    "rsqrt": [(0.0, inf), (inf, 0.0), (-1.0, nan), (4, 0.5)],
    "abs": [(0.0, 0.0), (-0.0, 0.0), (-inf, inf), (-3, 3)],
    "neg": [(0.0, -0.0), (-0.0, 0.0), (inf, -inf), (-3, 3)],
    "sign": [(0.0, 0.0), (-3, -1), (3, 1), (inf, 1), (-inf, -1)],
    "relu": [(-3, 0.0), (3, 3), (inf, inf), (-inf, 0.0)],
}
NAN = {"sign": [(nan, 0)]}


@over(BUILDS)
@pytest.mark.parametrize("name", SPECIAL)
def test_zeros_infinities_and_nan_are_kept(harness, name):
    x, expected = np.array([*SPECIAL[name], *NAN.get(name, [(nan, nan)])], dtype=harness.build.dtype).T.copy()
    y = harness(name, x)
    np.testing.assert_array_equal(y, expected)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(y)[numbers], np.signbit(expected)[numbers])


@over(DOUBLES)
@pytest.mark.parametrize("name", EXACT)
def test_doubles_are_those_of_libm(harness, name):
    x = np.concatenate([np.random.default_rng(0).normal(0, 3, 4096), np.logspace(-300, 2, 4096)])
    with np.errstate(all="ignore"):
        expected = EXACT[name](x)
    np.testing.assert_allclose(harness(name, x), expected, rtol=1e-13)


@over(BUILDS)
def test_maximum_and_minimum_pass_nan_from_either_side(harness):
    sides = np.array([-inf, -1, 0, 2, inf, nan], dtype=harness.build.dtype)
    a, b = (side.ravel() for side in np.meshgrid(sides, sides))
    np.testing.assert_array_equal(harness("maximum", a, b), np.maximum(a, b))
    np.testing.assert_array_equal(harness("minimum", a, b), np.minimum(a, b))


@over(BUILDS)
def test_pow_is_that_of_libm(harness):
    sides = np.array([-2, -0.5, 0, 0.3, 1, 7, inf, nan], dtype=harness.build.dtype)
    a, b = (side.ravel() for side in np.meshgrid(sides, sides))
    with np.errstate(all="ignore"):
        expected = np.power(a.astype(np.float64), b.astype(np.float64)).astype(a.dtype)
    np.testing.assert_allclose(harness("pow", a, b), expected, rtol=2 * np.finfo(a.dtype).eps)


@over(BUILDS)
@pytest.mark.parametrize("number", [1.5, 0.0, -0.0, nan, -inf])
def test_a_number_in_every_lane(harness, number):
    x = np.array([number], dtype=harness.build.dtype)
    y = np.empty(harness.build.lanes, x.dtype)
    harness.raw("splat")(pointer(x), pointer(y))
    np.testing.assert_array_equal(y, np.full_like(y, number))
    np.testing.assert_array_equal(np.signbit(y), np.signbit(x).repeat(y.size))


@over(BUILDS)
def test_lanes_choice_and_sums(harness):
    dtype, lanes = harness.build.dtype, harness.build.lanes
    x = np.random.default_rng(0).normal(size=lanes).astype(dtype)
    y = np.empty(lanes, dtype)
    harness.raw("lane")(pointer(y))
    np.testing.assert_array_equal(y, np.arange(lanes))
    harness.raw("sel")(pointer(x), pointer(y))
    np.testing.assert_array_equal(y, np.where(x > 0, x, -7))
    halves = x
    while halves.size > 1:
        halves = halves[: halves.size // 2] + halves[halves.size // 2 :]
    assert harness.raw("hsum", harness.real)(pointer(x)) == halves[0]
    assert harness.raw("hmax", harness.real)(pointer(x)) == x.max()
    for lane in range(lanes):
        spoilt = np.where(np.arange(lanes) == lane, nan, x).astype(dtype)
        assert np.isnan(harness.raw("hmax", harness.real)(pointer(spoilt)))


@over(BUILDS)
def test_a_partial_store_writes_so_many_numbers(harness):
    lanes, dtype = harness.build.lanes, harness.build.dtype
    x = np.arange(1, lanes + 1, dtype=dtype)
    for n in {1, 2, 3, 4, 5, 7, 13, 15} & set(range(1, lanes + 1)):
        y = np.zeros(lanes + 1, dtype)
        harness.raw("stn")(pointer(y), pointer(x), ctypes.c_longlong(n))
        np.testing.assert_array_equal(y, np.where(np.arange(lanes + 1) < n, np.arange(1, lanes + 2), 0))


@over(BUILDS)
@pytest.mark.parametrize(("n", "k"), [(1, 1), (16, 16), (7, 33), (40, 5), (32, 48)])
def test_transpose(harness, n, k):
    """Rows of q end in what must not come through; rows of o are written in whole vectors, no further."""
    dtype, lanes = harness.build.dtype, harness.build.lanes
    ld, ldo = k + 3, -(-n // lanes) * lanes + 2
    q = np.random.default_rng(0).normal(size=n * ld + lanes).astype(dtype)
    o = np.full((k + 1, ldo), 99, dtype)
    sizes = (ctypes.c_longlong(size) for size in (ld, ldo, n, k))
    ld_, ldo_, n_, k_ = sizes
    harness.raw("transpose")(pointer(q), ld_, pointer(o), ldo_, n_, k_)
    np.testing.assert_array_equal(o[:k, :n], q[: n * ld].reshape(n, ld)[:, :k].T)
    assert (o[:k, -2:] == 99).all()
    assert (o[k] == 99).all()
