"""The check of the gradient: it passes what is right, and nothing else."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from support import (
    ACTIVATIONS,
    DTYPES,
    PARAMS,
    clusters,
    fitted,
    iris,
    snapshot,
)

RIGHT = {"float64": 1e-12, "float32": 1e-4}


def wrong(spoil, **settings):
    """A network whose gradient is not that of its loss, and its data."""
    class Wrong(nn.Network):
        def loss_and_gradients(self, X, y):
            loss, gradients = super().loss_and_gradients(X, y)
            return loss, spoil(gradients)

    return fitted(kind=Wrong, **settings)


def one_entry(gradients, factor):
    gradients["W1"][2, 3] *= factor
    return gradients


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("k", [2, 3, 7])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_right_gradient_passes_at_its_precision(activation, k, dtype):
    report = nn.gradient_check(*fitted(k, dtype, activation=activation))
    assert 0 < report.max_relative_error <= RIGHT[dtype]
    assert dtype == "float64" or report.max_relative_error > 1e-9


@given(st.sampled_from(ACTIVATIONS), st.integers(2, 5), st.integers(1, 6),
       st.integers(1, 4), st.integers(5, 12), st.integers(0, 99))
def test_a_right_gradient_of_any_shape_passes(activation, k, h, d, n, seed):
    X, y = clusters(k, n, d, seed)
    network = nn.Network(h, activation, nn.SGD(), None, 2, seed).fit(X, y)
    _, gradients = network.loss_and_gradients(X, y)
    if any(g.any() for g in gradients.values()):
        assert nn.gradient_check(network, X, y).max_relative_error <= 1e-12


@pytest.mark.parametrize("k", [2, 3])
def test_central_differences_agree_less_closely(k):
    network, X, y = fitted(k)
    exact = nn.gradient_check(network, X, y).max_relative_error
    rough = nn.gradient_check(network, X, y, step=1e-5).max_relative_error
    assert exact < 1e-12 < rough < 1e-6


def test_a_gradient_is_checked_on_any_table_of_numbers():
    network, X, y = fitted()
    for table in (X.astype(object), X.tolist(), np.rint(X).astype(int)):
        assert nn.gradient_check(network, table,
                                 y).max_relative_error < 1e-12


@pytest.mark.parametrize("step", [None, 1e-5])
def test_a_check_changes_nothing(step):
    network, X, y = fitted()
    before = snapshot([network, X, y])
    nn.gradient_check(network, X, y, step)
    assert snapshot([network, X, y]) == before


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
    report = nn.gradient_check(*wrong(spoil, activation=activation))
    assert report.max_relative_error > 1e-7


def test_a_gradient_of_nothing_but_zeros_does_not_pass():
    network = fitted(2, activation="relu")[0]
    for p in network.params_.values():
        p[:] = 0
    X, y = [[1.0, -1.0, 2.0, 0.0]] * 2, [0, 1]
    _, gradients = network.loss_and_gradients(X, y)
    assert not any(g.any() for g in gradients.values())
    assert nn.gradient_check(network, X, y).max_relative_error == math.inf


@pytest.mark.parametrize("k, names", [(2, ["W1", "b1", "W2", "b2"]),
                                      (3, ["W2", "b2"])])
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


TRAININGS = [
    (activation, optimizer, batch_size, epochs)
    for activation in ACTIVATIONS
    for optimizer, batch_size, epochs in (
        (nn.SGD(0.1, 0.9), 1, 20), (nn.SGD(0.1, 0.9), None, 400),
        (nn.SGD(10.0), None, 100), (nn.Adam(0.1), 7, 60))]


@pytest.mark.parametrize("activation, optimizer, batch_size, epochs",
                         TRAININGS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_right_gradient_passes_and_a_wrong_one_fails_after_any_training(
        activation, optimizer, batch_size, epochs, dtype):
    class Wrong(nn.Network):
        factor = 1.0

        def loss_and_gradients(self, X, y):
            loss, gradients = super().loss_and_gradients(X, y)
            g = max(gradients.values(), key=lambda g: abs(g).max())
            g[np.unravel_index(abs(g).argmax(), g.shape)] *= self.factor
            return loss, gradients

    X, y = iris()
    network = Wrong(16, activation, optimizer, batch_size, epochs,
                    dtype=dtype).fit(X, y)
    if not any(g.any() for g in network.loss_and_gradients(X, y)[1].values()):
        pytest.skip("nothing is left to check")
    right = nn.gradient_check(network, X, y).max_relative_error
    assert right <= RIGHT[dtype]
    if dtype == "float64":
        Wrong.factor = 1 + 1e-9
        assert nn.gradient_check(network, X, y).max_relative_error > (
            RIGHT[dtype])


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_units_without_a_slope_pass(activation, dtype):
    for size in (3, 10, 100):
        network, X, y = fitted(activation=activation, dtype=dtype)
        network.params_["W1"] *= size
        assert nn.gradient_check(network, X, y).max_relative_error <= (
            RIGHT[dtype])


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
