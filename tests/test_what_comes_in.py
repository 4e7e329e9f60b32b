"""What nn.py takes, and what it refuses, in which words.

The refusals are one table, refusals.txt, with a place for each chapter of
nn.py.  Whoever changes a message changes it there, and sees it beside its
neighbours, and what is just taken beside what is refused.  Each refusal leaves
everything as it was: networks, arguments and files.  No refusal is tested
anywhere else.
"""

import ast
import collections
import enum
import json
import math
import re
import string
import sys
import warnings
from functools import partial
from itertools import product
from pathlib import Path
from types import SimpleNamespace  # noqa: F401 - the table knows it

import numpy as np
import pytest
from test_network import Mixed, Wide  # noqa: F401 - the table knows them

import nn
from support import (
    ACTIVATIONS,
    ARITHMETICS,
    DTYPES,
    ROOT,
    Frame,
    Recorder,  # noqa: F401 - the table knows it
    Sparse,  # noqa: F401 - the table knows it
    clusters,
    learned,
    reseal,
    snapshot,
)
from tools import fuzz, portable

# What the calls need
# -------------------

X, y = np.array([[0.0, 1.0], [1.0, 0.0]]), [0, 1]
nan, inf = math.nan, math.inf
LETTERS = json.dumps([*string.ascii_uppercase])
# Where these meet, infinity is taken from infinity.
LARGE, BEYOND = 6 * X + 6, [[1e308, 1e308], [-1e308, -1e308]]


# Labels that are a kind of str, and such as are a kind of int.
Species = enum.Enum("Species", {"SETOSA": "a", "VIRGINICA": "b"}, type=str)
Level = enum.IntEnum("Level", ["LOW", "HIGH"])


def fitted(**settings):
    settings = {"activation": "tanh", "batch_size": 1, "epochs": 1,
                "optimizer": nn.SGD(), **settings}
    return nn.Network(2, **settings).fit(X, y)


def holding(**attributes):
    network = fitted()
    vars(network).update(attributes)
    return network


def like(**changes):
    """A dict of weights, or of gradients, with changes."""
    return {**fitted().params_, **changes}


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

TRAINED = ["network.fit({}, y)", "nn.Network().fit({}, y)",
           "nn.Network().partial_fit({}, y)", "network.partial_fit({}, y)"]
ROWS_LATER = ["network.partial_fit({}, y)", "network.predict({})",
              "network.predict_proba({})", "network.score({}, y)",
              "network.evaluate({}, y)", "network.loss_and_gradients({}, y)",
              "nn.gradient_check(network, {}, y)"]
ROWS = [*TRAINED, *ROWS_LATER[1:]]
ROWS_OF_FLOAT32 = [call.replace("y)", "y * 5_000)").replace(
    "nn.Network()", 'nn.Network(epochs=0, dtype="float32")').replace(
        "network", 'fitted(batch_size=None, dtype="float32")')
    for call in ROWS]
FIRST = ["network.fit(X, y={})", "nn.Network().fit(X, y={})",
         "nn.Network().partial_fit(X, y={})"]
ASKED = ["network.score(X, y={})", "network.evaluate(X, y={})",
         "network.loss_and_gradients(X, y={})",
         "nn.gradient_check(network, X, y={})"]
LATER = ["network.partial_fit(X, y={})", *ASKED]
TRUE = ["nn.accuracy(y_true={}, y_pred=y)",
        "nn.confusion_matrix(y_true={}, y_pred=y)"]
PREDICTED = ["nn.accuracy(y, y_pred={})", "nn.confusion_matrix(y, y_pred={})"]
CLASSES = ["nn.Network().partial_fit(X, y, classes={})",
           "network.partial_fit(X, y, classes={})"]
ANSWERS = ["{}.predict(LARGE)", "{}.predict_proba(LARGE)",
           "{}.score(LARGE, y)", "{}.evaluate(LARGE, y)",
           "{}.loss_and_gradients(LARGE, y)",
           "nn.gradient_check({}, LARGE, y)"]
GO_ON = ["{}.partial_fit(X, y)", '{}.save("models")',
         "{}.apply_gradients(like())"]
OF_Z = [f"nn.{name}(z={{}})" for name in nn.__all__
        if name in [*ACTIVATIONS, "softmax", "log_softmax"]]
LOGITS = ["nn.cross_entropy(logits={}, targets=[0])",
          "nn.binary_cross_entropy(logits={}, targets=[0])"]
SET_LATER = [call.format("fitted().set_params({})") for call in GO_ON]
SET = ["nn.Network({}).fit(X, y)", "nn.Network({}).partial_fit(X, y)",
       "fitted().set_params({}).fit(X, y)", *SET_LATER]
# Each setting by its name, those of the optimizers too.
SETTINGS = {name: [call.format(f"{name}={{}}") for call in SET]
            for name in nn.Network().get_params(deep=False)}
for kind, optimizer in nn._OPTIMIZERS.items():
    for name in vars(optimizer()):
        given = f"nn.{kind}({name}={{}})"
        SETTINGS[name] = SETTINGS.get(name, []) + [
            f"{given}.start(np.zeros(2))",
            *(call.format(f"optimizer={given}") for call in SET)]


# What is refused, and in which words
# -----------------------------------

# What the words in braces stand for in a message.
MEANT = {
    "text": lambda value, place: value,
    "name": lambda value, place: re.search(r"(\w+)=\{\}", place)[1],
    "value": lambda value, place: repr(eval(value)),
    "dtype": lambda value, place: np.asarray(eval(value)).dtype,
    "shape": lambda value, place: np.shape(eval(value)),
    "activations": lambda value, place: ACTIVATIONS,
    "arithmetics": lambda value, place: ARITHMETICS,
    "settings": lambda value, place: [*nn.Network().get_params()],
}


def entries():
    """(call, error and message) of each line, in each of its places."""
    table = (ROOT / "tests" / "refusals.txt").read_text("utf-8")
    for section in re.split(r"^# .*\n", table, flags=re.M)[1:]:
        places = ["{}"]
        if section.startswith("in "):
            listed, section = section[3:].split("\n", 1)
            places = [place for word in listed.split(" and ") for place in (
                SETTINGS.get(word) or globals().get(word, [word]))]
        for values, said in re.findall(r"((?:^\S.*\n)+)((?:^ .*\n?)+)",
                                       section, re.M):
            for value, place in product(values.splitlines(), places):
                yield place.replace("{}", value), re.sub(
                    r"\{(\w+)\}",
                    lambda word: str(MEANT[word[1]](value, place)),
                    " ".join(said.split()))


def prepared(call):
    """A call that is ready to be made; what it is given is evaluated."""
    names = {**globals(), "partial": partial, "network": fitted()}
    if "named" in call:
        names["named"] = fitted().fit(Frame(X, ["a", "b"]), y)
    end = ast.parse(call, mode="eval").body.func.end_col_offset
    return eval(f"partial({call[:end]}, {call[end + 1:]}", names)


def files():
    return {path: path.read_bytes() for path in Path("models").rglob("*")
            if path.is_file()}


@pytest.mark.parametrize("call, said", [*entries()])
def test_a_call_is_taken_or_its_refusal_says_why_and_changes_nothing(
        call, said, monkeypatch, request, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp()
    if "load(" in call or "save(" in call:
        folder = request.getfixturevalue("tmp_path")
    if "longdouble" in call and np.finfo(np.longdouble).maxexp <= 1024:
        pytest.skip("long doubles are doubles here")
    monkeypatch.chdir(folder)       # and without scikit-learn's own classes
    monkeypatch.delitem(sys.modules, "sklearn.exceptions", raising=False)
    ready = prepared(call)
    if said == "taken":
        ready()
        return
    held = [getattr(ready.func, "__self__", None), ready.args, ready.keywords]
    before = snapshot(held), files()
    with warnings.catch_warnings(), pytest.raises(Exception) as raised:
        warnings.simplefilter("error")
        ready()
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


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", [
    np.asarray, np.asfortranarray, np.ndarray.tolist,
    lambda X: np.rint(X).astype(int)])
@pytest.mark.parametrize("size", [9, 11, 1e5, 1e-9])
def test_features_that_want_scaling_bring_one_warning(
        form, size, dtype, recwarn):
    X, y = np.zeros((9_000, 4)), np.arange(9_000) % 2
    X[:100, 0] = 1          # one feature alone, and the first rows alone
    X = form(X * size / np.sqrt(np.mean(X ** 2)))
    network = nn.Network(3, epochs=0, dtype=dtype).fit(X, y)
    network.partial_fit(X, y)
    network.predict(X), network.score(X, y)
    assert [(str(one.message).count("scale them"), one.filename)
            for one in recwarn] == [(1, __file__)] * 2 * (size > 10)


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


# Of each dtype, whole numbers that it holds exactly.
WHOLES = [0, 1, 2, -1, 255, -BIG, BIG, 2 ** 63]
HELD = {
    "bool": [0, 1], "int8": [0, 1, 2, -1], "uint8": [0, 1, 2, 255],
    "float32": WHOLES, "float64": [*WHOLES, BIG - 1],
    "int64": [*WHOLES[:-1], BIG - 1, BIG + 1, 2 ** 63 - 1, -BIG - 1],
    "uint64": [0, 1, 2, BIG, BIG + 1, 2 ** 63, 2 ** 63 + 1, 2 ** 64 - 1]}


@pytest.mark.parametrize("a", HELD)
@pytest.mark.parametrize("b", HELD)
def test_numbers_of_two_dtypes_are_compared_exactly(a, b):
    true, pred = HELD[a], HELD[b]
    y_true, y_pred = np.array(true, a), np.array(pred, b)
    every = np.repeat(y_true, len(pred)), np.tile(y_pred, len(true))
    both = len(set(true) & set(pred))
    assert nn.accuracy(*every) == both / len(every[0])
    C, labels = nn.confusion_matrix(*every), sorted({*true, *pred})
    assert C.tolist() == [[int(i in true and j in pred) for j in labels]
                          for i in labels]
    network = nn.Network(3, epochs=0).fit(np.ones((len(true), 1)), y_true)
    for label in y_pred[[number not in true for number in pred]]:
        with pytest.raises(ValueError, match=re.escape(
                f"unknown label {label.item()!r};")):
            network.score([[1.0]], [label])


# What makes no difference
# ------------------------

@pytest.mark.parametrize("form", [
    np.asfortranarray, np.ndarray.tolist,
    lambda X: np.repeat(X, 2, axis=0)[::2],
    lambda X: X[::-1].copy()[::-1],
    lambda X: portable.arranged(X, layout=2),
    lambda X: np.broadcast_to(X[:1], X.shape),
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


# Anything at all
# ---------------

@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
@pytest.mark.filterwarnings("ignore:the root mean square of X is")
def test_whatever_is_passed_the_outcome_is_a_result_or_a_plain_error(
        tmp_path, monkeypatch, record_property):
    monkeypatch.chdir(tmp_path)
    kinds = collections.Counter(map(fuzz.check, range(fuzz.CASES)))
    assert min(kinds["result"], kinds["error"]) > fuzz.CASES / 4
    assert list(tmp_path.iterdir()) == []
    record_property("figures", f"{fuzz.CASES:,} calls, {dict(kinds)}")


@pytest.mark.parametrize("accident", [
    lambda: int("x"), lambda: 1 / 0, lambda: np.ones(2) @ 3, lambda: nan,
    lambda: {"loss": [(1.0, np.float32(nan))]}])
def test_the_fuzzer_sees_a_nan_and_an_error_that_nobody_meant(accident):
    with pytest.raises((AssertionError, ZeroDivisionError)):
        fuzz.outcome(accident)
