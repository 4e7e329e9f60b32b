"""Portable arithmetic, with mpmath at 50 digits as the referee."""

import itertools
import math
import warnings

import mpmath
import numpy as np
import pytest

import nn
from tests import portable

mp = mpmath.mp.clone()
mp.dps = 50
COUNT = 2_000
FUNCTIONS = {
    "exp": (nn._portable_exp, mp.exp, 2),
    "log": (nn._portable_log, mp.log, 4),
    "log1p": (nn._portable_log1p, mp.log1p, 4),
    "tanh": (nn._portable_tanh, mp.tanh, 4),
}
DTYPES = [np.float64, np.float32]
FORMAT = {np.float64: (53, -1074, 1024), np.float32: (24, -149, 128)}


def every(dtype, count, rng):
    """Random bit patterns: every exponent and both signs alike."""
    bits = np.dtype(dtype).itemsize * 8
    ints = rng.integers(0, 2 ** bits, count, dtype=f"u{bits // 8}")
    x = ints.view(dtype)
    return x[np.isfinite(x)]


def around(points, dtype, steps=40):
    """The floats next to each point, on both sides."""
    below = above = np.asarray(points, dtype)
    out = []
    with np.errstate(all="ignore"):
        for _ in range(steps):
            out += [below, above]
            below = np.nextafter(below, dtype(-np.inf))
            above = np.nextafter(above, dtype(np.inf))
    return np.concatenate(out)


def points(name, dtype, rng):
    info = np.finfo(dtype)

    def uniform(a, b, n=COUNT):
        return rng.uniform(a, b, n).astype(dtype)

    magnitudes = (2.0 ** uniform(-60, 10).astype(float)).astype(dtype)
    signed = magnitudes * rng.choice([-1, 1], len(magnitudes)).astype(dtype)
    tiny = float(info.smallest_subnormal)
    x = [every(dtype, COUNT, rng), signed, around(
        [0.0, tiny * 1e3, info.tiny, -info.tiny, 1.0, -1.0, 0.5, 2.0, 1e-8,
         info.eps, -info.eps, info.eps / 2, info.max, -info.max], dtype)]
    if name == "exp":
        top, normal = math.log(float(info.max)), math.log(float(info.tiny))
        zero = math.log(tiny) - math.log(2)
        breaks = (rng.integers(-60000, 60000, 400) + .5) * math.log(2) / 256
        x += [uniform(zero - 2, top + 1), uniform(zero - 1, normal + 1),
              uniform(-1, 1), uniform(-.003, .003),
              around(breaks, dtype, 3),
              around([top, normal, zero, zero + math.log(1.5)], dtype, 200)]
    if name == "tanh":
        breaks = (rng.integers(-3000, 3000, 600) + .5) * math.log(2) / 512
        x += [uniform(-25, 25), uniform(-1, 1), uniform(-.01, .01),
              around(breaks, dtype, 3), around([9.01, 19.06, 22], dtype, 99)]
    if name.startswith("log"):
        near = 1 - (name == "log1p")
        breaks = np.arange(128, 257.5, .5) / 256
        breaks = np.concatenate([breaks, breaks * 2, breaks * 4])
        if name == "log1p":
            breaks -= 1
        x += [near + signed, near + uniform(-.01, .01), uniform(.25, 4),
              uniform(-1, 1), around(breaks, dtype, 3)]
    x = np.concatenate([np.asarray(v, dtype) for v in x])
    if name == "log":
        x = np.abs(x)
        x = x[x > 0]
    if name == "log1p":
        x = x[x > -1]
    return x[np.isfinite(x)]


def ulps(y, exact, dtype):
    """Return |y - exact| in units of the last place of the exact result.

    An overflow counts as the first power of two beyond the format.
    """
    precision, lowest, beyond = FORMAT[dtype]
    y = mp.mpf(float(y))
    limit = mp.mpf(2) ** beyond
    y, exact = (min(max(v, -limit), limit) for v in (y, exact))
    if y == exact:
        return 0.0
    exponent = mp.frexp(exact)[1] if exact else lowest
    unit = mp.mpf(2) ** max(exponent - precision, lowest)
    return float(abs(y - exact) / unit)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_accuracy(name, dtype):
    function, referee, allowed = FUNCTIONS[name]
    x = points(name, dtype, np.random.default_rng(1))
    y = function(x)
    assert y.dtype == dtype
    errors = [ulps(b, referee(mp.mpf(float(a))), dtype) for a, b in zip(x, y)]
    worst = int(np.argmax(errors))
    assert errors[worst] <= allowed


@pytest.mark.parametrize("name", FUNCTIONS)
def test_float32_dense(name):
    """Float32 patterns of every size against NumPy in double precision."""
    function = FUNCTIONS[name][0]
    reference = {"exp": np.exp, "log": np.log, "log1p": np.log1p,
                 "tanh": np.tanh}[name]
    x = np.arange(0, 2 ** 32, 10_007, dtype=np.uint64).astype(
        np.uint32).view(np.float32)
    y = function(x)
    with np.errstate(all="ignore"):
        exact = reference(x.astype(np.float64))
        assert np.array_equal(np.isnan(y), np.isnan(exact))
        unit = np.spacing(np.abs(exact).astype(np.float32)).astype(float)
        finite = np.isfinite(y) & np.isfinite(unit)
        error = np.abs(y - exact)[finite] / unit[finite]
    infinite = ~np.isfinite(y) & ~np.isnan(y)
    assert np.all(np.abs(exact[infinite]) > 3.4028235e38)
    assert error.max() < 0.501


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values(dtype):
    inf, nan = np.inf, np.nan
    x = np.array([0.0, -0.0, inf, -inf, nan, -1, 1e30, -1e30], dtype)
    expected = {
        "exp": [1, 1, inf, 0, nan, dtype(math.exp(-1)), inf, 0],
        "log": [-inf, -inf, inf, nan, nan, nan, dtype(math.log(dtype(1e30))),
                nan],
        "log1p": [0.0, -0.0, inf, nan, nan, -inf,
                  dtype(math.log(dtype(1e30))), nan],
        "tanh": [0.0, -0.0, 1, -1, nan, dtype(math.tanh(-1)), 1, -1]}
    if dtype is np.float64:
        x[-2:] = 1e300, -1e300
        expected["log"][-2] = expected["log1p"][-2] = math.log(1e300)
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, values in expected.items():
            function = FUNCTIONS[name][0]
            y = function(x)
            np.testing.assert_array_equal(y, np.array(values, dtype), name)
            zeros = np.signbit(y) == np.signbit(np.array(values, dtype))
            assert np.all(zeros | np.isnan(y)), name
            for one, whole in zip(x, y):        # one by one, and 0-d
                for form in (one, np.array(one), np.array([one])):
                    np.testing.assert_array_equal(
                        np.ravel(function(form)), [whole])
            quiet = np.random.default_rng(0)
            function(every(dtype, 100_000, quiet))
            assert function(np.empty((0, 3), dtype)).shape == (0, 3)


def test_python_floats():
    assert float(nn._portable_exp(1.0)) == math.e
    assert float(nn._portable_log1p(-0.0)).hex() == "-0x0.0p+0"


def layouts(x):
    """The same values, laid out in memory in other ways."""
    wide = np.empty((x.shape[0] * 2, x.shape[1] * 3), x.dtype)
    wide[::2, ::3] = x
    raw = np.empty(x.nbytes + 1, np.uint8)
    odd = raw[1:].view(x.dtype).reshape(x.shape)
    odd[...] = x
    backward = np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1]
    return [x, np.asfortranarray(x), wide[::2, ::3], odd, backward]


@pytest.mark.parametrize("dtype", DTYPES)
def test_layouts_and_chunks(dtype, monkeypatch):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(70, 90)).astype(dtype)
    before = x.copy()
    for name, (function, _, _) in FUNCTIONS.items():
        expected = function(np.abs(x))
        for y in layouts(np.abs(x)):
            assert np.array_equal(function(y), expected)
        monkeypatch.setattr(nn, "_CACHE", 7)
        assert np.array_equal(function(np.abs(x)), expected)
        monkeypatch.undo()
    for axis in (0, -1):
        expected = nn._portable_sum(x, axis)
        for y in layouts(x):
            assert np.array_equal(nn._portable_sum(y, axis), expected)
    assert np.array_equal(x, before)


@pytest.mark.parametrize("dtype", DTYPES)
def test_exp_of_nothing_rises(dtype):
    """A longer grid of arguments: exp never falls, tanh is odd."""
    x = np.linspace(-110, 90, 200_001).astype(dtype)
    assert np.all(np.diff(nn._portable_exp(x)[x < 88]) >= 0)
    assert np.array_equal(nn._portable_tanh(-x), -nn._portable_tanh(x))


def naive(a, b):
    """The definition, one element at a time, in plain scalar arithmetic."""
    out = np.zeros((a.shape[0], b.shape[1]), a.dtype)
    for i, j in np.ndindex(out.shape):
        for k in range(0, a.shape[1], 128):
            terms = [x * y for x, y in zip(a[i, k:k + 128], b[k:k + 128, j])]
            while len(terms) > 1:
                half = (len(terms) + 1) // 2
                for t in range(len(terms) - half):
                    terms[t] = terms[t] + terms[t + half]
                terms = terms[:half]
            out[i, j] = out[i, j] + terms[0]
    return out


SHAPES = [(1, 1, 1), (5, 4, 3), (3, 1, 40), (20, 16, 3), (2, 300, 5),
          (40, 129, 17), (17, 128, 2), (1, 700, 1), (4, 3, 600)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_dot(shape, dtype, monkeypatch):
    n, depth, m = shape
    rng = np.random.default_rng(3)
    a = rng.normal(size=(n, depth)).astype(dtype)
    b = rng.normal(size=(depth, m)).astype(dtype)
    expected = naive(a, b)
    eps = float(np.finfo(dtype).eps)
    bound = (np.abs(a).astype(float) @ np.abs(b)) * 8 * eps
    assert np.all(np.abs(expected - a.astype(float) @ b) <= bound)
    for left, right in itertools.product(layouts(a), layouts(b)):
        out = np.full((m, n), np.nan, dtype).T
        assert nn._portable_dot(left, right, out) is out
        assert np.array_equal(out, expected)
        assert np.array_equal(nn._portable_dot(right.T, left.T), expected.T)
    assert np.array_equal(nn._portable_dot(a[-1:], b), expected[-1:])
    assert nn._portable_dot(a, b).dtype == dtype
    for columns, tile in ((1, 1), (3, 50), (1000, 10 ** 6)):
        monkeypatch.setattr(nn, "_COLUMNS", columns)
        monkeypatch.setattr(nn, "_TILE", tile)
        assert np.array_equal(nn._portable_dot(a, b), expected)


def test_empty():
    empty = np.empty
    nothing = nn._portable_dot(empty((3, 0)), empty((0, 2)))
    assert nothing.tolist() == [[0, 0]] * 3
    assert nn._portable_dot(empty((0, 4)), empty((4, 2))).shape == (0, 2)
    assert nn._portable_dot(empty((2, 4)), empty((4, 0))).shape == (2, 0)
    assert nn._portable_sum(empty((0, 2))).tolist() == [0, 0]


def test_cross_entropy():
    """The loss needs no expm1: exp(-M) - 1 is accurate to 1e-13."""
    rng = np.random.default_rng(4)
    for scale in (1e-12, 1e-3, 1, 10, 100, 800):
        for _ in range(200):
            z = rng.normal(size=4) * scale
            d = np.delete(z - z[0], 0)
            top = max(d.max(), 0.0)
            total = nn._portable_sum(nn._portable_exp(d - top))
            loss = top + nn._portable_log1p(
                total + (nn._portable_exp(-top) - 1.0))
            exact = mp.log1p(mp.fsum(mp.exp(mp.mpf(float(v)))
                                   for v in d))
            error = abs(mp.mpf(float(loss)) - exact)
            assert error < 1e-13 * exact + 1e-322     # may be subnormal


def test_tables():
    one = mp.mpf(2) ** 120
    mp.dps = 60
    roots = np.array([abs(v / one - mp.mpf(2) ** (mp.mpf(j) / 256))
                      for j, v in enumerate(nn._roots())])
    logs = np.array([abs(v / one - mp.log(mp.mpf(128 + j) / 128))
                     for j, v in enumerate(nn._logs())])
    mp.dps = 50
    assert max(roots.max(), logs.max()) < mp.mpf(2) ** -108
    assert nn._ROOT[[0, 256]].tolist() == [1, 2]
    assert nn._LOG[128] == nn._LOG_LOW[128] == 0
    assert 2.0 ** 42 * nn._LN2_HIGH % 1 == 0


def test_one_result_from_every_configuration():
    """The short form of make portable, on the NumPy that is installed."""
    results = portable.distinct_results(portable.short_configurations())
    assert len(results["portable"]) == 1


def test_the_whole_network_is_portable():
    """No primitive of NumPy's that may differ is called by a portable run."""
    def unportable(*args, **kwargs):
        raise AssertionError("an operation that differs between machines")

    forbidden = nn._Arithmetic(*[unportable] * len(nn._Arithmetic._fields))
    kept = nn._ARITHMETIC["blas"]
    nn._ARITHMETIC["blas"] = forbidden
    try:
        for digest in portable.trained_digests("portable", layout=0):
            assert len(digest) == 64
        with pytest.raises(AssertionError, match="differs"):
            next(portable.trained_digests("blas", layout=0))
    finally:
        nn._ARITHMETIC["blas"] = kept
