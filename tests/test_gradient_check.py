"""The check of the gradient: it passes what is right, and nothing else."""

import math

import numpy as np
import pytest
from hypothesis import given

import nn
from support import ACTIVATIONS, DATA, DTYPES, PARAMS, SETTINGS, fitted, iris

RIGHT = {"float64": 1e-12, "float32": 1e-4}


class Wrong(nn.Network):
    """A network whose gradient need not be that of its loss."""

    spoil = dict

    def loss_and_gradients(self, X, y):
        loss, gradients = super().loss_and_gradients(X, y)
        return loss, self.spoil(gradients)


def wrong(spoil, **settings):
    """A small network with a spoilt gradient, and its data."""
    network, X, y = fitted(kind=Wrong, **settings)
    network.spoil = spoil
    return network, X, y


def error_of(network, X, y, step=None):
    return nn.gradient_check(network, X, y, step).max_relative_error


# With larger weights units lose their slopes.
@pytest.mark.parametrize("k, size", [(2, 1), (3, 1), (7, 1), (3, 3), (3, 10),
                                     (3, 100)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_right_gradient_passes_at_its_precision(activation, k, size, dtype):
    network, X, y = fitted(k, dtype, activation=activation)
    network.params_["W1"] *= size
    error = error_of(network, X, y)
    assert error <= RIGHT[dtype]
    if size == 1:
        assert error > (0 if dtype == "float64" else 1e-9)


@given(SETTINGS, DATA)
def test_a_right_gradient_of_any_shape_passes(settings, data):
    network = nn.Network(epochs=2, **{**settings, "dtype": "float64"})
    _, gradients = network.fit(*data).loss_and_gradients(*data)
    if any(g.any() for g in gradients.values()):
        assert error_of(network, *data) <= 1e-12


@pytest.mark.parametrize("k", [2, 3])
def test_central_differences_agree_less_closely(k):
    network, X, y = fitted(k)
    assert error_of(network, X, y) < 1e-12 < error_of(
        network, X, y, step=1e-5) < 1e-6


@pytest.mark.parametrize("factor", [1 + 1e-7, -1, math.nan, math.inf])
@pytest.mark.parametrize("k", [2, 3])
def test_each_entry_is_checked_and_the_report_points_at_the_worst(k, factor):
    network, X, y = wrong(lambda g: {**g, name: g[name] * factors}, k=k,
                          optimizer=None, epochs=0)
    right = nn.Network.loss_and_gradients(network, X, y)[1]
    for name, g in right.items():
        for at in np.ndindex(g.shape):
            factors = np.ones(g.shape)
            factors[at] = factor
            report = nn.gradient_check(network, X, y)
            assert report.where == (name, at)
            np.testing.assert_equal(report.analytic, g[at] * factor)
            assert math.isclose(report.numeric, g[at], rel_tol=1e-12)
            assert list(report.by_parameter) == PARAMS
            *others, worst = sorted(report.by_parameter.values())
            assert others[-1] < 1e-12 < worst == report.max_relative_error
            assert report.by_parameter[name] == worst


def test_a_gradient_of_nothing_but_zeros_does_not_pass():
    network, X, _ = fitted(2, activation="relu")
    for p in network.params_.values():
        p[:] = 0
    assert error_of(network, X[:2], [0, 1]) == math.inf


@pytest.mark.parametrize("factor", [0.5, 2])
@pytest.mark.parametrize("k, names", [(2, PARAMS), (3, ["W2", "b2"])])
def test_an_error_is_relative_to_the_slope_where_nothing_cancels(
        k, names, factor):
    """Of one row, and of one logit back to the units, no terms cancel."""
    def spoil(gradients):
        for g in gradients.values():
            g[np.unravel_index(abs(g).argmin(), g.shape)] *= factor
        return gradients

    network, X, y = wrong(spoil, k=k, epochs=0, hidden_size=200)
    network.params_["b2"] += 3 * np.arange(len(network.params_["b2"]))
    found = nn.gradient_check(network, X[:1], y[:1]).by_parameter
    for name in names:
        assert math.isclose(found[name], 0.5, rel_tol=1e-3), name


def largest_a_little_off(gradients):
    g = max(gradients.values(), key=lambda g: abs(g).max())
    g[np.unravel_index(abs(g).argmax(), g.shape)] *= 1 + 1e-9
    return gradients


@pytest.mark.parametrize("optimizer, batch_size, epochs", [
    (nn.SGD(0.1, 0.9), 1, 20), (nn.SGD(0.1, 0.9), None, 400),
    (nn.SGD(10.0), None, 100), (nn.Adam(0.1), 7, 60)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_right_gradient_passes_and_a_wrong_one_fails_after_any_training(
        activation, optimizer, batch_size, epochs, dtype):
    X, y = iris()
    network = Wrong(16, activation, optimizer, batch_size, epochs,
                    dtype=dtype).fit(X, y)
    if not any(g.any() for g in network.loss_and_gradients(X, y)[1].values()):
        pytest.skip("nothing is left to check")
    assert error_of(network, X, y) <= RIGHT[dtype]
    if dtype == "float64":
        network.spoil = largest_a_little_off
        assert error_of(network, X, y) > RIGHT[dtype]
