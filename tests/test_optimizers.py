"""SGD and Adam against their formulas, written down once more, plainly."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from support import DTYPES, fitted, learned

KINDS = nn._OPTIMIZERS.values()
EACH = [*(kind() for kind in KINDS), nn.SGD(0.1, 0.9), nn.SGD(0.1, 0.9, True)]
rates = st.floats(0, 2)
shares = st.floats(0, 0.999)


def walk(optimizer, theta, gradients):
    """Where an optimizer gets to, and its memory then."""
    theta = theta.copy()
    state = optimizer.start(theta)
    for gradient in gradients:
        optimizer.step(theta, gradient.copy(), state)
    return theta, state


def problem(seed=0, p=5, steps=7, dtype="float64"):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=p).astype(dtype),
            rng.normal(size=(steps, p)).astype(dtype))


def sgd(theta, gradients, learning_rate, momentum, nesterov):
    v = np.zeros_like(theta)
    for g in gradients:
        v = momentum * v + g
        theta = theta - learning_rate * (g + momentum * v if nesterov else v)
    return theta, v


def adam(theta, gradients, learning_rate, beta1, beta2, epsilon):
    m = s = np.zeros_like(theta)
    for step, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * g ** 2
        m_hat, s_hat = m / (1 - beta1 ** step), s / (1 - beta2 ** step)
        theta = theta - learning_rate * m_hat / (np.sqrt(s_hat) + epsilon)
    return theta, m, s


@given(rates, shares, st.booleans(), st.integers(0, 99))
def test_sgd_follows_its_formula(learning_rate, momentum, nesterov, seed):
    theta, gradients = problem(seed)
    with np.errstate(under="ignore"):
        found, state = walk(nn.SGD(learning_rate, momentum, nesterov), theta,
                            gradients)
        expected, v = sgd(theta, gradients, learning_rate, momentum, nesterov)
    assert np.allclose(found, expected, rtol=1e-13, atol=1e-13)
    assert np.allclose(state["velocity"], v, rtol=1e-13, atol=1e-13)


@given(rates, shares, shares, st.floats(1e-12, 0.1), st.integers(0, 99))
def test_adam_follows_its_formula(learning_rate, beta1, beta2, epsilon, seed):
    theta, gradients = problem(seed)
    with np.errstate(under="ignore"):
        found, state = walk(nn.Adam(learning_rate, beta1, beta2, epsilon),
                            theta, gradients)
        expected, m, s = adam(theta, gradients, learning_rate, beta1, beta2,
                              epsilon)
    assert np.allclose(found, expected, rtol=1e-12, atol=1e-12)
    assert np.allclose(state["mean"], m, rtol=1e-12, atol=1e-12)
    assert np.allclose(state["square"], s, rtol=1e-12, atol=1e-12)
    assert math.isclose(state["beta1_power"], beta1 ** 7, rel_tol=1e-13,
                        abs_tol=1e-300)
    assert math.isclose(state["beta2_power"], beta2 ** 7, rel_tol=1e-13,
                        abs_tol=1e-300)


def test_adams_first_step_is_the_learning_rate_whatever_the_gradient():
    theta, _ = walk(nn.Adam(0.5), np.zeros(3), [np.array([1e-3, -5.0, 1e6])])
    assert np.allclose(theta, [-0.5, 0.5, -0.5], rtol=1e-4)


def test_without_momentum_nesterov_changes_nothing():
    theta, gradients = problem()
    plain, _ = walk(nn.SGD(0.1), theta, gradients)
    nesterov, _ = walk(nn.SGD(0.1, nesterov=True), theta, gradients)
    assert (plain == nesterov).all()


@pytest.mark.parametrize("optimizer", [
    *(kind(learning_rate=0.0) for kind in KINDS), nn.SGD(0.0, 0.9)])
def test_a_learning_rate_of_0_moves_nothing(optimizer):
    theta, gradients = problem()
    assert (walk(optimizer, theta, gradients)[0] == theta).all()


@pytest.mark.parametrize("optimizer", EACH)
def test_a_small_step_goes_down_and_a_small_rate_makes_it_small(optimizer):
    theta, gradients = problem()
    moved = walk(optimizer, theta, gradients[:1])[0] - theta
    assert moved @ gradients[0] < 0
    slower = type(optimizer)(**{
        **vars(optimizer), "learning_rate": optimizer.learning_rate / 8})
    assert np.allclose(walk(slower, theta, gradients[:1])[0] - theta,
                       moved / 8, rtol=1e-9)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", EACH)
def test_a_step_works_in_place_in_the_dtype_of_theta(optimizer, dtype):
    theta, gradients = problem(dtype=dtype)
    state = optimizer.start(theta)
    before = theta.copy()
    held = {name: id(array) for name, array in state.items()}
    assert optimizer.step(theta, gradients[0], state) is None
    assert theta.dtype == dtype and (theta != before).all()
    assert held == {name: id(array) for name, array in state.items()}
    for array in state.values():
        if array.shape:
            assert array.dtype == dtype and array.any()


@pytest.mark.parametrize("optimizer", EACH)
def test_an_optimizer_keeps_its_memory_outside_so_it_can_be_shared(optimizer):
    theta, gradients = problem()
    before = dict(vars(optimizer))
    first = walk(optimizer, theta, gradients)[0]
    assert (walk(optimizer, theta, gradients)[0] == first).all()
    assert vars(optimizer) == before
    one, X, y = fitted(optimizer=optimizer, seed=1, epochs=0)
    two, _, _ = fitted(optimizer=optimizer, seed=2, epochs=0)
    for _ in range(3):
        one.partial_fit(X, y), two.partial_fit(X[::-1], y)
    assert learned(one) == learned(fitted(optimizer=optimizer, seed=1)[0])


@pytest.mark.parametrize("kind", KINDS)
def test_an_optimizer_shows_its_settings_and_compares_by_them(kind):
    one = kind(learning_rate=0.25)
    assert repr(one) == f"{kind.__name__}(" + ", ".join(
        f"{name}={value!r}" for name, value in vars(one).items()) + ")"
    assert eval(repr(one), vars(nn)) == one == kind(0.25)
    assert one != kind()
    assert all(one != other() for other in KINDS if other is not kind)


@pytest.mark.parametrize("optimizer", [
    nn.SGD(0, 0), nn.SGD(np.float32(0.5), np.int64(0), np.True_),
    nn.Adam(1, 0, 0, 5e-324), nn.SGD(momentum=1 - 2**-53)])
def test_settings_at_the_edge_of_their_range_are_taken(optimizer):
    theta, gradients = problem()
    with np.errstate(under="ignore"):
        assert np.isfinite(walk(optimizer, theta, gradients)[0]).all()
