"""Activations and softmax, against mathematics at 60 digits."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import nn
from support import ACTIVATIONS, ARITHMETICS, DTYPES

mp = mpmath.mp.clone()
mp.dps = 60
TINY = np.finfo(float).tiny

# An activation that is not in here is still held to its slope, its layouts
# and all that the other files ask of it.
EXACT = {
    "sigmoid": lambda z: 1 / (1 + mp.exp(-z)),
    "tanh": mp.tanh,
    "relu": lambda z: max(z, mp.mpf(0)),
}
PUBLIC = [getattr(nn, name) for name in ACTIVATIONS if name in nn.__all__]
ROWS = [nn.softmax, nn.log_softmax]
NUMBERS = [-700.0, -36.7, -1.0, -1e-3, -1e-20, 0.0, 1e-20, 0.3, 5.0, 37.0,
           700.0]
POINTS = [-30.0, -2.0, -0.1, 0.2, 1.0, 3.0, 30.0]
# How many dimensions NumPy's arrays may have.
MOST = 64 if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else 32

rows = st.integers(1, 6).flatmap(lambda k: st.lists(
    st.lists(st.floats(-700, 700), min_size=k, max_size=k), min_size=1,
    max_size=4))


def exact_loss(row, t):
    """Minus the logarithm of softmax, without the cancellation in it."""
    row = [mp.mpf(float(z)) for z in row]
    others = mp.fsum(mp.exp(z - row[t]) for j, z in enumerate(row) if j != t)
    return mp.log1p(others)


def close(value, exact, relative=1e-13):
    """Within a relative error, or below the normal floats altogether."""
    return value == exact or (
        abs(mp.mpf(value) - exact) <= relative * abs(exact) + TINY)


# One number at a time
# --------------------

@pytest.mark.parametrize("z", [*NUMBERS, *POINTS, math.inf, -math.inf])
@pytest.mark.parametrize("name", EXACT)
def test_an_activation_is_right_to_the_last_digits(name, z):
    assert close(float(getattr(nn, name)(z)), EXACT[name](mp.mpf(z)), 1e-15)


@pytest.mark.parametrize("z", POINTS)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_complex_step_gives_the_slope_that_the_table_has(name, z):
    activate, slope = nn._ACTIVATIONS[name]
    with np.errstate(under="ignore"):
        a, step = (activate(np.array([number]), nn._ARITHMETIC["blas"])
                   for number in (z, z + 1e-30j))
    measured = step[0].imag / 1e-30
    assert math.isclose(step[0].real, a[0], rel_tol=1e-15)
    assert math.isclose(measured, slope(a)[0], rel_tol=1e-13, abs_tol=1e-15)
    if name in EXACT:
        assert getattr(nn, name)(z + 1e-30j) == step[0]
        assert close(measured, mp.diff(EXACT[name], mp.mpf(z)), 1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_an_activation_writes_where_it_is_told_to_and_keeps_a_nan(
        name, dtype, arithmetic):
    (activate, slope), ops = nn._ACTIVATIONS[name], nn._ARITHMETIC[arithmetic]
    z = np.random.default_rng(0).normal(size=(5, 7)).astype(dtype)
    z[0, 0] = math.nan
    for like in (z, np.asfortranarray(z)):
        out = np.full_like(like, 9)
        assert activate(like.copy("K"), ops, out) is out
        assert out.dtype == dtype and slope(out).shape == out.shape
        np.testing.assert_array_equal(out, activate(z, ops))
        assert np.argwhere(np.isnan(out)).tolist() == [[0, 0]]


@pytest.mark.parametrize("function", PUBLIC + ROWS)
@pytest.mark.parametrize("dtype", ["e", "f", "d", "F", "D", "?", "u1", "i8"])
def test_a_function_keeps_the_shape_and_gives_floats_of_the_dtype_it_got(
        function, dtype):
    shapes = [(3,), (2, 3), (1, 2, 3), (0, 3), (1,) * (MOST - 1) + (2,)]
    if function in PUBLIC:
        shapes += [(), (0,), (2, 0)]
    for shape in shapes:
        z = np.ones(shape, dtype)
        z.setflags(write=False)
        given, found = z if dtype in "efdFD" else z.astype(float), function(z)
        assert (found.shape, found.dtype) == (shape, given.dtype)
        np.testing.assert_array_equal(found, function(given))


# Rows of numbers
# ---------------

@given(rows)
@example([[1e4] * 5, [-1e4] * 5, [1e4, 0.0, -1e4, 0.0, 0.0]])
def test_softmax_and_its_logarithm_are_right_to_the_last_digits(z):
    P, L = nn.softmax([z])[0], nn.log_softmax([z])[0]
    assert P.shape == L.shape == np.shape(z)
    assert (P >= 0).all() and (P <= 1).all()
    assert np.allclose(P.sum(axis=1), 1, rtol=1e-15 * P.shape[1], atol=0)
    for row, p, log_p in zip(z, P, L, strict=True):
        for j in range(len(row)):
            exact = exact_loss(row, j)
            assert close(float(log_p[j]), -exact, 2e-13)
            assert close(float(p[j]), mp.exp(-exact), 3e-13)


@given(rows, st.integers(-1000, 1000), st.randoms(use_true_random=False))
def test_softmax_does_not_see_what_is_added_nor_the_order(z, c, random):
    z = np.round(np.array(z) * 1024) / 1024     # so that adding is exact
    assert (nn.softmax(z + c) == nn.softmax(z)).all()
    assert (nn.log_softmax(z + c) == nn.log_softmax(z)).all()
    order = list(range(z.shape[1]))
    random.shuffle(order)
    with np.errstate(under="ignore"):
        assert np.allclose(nn.softmax(z[:, order]), nn.softmax(z)[:, order],
                           rtol=1e-15, atol=1e-300)


@pytest.mark.parametrize("size", [1e300, 1.7e308])
def test_softmax_holds_at_the_extremes(size):
    assert nn.softmax([[size, 0.0, -size]]).tolist() == [[1, 0, 0]]
    assert nn.log_softmax([[size, 0.0, -size]])[0, :2].tolist() == [0, -size]


@pytest.mark.parametrize("j", range(3))
def test_a_complex_step_gives_the_slopes_of_softmax(j):
    z, one = np.array([[0.2, -0.4, 1.0], [3.0, 3.0, -9.0]]), np.eye(3)[j]
    p = nn.softmax(z)
    assert np.allclose(nn.softmax(z + 1e-30j * one).imag / 1e-30,
                       p * (one - p[:, [j]]), rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize("dtype, off", [("float64", 1e-13), ("float32", 1e-6)])
@pytest.mark.parametrize("k", [5_000, 40_000])
def test_probabilities_sum_to_one_among_many_classes(k, dtype, off):
    rng = np.random.default_rng(0)
    network = nn.Network(2, "tanh", dtype=dtype).partial_fit(
        rng.normal(size=(2, 4)), [0, 1], classes=range(k), epochs=0)
    network.params_["W2"][:] = rng.normal(size=(2, k))
    z = rng.normal(size=(4, k)).astype(dtype)
    for P in (network.predict_proba(rng.normal(size=(1, 4))),
              network.predict_proba(rng.normal(size=(7, 4))),
              nn.softmax(z), nn.softmax(np.asfortranarray(z))):
        assert abs(P.sum(axis=1, dtype="float64") - 1).max() < off
