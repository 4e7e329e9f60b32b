"""What must hold whatever the data: permuting, relabelling, scaling."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import nn
from helpers import (
    ACTIVATIONS,
    DTYPES,
    OPTIMIZERS,
    clusters,
    furthest,
    learned,
    snapshot,
)

seeds = st.integers(0, 2 ** 32)
activations = st.sampled_from(ACTIVATIONS)
classes = st.integers(2, 5)
features = st.integers(1, 6)
hidden = st.integers(1, 8)
numbers = st.integers(6, 30)
batch_sizes = st.one_of(st.none(), st.integers(1, 40))


def copied(network, **params):
    """A network with the weights of another, or with changed ones."""
    other = nn.Network(**network.get_params(deep=False))
    other.partial_fit(np.zeros((2, network.params_["W1"].shape[0]
                                if "W1" not in params
                                else params["W1"].shape[0])),
                      network.classes_[:2], classes=network.classes_,
                      epochs=0)
    for name, p in {**network.params_, **params}.items():
        other.params_[name][:] = p
    return other


@given(classes, features, numbers, hidden, activations, seeds)
def test_the_order_of_rows_does_not_matter_to_a_full_batch(
        k, d, n, h, activation, seed):
    X, y = clusters(k, n, d, seed)
    order = np.random.default_rng(seed).permutation(n)
    settings = {"hidden_size": h, "activation": activation, "epochs": 5}
    one = nn.Network(**settings).fit(X, y)
    other = nn.Network(**settings).fit(X[order], y[order])
    assert furthest(other.params_, one.params_) < 1e-10
    assert np.allclose(other.loss_curve_, one.loss_curve_, rtol=1e-11)


@given(classes, features, numbers, hidden, activations, seeds)
def test_permuted_features_go_with_permuted_weights(
        k, d, n, h, activation, seed):
    X, y = clusters(k, n, d, seed)
    order = np.random.default_rng(seed).permutation(d)
    begun = nn.Network(h, activation, epochs=0, seed=seed).fit(X, y)
    other = copied(begun, W1=begun.params_["W1"][order])
    begun.partial_fit(X, y, epochs=5)
    other.partial_fit(X[:, order], y, epochs=5)
    assert furthest(other.params_, {
        **begun.params_, "W1": begun.params_["W1"][order]}) < 1e-10


@given(st.integers(3, 6), features, numbers, hidden, activations, seeds)
def test_permuted_classes_go_with_permuted_outputs(
        k, d, n, h, activation, seed):
    X, y = clusters(k, n, d, seed)
    order = np.random.default_rng(seed).permutation(k)
    renamed = np.argsort(order)[y]
    begun = nn.Network(h, activation, epochs=0, seed=seed).fit(X, y)
    permuted = {"W2": begun.params_["W2"][:, order],
                "b2": begun.params_["b2"][order]}
    other = copied(begun, **permuted).partial_fit(X, renamed, epochs=5)
    begun.partial_fit(X, y, epochs=5)
    assert furthest(other.params_, {
        **begun.params_, "W2": begun.params_["W2"][:, order],
        "b2": begun.params_["b2"][order]}) < 1e-10


@given(features, numbers, hidden, activations, seeds)
def test_two_classes_swapped_turn_the_sign_of_the_output(
        d, n, h, activation, seed):
    X, y = clusters(2, n, d, seed)
    begun = nn.Network(h, activation, epochs=0, seed=seed).fit(X, y)
    other = copied(begun, W2=-begun.params_["W2"], b2=-begun.params_["b2"])
    begun.partial_fit(X, y, epochs=5)
    other.partial_fit(X, 1 - y, epochs=5)
    assert furthest(other.params_, {
        **begun.params_, "W2": -begun.params_["W2"],
        "b2": -begun.params_["b2"]}) < 1e-10
    assert np.allclose(begun.predict_proba(X),
                       other.predict_proba(X)[:, ::-1], rtol=1e-10)


@given(classes, features, numbers, hidden, activations, seeds)
def test_a_feature_doubled_and_its_weights_halved_predict_alike(
        k, d, n, h, activation, seed):
    X, y = clusters(k, n, d, seed)
    network = nn.Network(h, activation, epochs=3, seed=seed).fit(X, y)
    P, loss = network.predict_proba(X), network.evaluate(X, y)["loss"]
    network.params_["W1"][0] /= 2
    X[:, 0] *= 2
    assert (network.predict_proba(X) == P).all()
    assert network.evaluate(X, y)["loss"] == loss


@given(classes, numbers, activations, batch_sizes, seeds)
def test_labels_by_other_names_in_the_same_order_change_only_the_names(
        k, n, activation, batch_size, seed):
    X, y = clusters(k, n, seed=seed)
    settings = {"activation": activation, "batch_size": batch_size,
                "epochs": 3, "seed": seed}
    names = np.array(["ant", "bee", "cat", "dog", "elk"])[:k]
    numbered = nn.Network(**settings).fit(X, y)
    named = nn.Network(**settings).fit(X, names[y])
    assert snapshot(named.params_) == snapshot(numbered.params_)
    assert named.loss_curve_ == numbered.loss_curve_
    assert (named.predict(X) == names[numbered.predict(X)]).all()


@given(classes, features, numbers, hidden, activations, batch_sizes,
       st.sampled_from(DTYPES), st.sampled_from(sorted(OPTIMIZERS)),
       st.lists(st.integers(0, 3), min_size=1, max_size=4), seeds)
def test_partial_fits_are_one_fit_bit_for_bit(
        k, d, n, h, activation, batch_size, dtype, optimizer, parts, seed):
    X, y = clusters(k, n, d, seed)

    def network():
        return nn.Network(h, activation, OPTIMIZERS[optimizer](), batch_size,
                          sum(parts), seed, dtype)

    fit, other = network().fit(X, y), network()
    for epochs in parts:
        other.partial_fit(X, y, epochs=epochs)
    assert learned(other) == learned(fit)
    assert len(fit.loss_curve_) == sum(parts)


@given(classes, features, numbers, hidden, activations, batch_sizes,
       st.sampled_from(DTYPES), seeds)
def test_losses_are_never_negative_and_probabilities_sum_to_1(
        k, d, n, h, activation, batch_size, dtype, seed):
    X, y = clusters(k, n, d, seed)
    network = nn.Network(h, activation, nn.Adam(0.1), batch_size, 3, seed,
                         dtype).fit(X, y)
    assert min(network.loss_curve_) >= 0
    assert network.evaluate(X, y)["loss"] >= 0
    P = network.predict_proba(X)
    assert ((P >= 0) & (P <= 1)).all()
    close = 1e-15 if dtype == "float64" else 1e-6
    assert np.allclose(P.sum(axis=1), 1, rtol=close * k, atol=0)
    assert (network.classes_[P.argmax(axis=1)] == network.predict(X)).all()


@given(classes, numbers, seeds)
def test_rows_given_twice_have_the_loss_and_gradient_of_rows_given_once(
        k, n, seed):
    X, y = clusters(k, n, seed=seed)
    network = nn.Network(5, epochs=2, seed=seed).fit(X, y)
    loss, gradients = network.loss_and_gradients(X, y)
    twice, doubled = network.loss_and_gradients(np.vstack([X, X]),
                                                np.concatenate([y, y]))
    assert math.isclose(loss, twice, rel_tol=1e-14)
    assert furthest(doubled, gradients) < 1e-14


@given(numbers, hidden, seeds)
def test_hidden_units_permuted_or_turned_predict_alike(n, h, seed):
    X, y = clusters(3, n, seed=seed)
    network = nn.Network(h, "tanh", epochs=2, seed=seed).fit(X, y)
    P, order = network.predict_proba(X), np.arange(h)[::-1]
    p = network.params_
    other = copied(network, W1=-p["W1"][:, order], b1=-p["b1"][order],
                   W2=-p["W2"][order])
    assert np.allclose(other.predict_proba(X), P, rtol=1e-13)
