"""What nn.py takes, and what it refuses, in which words.

The refusals are one table, refusals.txt, with a place for each chapter of
nn.py.  Whoever changes a message changes it there, and sees it beside its
neighbours.  Each refusal leaves everything as it was: networks, arguments
and files.  No refusal is tested anywhere else.
"""

import ast
import collections
import decimal  # noqa: F401 - the table knows it
import enum
import json
import math
import re
import string
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from test_network import Wide  # noqa: F401 - the table knows it

import nn
from support import (
    ACTIVATIONS,
    ARITHMETICS,
    DTYPES,
    ROOT,
    Frame,
    Recorder,
    Sparse,  # noqa: F401 - the table knows it
    clusters,
    learned,
    reseal,
    snapshot,
)
from support import fitted as in_training
from tools import fuzz

# What the calls need
# -------------------

X, y = np.array([[0.0, 1.0], [1.0, 0.0]]), [0, 1]
MANY = np.arange(10_000) % 2
LETTERS = json.dumps([*string.ascii_uppercase])
nan, inf = math.nan, math.inf


# Labels that are a kind of str, and such as are a kind of int.
Species = enum.Enum("Species", {"SETOSA": "a", "VIRGINICA": "b"}, type=str)
Level = enum.IntEnum("Level", ["LOW", "HIGH"])

# An optimizer of the user's own that does not do its part.
Idle = collections.namedtuple("Idle", "")


class Forgetful(Recorder):
    def start(self, theta):
        return None


class Wider(nn.Network):
    """A network with a setting of its own."""

    def __init__(self, hidden_size=2, width=1, **settings):
        super().__init__(hidden_size, **settings)
        self.width = width


def fitted(kind=nn.Network, **settings):
    settings = {"activation": "tanh", "batch_size": 1, "epochs": 1,
                "optimizer": nn.SGD(), **settings}
    return kind(2, **settings).fit(X, y)


def holding(**attributes):
    network = fitted()
    for name, value in attributes.items():
        setattr(network, name, value)
    return network


def with_params(**changes):
    """A fitted network with other arrays, or one number throughout."""
    params = fitted().params_
    return holding(params_={**params, **{
        name: np.full_like(params[name], value)
        if isinstance(value, float) else value
        for name, value in changes.items()}})


def like(**changes):
    """A dict of gradients, with changes."""
    return {**fitted().params_, **changes}


def far(number, row):
    """Ten thousand rows, one of them with a bad number."""
    table = np.ones((len(MANY), 2))
    table[row, 1] = number
    return table


def empty(folder):
    Path(folder).mkdir(parents=True)
    return folder


def damaged(name, data):
    """A saved model with other bytes in one of its files, or without it."""
    path = fitted().save("models")
    (path / name).unlink()
    if data is not None:
        (path / name).write_bytes(data)
    return "models"


def altered(old='"seed": 0', new='"seed": 0', weights=bytes):
    """A saved model, changed, with the digests put right again."""
    path = nn.Network(2, "tanh", nn.SGD(), None, 0).fit(X, y).save("models")
    config, data = path / "config.json", path / "weights.npz"
    text = config.read_text()
    assert old in text
    data.write_bytes(weights(data.read_bytes()))
    config.write_bytes(reseal(text.replace(old, new, 1).encode(),
                              data.read_bytes()))
    return "models"


# Where it is put
# ---------------

ROWS = ["network.fit({}, y)", "nn.Network().fit({}, y)",
        "nn.Network().partial_fit({}, y)", "network.partial_fit({}, y)",
        "network.predict({})", "network.predict_proba({})",
        "network.score({}, y)", "network.evaluate({}, y)",
        "network.loss_and_gradients({}, y)",
        "nn.gradient_check(network, {}, y)"]
ROWS_LATER = ROWS[3:]
ROWS_OF_FLOAT32 = [call.replace(
    "nn.Network()", 'nn.Network(dtype="float32")').replace(
        "network", 'fitted(dtype="float32")') for call in ROWS]
ROWS_OF_MANY = [call.replace("y)", "MANY)") for call in ROWS_OF_FLOAT32]
FIRST = dict.fromkeys(["network.fit(X, {})", "nn.Network().fit(X, {})",
                       "nn.Network().partial_fit(X, {})"], "y")
LATER = dict.fromkeys([
    "network.partial_fit(X, {})", "network.score(X, {})",
    "network.evaluate(X, {})", "network.loss_and_gradients(X, {})",
    "nn.gradient_check(network, X, {})"], "y")
METRICS = {f"nn.{metric}({given})": name
           for metric in ("accuracy", "confusion_matrix")
           for given, name in (("{}, y", "y_true"), ("y, {}", "y_pred"))}
CLASSES = {"nn.Network().partial_fit(X, y, classes={})": "classes",
           "network.partial_fit(X, y, classes={})": "classes"}
# Where the number of rows is known, the message has it.
COUNTED = {call: name for call, name in {**LATER, **METRICS}.items()
           if "partial_fit" not in call and name != "y_true"}
UNCOUNTED = {call: name for call, name in {
    **FIRST, **LATER, **METRICS, **CLASSES}.items() if call not in COUNTED}
ANSWERS = ["{}.predict(X)", "{}.predict_proba(X)", "{}.score(X, y)",
           "{}.evaluate(X, y)", "{}.loss_and_gradients(X, y)",
           "nn.gradient_check({}, X, y)"]
GO_ON = ["{}.partial_fit(X, y)", '{}.save("models")',
         "{}.apply_gradients(like())"]
SET_LATER = [call.format("fitted().set_params({})") for call in GO_ON]
SET = ["nn.Network({}).fit(X, y)", "nn.Network({}).partial_fit(X, y)",
       "fitted().set_params({}).fit(X, y)", *SET_LATER]
SET_FLOAT32 = ['nn.Network(dtype="float32", {}).fit(X, y)',
               'fitted(dtype="float32").set_params({}).partial_fit(X, y)',
               'fitted(dtype="float32").set_params({}).apply_gradients(like())'
               ]
LOGITS = {"nn.softmax({})": "z", "nn.log_softmax({})": "z",
          "nn.cross_entropy({}, [0])": "logits",
          "nn.binary_cross_entropy({}, [0])": "logits"}
NUMBERS = {**LOGITS, **{f"nn.{name}({{}})": "z" for name in ACTIVATIONS
                        if name in nn.__all__}}
OF_Z = {call: name for call, name in NUMBERS.items() if name == "z"}
WHOLE = {call.replace("{}", name + "={}"): name for call in SET
         for name in ("hidden_size", "batch_size", "epochs", "seed")}


def of_optimizers(wanted):
    """Calls with a setting of an optimizer, wherever it is looked at."""
    return {call.format(f"{start}nn.{kind}({name}={{}})"): name
            for kind in nn._OPTIMIZERS
            for name, value in vars(nn._OPTIMIZERS[kind]()).items()
            if wanted(name, value)
            for start, calls in (("optimizer=", SET), (
                "", ["{}.start(np.zeros(2))"])) for call in calls}


RATES = of_optimizers(lambda name, value: name == "learning_rate")
SHARES = of_optimizers(lambda name, value: name in (
    "momentum", "beta1", "beta2"))
EPSILONS = of_optimizers(lambda name, value: name == "epsilon")
FLOATS = of_optimizers(lambda name, value: isinstance(value, float))
BOOLS = of_optimizers(lambda name, value: isinstance(value, bool))


# What is refused, and in which words
# -----------------------------------

TABLE = (ROOT / "tests" / "refusals.txt").read_text("utf-8")

OF_VALUE = {
    "{value}": repr,
    "{dtype}": lambda value: str(np.asarray(value).dtype),
    "{shape}": lambda value: str(np.shape(value)),
}
OF_NN = {
    "{activations}": ", ".join(map(repr, ACTIVATIONS)),
    "{arithmetics}": ", ".join(map(repr, ARITHMETICS)),
    "{settings}": str(list(nn.Network().get_params())),
}


def entries():
    """(call, error and message) of each line, in each of its places."""
    for section in re.split(r"^# .*\n", TABLE, flags=re.M)[1:]:
        places = {"{}": ""}
        if section.startswith("in "):
            listed, section = section.split("\n", 1)
            places = {}
            for word in listed[3:].split(" and "):
                where = globals().get(word, [word])
                places |= where if isinstance(where, dict) else (
                    dict.fromkeys(where))
        for given, said in re.findall(r"((?:^\S.*\n)+)((?:^ .*\n?)+)",
                                      section, re.M):
            for value in given.splitlines():
                yield from placed(value, places, " ".join(said.split()))


def placed(value, places, said):
    """The calls with a value in each of its places."""
    said = said.replace("{text}", value)
    for what, find in OF_VALUE.items():
        if what in said:
            said = said.replace(what, find(eval(value)))
    for what, names in OF_NN.items():
        said = said.replace(what, names)
    for place, name in places.items():
        yield place.replace("{}", value), said.replace("{name}", name or "")


def taken_apart(call, names):
    """The function that an expression calls, and its arguments."""
    def value(node):
        return eval(compile(ast.Expression(node), call, "eval"), names)

    node = ast.parse(call, mode="eval").body
    return value(node.func), [value(one) for one in node.args], {
        one.arg: value(one.value) for one in node.keywords}


def files():
    return {path: path.read_bytes() for path in Path().rglob("*")
            if path.is_file()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("refused")


@pytest.mark.parametrize("call, said", [*entries()])
def test_a_refusal_says_what_to_do_and_changes_nothing(
        call, said, folder, monkeypatch, request):
    if "load(" in call or call.startswith("network.save"):
        folder = request.getfixturevalue("tmp_path")
    if "longdouble" in call and np.finfo(np.longdouble).maxexp <= 1024:
        pytest.skip("long doubles are doubles here")
    monkeypatch.chdir(folder)       # and without scikit-learn's own classes
    monkeypatch.delitem(sys.modules, "sklearn.exceptions", raising=False)
    names = {**globals(), "network": fitted()}
    if "named" in call:
        names["named"] = fitted().fit(Frame(X, ["a", "b"]), y)
    function, given, more = taken_apart(call, names)
    held = [getattr(function, "__self__", None), given, more]
    before = snapshot(held), files()
    with warnings.catch_warnings(), pytest.raises(Exception) as raised:
        warnings.simplefilter("error")
        function(*given, **more)
    assert (snapshot(held), files()) == before
    found = f"{type(raised.value).__name__}: {raised.value}"
    found = re.sub(r"takes \d+", "takes 9", found.replace("\n", r"\n"))
    assert " ".join(found.split()) == said


def test_no_message_is_missing_in_the_table():
    said = " ".join(said for _, said in entries())
    for node in ast.walk(ast.parse((ROOT / "nn.py").read_text("utf-8"))):
        if isinstance(node, ast.Raise) and node.exc is not None:
            for part in ast.walk(node.exc):
                if isinstance(part, ast.Constant) and (
                        isinstance(part.value, str)) and (
                        "4 GB" not in part.value):      # too large for a test
                    assert part.value in said, f"nn.py:{part.lineno}"


def test_not_fitted_is_an_error_of_two_kinds():
    assert issubclass(nn.NotFittedError, ValueError)
    assert issubclass(nn.NotFittedError, AttributeError)


def warned(call):
    """What a lambda warns of, each time at the line that it stands in."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        call()
    assert {(one.filename, one.lineno) for one in seen} <= {
        (__file__, call.__code__.co_firstlineno)}
    return [str(one.message) for one in seen]


def test_labels_in_a_column_are_taken_with_a_warning():
    X, y = clusters()
    network, same = nn.Network(5, epochs=3), nn.Network(5, epochs=3)
    said, = warned(lambda: network.fit(X, y[:, None]))
    assert re.match("A column-vector y.*ravel", said)
    assert learned(network) == learned(same.fit(X, y))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", [
    np.asarray, np.asfortranarray, np.ndarray.tolist,
    lambda X: np.rint(X).astype(int)])
@pytest.mark.parametrize("size, told", [
    (9, False), (11, True), (1e5, True), (1e-9, False)])
def test_features_that_want_scaling_bring_one_warning(
        form, size, told, dtype):
    X, y = np.zeros((9_000, 4)), np.arange(9_000) % 2
    X[:100, 0] = 1          # one feature alone, and the first rows alone
    X = form(X * size / np.sqrt(np.mean(X ** 2)))
    network = nn.Network(3, epochs=0, dtype=dtype)
    for call in (lambda: network.fit(X, y), lambda: network.partial_fit(X, y)):
        said = warned(call)
        assert len(said) == told and all("scale" in one for one in said)
    assert warned(lambda: (network.predict(X), network.score(X, y))) == []


def test_a_mean_square_that_overflows_wants_scaling_too():
    with suppress(FloatingPointError):
        assert "scale" in warned(lambda: nn.Network(epochs=0).fit(
            X * 1e200, y))[0]


def test_a_mask_that_hides_nothing_is_taken():
    names = {**globals(), "network": fitted(),
             "whole": np.ma.masked_array(X, np.zeros((2, 2)))}
    for call in [*ROWS, *OF_Z, "network.fit(list({}), y)",
                 "nn.cross_entropy({}, y)",
                 "network.apply_gradients(like(W1={}))"]:
        eval(call.replace("{}", "whole"), names)
    for call in [*FIRST, *LATER, *METRICS, *CLASSES,
                 "nn.cross_entropy(X, {})", "nn.binary_cross_entropy({}, y)"]:
        eval(call.replace("{}", "whole[:, 0]"), names)


# Labels, exactly
# ---------------

BIG = 2 ** 53


@pytest.mark.parametrize("form", [
    list, tuple, np.array,
    lambda labels: np.array([*labels, None], object)[:-1]])
@pytest.mark.parametrize("labels", [
    [0, 2 ** 63 - 1, -2 ** 63], [2 ** 64 - 1, 2 ** 64 - 2],
    [BIG, float(BIG + 2)], [np.float32(1), np.int32(2)], [3, -7, 12, 0],
    [2.0, -1.0, 10.0, 0.0], [*np.array([200, 7, 255, 1], np.uint8)],
    [True, np.False_], ["a", np.str_("b")], [" a", "", "a"],
    ["oak", "ash", "a much longer name"], ["\u00e9", "e\u0301"],
    ["a\0b", "a"]], ids=repr)
def test_labels_come_out_as_they_went_in(labels, form):
    X, y = np.eye(len(labels))[[*range(len(labels))] * 3], form(labels * 3)
    network = nn.Network(6, "tanh", nn.SGD(0.5, 0.9), None, 100).fit(X, y)
    assert network.classes_.tolist() == sorted(set(labels))
    predicted = network.predict(X).tolist()
    assert predicted == labels * 3
    assert {*map(type, predicted)} == {*map(type, np.array(labels).tolist())}
    assert network.score(X, y) == nn.accuracy(y, y) == 1
    assert nn.confusion_matrix(y, y).tolist() == (
        3 * np.eye(len(labels), dtype=int)).tolist()


KINDS = ["int8", "uint8", "int64", "uint64", "float32", "float64", "bool"]
WHOLES = [0, 1, 2, -1, 255, BIG - 1, BIG, BIG + 1, 2 ** 63 - 1, 2 ** 63,
          2 ** 63 + 1, 2 ** 64 - 1, -BIG - 1, -BIG]


def exactly(kind):
    """The whole numbers that a dtype holds exactly."""
    if kind[0] in "iu":
        limits = np.iinfo(kind)
        return [n for n in WHOLES if limits.min <= n <= limits.max]
    return [n for n in WHOLES if np.array(float(n)).astype(kind).item() == n]


@pytest.mark.parametrize("a", KINDS)
@pytest.mark.parametrize("b", KINDS)
def test_numbers_of_two_dtypes_are_compared_exactly(a, b):
    true, pred = exactly(a), exactly(b)
    y_true, y_pred = np.array(true, a), np.array(pred, b)
    every = np.repeat(y_true, len(pred)), np.tile(y_pred, len(true))
    both = len(set(true) & set(pred))
    assert nn.accuracy(*every) == both / len(every[0])
    C, labels = nn.confusion_matrix(*every), sorted({*true, *pred})
    assert C.tolist() == [[int(i in true and j in pred) for j in labels]
                          for i in labels]
    network = nn.Network(3, epochs=0).fit(np.ones((len(true), 1)), y_true)
    for number, label in zip(pred, y_pred):
        if number in true:
            assert network.score([[1.0]], [label]) == (
                network.predict([[1.0]])[0].item() == number)
        else:
            with pytest.raises(ValueError, match=re.escape(
                    f"unknown label {label.item()!r};")):
                network.score([[1.0]], [label])


# What is taken
# -------------

def test_what_was_set_back_trains_again():
    network = fitted().set_params(hidden_size=3)
    assert network.predict(X).shape == (2,)
    assert network.set_params(hidden_size=2).partial_fit(X, y) is network
    assert network.set_params(hidden_size=3).fit(X, y).params_[
        "b1"].shape == (3,)


def test_one_class_is_enough_to_ask_a_trained_network_and_to_go_on():
    network, X, y = in_training()
    assert 0 <= network.score(X[y == 1], y[y == 1]) <= 1
    assert len(network.partial_fit(X[y == 1], y[y == 1]).loss_curve_) == 4


@pytest.mark.parametrize("form", [
    np.asfortranarray,
    lambda X: np.repeat(X, 2, axis=0)[::2],
    lambda X: X[::-1].copy()[::-1],
    lambda X: np.frombuffer(b"x" + X.tobytes(), "<f8", offset=1).reshape(
        X.shape),
    lambda X: np.lib.stride_tricks.as_strided(X, X.shape, X.strides,
                                              writeable=False),
    np.ndarray.tolist,
    *(lambda X, dtype=dtype: abs(X).astype(dtype) for dtype in (
        ">f8", "O", "?", "i1", "u8", "e", "f", "g"))])
@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_how_x_lies_in_memory_and_in_which_dtype_changes_no_bit(
        form, batch_size, activation, arithmetic):
    X, y = clusters()
    given = form(X)
    plain = np.array(given, float, order="C")
    network, same = (nn.Network(
        5, activation, nn.SGD(0.1, 0.5), batch_size, 3, arithmetic=arithmetic)
        .fit(table, y) for table in (plain, given))
    assert learned(same) == learned(network)
    assert (same.predict_proba(given) == network.predict_proba(plain)).all()
    assert same.evaluate(given, y) == network.evaluate(plain, y)
    assert snapshot(same.loss_and_gradients(given, y)) == snapshot(
        network.loss_and_gradients(plain, y))


def test_labels_of_more_than_64_bits_become_float64():
    network, X, y = in_training()
    params = snapshot(network.params_)
    network.fit(X, y.astype(np.longdouble))
    assert network.classes_.dtype == np.float64
    assert snapshot(network.params_) == params


def test_the_largest_seed_is_a_seed():
    one, two = (fitted(epochs=0, seed=seed)
                for seed in (2**128 - 1, 2**128 - 2))
    assert snapshot(one.params_) != snapshot(two.params_)


@pytest.mark.parametrize("size", [1e-30, 1e-42, 1e-300, 5e-324])
@pytest.mark.parametrize("call", ROWS_OF_FLOAT32)
def test_numbers_too_small_for_float32_are_zero(call, size):
    small = np.full((2, 2), size)
    eval(call.replace("{}", "small"), {**globals(), "small": small})


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_largest_numbers_never_give_a_nan(dtype, activation):
    network, _, _ = in_training(dtype=dtype, activation=activation)
    size = 0.9 * np.finfo(dtype).max
    X = [[size] * 4, [-size] * 4, [size, -size] * 2, [-size, size] * 2]
    for call in (lambda: network.predict_proba(X),
                 lambda: network.evaluate(X, [0, 1, 2, 0])["loss"],
                 lambda: network.loss_and_gradients(X, [0, 1, 2, 0])[0]):
        try:
            assert not np.isnan(call()).any()
        except (ValueError, FloatingPointError) as error:
            assert "so large" in str(error) or "too large" in str(error)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("call", [
    call.format("network") for call in (*ANSWERS, "{}.partial_fit(X, y)")])
def test_infinity_less_infinity_inside_is_an_error(call, activation, dtype):
    X = np.array([[9.0, 9.0], [1.0, 1.0]])
    network = nn.Network(3, activation, dtype=dtype, epochs=0,
                         arithmetic="portable").fit(X, y)
    most = np.finfo(dtype).max / 2      # which a matrix library may add
    network.params_["W1"][:] = [[most], [-most]]
    before = snapshot(network)
    with pytest.raises((ValueError, FloatingPointError)):
        eval(call, {**globals(), "network": network, "X": X})
    assert snapshot(network) == before


def test_numbers_whose_sum_overflows_are_no_infinity():
    network, _, _ = in_training(2)
    assert network.predict(np.full((8, 4), 1e308)).shape == (8,)


# Anything at all
# ---------------

@pytest.mark.parametrize("part", range(10))
def test_whatever_is_passed_the_outcome_is_a_result_or_a_plain_error(
        part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert fuzz.run(50, start=50 * part) == 50
    assert list(tmp_path.iterdir()) == []


def test_the_fuzzer_sees_a_nan_and_an_error_that_nobody_meant():
    for accident in (lambda: int("x"), lambda: 1 / 0, lambda: np.ones(2) @ 3,
                     lambda: nan, lambda: {"loss": [(1.0, np.float32(nan))]}):
        with pytest.raises(AssertionError):
            fuzz.outcome(accident)
    assert fuzz.outcome(lambda: nn.relu(-1.0)) == ("result", 0.0)
    assert fuzz.outcome(lambda: nn.softmax(None))[0] == "error"
