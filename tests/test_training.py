"""Training: what it learns, its batches, its callbacks and its failures."""

import copy
import itertools
import math
import pickle
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

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

# More rows, and more numbers, than are taken at a time, and how many of them
# make a batch: a part of what is taken, or several times as much.
LARGE, WIDE = clusters(3, 10_007, 5), clusters(2, 700, 2_000)
LARGE_BATCHES = [None, 7, 700, 5_000, 9_999]


# Batches.

@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("n, batch_size, sizes", [
    (10, None, [10]), (10, 1, [1] * 10), (10, 4, [4, 4, 2]), (10, 5, [5, 5]),
    (10, 9, [9, 1]), (10, 10, [10]), (10, 99, [10]), (3, 2, [2, 1])])
def test_each_epoch_takes_every_row_once_and_a_step_their_mean_gradient(
        n, batch_size, sizes, k):
    recorder, X, y = Recorder(), np.eye(n), np.arange(n) % k
    network = nn.Network(4, "tanh", recorder, batch_size, epochs=3).fit(X, y)
    taken = []
    for gradient in recorder.seen:
        found = split(gradient, n, 4, 1 if k == 2 else k)
        rows = np.flatnonzero(found["W1"].any(axis=1))  # one-hot rows tell
        _, expected = network.loss_and_gradients(X[rows], y[rows])
        assert furthest(found, expected) < 1e-13
        taken.append(rows)
    assert [len(rows) for rows in taken] == 3 * sizes
    for epoch in np.split(np.concatenate(taken), 3):
        assert sorted(epoch) == list(range(n))
    if batch_size in (4, 5):        # and others share a batch in each epoch
        assert len({*map(tuple, taken)}) > 2 * len(sizes)


@pytest.mark.parametrize("batch_size", LARGE_BATCHES)
@pytest.mark.parametrize("X, y", [LARGE, WIDE], ids=["large", "wide"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_batches_of_any_size_add_up_to_all_rows(X, y, batch_size, dtype):
    recorder, n, size = Recorder(), len(X), batch_size or len(X)
    network = nn.Network(4, "tanh", recorder, batch_size, 1, dtype=dtype)
    loss, expected = network.fit(X, y).loss_and_gradients(X, y)
    sizes = [min(size, n - i) for i in range(0, n, size)]
    assert {g.dtype.name for g in recorder.seen} == {dtype}
    mean = sum(g.astype("float64") * m / n
               for g, m in zip(recorder.seen, sizes, strict=True))
    found = split(mean, X.shape[1], 4, len(expected["b2"]))
    close = 1e-12 if dtype == "float64" else 1e-4
    assert furthest(found, expected) < close
    assert math.isclose(network.loss_curve_[0], loss, rel_tol=close)


@pytest.mark.parametrize("X, y", [clusters(), LARGE, WIDE],
                         ids=["small", "large", "wide"])
def test_a_batch_of_all_rows_is_never_shuffled_and_others_by_the_seed(X, y):
    found = []
    first = nn.Network(4, epochs=0).fit(X, y).params_
    for seed, size in enumerate([None, len(X), len(X) + 1, 10 ** 30, 9, 9]):
        network = nn.Network(4, "tanh", nn.SGD(0.1, 0.9), size, 0, seed)
        network.fit(X, y).params_ = copy.deepcopy(first)
        network.partial_fit(X, y, epochs=2)
        found.append(snapshot([network.params_, network.loss_curve_]))
    assert found[:4] == found[:1] * 4
    assert found[0] != found[4] != found[5]


# Going on.

@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@given(SETTINGS, DATA, st.lists(st.integers(0, 3), min_size=1, max_size=4))
def test_partial_fits_are_one_fit_of_as_many_epochs(
        optimizer, settings, data, parts):
    fit, watched, other = (nn.Network(
        optimizer=OPTIMIZERS[optimizer](), epochs=sum(parts), **settings)
        for _ in range(3))
    other.partial_fit(*data, classes=data[1], epochs=0)
    for epochs in parts:
        assert other.partial_fit(*data, epochs=epochs) is other
    watched.fit(*data, callback=lambda *_: None)
    assert learned(other) == learned(fit.fit(*data)) == learned(watched)
    assert len(fit.loss_curve_) == sum(parts)
    assert min(fit.loss_curve_, default=0) >= 0


def test_fit_forgets_what_was_learnt_and_neither_changes_nor_keeps_the_data():
    network, X, y = fitted(optimizer=nn.Adam())
    before, data = snapshot(network), snapshot([X, y])
    assert snapshot(network.fit(X, y)) == before
    assert snapshot([X, y]) == data
    X[:], y[:] = 0, 0
    assert snapshot(network) == before
    network.fit(*clusters(2, d=3))
    assert network.n_features_in_ == 3 and network.classes_.tolist() == [0, 1]


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


def test_settings_may_change_between_calls():
    network, X, y = fitted(optimizer=nn.SGD(0.1))
    network.set_params(batch_size=None, optimizer__learning_rate=0.0)
    before = snapshot(network.params_)
    network.partial_fit(X, y, epochs=3)
    assert snapshot(network.params_) == before
    network.set_params(optimizer=nn.Adam(0.1)).partial_fit(X, y)
    assert snapshot(network.params_) != before


# The data on a disk.

@pytest.mark.parametrize("batch_size", [None, 70, 5_000])
@pytest.mark.parametrize("kind", ["float64", "float32", "fortran", "int16"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_mapped_file_trains_and_answers_like_its_array(
        tmp_path, kind, dtype, batch_size):
    X, y = LARGE
    X = np.asfortranarray(X) if kind == "fortran" else (3 * X).astype(kind)
    np.save(tmp_path / "X.npy", X)
    on_disk = np.load(tmp_path / "X.npy", mmap_mode="r")
    one, other = (nn.Network(5, "tanh", nn.SGD(0.05), batch_size, 2,
                             dtype=dtype) for _ in range(2))
    one.fit(X, y)
    other.partial_fit(on_disk, y).partial_fit(on_disk, y)
    assert learned(one) == learned(other)
    assert (one.predict_proba(X) == other.predict_proba(on_disk)).all()
    assert one.evaluate(X, y) == other.evaluate(on_disk, y)


@pytest.mark.parametrize("batch_size", [None, 10, 700, 5_000])
def test_a_table_is_copied_a_part_at_a_time(batch_size, tmp_path):
    X = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", "float32",
                                  shape=(10_000, 1_000))
    X[::100], y = 1, np.arange(10_000) % 3
    network = nn.Network(4, "tanh", nn.SGD(), batch_size, epochs=0)
    network.fit(X[:10], np.arange(10) % 3)
    for call in (network.partial_fit, network.evaluate):
        assert most_memory(lambda: call(X, y)) < X.nbytes / 2


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
    network.apply_gradients(network.loss_and_gradients(X, y)[1])
    network.partial_fit(X, y, callback=callback)
    assert calls == [*enumerate(network.loss_curve_, 1)]
    network.set_params(epochs=2).fit(X, y, callback=callback)
    assert [epoch for epoch, _ in calls] == [1, 2, 3, 1, 2]


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


def set_something(network, epoch):
    """In each epoch what a user may set in another way."""
    arrays, W1 = network.params_, np.linspace(-epoch, 1, 16).reshape(4, 4)
    if epoch == 1:
        network.set_params(optimizer__learning_rate=0.05)
    elif epoch == 2:                # of None, too, which became an SGD
        network.optimizer.learning_rate = 0.025
    elif epoch == 3:
        arrays["W1"][:] = W1
    elif epoch == 4:
        arrays["W1"] = W1
    else:
        network.params_ = {name: p / epoch for name, p in arrays.items()}


@pytest.mark.parametrize("epochs", range(1, 7))
@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_a_callback_sets_counts_as_if_set_between_two_calls(
        optimizer, batch_size, epochs):
    X, y = clusters()
    inside, outside = (nn.Network(
        4, "tanh", OPTIMIZERS[optimizer](), batch_size, epochs)
        for _ in range(2))
    inside.fit(X, y, lambda network, epoch, _: set_something(network, epoch))
    for epoch in range(1, epochs + 1):
        set_something(outside.partial_fit(X, y), epoch)
    assert snapshot(inside) == snapshot(outside)


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
    assert vars(network).pop("best_") == network.loss_curve_[-1]
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


def trains_copies(network, X, y):
    for train in TRAININGS.values():
        with pytest.raises(RuntimeError):   # this very one is in training
            train(network, X, y)
        for other in (copy.copy(network), copy.deepcopy(network),
                      pickle.loads(pickle.dumps(network))):
            train(other, X, y)


@pytest.mark.parametrize("callback", [
    looks, trains_copies, *(lambda *_, answer=answer: answer for answer in (
        True, "Stop", "stop ", b"stop", ["stop"], np.ones(2), math.nan,
        StopIteration()))])
def test_training_goes_on_whatever_else_a_callback_does_or_answers(callback):
    network, X, y = fitted()
    plain = [learned(network), learned(fitted(epochs=5)[0])]
    network.fit(X, y, lambda *_: callback(network, X, y))
    assert learned(network) == plain[0]
    network.partial_fit(X, y, None, 2, lambda *_: callback(network, X, y))
    assert learned(network) == plain[1]


# Wholly or not at all.

def raises(error):
    """A callback that changes the network and then fails."""
    def callback(network, epoch, loss):
        network.params_["W2"][:], network.seed = 5, None
        if epoch in (2, 5):
            raise error("on purpose")
    return callback


@dataclass
class Harmful(nn.SGD):
    """An optimizer that does harm after its step."""

    harm: Any = None

    def step(self, theta, gradient, state):
        super().step(theta, gradient, state)
        self.harm(theta)


@pytest.mark.parametrize("optimizer, callback, error, words", [
    *((nn.Adam(), raises(error), error, "on purpose") for error in (
        ValueError, KeyboardInterrupt, StopIteration, GeneratorExit,
        BaseException)),
    (Harmful(harm=lambda theta: 1 / 0), None, ZeroDivisionError, "division"),
    (Harmful(harm=lambda theta: theta.fill(math.inf)), lambda *_: "stop",
     FloatingPointError, "epoch [14]: "),
    (nn.SGD(1e200), None, FloatingPointError, "the loss is (inf|nan)")])
@pytest.mark.parametrize("batch_size", [None, 7])
def test_whatever_is_raised_puts_everything_back(
        optimizer, callback, error, words, batch_size):
    trained, X, y = fitted(activation="relu", batch_size=batch_size)
    for network in (trained, nn.Network(5, "relu", batch_size=batch_size)):
        network.set_params(optimizer=optimizer, epochs=5)
        before = snapshot(network)
        for train in (network.fit, partial(network.partial_fit, epochs=5)):
            with pytest.raises(error, match=words):
                train(X, y, callback=callback)
            assert snapshot(network) == before


@pytest.mark.parametrize("batch_size", [None, 7, 1])
@pytest.mark.parametrize("dtype, rate", [("float64", 1e200),
                                         ("float32", 1e30)])
@pytest.mark.parametrize("k", [2, 3])
def test_training_that_diverges_names_the_epoch_with_or_without_a_callback(
        batch_size, dtype, rate, k):
    network, X, y = fitted(k, dtype, activation="relu", batch_size=batch_size)
    network.set_params(optimizer__learning_rate=rate)
    losses = network.loss_curve_[:]
    for callback in (lambda *told: losses.append(told[-1]), None):
        with pytest.raises(FloatingPointError) as caught:
            network.partial_fit(X, y, epochs=9, callback=callback)
        assert f"epoch {len(losses) + 1}: the loss" in str(caught.value)
    assert all(map(math.isfinite, losses))


def interrupted(change, *counts):
    """Whether a change came so far that it was interrupted: after so many
    lines, calls and returns in nn.py, and again after so many more.  Python
    forgets the one of two watchers that raised, and the other goes on."""
    left, before = [*counts], sys.gettrace()

    def watch(frame, event, argument):
        if frame.f_code.co_filename != nn.__file__:
            return None
        if event in ("line", "call", "return"):
            now = int(left[0] == 0)
            left[now] -= 1
            if left[now] == 0:
                raise KeyboardInterrupt
        return watch

    sys.settrace(watch)
    sys.setprofile(watch)
    try:
        with suppress(KeyboardInterrupt):
            change()
    finally:
        sys.settrace(before)
        sys.setprofile(None)
    return left[0] == 0


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
@pytest.mark.parametrize("second", [0, 1, 3])
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
