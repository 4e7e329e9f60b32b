"""One step: first weights, the loss, its gradient, and moving by it."""

import itertools
import math

import numpy as np
import pytest
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
    k = len(network.classes_)
    W1, b1, W2, b2 = (p.astype(float) for p in network.params_.values())
    activate, slope = nn._ACTIVATIONS[network.activation]
    A1 = activate(X @ W1 + b1, nn._ARITHMETIC["blas"])
    Z2 = A1 @ W2 + b2
    if k == 2:
        loss = nn.binary_cross_entropy(Z2[:, 0], y)
        P, Y = 1 / (1 + np.exp(-Z2)), y[:, None]
    else:
        loss = nn.cross_entropy(Z2, y)
        E = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
        P, Y = E / E.sum(axis=1, keepdims=True), np.eye(k)[y]
    D2 = (P - Y) / len(X)
    D1 = D2 @ W2.T * slope(A1)
    return loss, {"W1": X.T @ D1, "b1": D1.sum(axis=0),
                  "W2": A1.T @ D2, "b2": D2.sum(axis=0)}


@pytest.mark.parametrize("n, d, k, h", SIZES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_the_gradient_is_the_textbook_s_and_the_caller_s_to_change(
        activation, n, d, k, h, dtype, arithmetic):
    X, y = clusters(k, n, d)
    network = nn.Network(h, activation, nn.SGD(0.3), 9, 0, dtype=dtype,
                         arithmetic=arithmetic).fit(X, y)
    network.partial_fit(X[:99], y[:99], epochs=2)
    X, y = X[:n], y[:n]
    before = snapshot(network)
    with np.errstate(under="ignore"):
        loss, gradients = network.loss_and_gradients(X, y)
        plain_loss, expected = plain_step(network, X, y)
    exact = dtype == "float64"
    near = 2e-15 * math.sqrt(max(n, h, d))
    if not exact:
        near = 1e-5 if n < 700 else 2e-5
    assert furthest(gradients, expected) < near
    assert math.isclose(loss, plain_loss, rel_tol=1e-13 if exact else 1e-5)
    assert type(loss) is float
    assert list(gradients) == PARAMS
    for name, g in gradients.items():
        assert g.shape == network.params_[name].shape and g.dtype == dtype
        g[:] = 7
    assert snapshot(network) == before


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
@pytest.mark.parametrize("dtype", DTYPES)
def test_driving_from_outside_is_full_batch_training(
        n, d, k, activation, batch_size, optimizer, dtype):
    X, y = clusters(k, n, d)
    inside, outside = (nn.Network(
        6, activation, OPTIMIZERS[optimizer](), batch_size, epochs,
        dtype=dtype).fit(X, y) for epochs in (20, 0))
    losses = []
    for _ in range(20):
        loss, gradients = outside.loss_and_gradients(X, y)
        losses.append(loss)
        before = snapshot(gradients)
        assert outside.apply_gradients(gradients) is outside
        assert snapshot(gradients) == before
    close = 1e-12 if dtype == "float64" else 1e-5
    assert furthest(outside.params_, inside.params_) < close
    assert np.allclose(losses, inside.loss_curve_, rtol=close)
    assert {p.dtype.name for p in outside.params_.values()} == {dtype}
    assert outside.loss_curve_ == []


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
