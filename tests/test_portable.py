"""Portable arithmetic: how near it is, and that it gives the same bits.

The functions are reached as the network reaches them, through the table of
arithmetics, and mpmath, with 60 digits, is the referee.
"""

import hashlib
import itertools

import numpy as np
import pytest
from test_activations import mp

import nn
from support import DTYPES
from tools import portable

PORTABLE = nn._ARITHMETIC["portable"]
WORST = {"exp": 1, "tanh": 3, "log1p": 2.5}     # in units of the last place


# How near
# --------

def around(points, steps):
    """The floats next to each point, on both sides."""
    apart = np.multiply.outer(np.arange(-steps, steps + 1), np.spacing(points))
    return (points + apart).ravel()


def hard_and_random(name, n):
    """Floats of every size, and where the function is at its worst."""
    rng = np.random.default_rng(1)
    sizes = np.ldexp(rng.uniform(1, 2, n), rng.integers(-1074, 10, n))
    halves = (rng.integers(-900, 900, n // 4) + .5) * np.log(2)
    more = {"exp": [rng.uniform(-745.2, 709.8, n), around(halves, 1),
                    rng.uniform(-745.2, -708, n),
                    around([709.782712893384, -708.4, -745.13321910194], 40)],
            "tanh": [rng.uniform(.02, .2, n), around(halves / 2, 1)],
            "log1p": [2.0 ** rng.uniform(0, 1024, n),
                      rng.uniform(-.33, -.25, n),
                      around(2.0 ** np.arange(-3, 9.5, .5) - 1, 5)]}
    x = np.concatenate([
        sizes, -sizes, rng.uniform(-1, 1, n), rng.uniform(-.35, .35, n),
        rng.uniform(-20, 20, n), around(
            [0, 2.0 ** -1022, -2.0 ** -1022, -1, 1, 2.0 ** -53], 20),
        *more[name]])
    return x[x > -1] if name == "log1p" else x


def error(y, exact):
    """|y - exact| in units of the last place of a float64.

    What overflows counts as the first power of two beyond the format.
    """
    beyond = mp.mpf(2) ** 1024
    y, exact = min(mp.mpf(float(y)), beyond), min(exact, beyond)
    exponent = mp.frexp(exact)[1] if exact else -1074
    return abs(y - exact) / mp.mpf(2) ** max(exponent - 53, -1074)


@pytest.mark.parametrize("name", WORST)
def test_a_result_is_as_near_as_promised(name):
    with np.errstate(under="ignore"):
        x = hard_and_random(name, 2_000)
        y = getattr(PORTABLE, name)(x)
    errors = [error(b, getattr(mp, name)(mp.mpf(float(a))))
              for a, b in zip(x, y, strict=True)]
    worst = int(np.argmax(errors))
    assert errors[worst] <= WORST[name], (x[worst], float(errors[worst]))


@pytest.mark.parametrize("name", WORST)
def test_float32_is_float64_rounded_once(name):
    """Patterns of bits from all over float32, NaN and infinity included."""
    x = np.arange(0, 2 ** 32, 10_007).astype(np.uint32).view(np.float32)
    function = getattr(PORTABLE, name)
    with np.errstate(all="ignore"):
        expected = function(x.astype(np.float64)).astype(np.float32)
    y = function(x)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_ends_of_the_line(dtype):
    """Exact there, and silent; NaN stays NaN and zero keeps its sign."""
    inf, nan, big = np.inf, np.nan, np.finfo(dtype).max
    tiny = np.finfo(dtype).smallest_subnormal
    x = np.array([0.0, -0.0, inf, -inf, nan, -1, big, -big, tiny], dtype)
    expected = {"exp": [1, 1, inf, 0, nan, None, inf, 0, 1],
                "tanh": [0.0, -0.0, 1, -1, nan, None, 1, -1, tiny],
                "log1p": [0.0, -0.0, inf, nan, nan, -inf, None, nan, tiny]}
    for name, values in expected.items():
        for a, b in zip(getattr(PORTABLE, name)(x), values, strict=True):
            if b is not None:
                np.testing.assert_array_equal(a, np.array(b, dtype), name)
                assert np.isnan(b) or np.signbit(a) == np.signbit(b)


# The same bits
# -------------

def layouts(x):
    """The same values, laid out in memory in other ways."""
    wide = np.empty((x.shape[0] * 2, x.shape[1] * 3), x.dtype)
    wide[::2, ::3] = x
    beside = np.empty((x.shape[0], x.shape[1] + 1), x.dtype, order="F")
    beside[:, :-1] = x
    return [x.copy(), np.array(x, order="F"), wide[::2, ::3], beside[:, :-1],
            np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1],
            portable.arranged(x, 2)]


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_result_depends_on_its_number_alone(dtype):
    """Not on its place, the layout, the neighbours or where it is put."""
    x = np.random.default_rng(2).random((110, 190)).astype(dtype)
    for name in WORST:
        function = getattr(PORTABLE, name)
        expected = function(x)
        for some in np.s_[5:6, 3:8], (7, 9), (None, slice(None, None, -1)):
            assert np.array_equal(function(x[some]), expected[some])
        for given, out in itertools.product(layouts(x), layouts(x)):
            assert function(given, out=out) is out
            assert np.array_equal(out, expected)
            assert np.array_equal(given, x)
        for given in layouts(x):
            assert function(given, out=given) is given
            assert np.array_equal(given, expected)
        assert function(x[0, 0], out=np.empty((), dtype)).shape == ()


def folded(terms):
    """A sum by the definition, one plain addition after the other."""
    while len(terms) > 1:
        half = (len(terms) + 1) // 2
        terms = [a + b for a, b in zip(terms, terms[half:])] + terms[
            len(terms) - half:half]
    return terms[0]


def product(a, b):
    """A matrix product by the definition, in stretches of 128 terms."""
    out = np.zeros((a.shape[0], b.shape[1]), a.dtype)
    for i, j in np.ndindex(out.shape):
        for k in range(0, a.shape[1], 128):
            out[i, j] += folded(list(a[i, k:k + 128] * b[k:k + 128, j]))
    return out


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [
    (1, 1, 1), (5, 4, 3), (3, 1, 40), (20, 16, 3), (2, 300, 5), (40, 129, 17),
    (17, 128, 2), (1, 700, 1), (4, 3, 600), (300, 200, 2), (16, 0, 3)])
def test_a_product_is_that_of_the_definition(shape, dtype):
    n, depth, m = shape
    rng = np.random.default_rng(3)
    a = rng.normal(size=(n, depth)).astype(dtype)
    b = rng.normal(size=(depth, m)).astype(dtype)
    expected = product(a, b)
    assert PORTABLE.dot(a, b).dtype == dtype
    if depth:
        for left, right in itertools.product(layouts(a), layouts(b)):
            out = np.full((m, n), np.nan, dtype).T
            assert PORTABLE.dot(left, right, out) is out
            assert np.array_equal(out, expected)
            assert np.array_equal(PORTABLE.dot(right.T, left.T), expected.T)
    assert np.array_equal(PORTABLE.dot(a, b), expected)
    assert np.array_equal(PORTABLE.dot(a[-1:], b), expected[-1:])


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_total_is_that_of_the_definition(dtype):
    x = np.random.default_rng(4).normal(size=(7, 13, 5)).astype(dtype)
    before = x.copy()
    for axis in range(-1, 3):
        expected = folded(list(np.moveaxis(x, axis, 0)))
        for order in "CF":
            y = PORTABLE.total(np.array(x, order=order), axis)
            assert y.dtype == dtype and np.array_equal(y, expected)
        kept = PORTABLE.total(x, axis=axis, keepdims=True)
        assert np.array_equal(kept, np.expand_dims(expected, axis))
    assert PORTABLE.total(x[0, 0]) == folded(list(x[0, 0]))
    assert np.array_equal(x, before)


GOLDEN = "8440c12cceb99874900be7c62a9df9dfdf10b79dadc923fb645523a4a2927a61"


def test_the_bits_of_this_version():
    """One digest of all five operations, for every machine there is."""
    rng = np.random.default_rng(5)
    u = rng.random((300, 40))
    found = [PORTABLE.exp(1500 * u - 750), PORTABLE.tanh(24 * u * u * u),
             PORTABLE.log1p(u - .5), PORTABLE.log1p(1 / u - 1),
             PORTABLE.dot(u - .5, u.T), PORTABLE.total(1 / u)]
    every = b"".join(a.astype("<f8").tobytes() for a in found)
    assert hashlib.sha256(every).hexdigest() == GOLDEN


def test_one_result_from_every_configuration():
    """From four of those of make portable, the extremes among them."""
    every = list(portable.configurations(""))
    assert len({portable.result(*every[i])["portable"]
                for i in (0, 4, -2, -1)}) == 1


def test_no_primitive_that_may_differ_is_called_by_a_portable_run(monkeypatch):
    def unportable(*args, **kwargs):
        raise AssertionError("an operation that differs between machines")

    monkeypatch.setitem(nn._ARITHMETIC, "blas", type(PORTABLE)(
        *[unportable] * len(PORTABLE)))
    found = list(portable.digests("portable", layout=0))
    assert len(set(found)) == len(found) >= 24
    with pytest.raises(AssertionError, match="differs"):
        next(portable.digests("blas", layout=0))
