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


def one_entry(gradients, factor):
    gradients["W1"][2, 3] *= factor
    return gradients


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


def test_a_gradient_is_checked_on_any_table_of_numbers():
    network, X, y = fitted()
    for table in (X.astype(object), X.tolist(), np.rint(X).astype(int)):
        assert error_of(network, table, y) < 1e-12


def test_the_report_points_at_the_worst_entry_with_both_values():
    network, X, y = wrong(lambda g: one_entry(g, 1.5))
    right = nn.Network.loss_and_gradients(network, X, y)[1]["W1"][2, 3]
    spoilt = network.loss_and_gradients(X, y)[1]["W1"][2, 3]
    report = nn.gradient_check(network, X, y)
    assert report.where == ("W1", (2, 3))
    assert report.analytic == spoilt
    assert math.isclose(report.numeric, right, rel_tol=1e-12)
    assert math.isclose(report.max_relative_error,
                        abs(spoilt - report.numeric) / abs(spoilt),
                        rel_tol=1e-9)
    assert list(report.by_parameter) == PARAMS
    assert report.by_parameter["W1"] == report.max_relative_error
    assert report.by_parameter["b2"] < 1e-12


@pytest.mark.parametrize("spoil", [
    lambda g: one_entry(g, 1 + 1e-6),
    lambda g: one_entry(g, -1),
    lambda g: one_entry(g, 0),
    lambda g: {name: 2 * g[name] for name in g},
    lambda g: {name: 0 * g[name] for name in g},
    lambda g: {**g, "b1": 0 * g["b1"]},
    lambda g: {**g, "W1": g["W1"][::-1]},
    lambda g: {**g, "W2": g["W2"] + 1e-3},
    lambda g: {**g, "b2": math.nan * g["b2"]},
    lambda g: {**g, "W1": math.nan * g["W1"]},
    lambda g: {**g, "b1": math.inf * np.ones_like(g["b1"])},
], ids=range(11))
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_broken_gradient_fails_the_check(spoil, activation):
    assert error_of(*wrong(spoil, activation=activation)) > 1e-7


def test_a_gradient_of_nothing_but_zeros_does_not_pass():
    network = fitted(2, activation="relu")[0]
    for p in network.params_.values():
        p[:] = 0
    X, y = [[1.0, -1.0, 2.0, 0.0]] * 2, [0, 1]
    _, gradients = network.loss_and_gradients(X, y)
    assert not any(g.any() for g in gradients.values())
    assert error_of(network, X, y) == math.inf


@pytest.mark.parametrize("k, names", [(2, PARAMS), (3, ["W2", "b2"])])
def test_an_error_is_relative_to_the_slope_where_nothing_cancels(k, names):
    """Of one row, and of one logit back to the units, no terms cancel."""
    def spoil(gradients):
        for g in gradients.values():
            g[np.unravel_index(abs(g).argmin(), g.shape)] *= 1 + 1e-6
        return gradients

    network, X, y = wrong(spoil, k=k, epochs=0, hidden_size=200)
    network.params_["b2"] += 3 * np.arange(len(network.params_["b2"]))
    found = nn.gradient_check(network, X[:1], y[:1]).by_parameter
    for name in names:
        assert math.isclose(found[name], 1e-6, rel_tol=1e-3), name


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


@pytest.mark.parametrize("k", [2, 3])
def test_each_entry_of_the_gradient_is_checked(k):
    network, X, y = wrong(lambda g: {**g, name: g[name] * factor}, k=k,
                          optimizer=None, epochs=0)
    right = nn.Network.loss_and_gradients(network, X, y)[1]
    for name, g in right.items():
        for at in np.ndindex(g.shape):
            factor = np.ones(g.shape)
            factor[at] = 1 + 1e-7
            assert nn.gradient_check(network, X, y).where == (name, at)
