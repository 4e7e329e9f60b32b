"""SGD and Adam against their formulas, written down once more, plainly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from support import DTYPES, fitted, learned

rates = st.floats(0, 2)
shares = st.floats(0, 0.999)


def problem(dtype, seed=0):
    """Five parameters, and seven gradients of them."""
    rows = np.random.default_rng(seed).normal(size=(8, 5)).astype(dtype)
    return rows[0], rows[1:]


def walk(optimizer, theta, gradients):
    """Where an optimizer gets to, and its memory then."""
    theta = theta.copy()
    state = optimizer.start(theta)
    held = dict(state)
    for gradient in gradients:
        optimizer.step(theta, gradient.copy(), state)
    assert all(state[name] is held[name] for name in state)     # in place
    return theta, state


def sgd(theta, gradients, learning_rate, momentum, nesterov):
    v = np.zeros_like(theta)
    for g in gradients:
        v = momentum * v + g
        theta = theta - learning_rate * (g + momentum * v if nesterov else v)
    return theta, {"velocity": v}


def adam(theta, gradients, learning_rate, beta1, beta2, epsilon):
    m = s = np.zeros_like(theta)
    for step, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * g ** 2
        m_hat, s_hat = m / (1 - beta1 ** step), s / (1 - beta2 ** step)
        theta = theta - learning_rate * m_hat / (np.sqrt(s_hat) + epsilon)
    return theta, {"mean": m, "square": s, "beta1_power": beta1 ** step,
                   "beta2_power": beta2 ** step}


# The formula of each optimizer, its settings, and how close it is followed.
FORMULAS = {
    "SGD": (sgd, st.tuples(rates, shares, st.booleans()), 1e-13),
    "Adam": (adam, st.tuples(rates, shares, shares, st.floats(1e-12, 0.1)),
             1e-12),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", nn._OPTIMIZERS)
@given(st.data(), st.integers(0, 99))
def test_an_optimizer_follows_its_formula_in_the_dtype_of_theta(
        name, dtype, data, seed):
    formula, settings, near = FORMULAS[name]
    near = near if dtype == "float64" else 1e-4
    settings, (theta, gradients) = data.draw(settings), problem(dtype, seed)
    with np.errstate(under="ignore"):
        found, state = walk(nn._OPTIMIZERS[name](*settings), theta, gradients)
        expected, memory = formula(theta.astype(float), gradients, *settings)
        assert np.allclose(found, expected, rtol=near, atol=near)
        assert state.keys() == memory.keys()
        for part, value in memory.items():
            close = ({"rtol": near, "atol": near} if np.ndim(value) else
                     {"rtol": 1e-13, "atol": 1e-300})
            assert np.allclose(state[part], value, **close)
            assert state[part].dtype == (dtype if np.ndim(value) else float)


@pytest.mark.parametrize("optimizer", [nn.SGD(0.1, 0.9, True), nn.Adam()])
def test_an_optimizer_keeps_its_memory_outside_so_it_can_be_shared(optimizer):
    before = dict(vars(optimizer))
    one, X, y = fitted(optimizer=optimizer, seed=1, epochs=0)
    two, _, _ = fitted(optimizer=optimizer, seed=2, epochs=0)
    for _ in range(3):
        one.partial_fit(X, y), two.partial_fit(X[::-1], y)
    assert learned(one) == learned(fitted(optimizer=optimizer, seed=1)[0])
    assert vars(optimizer) == before


@pytest.mark.parametrize("optimizer, dtype", [
    (nn.SGD(0, 0), "float64"), (nn.Adam(1, 0, 0, 5e-324), "float64"),
    (nn.SGD(np.float32(0.5), np.int64(0), np.True_), "float64"),
    (nn.SGD(momentum=1 - 2**-53), "float64"),
    (nn.Adam(epsilon=1e-45), "float32")])
def test_settings_at_the_edge_of_their_range_are_taken(optimizer, dtype):
    theta, gradients = problem(dtype)
    with np.errstate(under="ignore"):
        assert np.isfinite(walk(optimizer, theta, gradients)[0]).all()
