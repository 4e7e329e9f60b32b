"""Pass anything to everything public, and see that what comes of it may be.

The outcome of each call must be a result without NaN, or a ValueError or
TypeError that nn.py raised on purpose, with a message; FloatingPointError
only for training that diverges.  No warning but those that the test names, no
other exception, and no network changed by a call that failed.  The test is in
test_what_comes_in.py, and ``make torture`` gives it far more cases.
"""

import copy
import decimal
import fractions
import inspect
import os
import random
import re
import traceback
import warnings
from functools import lru_cache
from types import SimpleNamespace

import numpy as np

import nn
from support import ACTIVATIONS, DTYPES, Sparse, clusters, fitted, snapshot

CASES = 20_000 if "TORTURE" in os.environ else 500

# What may be passed.  The last is what must not be taken for a network.

SCALARS = [
    None, True, False, 0, 1, 2, -1, 3, 0.0, 0.5, 1.5, -2.5, 1e-300, 1e300,
    1e308, -1e308, float("nan"), float("inf"), -float("inf"), 10 ** 400,
    -10 ** 400, 2 ** 63, 2 ** 64, 1j, complex("nan"), complex(1, float("inf")),
    1e308 + 1e308j, "", "a", "tanh", "relu", "float32", "portable", "é",
    "\0", b"", b"a", (), [], [[]], {}, set(), range(3), object(), Ellipsis,
    NotImplemented, print, decimal.Decimal("1.5"),
    decimal.Decimal("NaN"), fractions.Fraction(1, 3), np.float32("nan"),
    np.float64(2), np.int8(-1), np.bool_(True), np.str_("tanh"),
    np.datetime64("2020"), np.timedelta64(1, "s"), np.float16(6e4),
    np.longdouble("1e4000"), slice(1), bytearray(b"ab"), memoryview(b"ab"),
    [[1, 2], [3]], [1, [2]], [1, "a"], ["a", None], [None, None], [[None]],
    [["1", "2"]], [{}], [object()], {"W1": 1}, [10 ** 400, 1], [1, 2 ** 64],
    Sparse(), SimpleNamespace(params_={})]
KINDS = ["?", "i1", "u1", "i8", "u8", "f2", "f4", "f8", "g", "F", "D", "U2",
         "S2", "O", "M8[s]", "m8[s]", ">f8", "V4", "i4,f8"]
SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e308, -1e308, 1e-308, 5e-324,
           3e38, 1e-45, 1.0, 0.5, 9, 1e4]

chance = random.Random()        # begun afresh for each case
pick = chance.choice


def numbers(shape):
    rng = np.random.default_rng(chance.getrandbits(32))
    return rng.normal(scale=pick([1, 1, 3, 100]), size=shape)


def altered(values):
    """The values in any dtype, now and then some of them such as hurt."""
    values = np.array(values, float)
    for _ in range(pick([0, 0, 1, 3]) if values.size else 0):
        values.flat[chance.randrange(values.size)] = pick(SPECIAL)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        values = values.astype(pick(KINDS))
    return values.tolist() if chance.random() < 0.2 else values


def anything():
    some = chance.choices(SCALARS, k=chance.randrange(4))
    shape = chance.choices(range(5), k=chance.randrange(4))
    return pick([lambda: pick(SCALARS)] * 12 + [lambda: some] + [
        lambda: altered(numbers(shape))] * 7)()


def maybe(good, odds=0.08):
    """The good value, or anything."""
    return anything() if chance.random() < odds else good


def nearly(good):
    """A good array, or with something wrong, or another, or anything."""
    return pick([lambda: good] * 5 + [
        lambda: altered(good), lambda: altered(numbers(good.shape)),
        anything, anything, anything])()


X, Y = clusters()
SETTINGS = [*nn.Network().get_params(deep=False)]
begun = lru_cache(fitted)


def network():
    """A fitted network of one of a few kinds; seldom a new one."""
    if chance.random() < 0.05:
        return nn.Network(**arguments(SETTINGS))
    chosen = copy.deepcopy(begun(pick([2, 3]), pick(DTYPES))[0])
    if chance.random() < 0.2:
        chosen.set_params(**arguments(chance.sample(SETTINGS, 2)))
    return chosen


def optimizer():
    kind = pick([*nn._OPTIMIZERS.values()])
    return kind(**{name: maybe(0.1, 0.2) for name in vars(kind())
                   if chance.random() < 0.7})


def expected(net):
    """What an argument of a name should be; others may be anything."""
    labels = np.array([0, 1, 1])
    logits = altered(numbers(pick([(3,), (3, 2), (3, 2), (0,), (3, 0)])))
    params = getattr(net, "params_", {"W1": np.ones(2)})
    return {
        "X": nearly(X), "y": nearly(pick([Y, np.minimum(Y, 1)])),
        "z": logits, "logits": logits, "targets": nearly(labels),
        "y_true": nearly(labels), "y_pred": nearly(1 - labels),
        "activation": pick(ACTIVATIONS), "hidden_size": 3, "seed": 0,
        "arithmetic": pick(["blas"] * 5 + ["portable"]),
        "batch_size": pick([None, 1, 7, 100]), "classes": [0, 1, 2],
        "callback": pick([lambda *_: False, lambda *_: "stop"]),
        "directory": "no model", "version": 1, "dtype": pick(DTYPES),
        "epochs": pick([0, 2, 2]), "step": 1e-5, "network": net,
        "optimizer": pick([None, nn.SGD(0.1, 0.9), optimizer()]),
        "gradients": {name: pick([p * 0.1] * 8 + [anything(), altered(p)])
                      for name, p in params.items()}}


def arguments(names, net=None):
    """Arguments of these names; none of them takes a year."""
    good = expected(net)
    found = {name: maybe(good.get(name, anything())) for name in names}
    if isinstance(found.get("epochs"), int):
        found["epochs"] = min(found["epochs"], 10)
    return found


# What is called.

METHODS = [name for name in vars(nn.Network)    # what was set is given back
           if name[0] != "_" and name != "get_params"
           and callable(getattr(nn.Network, name))]
TRAINING = ["fit", "partial_fit", "apply_gradients"]
NAMES = ["Network", *filter(str.islower, nn.__all__)] + (
    2 * METHODS + 3 * TRAINING)


def a_call():
    """A network, a function of no arguments, and what it is."""
    name, net = pick(NAMES), network()
    if name == "fit":
        net.set_params(**arguments(SETTINGS))
    call = getattr(net if name in METHODS else nn, name)
    wanted = [name for name, one in inspect.signature(call).parameters.items()
              if one.default is one.empty or chance.random() < 0.5]
    if name == "set_params":
        wanted = [pick(["epochs", "seeds", "optimizer__momentum", "optimizer",
                        "optimizer__", "params_"])]
    given = arguments(wanted, net)
    if name == "save" and isinstance(given["directory"], str):
        given["directory"] = "\0"               # write nothing
    return net, lambda: call(**given), (name, net, given)


# What comes of it.

NAN = re.compile(r"\bnan")


def outcome(call):
    """The kind of outcome, result or error, if it is one that may be."""
    try:
        result = call()
        text = repr(result)
    except (ValueError, TypeError, FloatingPointError) as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        assert last.filename.endswith("nn.py"), "an accident elsewhere"
        assert last.line.startswith("raise"), "an accident"
        assert len(str(error)) > 20, "the message says little"
        if isinstance(error, FloatingPointError):
            assert "diverged" in str(error)
        return "error"
    assert isinstance(result, nn.Network) or not NAN.search(text), text
    return "result"


def check(case):
    """One case: a call with anything, and all that must hold after it."""
    chance.seed(case)
    net, call, what = a_call()
    before = snapshot(net)
    try:
        kind = outcome(call)
        if kind == "error" or what[0] not in [*TRAINING, "set_params"]:
            assert snapshot(net) == before, "the network was changed"
        else:
            learnt = vars(net).get("params_"), vars(net).get("loss_curve_")
            assert not NAN.search(repr(learnt)), "NaN in the network"
    except Exception as error:
        raise AssertionError(f"case {case}: {error!r}\n{what}") from error
    return kind
