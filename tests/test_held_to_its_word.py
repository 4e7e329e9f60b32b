"""What people met that no other test asked: one group to each promise."""

import collections
import contextlib
import copy
import decimal
import enum
import hashlib
import inspect
import math
import pickle
import re
import signal
import struct
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings
import zipfile
import zlib

import mpmath
import numpy as np
import pytest

import nn
from support import (
    ACTIVATIONS,
    DTYPES,
    PARAMS,
    ROOT,
    clusters,
    fitted,
    iris,
    learned,
    snapshot,
)

BAD_NUMBERS = (ValueError, FloatingPointError)
BAD_DATA = (TypeError, ValueError)

ANSWERS = {
    "predict": lambda n, X, y: n.predict(X),
    "predict_proba": lambda n, X, y: n.predict_proba(X),
    "score": lambda n, X, y: n.score(X, y),
    "evaluate": lambda n, X, y: n.evaluate(X, y),
    "loss_and_gradients": lambda n, X, y: n.loss_and_gradients(X, y),
    "gradient_check": lambda n, X, y: nn.gradient_check(n, X, y),
}
TRAINING = {
    "fit": lambda n, X, y: n.fit(X, y),
    "partial_fit": lambda n, X, y: n.partial_fit(X, y),
}
TAKES_DATA = {**ANSWERS, **TRAINING}


def refused(errors, network, function, *args, **kwargs):
    """The message of an error after which the network is as before."""
    before = snapshot(network)
    with pytest.raises(errors) as caught:
        function(*args, **kwargs)
    assert snapshot(network) == before, "the network was changed"
    return str(caught.value)


def plainly(value):
    """A name for a case, the same in every process."""
    return re.sub(r" at 0x\w+", "", repr(value))


def again(network):
    """A copy that shares nothing."""
    return copy.deepcopy(network)


# 1. NaN is never an answer
# -------------------------

@pytest.mark.parametrize("what", [*ANSWERS, "partial_fit", "save",
                                  "no epochs", "apply_gradients"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", PARAMS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_weights_that_are_not_finite_are_an_error(
        tmp_path, activation, name, bad, what):
    network, X, y = fitted(activation=activation)
    gradients = network.loss_and_gradients(X, y)[1]
    network.params_[name].flat[-1] = bad
    calls = {**ANSWERS, "partial_fit": TRAINING["partial_fit"],
             "save": lambda n, X, y: n.save(tmp_path / "model"),
             "no epochs": lambda n, X, y: n.partial_fit(X, y, epochs=0),
             "apply_gradients": lambda n, X, y: n.apply_gradients(gradients)}
    refused(BAD_NUMBERS, network, calls[what], network, X, y)
    assert not list(tmp_path.glob("model/v*")), "something was saved"


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_network_of_nan_never_answers(dtype, k):
    network, X, y = fitted(k, dtype, activation="relu")
    network.params_ = {name: np.full_like(p, np.nan)
                       for name, p in network.params_.items()}
    for answer in ANSWERS.values():
        refused(BAD_NUMBERS, network, answer, network, X, y)


@pytest.mark.parametrize("what", TAKES_DATA)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_an_overflow_inside_is_an_error(dtype, activation, what):
    """Infinity minus infinity in the hidden layer, from finite weights.

    Portable arithmetic always meets it; a matrix library may add otherwise.
    """
    if what == "fit":
        pytest.skip("fit draws weights of its own")
    X, y = np.array([[9.0, 9.0], [1.0, 1.0]]), [0, 1]
    network = nn.Network(3, activation, dtype=dtype, epochs=0,
                         arithmetic="portable").fit(X, y)
    network.params_["W1"][:] = [[np.finfo(dtype).max / 2],
                                [-np.finfo(dtype).max / 2]]
    refused(BAD_NUMBERS, network, TAKES_DATA[what], network, X, y)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
def test_relu_hands_on_what_is_not_a_number(dtype):
    relu, _ = nn._ACTIVATIONS["relu"]
    for ops in nn._ARITHMETIC.values():
        z = np.array([np.nan, -1.0, 2.0], dtype)
        a = relu(z, ops)
        assert np.isnan(a[0]) and a[1:].tolist() == [0, 2]
        out = np.empty_like(z)
        relu(z, ops, out)
        assert np.isnan(out[0]) and out[1:].tolist() == [0, 2]


def forge(version, old, new):
    """Change some bytes of the saved weights, and every digest with them."""
    path, config = version / "weights.npz", version / "config.json"
    with zipfile.ZipFile(path) as file:
        before = {i.filename: i.CRC for i in file.infolist()}
    data, text = path.read_bytes(), config.read_bytes()
    assert data.count(old) == 1
    changed = data.replace(old, new)
    for name, crc in before.items():
        local = re.search(b"PK\3\4.{26}" + name.encode(), changed, re.DOTALL)
        size = struct.unpack("<L", changed[local.start() + 18:][:4])[0]
        content = changed[local.end():local.end() + size]
        changed = changed.replace(struct.pack("<L", crc),
                                  struct.pack("<L", zlib.crc32(content)))
    path.write_bytes(changed)
    sha = [hashlib.sha256(d).hexdigest().encode() for d in (data, changed)]
    reseal(config, text.replace(*sha))


def reseal(config, text):
    above, mark, _ = text.rpartition(b'  "sha256": "')
    seal = hashlib.sha256(above).hexdigest().encode()
    config.write_bytes(above + mark + seal + b'"\n}\n')


@pytest.mark.parametrize("bad", [7.0, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["W2", "velocity", "mean", "beta1_power"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_load_refuses_numbers_that_are_not_finite(tmp_path, dtype, where, bad):
    optimizer = nn.SGD(0.1, 0.9) if where == "velocity" else nn.Adam(0.01)
    network, *_ = fitted(dtype=dtype, optimizer=optimizer)
    version = network.save(tmp_path / "model")
    name = where if where == "W2" else f"optimizer.{where}"
    with np.load(version / "weights.npz") as arrays:
        array = arrays[name]
    changed = array.copy()
    changed[(-1,) * array.ndim] = 0.5 if (
        where == "beta1_power" and bad == 7.0) else bad
    forge(version, array.tobytes(), changed.tobytes())
    if np.isfinite(bad):
        nn.Network.load(version)        # so that it is the number that counts
        return
    with pytest.raises(nn.ModelFormatError, match=r"(?i)finite|nan|infinit"):
        nn.Network.load(version)


# 2. Features that are not scaled
# -------------------------------

def scaled(X, rms):
    """The same rows, with the root mean square asked for."""
    return X * (rms / np.sqrt(np.mean(X ** 2)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["float64", "int64", "list", "row by row"])
@pytest.mark.parametrize("method", TRAINING)
def test_features_that_are_not_scaled_are_reported_once(method, kind, dtype):
    X, y = clusters(n=60)
    X = scaled(X, 1000)
    X = {"float64": X, "int64": X.astype(np.int64), "list": X.tolist(),
         "row by row": np.asfortranarray(X)}[kind]
    network = nn.Network(4, epochs=2, dtype=dtype)
    with pytest.warns(UserWarning, match="(?i)scale") as caught:
        line = inspect.currentframe().f_lineno
        getattr(network, method)(X, y)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert caught[0].lineno == line + 1


@pytest.mark.parametrize("rms, warned", [(9.99, False), (10.01, True),
                                         (1e-9, False), (1e6, True)])
def test_the_root_mean_square_of_all_numbers_decides(rms, warned):
    X, y = clusters(n=60)
    X[:, 1:] *= 1e-3           # one feature alone can be the one to scale
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        nn.Network(4, epochs=1).fit(scaled(X, rms), y)
    assert [bool(caught), len(caught)] == [warned, int(warned)]


def test_many_rows_are_judged_by_their_mean_square_and_not_by_a_block():
    X = np.zeros((300_000, 4))
    X[::2], y = 1.0, np.arange(300_000) % 2
    X[:1000] = 100.0           # rms 5.9: fine, whatever the first rows say
    nn.Network(2, batch_size=None, epochs=1).fit(X, y)
    X[:9000] = 100.0           # rms 17.3
    with pytest.warns(UserWarning, match="(?i)scale"):
        nn.Network(2, batch_size=None, epochs=1).fit(X, y)


def test_a_mean_square_too_large_for_a_float_is_large():
    X, y = clusters(n=20)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with contextlib.suppress(*BAD_NUMBERS):
            nn.Network(4, epochs=1).fit(X * 1e200, y)
    assert any("scale" in str(w.message).lower() for w in caught)


def test_a_warning_that_is_an_error_changes_nothing():
    network, X, y = fitted()
    for train in TRAINING.values():
        refused(UserWarning, network, train, network, X * 1000, y)


def test_answers_do_not_warn():
    network, X, y = fitted()
    for name in "predict", "predict_proba", "score", "evaluate":
        ANSWERS[name](network, X * 100, y)


def test_the_docs_say_that_features_want_scaling():
    three_lines = (ROOT / "README.md").read_text(), nn.Network.__doc__
    for text in (*three_lines, nn.Network.fit.__doc__):
        assert re.search(r"(?i)\bscal(e|ed|ing)\b", text)
    for text in three_lines[0], "".join(map(str, (
            nn.Network.__doc__, nn.Network.fit.__doc__))):
        assert "mean(axis=0)" in text.replace("mean(0)", "mean(axis=0)")
        assert "std(axis=0)" in text.replace("std(0)", "std(axis=0)")


# 3. Defaults that fit
# --------------------

def tables():
    """Five standardised tables to classify, by name."""
    from sklearn import datasets
    return {
        "wine": datasets.load_wine(return_X_y=True),
        "breast cancer": datasets.load_breast_cancer(return_X_y=True),
        "digits": datasets.load_digits(return_X_y=True),
        "moons": datasets.make_moons(1000, noise=0.3, random_state=0),
        "twenty classes": datasets.make_classification(
            2000, n_features=20, n_informative=15, n_redundant=2,
            n_classes=20, n_clusters_per_class=1, class_sep=2.0,
            random_state=0)}


def test_the_defaults_are_not_below_those_of_mlpclassifier():
    """Nor slower: in the processor's time, the same for both."""
    from sklearn.model_selection import StratifiedKFold
    from sklearn.neural_network import MLPClassifier
    ours, theirs, seconds = {}, {}, collections.Counter()
    for name, (X, y) in tables().items():
        scores = collections.defaultdict(list)
        for train, test in StratifiedKFold(
                5, shuffle=True, random_state=0).split(X, y):
            mean, std = X[train].mean(axis=0), X[train].std(axis=0)
            Z = (X - mean) / np.where(std > 0, std, 1)
            for who in nn.Network(), MLPClassifier(random_state=0):
                start = time.process_time()
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    who.fit(Z[train], y[train])
                kind = type(who).__name__
                seconds[kind] += time.process_time() - start
                scores[kind].append(who.score(Z[test], y[test]))
        ours[name] = np.mean(scores["Network"])
        theirs[name] = np.mean(scores["MLPClassifier"])
    print(ours, theirs, seconds)
    assert np.mean(list(ours.values())) >= np.mean(list(theirs.values()))
    assert min(ours[name] - theirs[name] for name in ours) > -0.02
    assert seconds["Network"] <= seconds["MLPClassifier"]


def test_the_default_optimizer_is_none_and_means_sgd():
    network, X, y = fitted(optimizer=None)
    assert nn.Network().optimizer is None
    assert learned(network) == learned(fitted(optimizer=nn.SGD())[0])


def test_the_docstring_states_each_default_and_why():
    text = " ".join(nn.Network.__doc__.split())
    settings = inspect.signature(nn.Network).parameters
    for name in "hidden_size", "batch_size", "epochs":
        assert str(settings[name].default) in text, name
    assert settings["activation"].default in text
    assert re.search("(?i)measur|default", text)


def test_the_defaults_do_no_harm_to_four_rows():
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    network = nn.Network(epochs=3).fit(X, [0, 1, 1, 0])
    whole = nn.Network(epochs=3, batch_size=4).fit(X, [0, 1, 1, 0])
    assert learned(network) == learned(whole)


# 4. Masked arrays
# ----------------

def masked_X(X):
    """The table with one number masked, in the ways that people have it."""
    mask = np.zeros(X.shape, bool)
    mask[3, 1] = True
    table = np.ma.masked_array(X, mask)
    return {"table": table,
            "float32": table.astype(np.float32),
            "hard": np.ma.masked_array(X, mask, hard_mask=True),
            "list of rows": list(table),
            "tuple of rows": tuple(table),
            "Fortran": np.ma.asfortranarray(table) if hasattr(
                np.ma, "asfortranarray") else np.ma.masked_array(
                    np.asfortranarray(X), mask),
            "all masked": np.ma.masked_all_like(table),
            "masked in a list": [[np.ma.masked if mask[i, j] else X[i, j]
                                  for j in range(X.shape[1])]
                                 for i in range(len(X))]}


@pytest.mark.parametrize("kind", masked_X(np.ones((5, 2))))
@pytest.mark.parametrize("what", TAKES_DATA)
def test_features_with_a_mask_set_are_refused(what, kind):
    network, X, y = fitted()
    with warnings.catch_warnings():
        if kind == "masked in a list":          # which NumPy warns about
            warnings.simplefilter("ignore")
        message = refused(BAD_DATA, network, TAKES_DATA[what], network,
                          masked_X(X)[kind], y)
    assert "mask" in message or kind == "masked in a list"


@pytest.mark.parametrize("what", ["fit", "partial_fit", "score", "evaluate",
                                  "loss_and_gradients", "gradient_check"])
@pytest.mark.parametrize("kind", [int, float, bool, str, object, list])
def test_labels_with_a_mask_set_are_refused(what, kind):
    network, X, y = fitted(2 if kind is bool else 3)
    if kind is not list:
        network.fit(X, y.astype(kind))
    labels = np.ma.masked_array(y if kind is list else y.astype(kind),
                                np.arange(len(y)) == 4)
    if kind is list:
        labels = list(labels)
    with warnings.catch_warnings():
        if kind is list:                        # which NumPy warns about
            warnings.simplefilter("ignore")
        message = refused(BAD_DATA, network, TAKES_DATA[what], network, X,
                          labels)
    assert "mask" in message or kind is list


def test_every_other_door_refuses_a_mask():
    network, X, y = fitted()
    masked = np.ma.masked_array([0, 1, 2], [False, True, False])
    logits = np.ma.masked_array(np.ones((3, 4)), np.eye(3, 4))
    loss, gradients = network.loss_and_gradients(X, y)
    gradients["W1"] = np.ma.masked_less(gradients["W1"], 0)
    for call in (
            lambda: nn.accuracy(masked, [0, 1, 2]),
            lambda: nn.accuracy([0, 1, 2], masked),
            lambda: nn.confusion_matrix(masked, [0, 1, 2]),
            lambda: nn.confusion_matrix([0, 1, 2], masked),
            lambda: nn.cross_entropy(logits, [0, 1, 2]),
            lambda: nn.cross_entropy(np.ones((3, 4)), masked),
            lambda: nn.binary_cross_entropy(logits[:, 0], [0, 1, 1]),
            lambda: nn.binary_cross_entropy(
                [0.0, 1.0, 2.0], np.ma.masked_array([0, 1, 1], [1, 0, 0])),
            *(lambda f=f: f(logits) for f in (
                nn.sigmoid, nn.tanh, nn.relu, nn.softmax, nn.log_softmax)),
            lambda: network.apply_gradients(gradients),
            lambda: nn.Network().partial_fit(X, y, classes=np.ma.masked_array(
                [0, 1, 2, 3], [0, 0, 0, 1]))):
        assert "mask" in refused(BAD_DATA, network, call)


def test_a_mask_that_hides_nothing_is_no_mask():
    network, X, y = fitted()
    for mask in np.ma.nomask, np.zeros(X.shape, bool):
        table = np.ma.masked_array(X, mask)
        labels = np.ma.masked_array(y, np.zeros(len(y), bool))
        other = nn.Network(**network.get_params(deep=False)).fit(table, labels)
        assert learned(other) == learned(network)
        assert other.score(table, labels) == network.score(X, y)
        assert type(other.predict(table)) is np.ndarray


# 5. Labels, exactly
# ------------------

class Species(str, enum.Enum):
    SE = "setosa"
    VE = "versicolor"
    VI = "virginica"


class Text(str):
    __slots__ = ()


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2
    TOP = 5


class Whole(int):
    pass


def in_object(labels):
    array = np.empty(len(labels), object)
    array[:] = labels
    return array


BIG = 2 ** 53


@pytest.mark.parametrize("form", [list, tuple, in_object])
@pytest.mark.parametrize("labels", [
    list(Species), [Text("a"), Text("b")], ["a", Text("b")],
    [Text("a"), "b"], [Species.SE, "versicolor"]], ids=repr)
def test_a_kind_of_str_other_than_str_is_refused(form, labels):
    network, X, y = fitted()
    many = form(labels * 4)
    rows = X[:len(many)]
    kind = type(next(v for v in labels if type(v) is not str)).__name__
    known = nn.Network(2, epochs=1).fit(X, y.astype(str))
    for call in (lambda: nn.Network().fit(rows, many),
                 lambda: nn.Network().partial_fit(rows, many),
                 lambda: nn.Network().partial_fit(
                     X, y.astype(str), classes=form(labels)),
                 lambda: known.score(rows, many),
                 lambda: nn.accuracy(many, many),
                 lambda: nn.confusion_matrix(many, many)):
        assert kind in refused(BAD_DATA, network, call)


@pytest.mark.parametrize("form", [list, tuple, in_object])
@pytest.mark.parametrize("labels", [
    [2 ** 63, 2 ** 63 + 1, 0], [2 ** 63, 2 ** 63 + 1, -1],
    [2 ** 63 - 1, 2 ** 63, -2 ** 63], [2 ** 64, 2 ** 64 + 1, 0],
    [10 ** 30, 10 ** 30 + 1], [-2 ** 63 - 1, -2 ** 63],
    [2 ** 64 - 1, 2 ** 64 - 2], [BIG, BIG + 1, -5],
    [float(BIG), BIG + 1], [BIG + 1, float(BIG), 0.0],
    [np.int64(BIG + 1), np.uint64(BIG)], [np.uint64(2 ** 63), np.int64(-1)],
    [np.uint64(2 ** 63 + 1), np.uint64(2 ** 63), np.int64(-1)],
    [np.int8(-1), np.uint64(2 ** 63 + 1), np.uint64(2 ** 63)],
    [np.int64(BIG + 1), np.float64(BIG)], [np.float32(1), np.int32(2)],
    [True, False], [np.True_, np.False_], [True, np.False_], [True, 0, 2],
    [np.str_("a"), np.str_("b")], ["a", np.str_("b")], ["\u00e9", "e\u0301"],
    [Level.LOW, Level.HIGH, Level.TOP], [Whole(3), Whole(4)],
    [3, Whole(4)], [decimal.Decimal(1), decimal.Decimal(2)],
    [b"a", b"b"], [b"a\0", b"a"], ["a\0", "a"], ["a\0", "b"], ["\0", ""],
    ["a\0b", "a"], ["a\0\0", "a\0", "a"], [1.0, 2.0], [1.5, 2.0],
    [None, 1], [math.inf, 1.0], ["1", 1], ["", "x"], [" a", "a"],
], ids=repr)
def test_labels_come_out_as_they_went_in_or_are_refused(labels, form):
    y = form(labels * 3)
    X = np.array([[float(labels.index(v)), 1.0] for v in labels * 3])
    try:
        network = nn.Network(6, "tanh", nn.SGD(0.5, 0.9), batch_size=None,
                             epochs=300).fit(X, y)
    except BAD_DATA as error:
        assert str(error)
        for call in (lambda: nn.accuracy(y, y),
                     lambda: nn.confusion_matrix(y, y)):
            with pytest.raises(BAD_DATA):
                call()
        return
    known = network.classes_.tolist()
    assert known == sorted(labels), "the classes are others"
    assert [str(v) for v in known] == [str(v) for v in sorted(labels)] or all(
        isinstance(v, (int, float, np.number, np.bool_)) for v in labels)
    assert network.predict(X).tolist() == labels * 3
    assert network.score(X, y) == nn.accuracy(y, y) == 1
    assert nn.confusion_matrix(y, y).tolist() == (
        3 * np.eye(len(labels), dtype=int)).tolist()


@pytest.mark.skipif(not hasattr(np.dtypes if hasattr(np, "dtypes") else np,
                                "StringDType"), reason="NumPy 1")
@pytest.mark.parametrize("labels", [["a\0", "a"], ["a", "b"], ["", "\0"]])
def test_numpys_own_strings_are_exact_or_refused(labels):
    y = np.array(labels * 3, dtype=np.dtypes.StringDType())
    try:
        network = nn.Network(4, epochs=1).fit(np.ones((6, 2)), y)
    except BAD_DATA:
        assert labels != ["a", "b"]
    else:
        assert network.classes_.tolist() == sorted(labels)
        assert nn.accuracy(y, y[::-1]) == 0


KINDS = ["int8", "uint8", "int64", "uint64", "float32", "float64", "bool"]
NUMBERS = [0, 1, 2, -1, 255, BIG - 1, BIG, BIG + 1, BIG + 2, 2 ** 63 - 1,
           2 ** 63, 2 ** 63 + 1, 2 ** 63 + 2048, 2 ** 64 - 1, -BIG - 1, -BIG]


def those_that_fit(kind, numbers):
    """The numbers that the dtype holds exactly, and an array of them."""
    with np.errstate(all="ignore"):
        kept = []
        for number in numbers:
            try:
                value = np.array([number]).astype(kind).tolist()[0]
            except OverflowError:
                continue
            if value == number and not (kind == "int64" and number >= 2 ** 63):
                kept.append(number)
    return kept, np.array(kept, dtype=kind)


@pytest.mark.parametrize("a", KINDS)
@pytest.mark.parametrize("b", KINDS)
def test_numbers_of_two_dtypes_are_compared_exactly(a, b):
    true, _ = those_that_fit(a, NUMBERS)
    predicted, _ = those_that_fit(b, NUMBERS)
    pairs = [(t, p) for t in true for p in predicted]
    y_true = np.array([t for t, _ in pairs], a)
    y_pred = np.array([p for _, p in pairs], b)
    assert nn.accuracy(y_true, y_pred) == (
        sum(t == p for t, p in pairs) / len(pairs))
    labels = sorted({*true, *predicted})
    counts = np.zeros((len(labels), len(labels)), int)
    for t, p in pairs:
        counts[labels.index(t), labels.index(p)] += 1
    assert np.array_equal(nn.confusion_matrix(y_true, y_pred), counts)


@pytest.mark.parametrize("a", ["int64", "uint64", "float64"])
@pytest.mark.parametrize("b", ["int64", "uint64", "float64"])
def test_the_networks_classes_are_compared_exactly(a, b):
    base, classes = those_that_fit(a, [0, 1, BIG, BIG + 1, BIG + 2,
                                       2 ** 63 - 1, 2 ** 63])
    X = np.arange(len(base))[:, None] / 3.0
    network = nn.Network(3, epochs=1).fit(X, classes)
    for number in NUMBERS:
        kept, y = those_that_fit(b, [number])
        if not kept:
            continue
        if number in base:
            network.evaluate(X[:1], y)
            predicted = network.predict(X[:1])[0].item()
            assert network.score(X[:1], y) == (predicted == number)
        else:
            message = refused(ValueError, network, network.score, X[:1], y)
            assert str(y[0].item()) in message
            refused(ValueError, network, network.partial_fit, X[:1], y)
    kept, named = those_that_fit(b, base)
    if kept == base:
        network.partial_fit(X, classes, classes=named)


def test_a_message_about_an_unknown_label_names_one_that_is_unknown():
    network = nn.Network(2, epochs=1).fit(
        [[0.0], [1.0]], np.array([BIG + 1, 5], np.int64))
    y = np.array([BIG + 1, 5], np.uint64)
    assert network.score([[0.0], [1.0]], y) in (0, 0.5, 1)
    message = refused(ValueError, network, network.score, [[0.0], [1.0]],
                      np.array([BIG, 5], np.uint64))
    unknown, known = message.split("knows")
    assert str(BIG) in unknown and f"{BIG}," not in known


# 6. Losses with many classes
# ---------------------------

def exact_log_total(values, counts):
    """log sum exp, to fifty digits, of values that each occur so often."""
    return mpmath.log(mpmath.fsum(
        int(c) * mpmath.exp(mpmath.mpf(float(v)))
        for v, c in zip(values, counts, strict=True)))


def exact_losses(z, t):
    """The loss of each row, to fifty digits; few different logits."""
    losses = []
    with mpmath.workdps(700):
        for row, right in zip(z, t, strict=True):
            values, counts = np.unique(row, return_counts=True)
            losses.append(exact_log_total(values, counts)
                          - mpmath.mpf(float(row[right])))
    return losses


def many_logits(n, k, spread, seed=0):
    """Rows of k logits in 40 different values; the right one may stand out."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(-spread, spread, 40)
    z = values[rng.integers(len(values), size=(n, k))]
    t = rng.integers(k, size=n)
    for row in range(0, n, 2):
        z[row, t[row]] = spread
    return z, t


def error(value, exact):
    return float(abs((mpmath.mpf(value) - exact) / exact))


@pytest.mark.parametrize("layout", "CF")
@pytest.mark.parametrize("spread", [0.01, 1.0, 30.0, 300.0, 700.0])
@pytest.mark.parametrize("n, k", [(1, 4000), (2, 4000), (5, 4001), (3, 50_000),
                                  (2, 250_000), (40, 1000)])
def test_cross_entropy_is_exact_with_many_classes(n, k, spread, layout):
    z, t = many_logits(n, k, spread)
    exact = exact_losses(z, t)
    z = np.asarray(z, order=layout)
    assert error(nn.cross_entropy(z, t), mpmath.fsum(exact) / n) < 1e-13
    for row in range(n):
        assert error(nn.cross_entropy(z[[row]], t[[row]]), exact[row]) < 1e-13
    if n <= 5:
        found = nn.log_softmax(z)[np.arange(n), t]
        for value, loss in zip(found, exact, strict=True):
            assert float(abs(value + loss)) <= 2e-13 * max(1, spread)


def test_cross_entropy_of_a_million_classes():
    z, t = many_logits(2, 1_000_000, 1.0)
    exact = mpmath.fsum(exact_losses(z, t)) / 2
    assert error(nn.cross_entropy(z, t), exact) < 1e-13


@pytest.mark.parametrize("k", [1000, 5000, 40_000])
@pytest.mark.parametrize("dtype, least", [("float32", 1e-6),
                                          ("float64", 1e-13)])
def test_many_probabilities_sum_to_one(k, dtype, least):
    X, y = clusters(3)
    network = nn.Network(2, dtype=dtype).partial_fit(
        X[:5], y[:5], classes=np.arange(k), epochs=0)
    network.params_["W2"][:] = np.random.default_rng(0).normal(
        size=network.params_["W2"].shape)
    logits = np.random.default_rng(1).normal(size=(4, k)).astype(dtype)
    for P in (network.predict_proba(X[:1]), network.predict_proba(X[:7]),
              nn.softmax(logits), nn.softmax(np.asfortranarray(logits))):
        off = np.abs(P.astype(np.float64).sum(axis=1) - 1)
        assert off.max() < least


@pytest.mark.parametrize("arithmetic", ["blas", "portable"])
@pytest.mark.parametrize("k", [3, 4000, 10_000])
@pytest.mark.parametrize("spread", [1.0, 30.0, 700.0])
def test_the_networks_loss_is_exact_with_many_classes(k, spread, arithmetic):
    """The logits are the biases of the output: nothing else is rounded."""
    n = 6
    z, _ = many_logits(1, k, spread)
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(n, 2)), rng.integers(k, size=n)
    network = nn.Network(2, optimizer=nn.SGD(0.0), arithmetic=arithmetic,
                         batch_size=4)
    network.partial_fit(X, y, classes=np.arange(k), epochs=0)
    network.params_["W2"][:], network.params_["b2"][:] = 0, z[0]
    exact = mpmath.fsum(exact_losses(np.repeat(z, n, axis=0), y)) / n
    losses = {"evaluate": network.evaluate(X, y)["loss"],
              "loss_and_gradients": network.loss_and_gradients(X, y)[0],
              "mini-batches": network.partial_fit(X, y).loss_curve_[-1]}
    network.batch_size = None
    losses["full batch"] = network.partial_fit(X, y).loss_curve_[-1]
    network.batch_size = 1
    losses["single rows"] = network.partial_fit(X, y).loss_curve_[-1]
    assert {name: error(loss, exact) < 1e-13
            for name, loss in losses.items()} == dict.fromkeys(losses, True)


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("z", [-700, -300, -50, -37, -36, -20, -5, -1e-3, 0.0,
                               1e-9, 0.5, 3, 36, 37, 40, 50, 300, 700])
@pytest.mark.parametrize("imaginary", [0.0, 1e-30, -1e-20, 1e-8, 0.5, -1.0])
def test_a_complex_binary_loss_keeps_its_real_part(z, target, imaginary):
    with mpmath.workdps(700):
        u = mpmath.mpc(z, imaginary) * (1 - 2 * target)
        exact = mpmath.log(1 + mpmath.exp(u))
        loss = nn.binary_cross_entropy([complex(z, imaginary)], [target])
        assert isinstance(loss, complex)
        assert abs(loss - exact) <= 2e-13 * abs(exact)
        if abs(imaginary) < 1e-6:
            assert abs(loss.real - exact.real) <= 2e-13 * exact.real
            if imaginary:
                assert abs(loss.imag - exact.imag) <= 2e-13 * abs(exact.imag)


@pytest.mark.parametrize("k", [2, 3, 17, 5000])
@pytest.mark.parametrize("spread", [0.1, 5.0, 40.0, 700.0])
def test_a_complex_loss_of_many_classes_keeps_its_real_part(k, spread):
    z, t = many_logits(3, k, spread)
    for row in range(3):
        real = nn.cross_entropy(z[[row]], t[[row]])
        assert nn.cross_entropy(z[[row]] + 0j, t[[row]]).real == (
            pytest.approx(real, rel=2e-13, abs=0))
        p = nn.softmax(z[row])
        for j in {0, k - 1, int(t[row])}:
            nudged = z[[row]].astype(complex)
            nudged[0, j] += 1e-30j
            loss = nn.cross_entropy(nudged, t[[row]])
            assert loss.real == pytest.approx(real, rel=2e-13, abs=0)
            others = np.delete(p, j).sum()
            slope = -others if j == t[row] else p[j]
            assert loss.imag / 1e-30 == pytest.approx(
                slope, rel=1e-12, abs=1e-290)


# 7. The gradient check
# ---------------------

TRAININGS = [(activation, k, optimizer, batch)
             for activation in ACTIVATIONS for k in (2, 3)
             for optimizer in ("sgd", "momentum", "bold", "adam", "hasty")
             for batch in (1, None)]

MOVES = {"sgd": lambda: nn.SGD(0.1), "momentum": lambda: nn.SGD(0.1, 0.9),
         "bold": lambda: nn.SGD(1.0), "adam": lambda: nn.Adam(0.01),
         "hasty": lambda: nn.Adam(0.3)}


def a_training(activation, k, optimizer, batch, dtype):
    """A network and the scaled rows that it is to be trained on."""
    X, y = iris()
    if k == 2:
        X, y = X[40:110], y[40:110]
    X, y = X[::3], y[::3]
    return nn.Network(5, activation, MOVES[optimizer](), batch,
                      dtype=dtype), X, y


def sizes_of_terms(network, X, y):
    """How large each slope would be if nothing cancelled and no unit was
    saturated: what rounding goes with."""
    p = {name: np.abs(p.astype(float)) for name, p in network.params_.items()}
    A1 = np.abs({"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0),
                 "sigmoid": lambda z: 0.5 + 0.5 * np.tanh(z / 2)}[
                     network.activation](
                         X @ network.params_["W1"] + network.params_["b1"]))
    P = network.predict_proba(X).astype(float)
    Y = np.asarray(y)[:, None] == network.classes_
    D2 = ((P + Y) / len(X))[:, -p["W2"].shape[1]:]
    D1 = D2 @ p["W2"].T * (A1 > 0)
    return {"W1": np.abs(X).T @ D1, "b1": D1.sum(axis=0),
            "W2": A1.T @ D2, "b2": D2.sum(axis=0)}


class Wrong(nn.Network):
    """A network whose gradient is not that of its loss."""

    spoil = staticmethod(lambda gradients: None)

    def loss_and_gradients(self, X, y):
        loss, gradients = super().loss_and_gradients(X, y)
        gradients = {name: np.array(g, dtype=np.float64)
                     for name, g in gradients.items()}
        type(self).spoil(gradients)
        return loss, gradients


def spoilt(network, spoil):
    other = again(network)
    other.__class__ = type("Wrong", (Wrong,), {"spoil": staticmethod(spoil)})
    return other


def clearest(network, X, y, dtype):
    """The place of each array's entry that cancelled least, if any is fit
    to be judged."""
    _, gradients = network.loss_and_gradients(X, y)
    with np.errstate(under="ignore"):
        sizes = sizes_of_terms(network, X, y)
    least = 1e-4 if dtype == "float64" else 0.1
    places = []
    for name, g in gradients.items():
        with np.errstate(all="ignore"):
            share = np.where(sizes[name] > 1e-20, np.abs(g) / sizes[name], 0)
        at = np.unravel_index(share.argmax(), share.shape)
        if share[at] >= least:
            places.append((name, at))
    return places


@pytest.mark.parametrize("dtype, bound, off", [
    ("float64", 1e-12, 1e-9), ("float32", 1e-4, 1e-2)])
@pytest.mark.parametrize("training", TRAININGS, ids=str)
def test_after_any_training_right_gradients_pass_and_wrong_ones_fail(
        training, dtype, bound, off):
    network, X, y = a_training(*training, dtype)
    done, judged, found = 0, 0, {}
    for epochs in 0, 1, 20, 100, 300, 1000:
        if epochs == 1000 and training[3] == 1 and dtype == "float32":
            continue
        try:
            network.partial_fit(X, y, epochs=epochs - done)
        except FloatingPointError:
            break
        done = epochs
        _, gradients = network.loss_and_gradients(X, y)
        report = nn.gradient_check(network, X, y)
        if not any(g.any() for g in gradients.values()):
            assert report.max_relative_error > bound
            continue
        found[epochs] = report.max_relative_error
        places = clearest(network, X, y, dtype)
        for name, at in places:
            def one(g, name=name, at=at):
                g[name][at] *= 1 + off
            wrong = nn.gradient_check(spoilt(network, one), X, y)
            assert wrong.max_relative_error > bound, (epochs, name, at)
            assert wrong.where[0] == name or report.max_relative_error > bound
        if places:
            judged += 1

            def whole(g):
                for values in g.values():
                    values *= 1 + off
            wrong = nn.gradient_check(spoilt(network, whole), X, y)
            assert wrong.max_relative_error > bound, epochs
    assert judged >= 2
    assert max(found.values()) < bound, found


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_network_trained_row_by_row_on_scaled_iris_passes(activation):
    X, y = iris()
    network = nn.Network(16, activation, nn.SGD(0.1, 0.9), 1, 20).fit(X, y)
    assert nn.gradient_check(network, X, y).max_relative_error < 1e-12


@pytest.mark.parametrize("dtype, bound", [("float64", 1e-12),
                                          ("float32", 1e-4)])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_saturated_units_pass(activation, dtype, bound):
    network, X, y = fitted(activation=activation, dtype=dtype)
    for by in 3, 10, 30, 100:
        other = again(network)
        other.params_["W1"] *= by
        assert nn.gradient_check(other, X, y).max_relative_error < bound, by


@pytest.mark.parametrize("options", [
    [], ["--learning-rate", "10", "--epochs", "100"],
    ["--learning-rate", "1", "--momentum", "0.9", "--epochs", "300"]],
    ids=" ".join)
def test_the_gradcheck_command_holds(options):
    done = subprocess.run(
        [sys.executable, str(ROOT / "experiments.py"), "gradcheck", "--quiet",
         *options], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("k", [2, 3])
def test_each_entry_of_the_gradient_is_checked(activation, k):
    network, X, y = fitted(k, activation=activation)
    _, gradients = network.loss_and_gradients(X, y)
    sizes = sizes_of_terms(network, X, y)
    for name, g in gradients.items():
        for at in np.ndindex(g.shape):
            if abs(g[at]) < 1e-3 * sizes[name][at]:
                continue
            def one(g, name=name, at=at):
                g[name][at] *= 1 + 1e-9
            report = nn.gradient_check(spoilt(network, one), X, y)
            assert report.max_relative_error > 1e-12, (name, at)
            assert report.where == (name, at)


def test_a_gradient_of_zero_passes_nothing():
    network, X, y = fitted(epochs=30)

    def nothing(gradients):
        for g in gradients.values():
            g[...] = 0

    report = nn.gradient_check(spoilt(network, nothing), X, y)
    assert report.max_relative_error > 1e-3
    network.params_["W2"][:] = 0
    network.params_["b2"][:] = [900, -900, 0]
    flat = nn.gradient_check(network, X[y == 0], y[y == 0])
    assert flat.max_relative_error > 1e-3      # nothing could be checked


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_no_number_fails(bad):
    network, X, y = fitted()

    def one(gradients):
        gradients["W2"][0, 0] = bad

    assert nn.gradient_check(
        spoilt(network, one), X, y).max_relative_error > 1


# 8. Wholly or not at all
# -----------------------

class Interrupts:
    """Interrupts from the keyboard at moments of our choosing, within nn.

    The first comes before the given line that nn.py runs, or at the given
    call or return; the second, if asked for, so many calls or returns later.
    Calls and returns are where Python itself looks for signals.
    """

    def __init__(self, first, second=None, at="lines"):
        self.first, self.second, self.at = first, second, at
        self.seen, self.raised = 0, 0

    def interrupt(self, after):
        self.seen += 1
        if self.seen == after:
            self.raised, self.seen = self.raised + 1, 0
            raise KeyboardInterrupt

    def trace(self, frame, event, arg):
        if frame.f_code.co_filename != nn.__file__:
            return None
        if event == "line" and not self.raised:
            self.interrupt(self.first)
        return self.trace

    def profile(self, frame, event, arg):
        if frame.f_code.co_filename in (nn.__file__, contextlib.__file__):
            if self.raised == 1 and self.second is not None:
                self.interrupt(self.second)
            elif self.at == "calls" and not self.raised:
                self.interrupt(self.first)

    def __enter__(self):
        if self.second is not None or self.at == "calls":
            sys.setprofile(self.profile)
        if self.at == "lines":
            sys.settrace(self.trace)
        return self

    def __exit__(self, kind, error, where):
        sys.settrace(None)
        sys.setprofile(None)
        return kind is KeyboardInterrupt


CHANGES = {
    "first fit": (False, lambda n, X, y: n.fit(X, y)),
    "fit": (True, lambda n, X, y: n.fit(X[:9], y[:9].astype(str))),
    "first partial_fit": (False, lambda n, X, y: n.partial_fit(X, y)),
    "partial_fit": (True, lambda n, X, y: n.partial_fit(X, y)),
    "partial_fit with a callback": (True, lambda n, X, y: n.partial_fit(
        X, y, epochs=2, callback=lambda *_: None)),
    "apply_gradients": (True, lambda n, X, y: n.apply_gradients(
        {name: np.ones_like(p) for name, p in n.params_.items()})),
    "set_params": (True, lambda n, X, y: n.set_params(
        epochs=9, optimizer__momentum=0.25, batch_size=3,
        optimizer__learning_rate=0.125)),
    "set_params of None": (True, lambda n, X, y: n.set_params(
        optimizer=None, epochs=9).set_params(epochs=8) and n.set_params(
        optimizer=nn.Adam(), optimizer__beta1=0.5, hidden_size=5)),
}


def interrupted_thing(name):
    trained, change = CHANGES[name]
    X, y = clusters(n=12)
    network = nn.Network(3, "tanh", nn.SGD(0.1, 0.5), 5, 2)
    return (network.fit(X, y) if trained else network), change, X, y


def states(network, change, X, y):
    """What the network may look like: before, after, or after a part that
    is a whole call of its own."""
    allowed = [snapshot(network)]
    if change is CHANGES["set_params of None"][1]:
        middle = again(network).set_params(optimizer=None, epochs=9)
        allowed += [snapshot(middle), snapshot(middle.set_params(epochs=8))]
    other = again(network)
    change(other, X, y)
    return [*allowed, snapshot(other)]


def stays_whole(name, interrupts):
    """One trial; whether the interrupt came before the call was over."""
    network, change, X, y = interrupted_thing(name)
    allowed = states(network, change, X, y)
    with interrupts:
        change(network, X, y)
    found = snapshot(network)
    assert found in allowed, (
        f"{name}: neither before nor after, but with the attributes "
        f"{sorted(vars(network))}, after an interrupt at "
        f"{interrupts.first} and {interrupts.second}")
    change(network, X, y)                   # and it can still be used
    return interrupts.raised


# An interrupt while Python closes a generator is swallowed, with a warning.
swallowed = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning")


@swallowed
@pytest.mark.parametrize("at", ["lines", "calls"])
@pytest.mark.parametrize("name", CHANGES)
def test_one_interrupt_leaves_a_network_before_or_after(name, at):
    first = 1
    while stays_whole(name, Interrupts(first, at=at)):
        first += 1
    assert first > 5


@swallowed
@pytest.mark.parametrize("second", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("name", CHANGES)
def test_two_interrupts_leave_a_network_before_or_after(name, second):
    at = 1
    while stays_whole(name, Interrupts(at, second)):
        at += 3 if "fit" in name else 1
    assert at > 5


@swallowed
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such timer")
@pytest.mark.parametrize("name", ["fit", "partial_fit", "apply_gradients",
                                  "set_params"])
def test_real_interrupts_a_moment_apart_leave_it_before_or_after(name):
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals come to the main thread only")
    network, change, X, y = interrupted_thing(name)
    allowed = states(network, change, X, y)
    start = time.perf_counter()
    change(again(network), X, y)
    longest = 1.5 * (time.perf_counter() - start)
    armed = []

    def interrupt(*_):
        if armed:                       # the last gap is zero: no timer
            signal.setitimer(signal.ITIMER_REAL, armed.pop())
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for trial in range(400):
            other = again(network)
            armed = [0, (10 + 7 * (trial % 13)) * 1e-6]
            with contextlib.suppress(KeyboardInterrupt):
                try:
                    signal.setitimer(signal.ITIMER_REAL,
                                     1e-5 + longest * trial / 400)
                    change(other, X, y)
                    time.sleep(longest)
                except KeyboardInterrupt:
                    time.sleep(2e-4)    # for the second to come
            armed.clear()
            assert snapshot(other) in allowed, sorted(vars(other))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_set_params_changes_all_or_nothing_when_a_name_is_wrong():
    network, *_ = fitted()
    for wrong in "epoch", "optimizer__beta1", "optimizer__", "hidden_size__x":
        assert wrong in refused(ValueError, network, network.set_params,
                                epochs=7, optimizer__momentum=0.1,
                                **{wrong: 1})


# 9. Settings changed in a callback
# ---------------------------------

INSIDE = {"none": lambda: None, "sgd": lambda: nn.SGD(0.2),
          "momentum": lambda: nn.SGD(0.1, 0.9),
          "nesterov": lambda: nn.SGD(0.1, 0.9, nesterov=True),
          "adam": lambda: nn.Adam(0.05)}


def weights(network):
    return {name: p.tolist() for name, p in network.params_.items()}


@pytest.mark.parametrize("batch_size", [None, 1, 7])
@pytest.mark.parametrize("optimizer", INSIDE)
@pytest.mark.parametrize("method", TRAINING)
def test_the_optimizers_own_settings_count_from_the_next_step(
        method, optimizer, batch_size):
    """A schedule in a callback is the schedule of call after call."""
    X, y = clusters(n=20)

    def new():
        return nn.Network(4, "tanh", INSIDE[optimizer](), batch_size, 6)

    def halve(network, epoch, loss):
        network.set_params(optimizer__learning_rate=0.1 / 2 ** epoch)

    inside, outside = new(), new()
    if method == "fit":
        inside.fit(X, y, callback=halve)
    else:
        inside.partial_fit(X, y, epochs=6, callback=halve)
    for epoch in range(1, 7):
        halve(outside.partial_fit(X, y), epoch, None)
    assert weights(inside) == weights(outside)
    assert inside.loss_curve_ == outside.loss_curve_
    assert inside.get_params()["optimizer__learning_rate"] == 0.1 / 2 ** 6
    assert inside.get_params() == {**inside.get_params(),
                                   **{name: value for name, value
                                      in outside.get_params().items()
                                      if name != "optimizer"}}


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_an_attribute_of_the_optimizer_counts_from_the_next_step(optimizer):
    X, y = clusters(n=20)
    seen = []

    def stand_still(network, epoch, loss):
        network.optimizer.learning_rate = 0.0
        seen.append(weights(network))

    network = nn.Network(4, "tanh", INSIDE[optimizer](), 7, 4)
    network.fit(X, y, callback=stand_still)
    assert seen == 4 * [seen[0]] and weights(network) == seen[0]


@pytest.mark.parametrize("optimizer", ["none", "momentum", "adam"])
@pytest.mark.parametrize("changed", [
    {"epochs": 1}, {"epochs": 50}, {"hidden_size": 9}, {"batch_size": 1},
    {"batch_size": None}, {"activation": "relu"}, {"dtype": "float32"},
    {"seed": 5}, {"arithmetic": "portable"}, {"optimizer": nn.SGD(0.0)},
    {"optimizer": nn.Adam(1.0)}], ids=str)
@pytest.mark.parametrize("how", ["set_params", "setattr"])
def test_everything_else_counts_from_the_next_call(how, changed, optimizer):
    X, y = clusters(n=20)

    def change(network, epoch, loss):
        if how == "set_params":
            network.set_params(**changed)
        else:
            vars(network).update(changed)

    plain = nn.Network(4, "tanh", INSIDE[optimizer](), 7, 5).fit(X, y)
    network = nn.Network(4, "tanh", INSIDE[optimizer](), 7, 5)
    network.fit(X, y, callback=change)
    assert weights(network) == weights(plain)
    assert network.loss_curve_ == plain.loss_curve_
    assert changed.items() <= network.get_params(deep=False).items()


def test_what_a_callback_changes_itself_stays():
    X, y = clusters(n=20)

    def mark(network, epoch, loss):
        network.best_ = loss
        network.set_params(epochs=77, optimizer__momentum=0.5)

    network = nn.Network(4, epochs=3).fit(X, y, callback=mark)
    assert (network.best_, network.epochs) == (network.loss_curve_[-1], 77)
    assert network.optimizer.momentum == 0.5


def test_the_docs_show_a_schedule_and_state_the_rule():
    text = " ".join(f"{nn.Network.fit.__doc__} {nn.Network.__doc__} "
                    f"{nn.Network.partial_fit.__doc__}".split())
    assert "learning_rate" in text
    assert "next step" in text and "next call" in text


# 10. Training inside its own callback
# ------------------------------------

INNER = {
    "fit": lambda n, X, y: n.fit(X, y),
    "fit of other data": lambda n, X, y: n.fit(X[:, :2], y.astype(str)),
    "partial_fit": lambda n, X, y: n.partial_fit(X, y),
    "no epochs": lambda n, X, y: n.partial_fit(X, y, epochs=0),
    "apply_gradients": lambda n, X, y: n.apply_gradients(
        n.loss_and_gradients(X, y)[1]),
}


@pytest.mark.parametrize("outer", TRAINING)
@pytest.mark.parametrize("inner", INNER)
def test_training_the_same_network_in_its_callback_is_refused(inner, outer):
    X, y = clusters(n=20)
    plain = nn.Network(4, batch_size=7, epochs=4).fit(X, y)
    network = nn.Network(4, batch_size=7, epochs=4)

    def callback(network, epoch, loss):
        refused(RuntimeError, network, INNER[inner], network, X, y)

    if outer == "fit":
        network.fit(X, y, callback=callback)
    else:
        network.partial_fit(X, y, epochs=4, callback=callback)
    assert learned(network) == learned(plain)


@pytest.mark.parametrize("inner", INNER)
def test_a_refusal_that_is_not_caught_puts_everything_back(inner):
    network, X, y = fitted()
    refused(RuntimeError, network, network.partial_fit, X, y, epochs=3,
            callback=lambda n, e, loss: INNER[inner](n, X, y))
    for each in network, nn.Network(2):
        INNER["fit"](each, X, y)            # and none stays locked
        INNER[inner](each, X, y)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ValueError, SystemExit])
def test_a_callback_that_raises_locks_nothing(kind):
    network, X, y = fitted()

    def fail(network, epoch, loss):
        raise kind("from the callback")

    refused(kind, network, network.partial_fit, X, y, callback=fail)
    refused(kind, network, network.fit, X, y, callback=fail)
    network.partial_fit(X, y).fit(X, y)


def test_copies_made_in_a_callback_can_be_trained(tmp_path):
    from sklearn.base import clone
    X, y = clusters(n=20)
    copies = []

    def keep(network, epoch, loss):
        copies.extend([copy.deepcopy(network), copy.copy(network),
                       pickle.loads(pickle.dumps(network)), clone(network),
                       nn.Network.load(network.save(tmp_path / "model"))])
        for each in copies[-5:]:
            each.partial_fit(X, y)          # at once,
        nn.Network(3, epochs=1).fit(X, y)   # as any other network

    plain = nn.Network(4, epochs=2).fit(X, y)
    network = nn.Network(4, epochs=2).fit(X, y, callback=keep)
    assert learned(network) == learned(plain)
    for each in copies:
        each.partial_fit(X, y)              # and later


def test_answers_inside_a_callback_are_allowed():
    X, y = clusters(n=20)

    def ask(network, epoch, loss):
        for answer in ANSWERS.values():
            answer(network, X, y)
        repr(network)

    assert learned(nn.Network(4, epochs=2).fit(X, y, callback=ask)) == (
        learned(nn.Network(4, epochs=2).fit(X, y)))


# 11. Only the word stops
# -----------------------

class Equal:
    """A value that claims to be any other."""

    def __eq__(self, other):
        return True

    __hash__ = None


class Touchy:
    """A value that can be neither compared nor judged."""

    def __eq__(self, other):
        raise AssertionError("compared")

    def __bool__(self):
        raise AssertionError("judged")

    __hash__ = None


@pytest.mark.parametrize("value", [
    True, 1, "Stop", "STOP", "stop ", "stopped", "s", b"stop", np.True_,
    np.array(["stop", "stop"]), np.array([True, False]), ["stop"], ("stop",),
    {"stop": True}, object(), StopIteration(), Equal(), Touchy(), math.nan,
    nn.Network()], ids=plainly)
@pytest.mark.parametrize("method", TRAINING)
def test_any_other_value_of_a_callback_is_ignored(method, value):
    X, y = clusters(n=20)
    network = nn.Network(3, batch_size=7, epochs=4)
    if method == "fit":
        network.fit(X, y, callback=lambda *_: value)
    else:
        network.partial_fit(X, y, epochs=4, callback=lambda *_: value)
    assert learned(network) == learned(
        nn.Network(3, batch_size=7, epochs=4).fit(X, y))


@pytest.mark.parametrize("batch_size", [None, 1, 7])
@pytest.mark.parametrize("method", TRAINING)
def test_the_word_stop_stops_and_keeps_what_was_learnt(method, batch_size):
    X, y = clusters(n=20)
    network = nn.Network(3, batch_size=batch_size, epochs=9)

    def stop(network, epoch, loss):
        return "".join("stop") if epoch == 3 else None

    if method == "fit":
        network.fit(X, y, callback=stop)
    else:
        network.partial_fit(X, y, epochs=9, callback=stop)
    plain = nn.Network(3, batch_size=batch_size, epochs=3).fit(X, y)
    assert learned(network) == learned(plain)
    assert learned(network.partial_fit(X, y)) == learned(
        plain.partial_fit(X, y))


# 12. Subclasses
# --------------

class Penalised(nn.Network):
    """A subclass with a setting of its own, and fewer of its parent's."""

    def __init__(self, penalty=0.5, hidden_size=4, *, epochs=3,
                 optimizer=None):
        super().__init__(hidden_size=hidden_size, epochs=epochs,
                         optimizer=optimizer)
        self.penalty = penalty

    def apply_gradients(self, gradients):
        return super().apply_gradients({
            name: g + self.penalty * self.params_[name]
            for name, g in gradients.items()})


class Verbose(nn.Network):
    """A subclass with all the settings of its parent and one more."""

    def __init__(self, hidden_size=4, activation="tanh", optimizer=None,
                 batch_size=None, epochs=3, seed=0, dtype="float64",
                 arithmetic="blas", verbose=False):
        super().__init__(hidden_size, activation, optimizer, batch_size,
                         epochs, seed, dtype, arithmetic)
        self.verbose = verbose


class Plain(nn.Network):
    """A subclass with methods and nothing to set."""

    def shout(self, X):
        return [str(label).upper() for label in self.predict(X)]


@pytest.mark.parametrize("kind, own", [(Penalised, {"penalty": 0.7}),
                                       (Verbose, {"verbose": True}),
                                       (Plain, {})])
def test_the_settings_are_those_of_the_classs_own_init(kind, own):
    from sklearn.base import clone
    network = kind(**own).set_params(epochs=2, **own)
    names = set(inspect.signature(kind.__init__).parameters) - {"self"}
    assert set(network.get_params(deep=False)) == names
    assert own.items() <= network.get_params().items()
    for other in (clone(network), again(network),
                  pickle.loads(pickle.dumps(network))):
        assert type(other) is kind
        assert snapshot(other) == snapshot(network)
    for name in own:
        other = network.set_params(**{name: 0.25}, optimizer__momentum=0.5)
        assert other is network
        assert vars(network)[name] == 0.25
        assert network.optimizer.momentum == 0.5
    refused(ValueError, network, network.set_params, epochs=1, no_such=2)


def test_a_setting_that_the_subclass_does_not_have_is_none():
    network = Penalised()
    assert "activation" in refused(ValueError, network, network.set_params,
                                   penalty=1, activation="relu")
    X, y = clusters(n=20)
    assert network.fit(X, y).activation == nn.Network().activation


@pytest.mark.parametrize("fit", [False, True])
def test_repr_says_what_the_class_is_and_what_was_set(fit):
    X, y = clusters(n=20)
    for network, text in (
            (Penalised(), "Penalised()"),
            (Penalised(0.7), "Penalised(penalty=0.7)"),
            (Penalised(hidden_size=16), "Penalised(hidden_size=16)"),
            (Verbose(verbose=True), "Verbose(verbose=True)"),
            (Plain(hidden_size=3), "Plain(hidden_size=3)"),
            (nn.Network(hidden_size=3), "Network(hidden_size=3)")):
        if fit:
            network.fit(X, y)
        assert repr(network).splitlines()[0] == text


@pytest.mark.parametrize("kind", [Penalised, Verbose, Plain])
def test_methods_that_return_self_return_the_subclass(kind):
    X, y = clusters(n=20)
    network = kind(epochs=1)
    gradients = network.fit(X, y).loss_and_gradients(X, y)[1]
    for result in (network.fit(X, y), network.partial_fit(X, y),
                   network.apply_gradients(gradients),
                   network.set_params(epochs=2)):
        assert result is network
    for method in "fit", "partial_fit", "apply_gradients", "set_params":
        said = getattr(nn.Network, method).__annotations__["return"]
        assert said not in ("Network", nn.Network), (
            f"{method} is typed to return a Network of no subclass")


def test_a_search_over_a_subclasss_own_setting():
    from sklearn.model_selection import GridSearchCV
    X, y = clusters(n=40)
    search = GridSearchCV(Penalised(epochs=2), {
        "penalty": [0.1, 0.2], "optimizer__learning_rate": [0.1]}, cv=2)
    found = search.fit(X, y).best_estimator_
    assert type(found) is Penalised and found.penalty in (0.1, 0.2)


class Demanding(nn.Network):
    def __init__(self, hidden_size, epochs):
        super().__init__(hidden_size=hidden_size, epochs=epochs)


@pytest.mark.parametrize("make", [
    Penalised, Verbose, lambda: Demanding(3, 2)],
    ids=["Penalised", "Verbose", "Demanding"])
def test_save_refuses_a_class_that_load_could_not_make_again(tmp_path, make):
    X, y = clusters(n=20)
    network = make().fit(X, y)
    message = refused(BAD_DATA, network, network.save, tmp_path / "model")
    assert type(network).__name__ in message
    assert not (tmp_path / "model").exists() or (
        nn.versions(tmp_path / "model") == [])


def test_a_subclass_with_its_parents_settings_is_saved_and_loaded(tmp_path):
    X, y = clusters(n=20)
    network = Plain(3, epochs=2).fit(X, y)
    version = network.save(tmp_path / "model")
    loaded = Plain.load(version)
    assert type(loaded) is Plain and loaded.shout(X) == network.shout(X)
    assert learned(loaded) == learned(network)
    assert type(nn.Network.load(version)) is nn.Network


# 13. Odds and ends
# -----------------

@pytest.mark.parametrize("epsilon", [1e-46, 1e-50, 1e-300, 5e-324])
def test_an_epsilon_that_float32_rounds_to_zero_is_refused(epsilon):
    network, X, y = fitted(dtype="float32", optimizer=nn.Adam())
    gradients = network.loss_and_gradients(X, y)[1]
    network.optimizer.epsilon = epsilon
    for call in (lambda: network.fit(X, y), lambda: network.partial_fit(X, y),
                 lambda: network.apply_gradients(gradients)):
        assert "epsilon" in refused(ValueError, network, call)
    nn.Network(2, optimizer=nn.Adam(epsilon=epsilon), epochs=2).fit(X, y)
    network.set_params(optimizer__epsilon=1e-45).partial_fit(X, y)


def most_dimensions():
    for n in 64, 32:
        try:
            return n, np.zeros((1,) * n)
        except ValueError:
            continue


def test_functions_take_as_many_dimensions_as_numpy_has():
    n, zeros = most_dimensions()
    z = np.array([1.0, 2.0, 4.0])
    for function in (nn.log_softmax, nn.softmax, nn.sigmoid, nn.tanh, nn.relu):
        many = function(z.reshape((1,) * (n - 1) + (3,)))
        assert many.shape == (1,) * (n - 1) + (3,)
        assert many.ravel().tolist() == function(z).tolist()
        assert function(zeros + 0j).shape == zeros.shape


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64",
                                   "complex64", "complex128"])
@pytest.mark.parametrize("value", [-1.5, 0.0, 1.5])
def test_a_number_alone_keeps_its_dtype(dtype, value):
    for function in nn.sigmoid, nn.tanh, nn.relu:
        alone = function(np.array(value, dtype))
        assert (alone.shape, alone.dtype) == ((), np.dtype(dtype))
        assert alone == function(np.array([value], dtype))[0]
        assert np.asarray(function(np.dtype(dtype).type(value))).dtype == dtype


@pytest.mark.parametrize("name", ["v" + 200 * "9", "v" + 250 * "9",
                                  "v" + 199 * "9", "v9223372036854775807",
                                  "v" + 20 * "9"])
def test_a_version_of_any_number_never_holds_up_the_next_save(tmp_path, name):
    (tmp_path / name).mkdir()
    program = (f"import sys; sys.path.insert(0, {str(ROOT)!r}); import nn\n"
               "network = nn.Network(2, epochs=1).fit([[0], [1]], [0, 1])\n"
               "for _ in range(3):\n"
               "    try: path = network.save('.')\n"
               "    except (ValueError, OSError) as error: print(error)\n"
               "    else: assert int(path.name[1:]) == nn.versions('.')[-1]\n"
               "print('done')\n")
    done = subprocess.run([sys.executable, "-c", program], timeout=30,
                          cwd=tmp_path, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("done\n")


def test_reproduce_prints_nothing_that_a_terminal_would_obey(tmp_path):
    run = [sys.executable, str(ROOT / "experiments.py")]
    made = subprocess.run([*run, "xor", "--quiet", "--epochs", "20",
                           "--models-dir", str(tmp_path)],
                          capture_output=True, text=True, check=False)
    [config] = tmp_path.rglob("config.json")
    text = config.read_bytes()
    old = re.search(rb'"numpy": "([^"]*)"', text).group(0)
    evil = b'"numpy": "\\u001b[31mred\\u001b[0m \\u0007\\u009b2J\\r\\n\\u202e"'
    reseal(config, text.replace(old, evil))
    done = subprocess.run([*run, "reproduce", str(config.parent)],
                          capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert made.stdout is not None and "numpy" in said
    for bad in "\x1b", "\x07", "\x9b", "\r", "\u202e":
        assert bad not in said, repr(bad)
    assert "Traceback" not in said


@pytest.mark.parametrize("dtype", DTYPES)
def test_weights_put_there_as_lists_work_everywhere(tmp_path, dtype):
    network, X, y = fitted(dtype=dtype)
    listed = again(network)
    gradients = network.loss_and_gradients(X, y)[1]
    calls = {**ANSWERS, "partial_fit": TRAINING["partial_fit"],
             "save": lambda n, X, y: nn.Network.load(
                 n.save(tmp_path / "model")).predict_proba(X),
             "apply_gradients": lambda n, X, y: n.apply_gradients(gradients)}
    for name, call in calls.items():
        one, other = again(network), again(listed)
        other.params_ = {k: p.tolist() for k, p in network.params_.items()}
        a, b = call(one, X, y), call(other, X, y)
        if dtype == "float64" and name in ANSWERS:
            assert snapshot(a) == snapshot(b), name
        if isinstance(b, nn.Network):
            assert all(isinstance(p, np.ndarray) for p in b.params_.values())
    assert nn.gradient_check(other, X, y).max_relative_error < (
        1e-12 if dtype == "float64" else 1e-4)


@pytest.mark.parametrize("broken", [
    {}, None, [], "W1", 3, {"W1": None}, {"W1": np.ones(3)},
    {name: object() for name in PARAMS}, {name: [] for name in PARAMS},
    {name: np.ones((2, 2)) for name in PARAMS},
    dict.fromkeys(PARAMS, "text")], ids=plainly)
def test_repr_never_raises(broken):
    network, X, y = fitted()
    network.params_ = broken
    assert repr(network).startswith("Network(")
    for answer in ANSWERS.values():
        refused((TypeError, ValueError), network, answer, network, X, y)


@pytest.mark.parametrize("attribute", ["classes_", "loss_curve_",
                                       "n_features_in_", "optimizer"])
def test_repr_never_raises_when_something_else_is_broken(attribute):
    network, *_ = fitted()
    setattr(network, attribute, None)
    assert repr(network).startswith("Network(")
    delattr(network, attribute)
    assert repr(network).startswith("Network(")


@pytest.mark.parametrize("epochs", [69_000, 130_000, 1_000_000])
def test_a_network_can_be_saved_however_long_it_was_trained(tmp_path, epochs):
    network, X, y = fitted(optimizer=nn.Adam(0.01))
    network.loss_curve_ = np.random.default_rng(0).random(epochs).tolist()
    last = network.loss_curve_[-1]
    version = network.save(tmp_path / "model")
    loaded = nn.Network.load(version)
    assert (loaded.save(tmp_path / "other") / "config.json").read_bytes() == (
        version / "config.json").read_bytes()
    assert loaded.loss_curve_[-1] == last
    seen = []
    for each in network, loaded:
        each.partial_fit(X, y, epochs=2,
                         callback=lambda n, e, loss: seen.append((e, loss)))
    assert seen[:2] == seen[2:] and seen[0][0] == epochs + 1
    assert weights(network) == weights(loaded)
    again_loaded = nn.Network.load(loaded.save(tmp_path / "model"))
    again_loaded.partial_fit(X, y, callback=lambda n, e, loss: seen.append(e))
    assert seen[-1] == epochs + 3


def test_a_callback_that_saves_never_ends_a_long_run(tmp_path):
    network, X, y = fitted()
    network.loss_curve_ = [0.1234567890123456] * 130_000
    network.partial_fit(X, y, epochs=2,
                        callback=lambda n, e, loss: n.save(tmp_path / "model"))
    assert nn.versions(tmp_path / "model") == [1, 2]


def quickest(call, times=30):
    best = math.inf
    for _ in range(times):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def test_a_call_does_not_cost_more_the_longer_the_network_was_trained():
    network, X, y = fitted()
    short = quickest(lambda: network.partial_fit(X[:1], y[:1]))
    network.loss_curve_ = [0.5] * 1_000_000
    network.partial_fit(X[:1], y[:1])
    long = quickest(lambda: network.partial_fit(X[:1], y[:1]))
    assert long < 3 * short, (long, short)


# 14. What it leaves out
# ----------------------

@pytest.mark.parametrize("looked_for", [
    "sample weight", "class weight", "weight decay", "early stopping",
    "schedule", "never seen", "several outputs"])
def test_one_section_says_what_is_left_out_and_the_way_out(looked_for):
    pages = [ROOT / "README.md", *ROOT.glob("docs/**/*.rst"),
             *ROOT.glob("docs/**/*.md"), ROOT / "nn.py"]
    title = "What it leaves out, and the way out"
    found = [text.split(title, 1)[1] for text in (
        page.read_text() for page in pages) if title in text]
    assert len(found) >= 1, f"no page has the section {title!r}"
    assert any(looked_for in " ".join(
        text.replace("# ", " ").split()).lower() for text in found)


# Messages that people meet first
# -------------------------------

class Arrow:
    """A table as pyarrow's: its columns are arrays, its names apart."""

    def __init__(self, X, names):
        self.X, self.column_names = np.asarray(X), list(names)
        self.columns = [self.X[:, j] for j in range(self.X.shape[1])]
        self.num_rows = len(self.X)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.X, dtype=dtype)

    def __len__(self):
        return len(self.X)


def with_cell(cell, row=2, column=1, n=6):
    """Rows as csv.reader gives them, one cell of them as asked for."""
    rows = [["0.5", "1", "-2e3"] for _ in range(n)]
    rows[row][column] = cell
    return rows


def forms_of(rows):
    import pandas
    return {"lists": rows, "array": np.array(rows),
            "objects": np.array(rows, object),
            "frame": pandas.DataFrame(rows, columns=["a", "b", "c"])}


@pytest.mark.parametrize("form", ["lists", "array", "objects", "frame"])
@pytest.mark.parametrize("cell", ["", " ", "sepal_width", "n/a", "1,5", "?",
                                  "1.2.3"])
@pytest.mark.parametrize("what", ["fit", "partial_fit", "predict", "score"])
def test_text_among_the_numbers_is_named_with_its_place(what, cell, form):
    network = nn.Network(2, epochs=1).fit(np.ones((6, 3)), [0, 1] * 3)
    X = forms_of(with_cell(cell))[form]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")         # names where there were none
        message = refused(BAD_DATA, network, TAKES_DATA[what], network, X,
                          [0, 1] * 3)
    assert re.search(r"row 2\b", message), message
    assert re.search(r"column (1\b|'b')", message), message
    assert repr(cell) in message


def test_a_header_among_the_rows_is_named():
    rows = [["length", "width", "depth"], *with_cell("0")]
    message = refused(BAD_DATA, None, nn.Network().fit, rows,
                      [0, 1] * 3 + [0])
    assert re.search(r"row 0\b.*column 0\b", message) and "length" in message


@pytest.mark.parametrize("cell", [None, "x", object(), [1], {}, 1j],
                         ids=plainly)
def test_an_object_that_is_no_number_is_named_with_its_place(cell):
    X = np.ones((4, 3), object)
    X[3, 2] = cell
    message = refused(BAD_DATA, None, nn.Network().fit, X, [0, 1, 0, 1])
    if cell != 1j:
        assert re.search(r"row 3\b.*column 2\b", message), message


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("what", TAKES_DATA)
def test_nan_infinity_and_too_large_are_three_messages(what, dtype):
    network, X, y = fitted(dtype=dtype)
    messages = {}
    big = 1e39 if dtype == "float32" else np.longdouble(10) ** 400
    for name, bad in ("nan", np.nan), ("inf", -np.inf), ("large", big):
        if name == "large" and not np.isfinite(bad):
            continue                  # no long double is longer here
        wrong = X.astype(np.longdouble if name == "large" else np.float64)
        wrong[5, 2] = wrong[7, 0] = wrong[9, 3] = bad
        messages[name] = refused(ValueError, network, TAKES_DATA[what],
                                 network, wrong, y)
        assert re.search(r"row 5\b.*column 2\b", messages[name]), messages
    assert "NaN" in messages["nan"] and "infin" not in messages["nan"].lower()
    assert "infin" in messages["inf"].lower() and "NaN" not in messages["inf"]
    if "large" in messages:
        assert "too large" in messages["large"] and dtype in messages["large"]
        assert "NaN" not in messages["large"]
        assert "infin" not in messages["large"].lower()


def test_the_first_place_decides_among_several_kinds():
    network, X, y = fitted()
    X = X.copy()
    X[3, 1], X[4, 0] = np.inf, np.nan
    message = refused(ValueError, network, network.predict, X)
    assert re.search(r"row 3\b.*column 1\b", message) and "NaN" not in message
    X[3, 0] = np.nan
    message = refused(ValueError, network, network.predict, X)
    assert re.search(r"row 3\b.*column 0\b", message) and "NaN" in message


@pytest.mark.parametrize("layout", "CF")
def test_the_place_is_right_far_down_a_long_table(layout):
    X = np.zeros((400_000, 3), order=layout)
    X[399_998, 1] = np.nan
    y = np.arange(len(X)) % 2
    network = nn.Network(2, batch_size=None, epochs=1).fit(X[:9], y[:9])
    for call in (lambda: network.predict(X), lambda: network.fit(X, y)):
        assert re.search(r"row 399998\b.*column 1\b",
                         refused(ValueError, network, call))


def test_an_integer_that_no_float_holds_is_too_large():
    message = refused(ValueError, None, nn.Network().fit,
                      [[1, 2], [3, 10 ** 400], [5, 6]], [0, 1, 0])
    assert re.search(r"row 1\b.*column 1\b", message)
    assert "too large" in message


ONE_HOT = np.eye(3)[[0, 1, 2, 0, 1, 2, 2]]


@pytest.mark.parametrize("form", [
    lambda y: y, lambda y: y.astype(int), lambda y: y.astype(bool),
    lambda y: y.astype(np.float32), lambda y: y.tolist(),
    lambda y: y.astype(int).tolist(), lambda y: y[:, :2][y[:, 2] == 0],
    lambda y: y.astype(object)],
    ids=["float64", "int", "bool", "float32", "list", "list of ints",
         "two", "objects"])
@pytest.mark.parametrize("what", ["fit", "partial_fit", "score", "evaluate",
                                  "loss_and_gradients"])
def test_one_hot_labels_are_recognised(what, form):
    network, X, _ = fitted()
    y = form(ONE_HOT)
    message = refused(ValueError, network, TAKES_DATA[what], network,
                      X[:len(y)], y)
    assert "y.argmax(axis=1)" in message
    for call in (lambda: nn.accuracy(y, y[::-1]),
                 lambda: nn.confusion_matrix(y, y[::-1])):
        assert "y_true.argmax(axis=1)" in refused(ValueError, None, call)


def test_one_hot_predictions_are_recognised_too():
    t = ONE_HOT.argmax(axis=1)
    assert "y_pred.argmax(axis=1)" in refused(
        ValueError, None, nn.accuracy, t, ONE_HOT)


@pytest.mark.parametrize("y", [
    np.ones((7, 3)), np.zeros((7, 3)), np.arange(21).reshape(7, 3),
    ONE_HOT * 2, np.full((7, 2), 0.5), ONE_HOT[..., None],
    np.array([["a", "b"]] * 7)], ids=lambda y: str(y.shape))
def test_other_tables_of_labels_are_not_called_one_hot(y):
    network, X, _ = fitted()
    message = refused(BAD_DATA, network, network.fit, X[:7], y)
    assert "argmax" not in message


def test_tables_that_keep_their_names_apart_keep_them():
    X, y = clusters(n=20, d=3)
    names = ["length", "width", "depth"]
    network = nn.Network(3, epochs=1).fit(Arrow(X, names), y)
    assert list(network.feature_names_in_) == names
    assert np.array_equal(network.predict(Arrow(X, names)),
                          nn.Network(3, epochs=1).fit(X, y).predict(X))
    for wrong in names[::-1], ["length", "width", "height"]:
        refused(ValueError, network, network.predict, Arrow(X, wrong))
    with pytest.warns(UserWarning, match="feature names"):
        network.predict(X)


def test_a_table_of_no_names_has_none():
    X, y = clusters(n=20, d=3)
    table = Arrow(X, [])
    assert not hasattr(nn.Network(3, epochs=1).fit(table, y),
                       "feature_names_in_")


@pytest.mark.parametrize("what", [name for name in TAKES_DATA
                                  if name != "fit"])
@pytest.mark.parametrize("kind", ["frame", "arrow"])
def test_a_missing_column_is_reported_by_name_before_the_count(kind, what):
    import pandas
    X, y = clusters(n=20, d=3)
    names = ["length", "width", "depth"]

    def table(X, names):
        return (Arrow(X, names) if kind == "arrow"
                else pandas.DataFrame(X, columns=names))

    network = nn.Network(3, epochs=1).fit(table(X, names), y)
    message = refused(ValueError, network, TAKES_DATA[what], network,
                      table(X[:, :2], names[:2]), y)
    assert "depth" in message and "missing" in message
    message = refused(ValueError, network, TAKES_DATA[what], network,
                      table(np.c_[X, X[:, 0]], [*names, "weight"]), y)
    assert "weight" in message and "unseen" in message


def test_fewer_columns_without_names_are_reported_by_their_number():
    network, X, y = fitted()
    assert re.search(r"3 features.*4", refused(
        ValueError, network, network.predict, X[:, :3]))


def test_a_missing_model_does_not_show_a_private_name(tmp_path):
    with pytest.raises(nn.ModelFormatError) as caught:
        nn.Network.load(tmp_path / "nowhere")
    assert isinstance(caught.value, FileNotFoundError)
    assert not type(caught.value).__name__.startswith("_")
    assert "nowhere" in str(caught.value)


# One of each: what a call costs, and how the file is loaded
# ----------------------------------------------------------

@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("d, h, k", [(4, 16, 3), (30, 16, 2), (64, 100, 10),
                                     (784, 100, 10)])
@pytest.mark.parametrize("batch_size", [None, 1, 32])
def test_one_row_costs_no_more_than_twice_one_step_from_outside(
        batch_size, d, h, k, dtype):
    X, y = clusters(k, n=max(k, 20), d=d)
    network = nn.Network(h, "tanh", nn.SGD(0.01), batch_size, dtype=dtype)
    network.partial_fit(X, y, epochs=1)
    row, label = X[:1], y[:1]

    def inside():
        network.partial_fit(row, label)

    def outside():
        network.apply_gradients(network.loss_and_gradients(row, label)[1])

    ratios = []
    for _ in range(5):              # a busy machine may spoil some
        ratios.append(quickest(inside, 20) / quickest(outside, 20))
    assert min(ratios) <= 2, ratios


def network_of(k, h=16):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(2000, 20)), rng.integers(k, size=2000)
    network = nn.Network(h, "tanh", nn.SGD(0.01), 32)
    return network.partial_fit(X[:1], y[:1], classes=np.arange(k)), X, y


def test_time_is_linear_in_the_classes():
    seconds = {}
    for k in 750, 3000:
        network, X, y = network_of(k)
        seconds[k] = quickest(lambda n=network, X=X, y=y: n.partial_fit(X, y),
                              3)
    assert seconds[3000] < 1.5 * 4 * seconds[750], seconds


def test_an_epoch_with_many_classes_costs_what_its_arithmetic_costs():
    """Against the products and exponentials alone, in plain NumPy."""
    network, X, y = network_of(3000)
    A1, W2 = np.ones((32, 17)), np.ones((17, 3000))

    def arithmetic():
        for _ in range(63):
            Z2 = A1 @ W2
            P = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
            P /= P.sum(axis=1, keepdims=True)
            P @ W2.T
            W2 - 0.01 * (A1.T @ P)

    own = quickest(lambda: network.partial_fit(X, y), 3)
    assert own < 4 * quickest(arithmetic, 3), own


@pytest.mark.parametrize("what", ["partial_fit", "predict_proba", "evaluate",
                                  "loss_and_gradients", "one row", "save"])
def test_memory_is_linear_in_the_classes(tmp_path, what):
    calls = {"partial_fit": lambda n, X, y: n.partial_fit(X, y),
             "predict_proba": lambda n, X, y: n.predict_proba(X[:200]),
             "evaluate": lambda n, X, y: n.evaluate(X, y),
             "loss_and_gradients": lambda n, X, y: n.loss_and_gradients(X, y),
             "one row": lambda n, X, y: n.partial_fit(X[:1], y[:1]),
             "save": lambda n, X, y: n.save(tmp_path / "model")}
    peaks = {}
    for k in 1500, 3000, 6000:
        network, X, y = network_of(k, 4)
        calls[what](network, X, y)
        tracemalloc.start()
        calls[what](network, X, y)
        peaks[k] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peaks[6000] < 1.2 * 4 * peaks[1500], peaks
    assert peaks[3000] < 1.2 * 2 * peaks[1500], peaks
    if what == "one row":
        assert peaks[6000] < 60 * 8 * 6000 * 5, peaks


@pytest.mark.parametrize("name", ["nn", "elsewhere"])
def test_the_file_loads_without_being_in_sys_modules(name):
    program = f"""
import importlib.util, sys
spec = importlib.util.spec_from_file_location({name!r},
                                              {str(ROOT / "nn.py")!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
assert {name!r} not in sys.modules
network = module.Network(2, optimizer=module.Adam(0.1), epochs=2)
network.fit([[0.0], [1.0]], [0, 1]).predict([[0.5]])
print(module.SGD(momentum=0.5), module.SGD() == module.SGD(), network)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "momentum=0.5" in done.stdout
