"""The gradient: right, checked by a check that would notice, and fast."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from helpers import (
    ACTIVATIONS,
    DTYPES,
    PARAMS,
    clusters,
    fitted,
    furthest,
    snapshot,
)

SIZES = [(1, 1, 1, 2), (2, 3, 4, 2), (7, 4, 16, 3), (30, 2, 1, 5),
         (150, 4, 16, 3), (33, 64, 64, 10)]


class Wrong(nn.Network):
    """A network whose gradient is not that of its loss."""

    spoil = None

    def loss_and_gradients(self, X, y):
        loss, gradients = super().loss_and_gradients(X, y)
        return loss, type(self).spoil(gradients)


def wrong(spoil):
    kind = type("Wrong", (Wrong,), {"spoil": staticmethod(spoil)})
    X, y = clusters()
    return kind(hidden_size=5, epochs=3).fit(X, y), X, y


def one_entry(gradients, factor):
    gradients["W1"][2, 3] *= factor
    return gradients


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("k", [2, 3, 7])
def test_the_gradient_is_right_to_1e_12(activation, k):
    network, X, y = fitted(k, activation=activation)
    report = nn.gradient_check(network, X, y)
    assert 0 < report.max_relative_error <= 1e-12


@given(st.sampled_from(ACTIVATIONS), st.integers(2, 5), st.integers(1, 6),
       st.integers(1, 4), st.integers(5, 12), st.integers(0, 99))
def test_the_gradient_is_right_for_any_shape(activation, k, h, d, n, seed):
    X, y = clusters(k, n, d, seed)
    network = nn.Network(h, activation, epochs=2, seed=seed).fit(X, y)
    _, gradients = network.loss_and_gradients(X, y)
    if any(g.any() for g in gradients.values()):
        assert nn.gradient_check(network, X, y).max_relative_error <= 1e-12


@pytest.mark.parametrize("k", [2, 3])
def test_a_float32_gradient_is_right_to_its_precision(k):
    network, X, y = fitted(k, dtype="float32")
    assert 1e-9 < nn.gradient_check(network, X, y).max_relative_error < 1e-4


@pytest.mark.parametrize("k", [2, 3])
def test_central_differences_agree_less_closely(k):
    network, X, y = fitted(k)
    exact = nn.gradient_check(network, X, y).max_relative_error
    rough = nn.gradient_check(network, X, y, step=1e-5).max_relative_error
    assert exact < 1e-12 < rough < 1e-6


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
def test_a_broken_gradient_fails_the_check(spoil):
    report = nn.gradient_check(*wrong(spoil))
    assert report.max_relative_error > 1e-7


@pytest.mark.parametrize("spoil", [lambda g: {"W1": g["W1"]}, lambda g: {}])
def test_a_gradient_that_lacks_parameters_does_not_pass(spoil):
    network, X, y = wrong(spoil)
    try:
        report = nn.gradient_check(network, X, y)
    except ValueError:
        return
    assert report.max_relative_error > 1e-7


def test_a_gradient_of_nothing_but_zeros_does_not_pass():
    network = fitted(2, activation="relu")[0]
    for p in network.params_.values():
        p[:] = 0
    X, y = [[1.0, -1.0, 2.0, 0.0]] * 2, [0, 1]
    _, gradients = network.loss_and_gradients(X, y)
    assert not any(g.any() for g in gradients.values())
    assert nn.gradient_check(network, X, y).max_relative_error == math.inf


def test_gradient_check_changes_nothing():
    network, X, y = fitted()
    before = snapshot(network)
    nn.gradient_check(network, X, y)
    nn.gradient_check(network, X, y, step=1e-5)
    assert snapshot(network) == before


@pytest.mark.parametrize("step", [0, -1e-5, math.nan, math.inf])
def test_gradient_check_takes_a_positive_step_only(step):
    with pytest.raises(ValueError, match="^step is .*; give a number"):
        nn.gradient_check(*fitted(), step=step)


@pytest.mark.parametrize("step", ["1e-5", True, 1j])
def test_gradient_check_takes_a_number_as_step(step):
    with pytest.raises(TypeError, match="^step is .*; give a number"):
        nn.gradient_check(*fitted(), step=step)


# The loss and its gradient.

@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_gradient_has_the_names_shapes_and_dtype_of_params(k, dtype):
    network, X, y = fitted(k, dtype)
    loss, gradients = network.loss_and_gradients(X, y)
    assert type(loss) is float
    assert list(gradients) == list(network.params_) == PARAMS
    for name, p in network.params_.items():
        assert gradients[name].shape == p.shape
        assert gradients[name].dtype == p.dtype == dtype


def test_loss_and_gradients_changes_nothing_and_shares_nothing():
    network, X, y = fitted()
    before = snapshot(network)
    _, gradients = network.loss_and_gradients(X, y)
    assert snapshot(network) == before
    for g in gradients.values():
        g[:] = 7
    assert snapshot(network) == before
    assert not (network.loss_and_gradients(X, y)[1]["W1"] == 7).any()


@pytest.mark.parametrize("k", [2, 4])
def test_the_gradient_of_all_is_the_mean_of_the_gradients_of_each(k):
    network, X, y = fitted(k)
    loss, gradients = network.loss_and_gradients(X, y)
    each = [network.loss_and_gradients(X[[r]], y[[r]]) for r in range(len(X))]
    assert math.isclose(loss, np.mean([one for one, _ in each]),
                        rel_tol=1e-14)
    mean = {name: np.mean([g[name] for _, g in each], axis=0)
            for name in gradients}
    assert furthest(gradients, mean) < 1e-14


@pytest.mark.parametrize("k, names", [(2, ["W1", "b1", "W2", "b2"]),
                                      (3, ["W2", "b2"])])
def test_an_error_is_relative_to_the_slope_where_nothing_cancels(k, names):
    """Of one row, and of one logit back to the units, no terms cancel."""
    class Wrong(nn.Network):
        def loss_and_gradients(self, X, y):
            loss, gradients = super().loss_and_gradients(X, y)
            for g in gradients.values():
                g[np.unravel_index(abs(g).argmin(), g.shape)] *= 1 + 1e-6
            return loss, gradients

    X, y = clusters(k, 20)
    network = Wrong(200, epochs=0).fit(X, y)
    network.params_["b2"] += 3 * np.arange(len(network.params_["b2"]))
    found = nn.gradient_check(network, X[:1], y[:1]).by_parameter
    for name in names:
        assert math.isclose(found[name], 1e-6, rel_tol=1e-3), name


def test_a_gradient_is_checked_on_any_table_of_numbers():
    network, X, y = fitted()
    for table in (X.astype(object), X.tolist(), np.rint(X).astype(int)):
        assert nn.gradient_check(network, table,
                                 y).max_relative_error < 1e-12


@pytest.mark.parametrize("n, d, h, k", SIZES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_fast_step_is_the_textbook_s(activation, n, d, h, k):
    X, y = clusters(k, max(n, k), d)
    network = nn.Network(h, activation, epochs=2, batch_size=9,
                         optimizer=nn.SGD(0.3)).fit(X, y)
    X, y = X[:n], y[:n]
    Y = (y[:, None] == (np.arange(k) if k > 2 else [1])).astype(float)
    with np.errstate(under="ignore"):
        textbook = nn._backward(X, Y, network.params_, activation)
        _, fast = network.loss_and_gradients(X, y)
        assert furthest(fast, textbook) < 2e-15 * math.sqrt(max(n, h, d))


def test_the_textbook_computes_with_what_it_is_given():
    def counted(function):
        def call(*args, **kwargs):
            calls.append(function)
            return function(*args, **kwargs)
        return call

    network, X, y = fitted()
    calls, Y = [], (y[:, None] == np.arange(3)).astype(float)
    ops = nn._Arithmetic(*map(counted, nn._NUMPY))
    nn._backward(X, Y, network.params_, "tanh", ops)
    assert [calls.count(function) for function in nn._NUMPY] == [
        5, 3, 1, 0, 1]


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("batch_size", [None, 40, 100])
def test_driving_from_outside_is_full_batch_training(
        activation, k, batch_size):
    X, y = clusters(k)
    for optimizer in (nn.SGD(0.1, 0.9), nn.Adam(0.01)):
        inside = nn.Network(6, activation, optimizer, batch_size,
                            epochs=20).fit(X, y)
        outside = nn.Network(6, activation, optimizer, epochs=0).fit(X, y)
        losses = []
        for _ in range(20):
            loss, gradients = outside.loss_and_gradients(X, y)
            losses.append(loss)
            assert outside.apply_gradients(gradients) is outside
        assert furthest(outside.params_, inside.params_) < 1e-12
        assert np.allclose(losses, inside.loss_curve_, rtol=1e-12)


def test_apply_gradients_is_one_step_of_the_optimizer():
    network, X, y = fitted(optimizer=nn.SGD(0.25), epochs=0)
    _, gradients = network.loss_and_gradients(X, y)
    expected = {name: network.params_[name] - 0.25 * gradients[name]
                for name in gradients}
    given_ = snapshot(gradients)
    network.apply_gradients(gradients)
    assert furthest(network.params_, expected) < 1e-15
    assert snapshot(gradients) == given_
    assert network.loss_curve_ == []


def test_apply_gradients_takes_lists_and_other_dtypes():
    network, X, y = fitted(dtype="float32")
    _, gradients = network.loss_and_gradients(X, y)
    before = {name: p.copy() for name, p in network.params_.items()}
    network.apply_gradients({name: g.tolist()
                             for name, g in gradients.items()})
    for name, p in network.params_.items():
        assert p.dtype == "float32" and (p != before[name]).any()


def test_apply_gradients_keeps_the_optimizer_s_memory():
    network, X, y = fitted(optimizer=nn.SGD(0.1, 0.9), epochs=0)
    zero = {name: 0 * p for name, p in network.params_.items()}
    one = {name: 0 * p + 1 for name, p in network.params_.items()}
    start = network.params_["b2"].copy()
    network.apply_gradients(one)
    assert np.allclose(start - network.params_["b2"], 0.1)
    network.apply_gradients(zero)
    assert np.allclose(start - network.params_["b2"], 0.1 + 0.09)
