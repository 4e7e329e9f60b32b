"""The network: what it holds, what it answers, and its settings."""

import copy
import inspect
import math
import pickle

import numpy as np
import pytest

import nn
from support import (
    ACTIVATIONS,
    DTYPES,
    OPTIMIZERS,
    PARAMS,
    SignDescent,
    clusters,
    fitted,
    learned,
    snapshot,
)

NAMES = [*inspect.signature(nn.Network).parameters]


# What it holds.

@pytest.mark.parametrize("k, outputs", [(2, 1), (3, 3), (7, 7)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_params_have_the_shapes_and_dtype_of_the_contract(k, outputs, dtype):
    network = fitted(k, dtype, hidden_size=5)[0]
    assert {name: p.shape for name, p in network.params_.items()} == {
        "W1": (4, 5), "b1": (5,), "W2": (5, outputs), "b2": (outputs,)}
    assert list(network.params_) == PARAMS
    assert {p.dtype.name for p in network.params_.values()} == {dtype}
    assert network.n_features_in_ == 4
    assert [type(loss) for loss in network.loss_curve_] == [float] * 3


@pytest.mark.parametrize("clone", [
    copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_copied_network_goes_on_to_the_same_bits(clone, optimizer):
    network, X, y = fitted(optimizer=OPTIMIZERS[optimizer]())
    other = clone(network)
    assert snapshot(other) == snapshot(network)
    before = snapshot(other)
    network.partial_fit(X, y, epochs=3)
    assert snapshot(other) == before
    other.partial_fit(X, y, epochs=3)
    assert learned(other) == learned(network)


# What it answers.

@pytest.mark.parametrize("k", [2, 3, 6])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("n", [40, 10_000])     # at once, and part by part
def test_all_answers_are_the_formulas_and_agree(k, dtype, activation, n):
    network, _, _ = fitted(k, dtype, activation=activation)
    network.params_["W1"] = -2 * network.params_["W1"]      # a user may
    X, y = clusters(k, n)
    W1, b1, W2, b2 = (p.astype(float) for p in network.params_.values())
    activate, _ = nn._ACTIVATIONS[activation]
    Z2 = activate(X @ W1 + b1, nn._ARITHMETIC["blas"]) @ W2 + b2
    if k == 2:
        Z2 = np.column_stack([np.zeros(n), Z2])
    close = {"rtol": 1e-13} if dtype == "float64" else {"atol": 1e-5}
    P = network.predict_proba(X)
    assert P.shape == (n, k) and P.dtype == dtype
    assert np.allclose(P, nn.softmax(Z2), **close)
    assert ((P >= 0) & (P <= 1)).all()
    assert np.allclose(P.sum(axis=1), 1, atol=k * (
        1e-15 if dtype == "float64" else 1e-6), rtol=0)
    assert (network.predict(X) == network.classes_[P.argmax(axis=1)]).all()
    report = network.evaluate(X, y)
    assert list(report) == ["loss", "accuracy"]
    assert {type(value) for value in report.values()} == {float}
    assert report["accuracy"] == network.score(X, y) == nn.accuracy(
        y, network.predict(X))
    assert math.isclose(report["loss"], nn.cross_entropy(Z2, y),
                        rel_tol=close.get("rtol", 1e-5))
    for p in network.params_.values():
        p[:] = 0            # of equal classes the first is the answer
    assert not network.predict(X).any()


def test_answers_and_checks_change_nothing():
    network, X, y = fitted()
    before = snapshot([network, X, y])
    network.predict(X), network.predict_proba(X), network.score(X, y)
    network.evaluate(X, y), repr(network), network.get_params()
    nn.gradient_check(network, X, y), nn.gradient_check(network, X, y, 1e-5)
    assert snapshot([network, X, y]) == before


# Settings.

def test_settings_are_kept_as_given_and_not_checked_before_fit():
    odd = {name: object() for name in NAMES}
    network = nn.Network(**odd)
    assert network.get_params(deep=False) == odd
    assert vars(network) == odd


@pytest.mark.parametrize("optimizer", [
    *(kind() for kind in nn._OPTIMIZERS.values()), SignDescent(0.25)])
def test_get_and_set_params_reach_into_the_optimizer(optimizer):
    network = nn.Network(optimizer=optimizer)
    own = {f"optimizer__{name}": value
           for name, value in vars(optimizer).items()}
    assert network.get_params() == network.get_params(deep=False) | own
    assert network.get_params()["optimizer"] is network.optimizer
    assert network.set_params(epochs=7, optimizer__learning_rate=0.5) is (
        network)
    assert (network.epochs, optimizer.learning_rate) == (7, 0.5)
    network.set_params(optimizer__beta1=0.5, optimizer=nn.Adam())
    assert network.optimizer == nn.Adam(beta1=0.5)
    assert network.set_params() is network


def test_without_an_optimizer_settings_are_those_of_sgd():
    network = nn.Network()
    assert network.get_params()["optimizer"] is None
    assert network.get_params()["optimizer__momentum"] == 0.0
    network.set_params(optimizer__momentum=0.5)
    assert network.optimizer == nn.SGD(momentum=0.5)
    one, two = (fitted(optimizer=one)[0] for one in (None, nn.SGD()))
    assert one.optimizer is None            # fit leaves the settings alone
    assert learned(one) == learned(two)
    network.set_params(optimizer="adam")    # which has none of its own
    assert network.get_params() == network.get_params(deep=False)


def test_repr_is_code_with_a_line_on_what_is_fitted_and_never_raises():
    assert repr(nn.Network()) == "Network()"
    text = ("Network(hidden_size=8, optimizer=SGD(learning_rate=0.25, "
            "momentum=0.5, nesterov=False), batch_size=2, epochs=3)")
    network = eval(text, vars(nn))
    assert repr(network) == text
    X = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert repr(network.fit(X, [0, 1, 1])) == (
        f"{text}\n# 2 features, 8 relu, 1 sigmoid: 33 parameters, 3 epochs")
    assert repr(network.fit(X, [0, 1, 2])) == (
        f"{text}\n# 2 features, 8 relu, 3 softmax: 51 parameters, 3 epochs")
    for name, value in (("params_", {"b1": "text"}), ("classes_", None),
                        ("loss_curve_", 3), ("optimizer", 0.5)):
        broken = copy.copy(network)
        setattr(broken, name, value)
        assert repr(broken).startswith("Network(hidden_size=8, ")
        delattr(broken, name)
        assert repr(broken).startswith("Network(hidden_size=8, ")


def test_numpy_numbers_are_settings_like_pythons():
    X, y = clusters()
    network = nn.Network(np.int64(5), np.str_("tanh"), nn.SGD(np.float64(.1)),
                         np.int32(7), np.int8(3), np.uint8(0)).fit(X, y)
    same = nn.Network(5, "tanh", nn.SGD(0.1), 7, 3, 0).fit(X, y)
    assert learned(network) == learned(same)


# Other people's ways.

@pytest.mark.parametrize("dtype", DTYPES)
def test_weights_that_are_lists_work_everywhere(dtype, tmp_path):
    def everything(one):
        loaded = nn.Network.load(one.save(tmp_path))
        return [learned(loaded)["params_"], snapshot(one.predict_proba(X)),
                nn.gradient_check(one, X, y).max_relative_error,
                learned(one.apply_gradients(one.params_))]

    network, X, y = fitted(dtype=dtype)
    listed = copy.deepcopy(network)
    listed.params_ = {name: p.tolist() for name, p in network.params_.items()}
    assert everything(listed) == everything(network)


# Subclasses.

class Wide(nn.Network):
    """A subclass with a setting of its own, and not all of its parent's."""

    def __init__(self, hidden_size=9, colour="red", *, epochs=3,
                 optimizer=None):
        super().__init__(hidden_size, epochs=epochs, optimizer=optimizer)
        self.colour = colour


class Plain(nn.Network):
    """A subclass whose settings are those of Network."""


class Mixed(Plain):
    """A subclass that hands on what is not its own."""

    def __init__(self, colour="red", **more):
        super().__init__(**more)
        self.colour = colour


def test_settings_are_handed_on_past_a_class_that_has_none():
    network = Mixed("blue", epochs=3)
    assert network.get_params(deep=False) == {
        **nn.Network(epochs=3).get_params(deep=False), "colour": "blue"}
    assert network.set_params(seed=5).seed == 5


def test_the_settings_of_a_subclass_are_those_of_its_own_init():
    network = Wide(colour="blue")
    assert network.get_params(deep=False) == {
        "hidden_size": 9, "colour": "blue", "epochs": 3, "optimizer": None}
    assert network.set_params(
        colour="green", epochs=2, optimizer__momentum=0.5) is network
    assert (network.colour, network.optimizer.momentum) == ("green", 0.5)
    assert repr(Wide(colour="green", epochs=2)) == (
        "Wide(colour='green', epochs=2)")
    assert network.fit(*clusters()) is network
    assert repr(network).startswith("Wide(colour='green', epochs=2, opt")


def test_a_subclass_with_its_parents_settings_is_loaded_as_one(tmp_path):
    path = Plain(5, epochs=2).fit(*clusters()).save(tmp_path)
    assert type(Plain.load(path)) is Plain
    assert type(nn.Network.load(path)) is nn.Network
