"""Activations, softmax and losses, against mathematics at 60 digits."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn

mp = mpmath.mp.clone()
mp.dps = 60
TINY = np.finfo(float).tiny

ELEMENTWISE = {
    nn.sigmoid: lambda z: 1 / (1 + mp.exp(-z)),
    nn.tanh: mp.tanh,
    nn.relu: lambda z: max(z, mp.mpf(0)),
}
SLOPES = {
    nn.sigmoid: lambda z: nn.sigmoid(z) * nn.sigmoid(-z),
    nn.tanh: lambda z: 1 / np.cosh(z) ** 2,
    nn.relu: lambda z: float(z > 0),
}
NUMBERS = [-700.0, -36.7, -1.0, -1e-3, -1e-20, 0.0, 1e-20, 0.3, 5.0, 37.0,
           700.0]
POINTS = [-30.0, -2.0, -0.1, 0.2, 1.0, 3.0, 30.0]
MANY = [nn.softmax, nn.log_softmax]
EVERY = [*ELEMENTWISE, *MANY]

logits = st.floats(-700, 700)
rows = st.integers(1, 6).flatmap(lambda k: st.lists(
    st.lists(logits, min_size=k, max_size=k), min_size=1, max_size=4))


def exact_loss(row, t):
    """The cross-entropy of a row, without the cancellation in it."""
    row = [mp.mpf(float(z)) for z in row]
    others = mp.fsum(mp.exp(z - row[t]) for j, z in enumerate(row) if j != t)
    return mp.log1p(others)


def close(value, exact, relative=1e-13):
    """Within a relative error, or below the normal floats altogether."""
    return abs(mp.mpf(value) - exact) <= relative * abs(exact) + TINY


# Activations.

@pytest.mark.parametrize("z", NUMBERS)
@pytest.mark.parametrize("function", ELEMENTWISE)
def test_an_activation_is_right_to_the_last_digits(function, z):
    assert close(float(function(z)), ELEMENTWISE[function](mp.mpf(z)), 1e-15)


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0), (1, 2, 3)])
@pytest.mark.parametrize("function", ELEMENTWISE)
def test_an_activation_keeps_any_shape(function, shape):
    assert function(np.ones(shape)).shape == shape


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64",
                                   "complex64", "complex128"])
@pytest.mark.parametrize("function", EVERY)
def test_a_function_keeps_the_dtype_of_floats(function, dtype):
    assert function(np.array([[0.5, -1]], dtype)).dtype == dtype


@pytest.mark.parametrize("values", [[[True, False]], [[1, 0]],
                                    np.array([[1, 0]], np.uint8)])
@pytest.mark.parametrize("function", EVERY)
def test_a_function_takes_whole_numbers_and_bools_as_floats(function, values):
    result = function(values)
    assert result.dtype == np.float64
    assert (result == function([[float(v) for v in values[0]]])).all()


@pytest.mark.parametrize("function, low, high", [
    (nn.sigmoid, 0, 1), (nn.tanh, -1, 1), (nn.relu, 0, math.inf)])
def test_an_activation_holds_at_infinity(function, low, high):
    assert function([-math.inf, math.inf]).tolist() == [low, high]
    assert function([-1e308]).tolist() == [low]


@given(st.floats(-50, 50))
def test_sigmoid_and_tanh_are_each_others_stretched_image(z):
    assert math.isclose(nn.sigmoid(z) + nn.sigmoid(-z), 1, rel_tol=1e-15)
    assert abs(nn.tanh(z) - (2 * nn.sigmoid(2 * z) - 1)) < 4e-16
    assert nn.tanh(-z) == -nn.tanh(z)


@pytest.mark.parametrize("z", POINTS)
@pytest.mark.parametrize("function", ELEMENTWISE)
def test_a_complex_step_gives_the_slope_of_an_activation(function, z):
    slope = function(z + 1e-30j).imag / 1e-30
    assert math.isclose(slope, SLOPES[function](z), rel_tol=1e-13)
    assert math.isclose(function(z + 1e-30j).real, function(z), rel_tol=1e-15)


@pytest.mark.parametrize("function", EVERY)
def test_a_function_leaves_its_argument_alone(function):
    z = np.array([[1.0, -2.0, 3.0]])
    function(z)
    assert z.tolist() == [[1, -2, 3]]
    z.setflags(write=False)
    function(z)


# Softmax.

@given(rows)
def test_softmax_rows_are_probabilities(z):
    P = nn.softmax(z)
    assert P.shape == np.shape(z)
    assert (P >= 0).all() and (P <= 1).all()
    assert np.allclose(P.sum(axis=1), 1, rtol=1e-15 * P.shape[1], atol=0)


@given(rows)
def test_log_softmax_is_right_to_the_last_digits(z):
    result = nn.log_softmax(z)
    for row, found in zip(z, result, strict=True):
        for j in range(len(row)):
            assert close(float(found[j]), -exact_loss(row, j), 2e-13)


@given(rows)
def test_softmax_is_right_to_the_last_digits(z):
    for row, found in zip(z, nn.softmax(z), strict=True):
        for j in range(len(row)):
            exact = mp.exp(-exact_loss(row, j))
            assert close(float(found[j]), exact, 3e-13)


@given(rows, st.integers(-1000, 1000))
def test_softmax_does_not_see_a_number_added_to_a_whole_row(z, c):
    z = np.round(np.array(z) * 1024) / 1024     # so that adding is exact
    assert (nn.softmax(z + c) == nn.softmax(z)).all()
    assert (nn.log_softmax(z + c) == nn.log_softmax(z)).all()


@given(rows, st.randoms(use_true_random=False))
def test_softmax_of_permuted_logits_is_the_permuted_softmax(z, random):
    z = np.array(z)
    order = list(range(z.shape[1]))
    random.shuffle(order)
    with np.errstate(under="ignore"):
        assert np.allclose(nn.softmax(z[:, order]), nn.softmax(z)[:, order],
                           rtol=1e-15, atol=1e-300)


def test_softmax_goes_along_the_last_axis_of_any_shape():
    z = np.arange(24.0).reshape(2, 3, 4) % 5
    for function in MANY:
        assert function(z).shape == (2, 3, 4)
        assert (function(z)[1, 2] == function(z[1, 2])).all()
    assert nn.softmax(np.empty((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_equal_logits_give_equal_probabilities(k):
    assert np.allclose(nn.softmax([[1e4] * k]), 1 / k, rtol=1e-15)
    assert np.allclose(nn.log_softmax([[-1e4] * k]), -math.log(k),
                       rtol=1e-15, atol=0)


@pytest.mark.parametrize("size", [1e4, 1e300, 1.7e308])
def test_softmax_holds_at_the_extremes(size):
    z = [[size, 0.0, -size]]
    assert nn.softmax(z).tolist() == [[1, 0, 0]]
    assert nn.log_softmax(z)[0, :2].tolist() == [0, -size]


def test_log_softmax_keeps_a_logarithm_that_rounds_to_nothing():
    assert close(float(nn.log_softmax([[0.0, -700.0]])[0, 0]), -mp.exp(-700))
    assert close(float(nn.log_softmax([[-50.0, 0, -60]])[0, 1]),
                 -mp.log1p(mp.exp(-50) + mp.exp(-60)))


@pytest.mark.parametrize("j", range(3))
def test_a_complex_step_gives_the_slopes_of_softmax(j):
    z = np.array([[0.2, -0.4, 1.0], [3.0, 3.0, -9.0]])
    nudge = np.zeros(3, complex)
    nudge[j] = 1e-30j
    p, one = nn.softmax(z), np.eye(3)[j]
    assert np.allclose(nn.softmax(z + nudge).imag / 1e-30,
                       p * (one - p[:, [j]]), rtol=1e-13, atol=1e-300)
    assert np.allclose(nn.log_softmax(z + nudge).imag / 1e-30,
                       one - p[:, [j]], rtol=1e-13, atol=1e-300)


# Losses.

@pytest.mark.parametrize("t", [0, 1])
@given(z=logits)
def test_binary_cross_entropy_of_a_row_is_within_1e_13(t, z):
    assert close(nn.binary_cross_entropy([z], [t]), exact_loss([0, z], t))


@pytest.mark.parametrize("t", [0, 1])
@pytest.mark.parametrize("z", [*NUMBERS, *[
    sign * size for sign in (-1, 1)
    for size in (0.69, 17.3, 36.0436, 36.7368, 37.5, 100.1, 699.99)]])
def test_binary_cross_entropy_is_right_where_formulas_change(t, z):
    assert close(nn.binary_cross_entropy([z], [t]), exact_loss([0, z], t))


@given(rows, st.integers(0, 5))
def test_cross_entropy_of_a_row_is_within_1e_13(z, t):
    t %= len(z[0])
    for row in z:
        assert close(nn.cross_entropy([row], [t]), exact_loss(row, t))


@pytest.mark.parametrize("row", [
    [0.0, -700.0], [700.0, 0.0], [700.0, -40.0, -45.0], [1.0, 1 - 1e-12],
    [0.0, -36.7, -36.8], [0.0, 0.0, 1e-15], [650.0, 5.0, 4.0, -700.0]])
def test_cross_entropy_is_right_for_tiny_and_for_equal_terms(row):
    for t in range(len(row)):
        assert close(nn.cross_entropy([row], [t]), exact_loss(row, t))


def test_a_confident_right_answer_costs_little_but_not_nothing():
    assert 0 < nn.binary_cross_entropy([700.0], [1]) < 1e-300
    assert 0 < nn.cross_entropy([[700.0, 0.0, -700.0]], [0]) < 1e-300


@pytest.mark.parametrize("size", [800.0, 1e4, 1e300])
def test_the_losses_are_finite_and_right_far_out(size):
    assert nn.binary_cross_entropy([-size], [1]) == size
    assert nn.binary_cross_entropy([size], [0]) == size
    assert nn.binary_cross_entropy([size], [1]) == 0
    assert nn.cross_entropy([[size, -size]], [1]) == 2 * size
    assert nn.cross_entropy([[size, -size, 0]], [0]) == 0
    assert nn.cross_entropy([[0, size, 1]], [0]) == size


@given(st.floats(-1e4, 1e4), st.integers(0, 1))
def test_the_losses_are_right_to_1e4(z, t):
    assert close(nn.binary_cross_entropy([z], [t]), exact_loss([0, z], t))
    assert close(nn.cross_entropy([[0, z]], [t]), exact_loss([0, z], t))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_losses_of_short_floats_are_computed_in_long_ones(dtype):
    z = np.array([[0.3, -7.1, 2.2], [88.0, 3.0, -1.0]], dtype)
    for row in z:
        assert close(nn.cross_entropy([row], [0]), exact_loss(row, 0))
        assert close(nn.binary_cross_entropy(row[:1], [1]),
                     exact_loss([0, row[0]], 1))


@pytest.mark.parametrize("k", [2, 5])
def test_the_loss_is_the_mean_over_rows(k):
    rng = np.random.default_rng(k)
    z, t = rng.normal(size=(6, k)), rng.integers(k, size=6)
    one = [nn.cross_entropy(z[[r]], t[[r]]) for r in range(6)]
    assert math.isclose(nn.cross_entropy(z, t), math.fsum(one) / 6,
                        rel_tol=1e-15)
    z, t = z[:, 0], t % 2
    one = [nn.binary_cross_entropy(z[[r]], t[[r]]) for r in range(6)]
    assert math.isclose(nn.binary_cross_entropy(z, t), math.fsum(one) / 6,
                        rel_tol=1e-15)


@given(rows, st.integers(0, 5))
def test_a_loss_is_never_negative(z, t):
    t %= len(z[0])
    assert nn.cross_entropy(z, [t] * len(z)) >= 0
    assert nn.binary_cross_entropy(z[0], [t % 2] * len(z[0])) >= 0


@given(st.lists(logits, min_size=1, max_size=6))
def test_two_logits_of_which_one_is_0_cost_what_one_logit_costs(z):
    t = np.arange(len(z)) % 2
    both = np.column_stack([np.zeros(len(z)), z])
    assert math.isclose(nn.cross_entropy(both, t),
                        nn.binary_cross_entropy(z, t), rel_tol=1e-14)


@pytest.mark.parametrize("targets", [
    [0, 1], [0.0, 1.0], [False, True], np.array([0, 1], np.uint8)])
def test_targets_may_be_ints_whole_floats_or_bools(targets):
    z = np.array([1.0, 2.0])
    assert nn.binary_cross_entropy(z, targets) == nn.binary_cross_entropy(
        z, [0, 1])
    z = np.array([[1.0, 2.0], [3.0, 5.0]])
    assert nn.cross_entropy(z, targets) == nn.cross_entropy(z, [0, 1])


def test_a_loss_is_a_python_float():
    assert type(nn.binary_cross_entropy([1.0], [1])) is float
    assert type(nn.cross_entropy(np.ones((1, 2), np.float32), [1])) is float


@pytest.mark.parametrize("t", [0, 1])
@pytest.mark.parametrize("z", [*POINTS, -700.0, 700.0])
def test_a_complex_step_gives_the_slope_of_binary_cross_entropy(z, t):
    slope = nn.binary_cross_entropy([z + 1e-30j], [t]).imag / 1e-30
    exact = nn.sigmoid(z) if t == 0 else -nn.sigmoid(-z)
    assert math.isclose(slope, exact, rel_tol=1e-13, abs_tol=TINY / 1e-30)


@pytest.mark.parametrize("t", range(3))
@pytest.mark.parametrize("j", range(3))
def test_a_complex_step_gives_the_slope_of_cross_entropy(j, t):
    z = np.array([[0.2, -0.4, 1.0], [30.0, 2.0, -9.0]])
    nudge = np.zeros(3, complex)
    nudge[j] = 1e-30j
    for row in z:
        slope = nn.cross_entropy([row + nudge], [t]).imag / 1e-30
        exact = mp.exp(-exact_loss(row, j)) - (j == t)
        if j == t:
            exact = mp.expm1(-exact_loss(row, j))
        assert math.isclose(slope, exact, rel_tol=1e-12, abs_tol=4e-16)


@pytest.mark.parametrize("number", [1e308, 1e308 + 0j])
def test_the_mean_of_losses_is_right_where_their_sum_overflows(number):
    with np.errstate(over="ignore"):
        assert nn.binary_cross_entropy([number] * 4, [0] * 4) == 1e308
        assert nn.cross_entropy([[number, 0]] * 4, [1] * 4) == 1e308
