"""One step: first weights, the loss, its gradient, and moving by it."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_activations import close
from test_losses import many_logits

import nn
from support import (
    ACTIVATIONS,
    ARITHMETICS,
    DTYPES,
    OPTIMIZERS,
    PARAMS,
    clusters,
    fitted,
    furthest,
    snapshot,
)

# More rows, and more numbers, than are taken at a time.
LARGE = [(10_000, 3, 3), (700, 2_000, 2)]
SIZES = [(1, 1, 2, 1), (2, 3, 2, 4), (7, 4, 3, 16), (30, 2, 5, 1),
         (150, 4, 3, 16), (33, 64, 10, 64), *((*size, 4) for size in LARGE)]


def plain_step(network, X, y):
    """The mean loss and its gradient, as equations say it."""
    params, k = network.params_, len(network.classes_)
    activate, slope = nn._ACTIVATIONS[network.activation]
    A1 = activate(X @ params["W1"] + params["b1"], nn._ARITHMETIC["blas"])
    Z2 = A1 @ params["W2"] + params["b2"]
    if k == 2:
        loss = nn.binary_cross_entropy(Z2[:, 0], y)
        P, Y = 1 / (1 + np.exp(-Z2)), y[:, None]
    else:
        loss = nn.cross_entropy(Z2, y)
        E = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
        P, Y = E / E.sum(axis=1, keepdims=True), np.eye(k)[y]
    D2 = (P - Y) / len(X)
    D1 = D2 @ params["W2"].T * slope(A1)
    return loss, {"W1": X.T @ D1, "b1": D1.sum(axis=0),
                  "W2": A1.T @ D2, "b2": D2.sum(axis=0)}


@pytest.mark.parametrize("n, d, k, h", SIZES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradient_is_the_textbook_s(activation, n, d, k, h):
    X, y = clusters(k, n, d)
    network = nn.Network(h, activation, nn.SGD(0.3), 9, epochs=0).fit(X, y)
    network.partial_fit(X[:99], y[:99], epochs=2)
    X, y = X[:n], y[:n]
    with np.errstate(under="ignore"):
        loss, gradients = network.loss_and_gradients(X, y)
        plain_loss, expected = plain_step(network, X, y)
    assert furthest(gradients, expected) < 2e-15 * math.sqrt(max(n, h, d))
    assert math.isclose(loss, plain_loss, rel_tol=1e-13)
    assert type(loss) is float
    assert list(gradients) == PARAMS
    for name, p in network.params_.items():
        assert gradients[name].shape == expected[name].shape == p.shape
        assert gradients[name].dtype == p.dtype == "float64"


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_each_precision_and_arithmetic_steps_to_the_same_place(
        activation, k, dtype, arithmetic):
    trained, other = (fitted(k, dtype, epochs, activation=activation,
                             arithmetic=arithmetic)[0] for epochs in (3, 0))
    network, X, y = fitted(k, activation=activation)
    if dtype == "float64":
        assert furthest(trained.params_, network.params_) < 1e-12
    other.params_ = {name: p.astype(dtype)
                     for name, p in network.params_.items()}
    loss, gradients = network.loss_and_gradients(X, y)
    found, others = other.loss_and_gradients(X, y)
    within = 1e-13 if dtype == "float64" else 1e-5
    assert math.isclose(found, loss, rel_tol=within)
    assert furthest(others, gradients) < within
    assert {g.dtype.name for g in others.values()} == {dtype}


def test_the_gradient_is_the_caller_s_to_change():
    network, X, y = fitted()
    before, (_, gradients) = snapshot(network), network.loss_and_gradients(
        X, y)
    expected = snapshot(gradients)
    for g in gradients.values():
        g[:] = 7
    assert snapshot(network) == before
    assert snapshot(network.loss_and_gradients(X, y)[1]) == expected


@given(st.integers(2, 5), st.integers(6, 30), st.integers(0, 2 ** 32))
def test_rows_given_twice_have_the_loss_and_gradient_of_rows_given_once(
        k, n, seed):
    X, y = clusters(k, n, seed=seed)
    network = nn.Network(5, epochs=2, seed=seed).fit(X, y)
    loss, gradients = network.loss_and_gradients(X, y)
    twice, doubled = network.loss_and_gradients(np.vstack([X, X]),
                                                np.concatenate([y, y]))
    assert math.isclose(loss, twice, rel_tol=1e-14)
    assert furthest(doubled, gradients) < 1e-14


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("k", [3, 4_000])
@pytest.mark.parametrize("spread", [1.0, 350.0])
def test_every_loss_is_within_1e_13_among_many_classes(k, spread, arithmetic):
    """The logits are the biases of the output: nothing else is rounded."""
    (logits,), (exact,) = many_logits(1, k, spread)
    X, y = clusters(n=6)[0], [0] * 6
    network = nn.Network(2, optimizer=nn.SGD(0.0), arithmetic=arithmetic)
    network.partial_fit(X, y, classes=range(k), epochs=0)
    network.params_["W2"][:], network.params_["b2"][:] = 0, logits
    for batch_size in (None, 1, 4):
        network.set_params(batch_size=batch_size).partial_fit(X, y)
    for loss in (network.evaluate(X, y)["loss"], *network.loss_curve_,
                 network.loss_and_gradients(X, y)[0]):
        assert close(loss, exact)


# Moving.

@pytest.mark.parametrize("n, d, k, activation, batch_size, optimizer", [
    *itertools.product([40], [4], [2, 3], ACTIVATIONS, [None, 40, 100], [
        name for name in OPTIMIZERS if name != "user's own"]),
    *((*size, "tanh", None, "momentum") for size in LARGE)])
def test_driving_from_outside_is_full_batch_training(
        n, d, k, activation, batch_size, optimizer):
    X, y = clusters(k, n, d)
    inside, outside = (nn.Network(
        6, activation, OPTIMIZERS[optimizer](), batch_size, epochs).fit(X, y)
        for epochs in (20, 0))
    losses = []
    for _ in range(20):
        loss, gradients = outside.loss_and_gradients(X, y)
        losses.append(loss)
        assert outside.apply_gradients(gradients) is outside
    assert furthest(outside.params_, inside.params_) < 1e-12
    assert np.allclose(losses, inside.loss_curve_, rtol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
def test_apply_gradients_is_one_step_of_the_optimizer(dtype):
    network, X, y = fitted(dtype=dtype, optimizer=nn.SGD(0.25), epochs=0)
    _, gradients = network.loss_and_gradients(X, y)
    expected = {name: network.params_[name] - 0.25 * gradients[name]
                for name in gradients}
    before = snapshot(gradients)
    other, _, _ = fitted(dtype=dtype, optimizer=nn.SGD(0.25), epochs=0)
    other.apply_gradients({name: g.tolist() for name, g in gradients.items()})
    network.apply_gradients(gradients)
    assert furthest(network.params_, expected) < 1e-15 * 2 ** (
        29 * (dtype == "float32"))
    assert snapshot(network.params_) == snapshot(other.params_)
    assert {p.dtype.name for p in network.params_.values()} == {dtype}
    assert snapshot(gradients) == before
    assert network.loss_curve_ == []


# First weights.

@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_the_first_weights_are_drawn_evenly_and_by_the_seed_alone(
        k, dtype, arithmetic):
    one, same, other = (fitted(
        k, dtype, epochs=0, hidden_size=9, seed=seed, batch_size=batch_size,
        arithmetic=arithmetic)[0].params_
        for seed, batch_size in ((5, None), (5, 7), (6, None)))
    assert snapshot(one) == snapshot(same)
    assert not one["b1"].any() and not one["b2"].any()
    for name in ("W1", "W2"):
        W, r = one[name], math.sqrt(6 / sum(one[name].shape))
        assert 0.5 * r < abs(W).max() <= r
        assert len(np.unique(W)) == W.size
        assert (other[name] != W).all()
