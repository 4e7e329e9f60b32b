"""What nn.py takes, and what it refuses, in which words.

The refusals are one table, refusals.txt, with a place for each chapter of
nn.py.  Whoever changes a message changes it there, and sees it beside its
neighbours.  Each refusal leaves everything as it was: networks, arguments
and files.  No refusal is tested anywhere else.
"""

import ast
import decimal
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


class Species(str, enum.Enum):
    """Labels that are a kind of str."""

    SETOSA = "setosa"
    VIRGINICA = "virginica"


class Idle:
    """An optimizer of the user's own that does not do its part."""

    def __repr__(self):
        return "Idle()"


class Own(Recorder):
    """An optimizer of the user's own, which cannot be saved."""

    def __repr__(self):
        return "Own()"


class Forgetful(Own):
    def start(self, theta):
        return None


class Liar(nn.Network):
    """A network whose gradient has lost its arrays."""

    left = ()

    def loss_and_gradients(self, X, y):
        return 0.0, {name: self.params_[name] for name in self.left}


class Wider(nn.Network):
    """A network with a setting of its own."""

    def __init__(self, hidden_size=2, width=1, **settings):
        super().__init__(hidden_size, **settings)
        self.width = width


class HalfLiar(Liar):
    left = ("W1", "b1")


def fitted(kind=nn.Network, **settings):
    settings = {"activation": "tanh", "batch_size": 1, "epochs": 1,
                "optimizer": nn.SGD(), **settings}
    return kind(2, **settings).fit(X, y)


def changed(**settings):
    """A fitted network with settings that it was not fitted with."""
    return fitted().set_params(**settings)


def holding(**attributes):
    network = fitted()
    for name, value in attributes.items():
        setattr(network, name, value)
    return network


def with_params(**changes):
    """A fitted network with other numbers or arrays, or None for none."""
    network = fitted()
    for name, value in changes.items():
        if isinstance(value, float):
            network.params_[name][:] = value
        else:
            network.params_[name] = value
            if value is None:
                del network.params_[name]
    return network


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
SET_LATER = [call.format("changed({})") for call in GO_ON]
SET = ["nn.Network({}).fit(X, y)", "nn.Network({}).partial_fit(X, y)",
       "changed({}).fit(X, y)", *SET_LATER]
SET_FLOAT32 = ['nn.Network(dtype="float32", {}).fit(X, y)',
               'fitted(dtype="float32").set_params({}).partial_fit(X, y)']
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
TABLE = TABLE[TABLE.index("\n# "):]

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
    places, given, said, found = {}, [], "", []
    for line in [*TABLE.splitlines(), "#"]:
        if said and not line.startswith(" "):
            said = " ".join(said.split())
            found += [one for value in given
                      for one in placed(value, places, said)]
            given, said = [], ""
        if line.startswith("#"):
            places = {"{}": ""}
        elif line.startswith("in "):
            places = {}
            for word in line[3:].split(" and "):
                places |= dict.fromkeys([word]) if "{}" in word else dict(
                    globals()[word] if isinstance(globals()[word], dict)
                    else dict.fromkeys(globals()[word]))
        elif line.startswith(" "):
            said = f"{said} {line.strip()}"
        elif line:
            given.append(line)
    return found


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


@pytest.mark.parametrize("call, said", entries())
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


def test_the_error_classes_are_those_of_the_contract():
    assert issubclass(nn.NotFittedError, ValueError)
    assert issubclass(nn.NotFittedError, AttributeError)
    assert issubclass(nn.ModelFormatError, ValueError)
    with pytest.raises(nn.NotFittedError):
        nn.Network().predict(X)
    for kind in (FileNotFoundError, nn.ModelFormatError):
        with pytest.raises(kind):
            nn.Network.load("there is none")


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


def test_a_warning_that_is_an_error_changes_nothing():
    network, X, y = in_training()
    before = snapshot(network)
    for train in (network.fit, network.partial_fit):
        with pytest.raises(UserWarning, match="scale"):
            train(1000 * X, y)
        assert snapshot(network) == before


# What is hidden
# --------------

MASKS = [call.replace("{}", "hidden") for call in [
    *ROWS, "network.fit(list({}), y)", "nn.softmax({})", "nn.sigmoid({})",
    "nn.log_softmax({})", "nn.tanh({})", "nn.relu({})",
    "nn.cross_entropy({}, y)", "network.apply_gradients(like(W1={}))"]] + [
    call.replace("{}", "hidden[:, 0]") for call in [
        *FIRST, *LATER, *METRICS, *CLASSES, "nn.cross_entropy(X, {})",
        "nn.binary_cross_entropy(X[0], {})", "nn.binary_cross_entropy({}, y)"]]


@pytest.mark.parametrize("call", MASKS)
def test_a_mask_is_refused_unless_it_hides_nothing(call):
    names = {**globals(), "network": fitted()}
    before = snapshot(names["network"])
    with pytest.raises((TypeError, ValueError), match="mask.*; "):
        eval(call, names, {"hidden": np.ma.masked_array(X, [[1, 0], [0, 0]])})
    assert snapshot(names["network"]) == before
    eval(call, names, {"hidden": np.ma.masked_array(X, np.zeros((2, 2)))})


# Labels, exactly
# ---------------

class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


BIG = 2 ** 53


@pytest.mark.parametrize("form", [
    list, tuple, lambda labels: np.array([*labels, None], object)[:-1]])
@pytest.mark.parametrize("labels, taken", [
    ([0, 2 ** 63 - 1, -2 ** 63], True), ([2 ** 64 - 1, 2 ** 64 - 2], True),
    ([2 ** 63, 2 ** 63 + 1, -1], False), ([2 ** 64, 2 ** 64 + 1], False),
    ([BIG, float(BIG + 2)], True), ([BIG + 1, float(BIG), 0.0], False),
    ([np.uint64(2 ** 63 + 1), np.uint64(2 ** 63), np.int64(-1)], False),
    ([np.float32(1), np.int32(2)], True), ([True, np.False_], True),
    ([True, 0], False), (["a", np.str_("b")], True), ([" a", "", "a"], True),
    (["\u00e9", "e\u0301"], True), (["a\0", "a"], False), (["\0", ""], False),
    (["a\0b", "a"], True), (list(Species), False),
    (["a", Species.SETOSA], False), (list(Level), False),
    ([decimal.Decimal(1), decimal.Decimal(2)], False),
    ([b"a", b"b"], False), ([None, 1], False), (["1", 1], False),
    ([1.5, 2.0], False)], ids=repr)
def test_labels_come_out_as_they_went_in_or_are_refused(labels, taken, form):
    X, y = np.eye(len(labels))[[*range(len(labels))] * 3], form(labels * 3)
    network = nn.Network(6, "tanh", nn.SGD(0.5, 0.9), None, 100)
    if not taken:
        for call in (lambda: network.fit(X, y), lambda: nn.accuracy(y, y),
                     lambda: nn.confusion_matrix(y, y),
                     lambda: network.partial_fit(X, [0, 1] + [1] * (len(
                         X) - 2), classes=y)):
            with pytest.raises((TypeError, ValueError), match="; "):
                call()
        return
    assert network.fit(X, y).classes_.tolist() == sorted(labels)
    assert network.predict(X).tolist() == labels * 3
    assert network.score(X, y) == nn.accuracy(y, y) == 1
    assert nn.confusion_matrix(y, y).tolist() == (
        3 * np.eye(len(labels), dtype=int)).tolist()


KINDS = ["int8", "uint8", "int64", "uint64", "float32", "float64", "bool"]
WHOLES = [0, 1, 2, -1, 255, BIG - 1, BIG, BIG + 1, 2 ** 63 - 1, 2 ** 63,
          2 ** 63 + 1, 2 ** 64 - 1, -BIG - 1, -BIG]


def that_fit(kind):
    """The whole numbers that a dtype holds exactly, and an array of them."""
    most = 2 ** 64 if kind[0] in "bf" else np.iinfo(kind).max
    least = 0 if kind[0] in "bu" else -2 ** 64 if kind[0] == "f" else (
        np.iinfo(kind).min)
    fit = [n for n in WHOLES if least <= n <= most
           and int(np.array(n).astype(kind)) == n]
    return fit, np.array(fit, kind)


@pytest.mark.parametrize("a", KINDS)
@pytest.mark.parametrize("b", KINDS)
def test_numbers_of_two_dtypes_are_compared_exactly(a, b):
    (true, y_true), (pred, y_pred) = that_fit(a), that_fit(b)
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
    network = changed(hidden_size=3)
    assert network.predict(X).shape == (2,)
    assert network.set_params(hidden_size=2).partial_fit(X, y) is network
    assert network.set_params(hidden_size=3).fit(X, y).params_[
        "b1"].shape == (3,)


def test_one_class_is_enough_to_ask_a_trained_network_and_to_go_on():
    network, X, y = in_training()
    assert 0 <= network.score(X[y == 1], y[y == 1]) <= 1
    assert len(network.partial_fit(X[y == 1], y[y == 1]).loss_curve_) == 4


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
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_the_layout_of_x_in_memory_changes_no_bit(
        layout, batch_size, activation, arithmetic):
    network, X, y = in_training(batch_size=batch_size, activation=activation,
                                arithmetic=arithmetic)
    again = nn.Network(**network.get_params(deep=False)).fit(layout(X), y)
    assert learned(again) == learned(network)
    assert (again.predict_proba(layout(X)) == network.predict_proba(X)).all()
    assert again.evaluate(layout(X), y) == network.evaluate(X, y)
    assert snapshot(again.loss_and_gradients(layout(X), y)) == snapshot(
        network.loss_and_gradients(X, y))


@pytest.mark.parametrize("values", ["bool", "int8", "uint64", "float16",
                                    "float32", "longdouble"])
def test_x_of_another_real_dtype_is_taken_as_float64(values):
    network, X, y = in_training()
    X = np.abs(X).astype(values)
    X.setflags(write=False)
    other, _, _ = in_training()
    assert learned(network.fit(X, y)) == learned(other.fit(X.astype(float), y))
    assert (network.predict_proba(X) == other.predict_proba(
        X.astype(float))).all()


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


@pytest.mark.parametrize("dtype, size", [("float64", 1.7e308),
                                         ("float32", 3e38)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_largest_numbers_never_give_a_nan(dtype, size, activation):
    network, _, _ = in_training(dtype=dtype, activation=activation)
    X = [[size] * 4, [-size] * 4, [size, -size] * 2, [-size, size] * 2]
    for call in (lambda: network.predict_proba(X),
                 lambda: network.evaluate(X, [0, 1, 2, 0])["loss"],
                 lambda: network.loss_and_gradients(X, [0, 1, 2, 0])[0]):
        try:
            assert not np.isnan(call()).any()
        except (ValueError, FloatingPointError) as error:
            assert "so large" in str(error) or "too large" in str(error)


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


@pytest.mark.parametrize("result", [
    nan, [1.0, nan], {"loss": np.float32(nan)}, np.array([1, nan]),
    (0, (complex(0, nan),))])
def test_the_fuzzer_sees_a_nan_in_a_result(result):
    assert fuzz.has_nan(result)
    assert not fuzz.has_nan([1.0, inf, "nan", None, np.array(["nan"])])


def test_the_fuzzer_sees_an_error_that_nobody_meant():
    for accident in (lambda: int("x"), lambda: [][1], lambda: 1 / 0,
                     lambda: np.exp(np.array([1e4])), lambda: np.ones(2) @ 3):
        with pytest.raises(AssertionError):
            fuzz.outcome(accident)
    with pytest.raises(AssertionError, match="NaN"):
        fuzz.outcome(lambda: nan)
    kind, error = fuzz.outcome(lambda: nn.softmax(None))
    assert kind == "error" and isinstance(error, TypeError)
    assert fuzz.outcome(lambda: nn.relu(-1.0)) == ("result", 0.0)
