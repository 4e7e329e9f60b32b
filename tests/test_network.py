"""The network: training, answers, callbacks, settings and what they keep."""

import copy
import math
import pickle

import numpy as np
import pytest

import nn
from helpers import (
    ACTIVATIONS,
    DTYPES,
    OPTIMIZERS,
    PARAMS,
    Recorder,
    SignDescent,
    clusters,
    fitted,
    furthest,
    iris,
    learned,
    snapshot,
)

BATCH_SIZES = [None, 1, 7, 32, 40, 100]
LABELS = {
    "ints": [3, -7, 12, 0],
    "strings": ["oak", "ash", "elm", "a much longer name"],
    "whole floats": [2.0, -1.0, 10.0, 0.0],
    "unsigned": np.array([200, 7, 255, 1], np.uint8),
    "bools": [True, False],
    "objects": np.array(["oak", "ash", "elm", "fir"], object),
}


# What training finds.

@pytest.mark.parametrize("k, outputs", [(2, 1), (3, 3), (7, 7)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_params_have_the_shapes_and_dtype_of_the_contract(k, outputs, dtype):
    network = fitted(k, dtype, hidden_size=5)[0]
    assert {name: p.shape for name, p in network.params_.items()} == {
        "W1": (4, 5), "b1": (5,), "W2": (5, outputs), "b2": (outputs,)}
    assert list(network.params_) == PARAMS
    assert {p.dtype.name for p in network.params_.values()} == {dtype}
    assert network.n_features_in_ == 4


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("classes", [2, 4])
def test_labels_come_back_as_they_were_given(kind, classes):
    names = np.array(LABELS[kind][:classes])
    X, t = clusters(len(names), d=8)
    X[np.arange(len(X)), t] += 3
    y = names[t]
    network = nn.Network(8, epochs=100).fit(X, y.tolist())
    assert network.classes_.tolist() == sorted(names.tolist())
    predicted = network.predict(X)
    assert predicted.shape == (len(X),)
    assert {type(label) for label in predicted.tolist()} == {
        type(names.tolist()[0])}
    assert set(predicted.tolist()) <= set(names.tolist())
    assert network.score(X, y) > 0.9


def test_labels_keep_the_dtype_of_their_array():
    X, t = clusters()
    for dtype in ("int16", "uint8", "float32", "<U3"):
        network = nn.Network(epochs=1).fit(X, t.astype(dtype))
        assert network.predict(X).dtype == network.classes_.dtype == dtype


@pytest.mark.parametrize("epochs", [0, 1, 5])
def test_the_loss_curve_has_a_float_for_each_epoch(epochs):
    network, X, y = fitted(epochs=epochs)
    assert [type(loss) for loss in network.loss_curve_] == [float] * epochs
    network.partial_fit(X, y, epochs=2)
    assert len(network.loss_curve_) == epochs + 2
    network.fit(X, y)
    assert len(network.loss_curve_) == epochs


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
@pytest.mark.parametrize("k", [2, 3])
def test_the_loss_of_an_epoch_is_the_mean_over_all_rows(k, batch_size):
    network, X, y = fitted(k, batch_size=batch_size, optimizer=nn.SGD(0.0))
    loss = network.evaluate(X, y)["loss"]
    assert np.allclose(network.loss_curve_, loss, rtol=1e-14, atol=0)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_learns(activation, k, optimizer):
    X, y = clusters(k, 60)
    X += 2 * X[:k][y]
    network = nn.Network(activation=activation, epochs=150,
                         optimizer=OPTIMIZERS[optimizer]()).fit(X, y)
    assert network.loss_curve_[-1] < network.loss_curve_[0] / 2
    assert network.score(X, y) >= 0.9


def test_xor_is_learnt():
    X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    network = nn.Network(optimizer=nn.SGD(0.5, 0.9), epochs=500).fit(X, y)
    assert network.predict(X).tolist() == y
    assert network.evaluate(X, y)["loss"] < 0.01


def test_iris_is_learnt():
    X, y = iris()
    network = nn.Network(optimizer=nn.SGD(0.1, 0.9)).fit(X, y)
    assert network.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert network.score(X, y) > 0.97


def test_no_epochs_leave_the_first_weights():
    network, X, y = fitted(epochs=0)
    assert network.loss_curve_ == []
    assert not network.params_["b1"].any() and not network.params_["b2"].any()
    for name in ("W1", "W2"):
        W = network.params_[name]
        r = math.sqrt(6 / sum(W.shape))
        assert 0.5 * r < abs(W).max() <= r
        assert len(np.unique(W)) == W.size
    network.set_params(optimizer=nn.SGD(0.0)).partial_fit(X, y, epochs=2)
    first = nn.Network(5, epochs=0).fit(X, y).params_
    assert all((network.params_[name] == first[name]).all() for name in first)


# Batches.

def batches(n, batch_size, epochs, dtype="float64"):
    """The rows of each batch, seen through rows that are one-hot."""
    recorder = Recorder()
    y = np.arange(n) % 3
    network = nn.Network(4, "tanh", recorder, batch_size, epochs, dtype=dtype)
    network.fit(np.eye(n), y)
    return [touched_rows(gradient, n, 3).tolist()
            for gradient in recorder.seen]


def touched_rows(gradient, n, k):
    """The one-hot rows, n of them, that a flat gradient comes from."""
    W1 = nn._views(gradient, (n, 4, 1 if k == 2 else k))["W1"]
    return np.flatnonzero(np.abs(W1).sum(axis=1))


@pytest.mark.parametrize("n, batch_size, sizes", [
    (10, None, [10]), (10, 1, [1] * 10), (10, 4, [4, 4, 2]), (10, 5, [5, 5]),
    (10, 9, [9, 1]), (10, 10, [10]), (10, 99, [10]), (3, 2, [2, 1])])
def test_each_epoch_takes_every_row_once_in_batches(n, batch_size, sizes):
    seen = batches(n, batch_size, epochs=3)
    assert [len(rows) for rows in seen] == 3 * sizes
    for epoch in range(3):
        part = seen[epoch * len(sizes):(epoch + 1) * len(sizes)]
        assert sorted(sum(part, [])) == list(range(n))


def test_batches_differ_in_membership_from_epoch_to_epoch():
    seen = batches(20, 5, epochs=4)
    assert len({tuple(rows) for rows in seen}) > 12


@pytest.mark.parametrize("batch_size", [1, 4, 7])
@pytest.mark.parametrize("k", [2, 3])
def test_a_mini_batch_step_is_the_mean_gradient_of_its_rows(k, batch_size):
    n, recorder = 10, Recorder()
    y = np.arange(n) % k
    network = nn.Network(4, "tanh", recorder, batch_size, 2).fit(np.eye(n), y)
    for gradient in recorder.seen:
        rows = touched_rows(gradient, n, k)
        _, expected = network.loss_and_gradients(np.eye(n)[rows], y[rows])
        assert np.allclose(gradient, nn._flat(expected), rtol=1e-13,
                           atol=1e-15)


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_optimizer_sees_flat_arrays_of_the_network_s_dtype(dtype):
    recorder = Recorder()
    network = nn.Network(4, "tanh", recorder, 5, 1, dtype=dtype)
    network.fit(*clusters())
    size = sum(p.size for p in network.params_.values())
    assert {(g.shape, g.dtype.name) for g in recorder.seen} == {
        ((size,), dtype)}


def test_a_batch_of_all_rows_is_a_full_batch():
    X, y = clusters()
    whole = fitted(batch_size=None)[0]
    for batch_size in (len(X), len(X) + 1, 10 ** 30):
        assert learned(fitted(batch_size=batch_size)[0]) == learned(whole)


# Going on.

@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("batch_size", BATCH_SIZES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_six_partial_fits_are_one_fit_of_six_epochs(
        optimizer, batch_size, dtype):
    X, y = clusters()

    def network():
        return nn.Network(6, "tanh", OPTIMIZERS[optimizer](), batch_size,
                          epochs=6, dtype=dtype)

    fit, parts = network().fit(X, y), network()
    watched = network().fit(X, y, callback=lambda *_: None)
    for _ in range(6):
        assert parts.partial_fit(X, y) is parts
    uneven = network().partial_fit(X, y, epochs=4).partial_fit(X, y, epochs=2)
    begun = network().partial_fit(X, y, classes=[0, 1, 2], epochs=0)
    begun.partial_fit(X, y, epochs=6)
    assert learned(fit) == learned(parts) == learned(uneven)
    assert learned(fit) == learned(watched) == learned(begun)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("k", [2, 5])
@pytest.mark.parametrize("n", [2, 11, 33])
def test_fit_is_partial_fits_for_all_shapes(activation, k, n):
    X, y = clusters(k, max(n, k), d=3)
    fit = nn.Network(3, activation, nn.Adam(0.1), 4, 5).fit(X, y)
    parts = nn.Network(3, activation, nn.Adam(0.1), 4)
    for _ in range(5):
        parts.partial_fit(X, y, callback=lambda *_: None)
    assert learned(fit) == learned(parts)


def test_a_first_partial_fit_starts_like_fit():
    X, y = clusters()
    assert learned(nn.Network().partial_fit(X, y, epochs=0)) == learned(
        nn.Network(epochs=0).fit(X, y))


@pytest.mark.parametrize("names", [["a", "b"], ["a", "b", "c", "d"]])
def test_classes_may_be_named_before_they_are_seen(names):
    X, t = clusters(2)
    y = np.array(names)[t]
    network = nn.Network().partial_fit(X[y == "a"], y[y == "a"],
                                       classes=names[::-1])
    assert network.classes_.tolist() == names
    network.partial_fit(X[y == "b"], y[y == "b"])
    network.partial_fit(X, y, classes=names)
    assert network.classes_.tolist() == names
    assert network.predict_proba(X).shape == (len(X), len(names))
    assert len(network.loss_curve_) == 3


def test_fit_forgets_what_was_learnt():
    X, y = clusters()
    once = nn.Network(batch_size=7, epochs=4, optimizer=nn.Adam()).fit(X, y)
    first = learned(once)
    assert learned(once.fit(X, y)) == first
    once.fit(X[:, :2], y % 2)
    assert once.n_features_in_ == 2 and once.classes_.tolist() == [0, 1]


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


@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("assign", [
    lambda params, W1: params["W1"].__setitem__(..., W1),
    lambda params, W1: params.update(W1=W1)], ids=["in place", "replaced"])
def test_weights_set_by_the_user_are_used_and_trained(assign, batch_size):
    W1 = np.linspace(-1, 1, 20).reshape(4, 5)
    network, X, y = fitted(batch_size=batch_size)
    other, *_ = fitted(batch_size=batch_size)
    assign(network.params_, W1.copy())
    A1 = np.tanh(X @ W1 + network.params_["b1"])
    Z2 = A1 @ network.params_["W2"] + network.params_["b2"]
    assert np.allclose(network.predict_proba(X), nn.softmax(Z2), rtol=1e-13)
    other.params_ = {name: p.copy() for name, p in network.params_.items()}
    network.partial_fit(X, y, epochs=2)
    assert (network.params_["W1"] != W1).any()
    assert learned(other.partial_fit(X, y, epochs=2)) == learned(network)


@pytest.mark.parametrize("assign", [
    lambda params, W1: params["W1"].__setitem__(..., W1),
    lambda params, W1: params.update(W1=W1),
    lambda params, W1: params.update(
        {name: p.copy() for name, p in params.items()}, W1=W1)],
    ids=["in place", "replaced", "all replaced"])
@pytest.mark.parametrize("batch_size", [None, 7])
def test_weights_set_in_a_callback_are_used_and_trained(assign, batch_size):
    W1 = np.linspace(-1, 1, 20).reshape(4, 5)

    def at_two(network, epoch, loss):
        if epoch == 2:
            assign(network.params_, W1.copy())

    X, y = clusters()
    settings = {"hidden_size": 5, "batch_size": batch_size}
    inside = nn.Network(epochs=5, **settings).fit(X, y, at_two)
    outside = nn.Network(epochs=2, **settings).fit(X, y)
    outside.params_["W1"][:] = W1
    outside.partial_fit(X, y, epochs=3)
    assert learned(inside) == learned(outside)


def test_settings_may_change_between_calls():
    network, X, y = fitted(optimizer=nn.SGD(0.1), batch_size=7)
    network.set_params(batch_size=None, optimizer__learning_rate=0.0)
    before = snapshot(network.params_)
    network.partial_fit(X, y, epochs=3)
    assert snapshot(network.params_) == before
    network.set_params(optimizer=nn.Adam(0.1)).partial_fit(X, y)
    assert snapshot(network.params_) != before
    assert len(network.loss_curve_) == 7


# Callbacks.

def test_a_callback_is_told_of_each_epoch_of_the_network_s_life():
    calls = []

    def callback(network, epoch, loss):
        calls.append((epoch, loss))
        assert network.loss_curve_[-1] == loss
        assert len(network.loss_curve_) == epoch
        assert type(epoch) is int and type(loss) is float

    network, X, y = fitted(epochs=0)
    network.partial_fit(X, y, epochs=2, callback=callback)
    network.partial_fit(X, y, callback=callback)
    network.apply_gradients(network.loss_and_gradients(X, y)[1])
    network.partial_fit(X, y, callback=callback)
    assert [epoch for epoch, _ in calls] == [1, 2, 3, 4]
    assert [loss for _, loss in calls] == network.loss_curve_
    calls.clear()
    network.set_params(epochs=2).fit(X, y, callback=callback)
    assert [epoch for epoch, _ in calls] == [1, 2]


@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("answer", [True, 1, "stop", np.True_])
def test_a_true_answer_stops_training(batch_size, answer):
    X, y = clusters()
    settings = {"batch_size": batch_size, "optimizer": nn.Adam()}
    stopped = nn.Network(epochs=50, **settings).fit(
        X, y, callback=lambda network, epoch, loss: epoch == 3 and answer)
    assert learned(stopped) == learned(
        nn.Network(epochs=3, **settings).fit(X, y))
    assert all(p.flags.c_contiguous and p.base is None
               for p in stopped.params_.values())
    stopped.partial_fit(X, y)
    assert len(stopped.loss_curve_) == 4


def test_no_early_stop_hides_that_training_diverged():
    X, y = clusters()
    network = nn.Network(optimizer=nn.SGD(1e308), epochs=5)
    with pytest.raises(FloatingPointError, match="diverged in epoch 1"):
        network.fit(X * 1e3, y, callback=lambda *_: True)
    assert not hasattr(network, "params_")


@pytest.mark.parametrize("answer", [None, False, 0, "", np.False_])
def test_a_false_answer_goes_on(answer):
    X, y = clusters()
    network = nn.Network(epochs=4).fit(X, y, callback=lambda *_: answer)
    assert len(network.loss_curve_) == 4


@pytest.mark.parametrize("batch_size", [None, 7])
def test_a_callback_may_look_at_the_network_as_it_is(batch_size):
    X, y = clusters()
    seen = []

    def look(network, epoch, loss):
        seen.append(network.evaluate(X, y)["loss"])
        network.predict(X), network.loss_and_gradients(X, y)

    network = nn.Network(batch_size=batch_size, epochs=4).fit(X, y, look)
    for epoch in range(1, 5):
        assert seen[epoch - 1] == nn.Network(
            batch_size=batch_size, epochs=epoch).fit(X, y).evaluate(
                X, y)["loss"]
    assert learned(network) == learned(nn.Network(
        batch_size=batch_size, epochs=4).fit(X, y))


def test_a_callback_may_change_the_learning_rate():
    X, y = clusters()

    def freeze(network, epoch, loss):
        network.set_params(optimizer__learning_rate=0.0)

    network = nn.Network(epochs=4, optimizer=nn.SGD(0.5)).fit(X, y, freeze)
    once = nn.Network(epochs=1, optimizer=nn.SGD(0.5)).fit(X, y)
    assert snapshot(network.params_) == snapshot(once.params_)


class Oops(BaseException):
    pass


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, Oops,
                                   StopIteration, GeneratorExit])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("batch_size", [None, 7])
def test_an_error_in_a_callback_puts_everything_back(
        error, method, batch_size):
    def fail(network, epoch, loss):
        network.params_["W2"][:] = 5
        if epoch == network_epoch + 2:
            raise error("from the callback")

    network, X, y = fitted(batch_size=batch_size, optimizer=nn.Adam())
    network.set_params(epochs=5)
    network_epoch = 0 if method == "fit" else 3
    before = snapshot(network)
    more = {} if method == "fit" else {"epochs": 5}
    with pytest.raises(error, match="from the callback"):
        getattr(network, method)(X, y, callback=fail, **more)
    assert snapshot(network) == before
    fresh = nn.Network(epochs=5, batch_size=batch_size)
    before, network_epoch = snapshot(fresh), 0
    with pytest.raises(error, match="from the callback"):
        getattr(fresh, method)(X, y, callback=fail, **more)
    assert snapshot(fresh) == before and not hasattr(fresh, "params_")


@pytest.mark.parametrize("method", ["fit", "partial_fit", "apply_gradients"])
def test_an_error_in_an_optimizer_puts_everything_back(method):
    class Breaks(nn.SGD):
        broken = False

        def step(self, theta, gradient, state):
            super().step(theta, gradient, state)
            if self.broken:
                raise RuntimeError("from the optimizer")

    network, X, y = fitted(optimizer=Breaks(0.1, momentum=0.5))
    _, gradients = network.loss_and_gradients(X, y)
    network.optimizer.broken = True
    before = snapshot(network)
    with pytest.raises(RuntimeError, match="from the optimizer"):
        getattr(network, method)(
            *((gradients,) if method == "apply_gradients" else (X, y)))
    assert snapshot(network) == before


# Divergence.

@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("callback", [None, lambda *_: None])
@pytest.mark.parametrize("k", [2, 3])
def test_diverging_training_names_the_epoch_and_puts_back_the_weights(
        batch_size, dtype, callback, k):
    rate = 1e200 if dtype == "float64" else 1e30
    network, X, y = fitted(k, dtype, activation="relu",
                           batch_size=batch_size)
    network.set_params(epochs=9, optimizer__learning_rate=rate)
    before = snapshot(network)
    with pytest.raises(FloatingPointError,
                       match=r"epoch [4-9]\b.*smaller learning rate"):
        network.partial_fit(X, y, epochs=9, callback=callback)
    assert snapshot(network) == before
    with pytest.raises(FloatingPointError,
                       match=r"epoch [1-6]\b.*smaller learning rate"):
        network.fit(X, y, callback=callback)
    assert snapshot(network) == before
    fresh = nn.Network(activation="relu", epochs=9, dtype=dtype,
                       batch_size=batch_size, optimizer=nn.SGD(rate))
    before = snapshot(fresh)
    with pytest.raises(FloatingPointError):
        fresh.fit(X, y, callback=callback)
    assert snapshot(fresh) == before and not hasattr(fresh, "params_")


@pytest.mark.parametrize("batch_size", [None, 7, 1])
def test_the_epoch_named_is_the_first_whose_loss_is_not_finite(batch_size):
    X, y = clusters(2)
    network = nn.Network(activation="relu", epochs=30, batch_size=batch_size,
                         optimizer=nn.SGD(1e60))
    losses = []
    with pytest.raises(FloatingPointError) as caught:
        network.fit(X, y, lambda network, epoch, loss: losses.append(loss))
    assert f"epoch {len(losses) + 1}:" in str(caught.value)
    assert all(map(math.isfinite, losses))
    with pytest.raises(FloatingPointError) as silent:
        network.fit(X, y)
    assert str(silent.value) == str(caught.value)


def test_a_weight_that_is_not_finite_is_divergence_too():
    class Explodes:
        def start(self, theta):
            return {}

        def step(self, theta, gradient, state):
            theta[0] = math.inf

    network, X, y = fitted()
    network.optimizer = Explodes()
    before = snapshot(network)
    with pytest.raises(FloatingPointError, match="epoch 4: a weight"):
        network.partial_fit(X, y)
    _, gradients = network.loss_and_gradients(X, y)
    with pytest.raises(FloatingPointError, match="a weight is not finite"):
        network.apply_gradients(gradients)
    assert snapshot(network) == before


def test_a_step_from_outside_that_diverges_puts_back_the_weights():
    network, X, y = fitted(optimizer=nn.SGD(1e200))
    before = snapshot(network)
    huge = {name: np.full(p.shape, 1e200)
            for name, p in network.params_.items()}
    with pytest.raises(FloatingPointError, match="smaller learning rate"):
        network.apply_gradients(huge)
    assert snapshot(network) == before


# Determinism.

def test_one_seed_gives_the_same_bits_and_another_seed_others():
    one, same, other = (fitted(seed=seed, epochs=2)[0] for seed in (5, 5, 6))
    assert learned(one) == learned(same)
    assert (one.params_["W1"] != other.params_["W1"]).all()


def test_the_seed_also_fixes_the_batches():
    X, y = clusters()
    zero = nn.Network(5, batch_size=7, epochs=0).fit(X, y)
    curves = []
    for seed in (0, 0, 1):
        network = nn.Network(5, batch_size=7, seed=seed).partial_fit(
            X, y, epochs=0)
        network.params_ = copy.deepcopy(zero.params_)
        curves.append(network.partial_fit(X, y, epochs=2).loss_curve_)
    assert curves[0] == curves[1] != curves[2]


@pytest.mark.parametrize("layout", [
    np.asfortranarray,
    lambda X: np.repeat(X, 2, axis=0)[::2],
    lambda X: X[::-1].copy()[::-1],
    lambda X: np.frombuffer(b"x" + X.tobytes(), "<f8", offset=1).reshape(
        X.shape),
    lambda X: X.astype(">f8"),
    lambda X: X.tolist(),
    lambda X: X.astype(object),
    lambda X: np.lib.stride_tricks.as_strided(X, X.shape, X.strides,
                                              writeable=False),
], ids=["fortran", "strided", "reversed", "unaligned", "big-endian", "lists",
        "objects", "read-only"])
@pytest.mark.parametrize("batch_size", [None, 7])
def test_the_layout_of_x_in_memory_changes_nothing(layout, batch_size):
    network, X, y = fitted(batch_size=batch_size)
    other = layout(X)
    again = fitted(batch_size=batch_size)[0].fit(other, y)
    assert learned(again) == learned(network)
    assert (again.predict_proba(other) == network.predict_proba(X)).all()
    assert again.evaluate(other, y) == network.evaluate(X, y)
    assert snapshot(again.loss_and_gradients(other, y)[1]) == snapshot(
        network.loss_and_gradients(X, y)[1])


@pytest.mark.parametrize("values", ["bool", "int8", "uint64", "float16",
                                    "float32", "longdouble"])
def test_x_of_another_real_dtype_is_taken_as_float64(values):
    X, y = clusters()
    X = np.abs(X).astype(values)
    X.setflags(write=False)
    network = nn.Network(batch_size=7, epochs=3).fit(X, y)
    same = nn.Network(batch_size=7, epochs=3).fit(X.astype(float), y)
    assert learned(network) == learned(same)
    assert (network.predict_proba(X) == same.predict_proba(
        X.astype(float))).all()


def test_labels_of_more_than_64_bits_become_float64():
    X, y = clusters()
    network = nn.Network(epochs=3).fit(X, y.astype(np.longdouble))
    assert network.classes_.dtype == np.float64
    assert learned(network)["params_"] == learned(
        nn.Network(epochs=3).fit(X, y))["params_"]


@pytest.mark.skipif(np.finfo(np.longdouble).maxexp <= 1024,
                    reason="long doubles are doubles here")
@pytest.mark.parametrize("label", ["1e4000", "-1e4000", "1e-4000",
                                   "1.00000000000000000011"])
def test_labels_that_float64_would_change_are_refused(label):
    X, y = [[0.0], [1.0]], np.array([0, np.longdouble(label)])
    with pytest.raises(ValueError, match="y contains fractions, NaN or inf"):
        nn.Network(epochs=1).fit(X, y)


@pytest.mark.skipif(np.finfo(np.longdouble).maxexp <= 1024,
                    reason="long doubles are doubles here")
@pytest.mark.parametrize("dtype", [object, np.longdouble])
def test_features_too_large_for_float64_are_refused(dtype):
    X = np.array([[np.longdouble(10) ** 4000], [np.longdouble(1)]], dtype)
    with pytest.raises(ValueError, match="X contains NaN or infinity, or num"):
        nn.Network(epochs=1).fit(X, [0, 1])


def test_the_largest_seed_is_a_seed():
    X, y = clusters()
    one, two = (nn.Network(epochs=0, seed=seed).fit(X, y)
                for seed in (2**128 - 1, 2**128 - 2))
    assert snapshot(one.params_) != snapshot(two.params_)
    with pytest.raises(ValueError, match="seed is 3402823"):
        nn.Network(epochs=0, seed=2**128).fit(X, y)


def test_the_data_are_not_changed_nor_kept():
    X, y = clusters()
    before = X.copy(), y.copy()
    network = nn.Network(epochs=3, batch_size=7).fit(X, y)
    assert (before[0] == X).all() and (y == before[1]).all()
    first = snapshot(network)
    X[:], y[:] = 0, 0
    assert snapshot(network) == first


def test_an_optimizer_can_serve_two_networks():
    optimizer, (X, y) = nn.Adam(0.1), clusters()
    one, two = (nn.Network(5, optimizer=optimizer, seed=s) for s in (1, 2))
    for _ in range(3):
        one.partial_fit(X, y), two.partial_fit(X[::-1], y)
    alone = nn.Network(5, optimizer=nn.Adam(0.1), seed=1, epochs=3).fit(X, y)
    assert learned(one) == learned(alone)


# Answers.

@pytest.mark.parametrize("k", [2, 3, 6])
@pytest.mark.parametrize("dtype", DTYPES)
def test_predictions_and_probabilities_agree(k, dtype):
    network, X, y = fitted(k, dtype, epochs=20)
    P = network.predict_proba(X)
    assert P.shape == (len(X), k) and P.dtype == dtype
    assert (P >= 0).all() and np.allclose(P.sum(axis=1), 1, atol=1e-6)
    assert (network.predict(X) == network.classes_[P.argmax(axis=1)]).all()
    assert network.score(X, y) == nn.accuracy(y, network.predict(X))
    report = network.evaluate(X, y)
    assert list(report) == ["loss", "accuracy"]
    assert {type(value) for value in report.values()} == {float}
    assert report["accuracy"] == network.score(X, y)
    surprise = -np.log(P[np.arange(len(X)), y].astype(float)).mean()
    assert math.isclose(report["loss"], surprise, rel_tol=1e-5)


@pytest.mark.parametrize("k", [2, 3])
def test_the_answers_are_the_formulas(k):
    network, X, y = fitted(k, activation="tanh")
    W1, b1, W2, b2 = network.params_.values()
    Z2 = np.tanh(X @ W1 + b1) @ W2 + b2
    if k == 2:
        Z2 = np.column_stack([np.zeros(len(X)), Z2])
    assert np.allclose(network.predict_proba(X), nn.softmax(Z2), rtol=1e-13)
    assert math.isclose(network.evaluate(X, y)["loss"],
                        nn.cross_entropy(Z2, y), rel_tol=1e-13)


@pytest.mark.parametrize("k", [2, 3])
def test_a_row_is_answered_alike_alone_and_in_company(k):
    network, X, y = fitted(k)
    each = np.vstack([network.predict_proba(X[[r]]) for r in range(len(X))])
    assert np.allclose(each, network.predict_proba(X), rtol=1e-13)


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_answers_change_nothing(method):
    network, X, y = fitted()
    before = snapshot(network)
    getattr(network, method)(X)
    network.score(X, y), network.evaluate(X, y), repr(network)
    network.get_params()
    assert snapshot(network) == before


def test_a_sure_network_keeps_finite_losses():
    network, X, y = fitted()
    network.params_["W2"] *= 1e4
    assert math.isfinite(network.evaluate(X, y)["loss"])
    assert np.isfinite(network.predict_proba(X)).all()


# Settings.

def test_settings_are_kept_as_given_and_not_checked_before_fit():
    odd = {"hidden_size": -1, "activation": "none", "optimizer": "x",
           "batch_size": 0, "epochs": -3, "seed": "s", "dtype": int,
           "arithmetic": None}
    network = nn.Network(**odd)
    assert network.get_params(deep=False) == odd
    assert vars(network) == odd


def test_get_params_reaches_into_the_optimizer():
    network = nn.Network(optimizer=nn.SGD(0.5, momentum=0.9))
    assert set(network.get_params()) == set(network.get_params(deep=False)) | {
        "optimizer__learning_rate", "optimizer__momentum",
        "optimizer__nesterov"}
    assert network.get_params()["optimizer__momentum"] == 0.9
    assert network.get_params()["optimizer"] is network.optimizer
    own = nn.Network(optimizer=SignDescent(0.25)).get_params()
    assert own["optimizer__learning_rate"] == 0.25


def test_set_params_reaches_into_the_optimizer():
    network = nn.Network(optimizer=nn.SGD())
    assert network.set_params(epochs=7, optimizer__momentum=0.5) is network
    assert (network.epochs, network.optimizer) == (7, nn.SGD(momentum=0.5))
    network.set_params(optimizer__beta1=0.5, optimizer=nn.Adam())
    assert network.optimizer == nn.Adam(beta1=0.5)
    assert network.set_params() is network


def test_without_an_optimizer_settings_are_those_of_sgd():
    network = nn.Network()
    assert network.get_params()["optimizer"] is None
    if "optimizer__momentum" in network.get_params():
        assert network.get_params()["optimizer__momentum"] == 0.0
    network.set_params(optimizer__momentum=0.5)
    assert network.optimizer == nn.SGD(momentum=0.5)
    X, y = clusters()
    assert snapshot(nn.Network(epochs=3).fit(X, y).params_) == snapshot(
        nn.Network(epochs=3, optimizer=nn.SGD()).fit(X, y).params_)


def test_fit_leaves_the_settings_alone():
    X, y = clusters()
    network = nn.Network()
    before = network.get_params(deep=False)
    network.fit(X, y)
    assert network.get_params(deep=False) == before
    assert network.optimizer is None


@pytest.mark.parametrize("setting", [
    "momentum", "optimizer__beta1", "optimizer__", "optimizer_momentum",
    "Epochs", "params_", "optimizer__learning_rate__x"])
def test_an_unknown_setting_is_named_and_changes_nothing(setting):
    network = nn.Network(optimizer=nn.SGD())
    before = snapshot(network)
    with pytest.raises(ValueError, match=f"^'{setting}' is no setting.*"
                                         "choose from.*epochs"):
        network.set_params(**{"epochs": 3, setting: 1,
                              "optimizer__momentum": 0.5})
    assert snapshot(network) == before


def test_an_undecided_network_answers_with_the_first_class():
    for k in (2, 3):
        network, X, _ = fitted(k, epochs=0)
        for p in network.params_.values():
            p[:] = 0
        assert network.predict(X).tolist() == [0] * len(X)


def test_repr_shows_the_settings():
    text = repr(nn.Network(8, "relu", nn.Adam(), 32))
    for part in ("Network(", "hidden_size=8", "activation='relu'",
                 "optimizer=Adam(learning_rate=0.001", "batch_size=32"):
        assert part in text


def test_repr_is_code_and_a_line_on_what_is_fitted():
    network = nn.Network(8, "relu", nn.SGD(), 2, epochs=3)
    text = ("Network(hidden_size=8, activation='relu', "
            "optimizer=SGD(learning_rate=0.1, momentum=0.0, nesterov=False), "
            "batch_size=2, epochs=3)")
    assert repr(nn.Network()) == "Network()"
    assert repr(network) == text
    assert repr(eval(text, vars(nn))) == text
    X, y = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), [0, 1, 1]
    assert repr(network.fit(X, y)) == (
        f"{text}\n# 2 features, 8 relu, 1 sigmoid: 33 parameters, 3 epochs")
    assert repr(network.fit(X, [0, 1, 2])) == (
        f"{text}\n# 2 features, 8 relu, 3 softmax: 51 parameters, 3 epochs")


def test_an_optimizer_without_settings_has_none_to_set():
    network = nn.Network(optimizer="adam")
    with pytest.raises(ValueError, match="is no setting"):
        network.set_params(optimizer__momentum=0.5)
    assert network.get_params()["optimizer"] == "adam"


def test_numpy_numbers_are_settings_like_pythons():
    X, y = clusters()
    network = nn.Network(np.int64(5), np.str_("tanh"), nn.SGD(np.float64(.1)),
                         np.int32(7), np.int8(3), np.uint8(0)).fit(X, y)
    same = nn.Network(5, "tanh", nn.SGD(0.1), 7, 3, 0).fit(X, y)
    assert learned(network) == learned(same)


def test_portable_arithmetic_trains_to_the_same_place_to_rounding():
    X, y = clusters()
    blas = nn.Network(5, epochs=5, batch_size=7).fit(X, y)
    portable = nn.Network(5, epochs=5, batch_size=7,
                          arithmetic="portable").fit(X, y)
    assert furthest(portable.params_, blas.params_) < 1e-12
