"""Training: what it learns, its batches, its callbacks and its failures."""

import copy
import itertools
import math
import pickle
import sys
import tempfile
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from support import (
    DATA,
    DTYPES,
    OPTIMIZERS,
    SETTINGS,
    Recorder,
    clusters,
    fitted,
    furthest,
    learned,
    most_memory,
    snapshot,
    split,
)

BATCH_SIZES = [None, 1, 7, 32, 40, 100]

# More rows, and more numbers, than are taken at a time, and how many of them
# make a batch: a part of what is taken, or several times as much.
LARGE, WIDE = clusters(3, 10_007, 5), clusters(2, 700, 2_000)
LARGE_BATCHES = [None, 7, 700, 5_000, 9_999]


# Batches.

def one_hot_batches(n, batch_size, k=3, **settings):
    """The network, the data, and the gradient and the rows of each batch,
    which one-hot rows leave behind them."""
    recorder, X, y = Recorder(), np.eye(n), np.arange(n) % k
    settings = {"epochs": 3, **settings}
    network = nn.Network(4, "tanh", recorder, batch_size, **settings).fit(X, y)
    for gradient in recorder.seen:
        W1 = split(gradient, n, 4, 1 if k == 2 else k)["W1"]
        yield network, X, y, gradient, np.flatnonzero(abs(W1).sum(axis=1))


@pytest.mark.parametrize("n, batch_size, sizes", [
    (10, None, [10]), (10, 1, [1] * 10), (10, 4, [4, 4, 2]), (10, 5, [5, 5]),
    (10, 9, [9, 1]), (10, 10, [10]), (10, 99, [10]), (3, 2, [2, 1])])
def test_each_epoch_takes_every_row_once_in_batches(n, batch_size, sizes):
    seen = [rows.tolist() for *_, rows in one_hot_batches(n, batch_size)]
    assert [len(rows) for rows in seen] == 3 * sizes
    for epoch in range(3):
        part = seen[epoch * len(sizes):(epoch + 1) * len(sizes)]
        assert sorted(sum(part, [])) == list(range(n))


def test_batches_differ_in_membership_from_epoch_to_epoch_and_by_the_seed():
    seen = [tuple(rows) for seed in (0, 1) for *_, rows in one_hot_batches(
        20, 5, epochs=4, seed=seed)]
    assert len({*seen[:16]}) > 12 and len({*seen}) > 24


@pytest.mark.parametrize("batch_size", [1, 4, 7])
@pytest.mark.parametrize("k", [2, 3])
def test_a_mini_batch_step_is_the_mean_gradient_of_its_rows(k, batch_size):
    for network, X, y, gradient, rows in one_hot_batches(10, batch_size, k):
        _, expected = network.loss_and_gradients(X[rows], y[rows])
        found = split(gradient, 10, 4, 1 if k == 2 else k)
        for name, g in expected.items():
            assert np.allclose(found[name], g, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("batch_size", LARGE_BATCHES)
@pytest.mark.parametrize("X, y", [LARGE, WIDE], ids=["large", "wide"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_batches_of_any_size_add_up_to_all_rows(X, y, batch_size, dtype):
    recorder, n, size = Recorder(), len(X), batch_size or len(X)
    network = nn.Network(4, "tanh", recorder, batch_size, 1, dtype=dtype)
    loss, expected = network.fit(X, y).loss_and_gradients(X, y)
    sizes = [min(size, n - i) for i in range(0, n, size)]
    assert [g.shape for g in recorder.seen] == [
        (sum(p.size for p in expected.values()),)] * len(sizes)
    assert {g.dtype.name for g in recorder.seen} == {dtype}
    mean = sum(g.astype("float64") * m / n
               for g, m in zip(recorder.seen, sizes))
    found = split(mean, X.shape[1], 4, len(expected["b2"]))
    close = 1e-12 if dtype == "float64" else 1e-4
    assert furthest(found, expected) < close
    assert math.isclose(network.loss_curve_[0], loss, rel_tol=close)


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
@pytest.mark.parametrize("k", [2, 3])
def test_the_loss_of_an_epoch_is_the_mean_over_all_rows(k, batch_size):
    network, X, y = fitted(k, batch_size=batch_size, optimizer=nn.SGD(0.0))
    loss = network.evaluate(X, y)["loss"]
    assert np.allclose(network.loss_curve_, loss, rtol=1e-14, atol=0)


@pytest.mark.parametrize("X, y", [clusters(), LARGE, WIDE],
                         ids=["small", "large", "wide"])
def test_a_batch_of_all_rows_is_a_full_batch_and_never_shuffled(X, y):
    found = []
    first = nn.Network(4, epochs=0).fit(X, y).params_
    for seed, batch_size in enumerate([None, len(X), len(X) + 1, 10 ** 30]):
        network = nn.Network(4, "tanh", nn.SGD(0.1, 0.9), batch_size, 0, seed)
        network.fit(X, y).params_ = copy.deepcopy(first)
        network.partial_fit(X, y, epochs=5)
        found.append(snapshot([network.params_, network.loss_curve_]))
    assert found == found[:1] * 4


# Going on.

@pytest.mark.parametrize("X, y, batch_size, optimizer, dtype", [
    *((*clusters(), *rest) for rest in itertools.product(
        BATCH_SIZES, OPTIMIZERS, DTYPES)),
    *((*LARGE, size, "momentum", "float64") for size in LARGE_BATCHES)])
def test_partial_fits_are_one_fit_of_as_many_epochs(
        X, y, batch_size, optimizer, dtype):
    fit, watched, parts, begun = (nn.Network(
        5, "tanh", OPTIMIZERS[optimizer](), batch_size, epochs, dtype=dtype)
        for epochs in (4, 4, 4, 0))
    for _ in range(4):
        assert parts.partial_fit(X, y) is parts
    begun.partial_fit(X, y, classes=[0, 1, 2], epochs=0)
    assert learned(begun) == learned(copy.copy(begun).fit(X, y))
    begun.partial_fit(X, y, epochs=3).partial_fit(X, y)
    watched.fit(X, y, callback=lambda *_: None)
    assert learned(fit.fit(X, y)) == learned(parts) == learned(
        watched) == learned(begun)


@given(SETTINGS, DATA, st.sampled_from(sorted(OPTIMIZERS)),
       st.lists(st.integers(0, 3), min_size=1, max_size=4))
def test_partial_fits_are_one_fit_whatever_their_shapes(
        settings, data, optimizer, parts):
    fit, other = (nn.Network(optimizer=OPTIMIZERS[optimizer](),
                             epochs=sum(parts), **settings) for _ in range(2))
    for epochs in parts:
        other.partial_fit(*data, epochs=epochs)
    assert learned(other) == learned(fit.fit(*data))
    assert len(fit.loss_curve_) == sum(parts)
    assert min(fit.loss_curve_, default=0) >= 0


def test_fit_forgets_what_was_learnt():
    network, X, y = fitted(optimizer=nn.Adam())
    first = learned(network)
    assert learned(network.fit(X, y)) == first
    network.fit(X[:, :2], y % 2)
    assert network.n_features_in_ == 2 and network.classes_.tolist() == [0, 1]


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


def test_settings_may_change_between_calls():
    network, X, y = fitted(optimizer=nn.SGD(0.1))
    network.set_params(batch_size=None, optimizer__learning_rate=0.0)
    before = snapshot(network.params_)
    network.partial_fit(X, y, epochs=3)
    assert snapshot(network.params_) == before
    network.set_params(optimizer=nn.Adam(0.1)).partial_fit(X, y)
    assert snapshot(network.params_) != before
    assert len(network.loss_curve_) == 7


# What must hold whatever the data.

@given(SETTINGS, DATA)
def test_permuted_rows_features_and_classes_change_nothing_but_the_order(
        settings, data):
    def with_other_features(params):
        return {**params, "W1": params["W1"][columns]}

    def with_other_classes(params):
        if k > 2:
            return {**params, "W2": params["W2"][:, order],
                    "b2": params["b2"][order]}
        sign = 1 - 2 * order[0]         # the one output may be turned round
        return {**params, "W2": sign * params["W2"], "b2": sign * params["b2"]}

    (X, y), (n, d), k = data, data[0].shape, data[1].max() + 1
    settings.update(batch_size=None, dtype="float64", epochs=0)
    rows, columns, order = map(
        np.random.default_rng(settings["seed"]).permutation, (n, d, int(k)))
    for turned, others_X, others_y in (
            (dict, X[rows], y[rows]),
            (with_other_features, X[:, columns], y),
            (with_other_classes, X, np.argsort(order)[y])):
        one, other = (nn.Network(**settings).fit(X, y) for _ in range(2))
        other.params_ = turned(other.params_)
        one.partial_fit(X, y, epochs=5)
        other.partial_fit(others_X, others_y, epochs=5)
        assert furthest(other.params_, turned(one.params_)) < 1e-10
        assert np.allclose(other.loss_curve_, one.loss_curve_, rtol=1e-10)


@given(SETTINGS, DATA)
def test_labels_by_other_names_in_the_same_order_change_only_the_names(
        settings, data):
    (X, y), names = data, np.array(["ant", "bee", "cat", "dog", "elk", "fox"])
    numbered, named = (nn.Network(epochs=3, **settings).fit(X, labels)
                       for labels in (y, names[y]))
    assert snapshot(named.params_) == snapshot(numbered.params_)
    assert named.loss_curve_ == numbered.loss_curve_
    assert (named.predict(X) == names[numbered.predict(X)]).all()


# The data.

def test_the_data_are_not_changed_nor_kept():
    network, X, y = fitted()
    before, data = snapshot(network), snapshot([X, y])
    assert snapshot(network.fit(X, y)) == before
    assert snapshot([X, y]) == data
    X[:], y[:] = 0, 0
    assert snapshot(network) == before


@pytest.mark.parametrize("batch_size", [None, 70, 5_000])
@pytest.mark.parametrize("kind", ["float64", "float32", "fortran", "int16"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_mapped_file_trains_and_answers_like_its_array(
        tmp_path, kind, dtype, batch_size):
    X, y = LARGE
    X = np.asfortranarray(X) if kind == "fortran" else (3 * X).astype(kind)
    np.save(tmp_path / "X.npy", X)
    on_disk = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert isinstance(on_disk, np.memmap)
    one, other, again = (nn.Network(5, "tanh", nn.SGD(0.05), batch_size, 2,
                                    dtype=dtype) for _ in range(3))
    one.fit(X, y), other.fit(on_disk, y)
    assert learned(one) == learned(other)
    assert (one.predict_proba(X) == other.predict_proba(on_disk)).all()
    assert one.evaluate(X, y) == other.evaluate(on_disk, y)
    again.partial_fit(on_disk, y).partial_fit(on_disk, y)
    assert learned(one) == learned(again)
    assert (np.array(on_disk) == X).all()


@pytest.mark.parametrize("batch_size", [None, 10, 700, 5_000])
def test_a_table_is_copied_a_part_at_a_time(batch_size, tmp_path):
    X = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", "float32",
                                  shape=(10_000, 1_000))
    X[::100], y = 1, np.arange(10_000) % 3
    network = nn.Network(4, "tanh", nn.SGD(), batch_size, epochs=0)
    network.fit(X[:10], np.arange(10) % 3)
    for call in (network.partial_fit, network.evaluate):
        assert most_memory(lambda: call(X, y)) < X.nbytes / 2
    assert most_memory(lambda: network.predict(X)) < X.nbytes / 2


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
@pytest.mark.parametrize("answer", ["stop", np.str_("stop")])
def test_the_word_stop_ends_training_and_keeps_what_was_learnt(
        batch_size, answer):
    X, y = clusters()
    stopped, three = (nn.Network(5, "tanh", nn.Adam(), batch_size, epochs)
                      for epochs in (50, 3))
    stopped.fit(X, y, lambda network, epoch, loss: epoch == 3 and answer)
    assert learned(stopped) == learned(three.fit(X, y))
    assert all(p.flags.c_contiguous for p in stopped.params_.values())
    assert len(stopped.partial_fit(X, y).loss_curve_) == 4


def sets_the_rate(network, epoch):
    network.set_params(optimizer__learning_rate=0.1 / 2 ** epoch)


def sets_the_rate_itself(network, epoch):
    sets_the_rate(network, 0)           # of None, too, which becomes an SGD
    network.optimizer.learning_rate = 0.1 / 2 ** epoch


def sets_weights_in_place(network, epoch):
    network.params_["W1"][:] = np.linspace(-epoch, 1, 16).reshape(4, 4)


def sets_an_array(network, epoch):
    network.params_["W1"] = np.linspace(-epoch, 1, 16).reshape(4, 4)


def sets_all_arrays(network, epoch):
    for name, p in network.params_.items():
        network.params_[name] = p / epoch


@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("change", [
    sets_the_rate, sets_the_rate_itself, sets_weights_in_place, sets_an_array,
    sets_all_arrays])
def test_what_a_callback_sets_counts_as_if_set_between_two_calls(
        change, optimizer, batch_size):
    X, y = clusters()
    inside, outside = (nn.Network(
        4, "tanh", OPTIMIZERS[optimizer](), batch_size, 4) for _ in range(2))
    inside.fit(X, y, lambda network, epoch, loss: change(network, epoch))
    for epoch in range(1, 5):
        change(outside.partial_fit(X, y), epoch)
    assert learned(inside) == learned(outside)
    if change is not sets_all_arrays:   # what was set last is still there
        before = snapshot(inside)
        change(inside, 4)
        assert snapshot(inside) == before


@pytest.mark.parametrize("change", [
    {"epochs": 1}, {"batch_size": 1}, {"activation": "relu"}, {"seed": 9},
    {"hidden_size": 9}, {"dtype": "float32"}, {"arithmetic": "portable"},
    {"optimizer": nn.Adam(0.5)}, {"optimizer": None}])
@pytest.mark.parametrize("how", [
    lambda network, change: network.set_params(**change),
    lambda network, change: vars(network).update(change)])
def test_other_settings_count_from_the_next_call_and_stay(how, change):
    def alter(network, epoch, loss):
        network.best_ = loss                # as does what is not a setting
        how(network, change)

    network, X, y = fitted()
    network.fit(X, y, alter)
    last = vars(network).pop("best_")
    assert last == network.loss_curve_[-1]
    assert learned(network) == learned(fitted()[0])
    assert network.get_params(deep=False).items() >= change.items()


def looks(network, X, y):
    other, *_ = fitted(epochs=len(network.loss_curve_))
    assert network.evaluate(X, y) == other.evaluate(X, y)
    assert (network.predict(X) == other.predict(X)).all()
    network.loss_and_gradients(X, y)


TRAININGS = {
    "fit": lambda network, X, y: network.fit(X[:, :1], y.astype(str)),
    "partial_fit": lambda network, X, y: network.partial_fit(
        X, y, callback=lambda *_: None),
    "apply_gradients": lambda network, X, y: network.apply_gradients(
        {name: np.ones_like(p) for name, p in network.params_.items()})}


def tries_to_train_it(network, X, y):
    for train in TRAININGS.values():
        before = snapshot(network)
        with pytest.raises(RuntimeError):
            train(network, X, y)
        assert snapshot(network) == before


def trains_others(network, X, y):
    with tempfile.TemporaryDirectory() as folder:
        saved = network.save(folder)
        for train, copied in itertools.product(TRAININGS.values(), (
                copy.copy, copy.deepcopy, lambda _: fitted()[0],
                lambda network: pickle.loads(pickle.dumps(network)),
                lambda _: nn.Network.load(saved))):
            train(copied(network), X, y)


@pytest.mark.parametrize("callback", [
    looks, tries_to_train_it, trains_others,
    *(lambda *_, answer=answer: answer for answer in (
        None, False, 0, "", True, 1, np.True_, "Stop", "stop ", b"stop",
        ["stop"], object(), np.ones(2), math.nan, StopIteration()))])
def test_training_goes_on_whatever_else_a_callback_does_or_answers(callback):
    network, X, y = fitted()
    plain = [learned(network), learned(fitted(epochs=5)[0])]
    network.fit(X, y, lambda *_: callback(network, X, y))
    assert learned(network) == plain[0]
    network.partial_fit(X, y, None, 2, lambda *_: callback(network, X, y))
    assert learned(network) == plain[1]


# Wholly or not at all.

@pytest.mark.parametrize("error", [
    ValueError, KeyboardInterrupt, StopIteration, GeneratorExit,
    BaseException])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("new", [True, False])
def test_an_error_in_a_callback_puts_everything_back(
        error, method, batch_size, new):
    def fail(network, epoch, loss):
        network.params_["W2"][:] = 5
        calls.append(epoch)
        if len(calls) == 2:
            raise error("from the callback")

    network, X, y = fitted(batch_size=batch_size, optimizer=nn.Adam())
    if new:
        network = nn.Network(epochs=5, batch_size=batch_size)
    before, calls = snapshot(network.set_params(epochs=5)), []
    more = {} if method == "fit" else {"epochs": 5}
    with pytest.raises(error, match="from the callback"):
        getattr(network, method)(X, y, callback=fail, **more)
    assert snapshot(network) == before
    assert hasattr(network, "params_") is not new


class Harmful(nn.SGD):
    """An optimizer that can be told to do harm after its step."""

    harm = staticmethod(lambda theta: None)

    def step(self, theta, gradient, state):
        super().step(theta, gradient, state)
        self.harm(theta)


def breaks(theta):
    raise RuntimeError("from the optimizer")


def explodes(theta):
    theta[0] = math.inf


@pytest.mark.parametrize("harm, error, words", [
    (breaks, RuntimeError, "from the optimizer"),
    (explodes, FloatingPointError, "epoch [14]: a weight is not finite")])
@pytest.mark.parametrize("callback", [None, lambda *_: "stop"])
def test_an_optimizer_that_breaks_changes_nothing_and_no_stop_hides_it(
        harm, error, words, callback):
    network, X, y = fitted(optimizer=Harmful(0.1, momentum=0.5))
    _, gradients = network.set_params(epochs=1).loss_and_gradients(X, y)
    network.optimizer.harm = harm
    before = snapshot(network)
    for call in (lambda: network.fit(X, y, callback),
                 lambda: network.partial_fit(X, y, callback=callback),
                 lambda: network.apply_gradients(gradients)):
        with pytest.raises(error, match=words):
            call()
        assert snapshot(network) == before


@pytest.mark.parametrize("batch_size", [None, 7, 1])
@pytest.mark.parametrize("dtype, rate", [("float64", 1e200),
                                         ("float32", 1e30)])
@pytest.mark.parametrize("k", [2, 3])
def test_diverging_training_names_the_epoch_and_puts_everything_back(
        batch_size, dtype, rate, k):
    network, X, y = fitted(k, dtype, activation="relu", batch_size=batch_size)
    network.set_params(epochs=9, optimizer__learning_rate=rate)
    new = nn.Network(**network.get_params(deep=False))
    for one, method, begun in ((network, "partial_fit", 3),
                               (network, "fit", 0), (new, "fit", 0)):
        train = partial(getattr(one, method), X, y,
                        **({"epochs": 9} if begun else {}))
        before, losses, said = snapshot(one), [], set()
        for callback in (lambda *told: losses.append(told[-1]), None):
            with pytest.raises(FloatingPointError) as caught:
                train(callback=callback)
            said.add(str(caught.value))
            assert snapshot(one) == before
        message, = said
        assert f"epoch {begun + len(losses) + 1}:" in message
        assert all(map(math.isfinite, losses))


def interrupted(change, first, second=None):
    """Whether a change came so far that it was interrupted: before the
    first-th line of nn.py that ran, and again so many calls or returns
    later, if a second number is given."""
    left, before = [first, second], sys.gettrace()

    def at_a_line(frame, event, argument):
        if frame.f_code.co_filename != nn.__file__:
            return None
        left[0] -= event == "line"
        if event == "line" and left[0] == 0:
            raise KeyboardInterrupt
        return at_a_line

    def at_a_call(frame, event, argument):
        if left[0] <= 0 and frame.f_code.co_filename == nn.__file__:
            left[1] -= 1
            if left[1] == 0:
                raise KeyboardInterrupt

    sys.settrace(at_a_line)
    sys.setprofile(at_a_call if second else None)
    try:
        change()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
        sys.setprofile(None)
    return left[0] <= 0


CHANGES = {
    "first fit": lambda network, X, y: network.fit(X, y),
    **TRAININGS,
    "settings": lambda network, X, y: network.set_params(
        epochs=9, batch_size=3, optimizer__momentum=0.25,
        optimizer__learning_rate=0.125),
    "settings of a new optimizer": lambda network, X, y: network.set_params(
        epochs=9, optimizer=nn.Adam(), optimizer__beta1=0.5)}


# An interrupt while Python closes a generator is swallowed, with a warning.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("second", [None, 1, 2, 4])
@pytest.mark.parametrize("name", CHANGES)
def test_interrupts_anywhere_leave_a_network_as_before_or_after(name, second):
    change, (X, y) = CHANGES[name], clusters(2, 4, 2)
    begun = nn.Network(2, "tanh", nn.SGD(0.1, 0.5), 3, 1)
    begun = begun if name == "first fit" else begun.fit(X, y)
    ended = copy.deepcopy(begun)
    change(ended, X, y)
    states = [snapshot(begun), snapshot(ended)]
    for first in itertools.count(1):
        network = copy.deepcopy(begun)
        if not interrupted(lambda: change(network, X, y), first, second):
            break
        assert snapshot(network) in states, (first, sorted(vars(network)))
        change(network, X, y)               # and it can still be used
    assert first > 5 and snapshot(network) == states[1]
