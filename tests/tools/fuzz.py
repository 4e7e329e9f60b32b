"""Pass anything to everything public: python tests/tools/fuzz.py 20000

The outcome of each call must be a result without NaN, or a ValueError or
TypeError that nn.py raised on purpose, with a message; FloatingPointError
only for training that diverges.  No warning but those in WARNINGS, no other
exception, and no network changed by a call that failed.  A second number is
the case to begin with.
"""

import copy
import decimal
import fractions
import inspect
import linecache
import os
import sys
import tempfile
import traceback
import warnings
from functools import lru_cache
from pathlib import Path

import numpy as np

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS.parent), str(TESTS)]

import nn  # noqa: E402
from support import ACTIVATIONS, Sparse, clusters, snapshot  # noqa: E402

# The beginnings of the warnings that may be.
WARNINGS = ["A column-vector y was passed", "the root mean square of X is"]


class Impostor:
    """What gradient_check must not take for a network."""

    params_ = {}


# What may be passed
# ------------------

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
    Sparse(), Impostor()]
DTYPES = ["?", "i1", "u1", "i8", "u8", "f2", "f4", "f8", "g", "F", "D", "U2",
          "S2", "O", "M8[s]", "m8[s]", ">f8", "V4", "i4,f8"]
SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e308, -1e308, 1e-308, 5e-324,
           3e38, 1e-45, 1.0, 0.5, 1e4]


def pick(rng, choices):
    return choices[rng.integers(len(choices))]


def any_array(rng, shape=None):
    """An array of any dtype, now and then with the numbers that hurt."""
    if shape is None:
        shape = tuple(rng.integers(0, 5, size=rng.integers(0, 4)).tolist())
    values = np.array(rng.normal(size=shape) * pick(rng, [1, 1, 3, 100]))
    for _ in range(pick(rng, [0, 0, 1, 3]) if values.size else 0):
        values.flat[rng.integers(values.size)] = pick(rng, SPECIAL)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            values = values.astype(pick(rng, DTYPES))
        except (TypeError, ValueError):
            values = np.zeros(shape, "V4")
    return values.tolist() if rng.random() < 0.2 else values


def anything(rng):
    chance = rng.random()
    if chance < 0.6:
        return pick(rng, SCALARS)
    if chance < 0.95:
        return any_array(rng)
    return [pick(rng, SCALARS) for _ in range(rng.integers(0, 4))]


def maybe(rng, good, odds=0.08):
    """The good value, or anything."""
    return anything(rng) if rng.random() < odds else good


def nearly(rng, good, dtypes, values):
    """A good array, or with something wrong, or another, or anything."""
    chance = rng.random()
    if chance < 0.5:
        return good
    if chance < 0.6:
        with np.errstate(all="ignore"):
            spoilt = good.astype(pick(rng, dtypes))
            spoilt.flat[rng.integers(good.size)] = pick(rng, values)
        return spoilt
    return any_array(rng, good.shape) if chance < 0.7 else anything(rng)


def settings(rng):
    """Settings of a network, most of them good."""
    return some(rng, nn.Network().get_params(deep=False))


def optimizer(rng):
    kind = pick(rng, list(nn._OPTIMIZERS.values()))
    return kind(**{name: maybe(rng, 0.1, 0.2) for name in vars(kind())
                   if rng.random() < 0.7})


X, Y = clusters()


@lru_cache
def begun(k, dtype):
    return nn.Network(4, batch_size=7, epochs=2, dtype=dtype,
                      optimizer=nn.SGD(0.1, 0.5)).fit(X, np.minimum(Y, k - 1))


def network(rng):
    """A fitted network of one of a few kinds; seldom a new one."""
    if rng.random() < 0.05:
        return nn.Network(**settings(rng))
    chosen = copy.deepcopy(begun(
        pick(rng, [2, 3]), pick(rng, ["float64", "float32"])))
    if rng.random() < 0.2:
        chosen.set_params(**{name: value for name, value
                             in settings(rng).items() if rng.random() < 0.2})
    return chosen


def gradients(rng, net):
    params = getattr(net, "params_", {"W1": np.ones(2)})
    return {name: p * 0.1 if rng.random() < 0.8 else pick(rng, [
        anything(rng), any_array(rng, p.shape)]) for name, p in params.items()}


# What each argument may be, by its name, when it is not just anything.
CHOICES = {
    "activation": ACTIVATIONS, "arithmetic": ["blas"] * 5 + ["portable"],
    "batch_size": [None, 1, 7, 100], "classes": [[0, 1, 2]],
    "callback": [lambda *_: False, lambda *_: "stop"],
    "directory": ["no model"], "dtype": ["float64", "float32"],
    "epochs": [0, 2, 2], "hidden_size": [3], "seed": [0], "step": [1e-5],
    "version": [1]}
THREE = np.array([0, 1, 1])
MADE = {
    "X": lambda rng, net: nearly(rng, X, ["f4", "f8", "O"], SPECIAL),
    "y": lambda rng, net: nearly(
        rng, Y, ["O", "f8", "U2"], [0, 1, 9, np.nan]),
    **dict.fromkeys(["z", "logits"], lambda rng, net: any_array(
        rng, pick(rng, [(3,), (3, 2), (3, 2), (0,), (3, 0)]))),
    **dict.fromkeys(["targets", "y_true", "y_pred"], lambda rng, net: nearly(
        rng, pick(rng, [THREE, 1 - THREE]), ["f8", "O"], SPECIAL)),
    "optimizer": lambda rng, net: pick(
        rng, [None, nn.SGD(0.1, 0.9), optimizer(rng)]),
    "gradients": gradients, "network": lambda rng, net: net}


def argument(rng, name, net):
    if name in CHOICES:
        return maybe(rng, pick(rng, CHOICES[name]))
    return maybe(rng, MADE[name](rng, net)) if name in MADE else anything(rng)


def some(rng, names, net=None):
    """Arguments of these names; none of them takes a year."""
    found = {name: argument(rng, name, net) for name in names}
    if isinstance(found.get("epochs"), int):
        found["epochs"] = min(found["epochs"], 10)
    return found


# What is called
# --------------

METHODS = [name for name in vars(nn.Network)    # what was set is given back
           if name[0] != "_" and name != "get_params"
           and callable(getattr(nn.Network, name))]
NAMES = ["Network", "start"] + [name for name in nn.__all__ if (
    name.islower())] + 2 * METHODS + 3 * [
        "fit", "partial_fit", "apply_gradients"]


def a_call(rng):
    """A network or None, a function of no arguments, and what it is."""
    name, net = pick(rng, NAMES), network(rng)
    if name == "start":
        settle = optimizer(rng)
        return None, lambda: settle.start(np.ones(3)), (name, settle)
    if name == "fit":
        net.set_params(**settings(rng))
    call = getattr(net if name in METHODS else nn, name)
    arguments = some(rng, [
        name for name, one in inspect.signature(call).parameters.items()
        if one.default is one.empty or rng.random() < 0.5], net)
    if name == "set_params":
        arguments = {pick(rng, [
            "epochs", "seeds", "optimizer__momentum", "optimizer",
            "optimizer__", "params_"]): anything(rng)}
    if name == "save" and isinstance(arguments["directory"], str):
        arguments["directory"] = "\0"               # write nothing
    return net, lambda: call(**arguments), (name, net, arguments)


# What comes of it
# ----------------

def has_nan(result):
    """Whether there is a NaN anywhere in a result."""
    if isinstance(result, nn.Network):
        result = {name: value for name, value in vars(result).items()
                  if name in ("params_", "loss_curve_")}
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, (list, tuple)):
        return any(map(has_nan, result))
    array = np.asarray(result)
    return array.dtype.kind in "fc" and bool(np.isnan(array).any())


def raised_on_purpose(error):
    """Whether the last line that ran was a raise statement in nn.py."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    line = linecache.getline(last.filename, last.lineno)
    return Path(last.filename).name == "nn.py" and (
        line.lstrip().startswith("raise"))


def outcome(call):
    """("result", it) or ("error", it), if it is one that may be."""
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        for meant in WARNINGS:
            warnings.filterwarnings("ignore", meant)
        try:
            result = call()
            repr(result)
        except (ValueError, TypeError) as error:
            assert raised_on_purpose(error), f"by accident: {error!r}"
            assert len(str(error)) > 20, f"says little: {error!r}"
            return "error", error
        except FloatingPointError as error:
            assert "diverged" in str(error), f"not divergence: {error!r}"
            return "error", error
        except Exception as error:
            raise AssertionError(f"not to be raised: {error!r}") from error
    assert not has_nan(result), f"NaN in {result!r}"
    return "result", result


def check(seed):
    """One case: a call with anything, and all that must hold after it."""
    net, call, what = a_call(np.random.default_rng(seed))
    before = snapshot(net)
    try:
        kind, _ = outcome(call)
        if kind == "error" or what[0] not in (
                "fit", "partial_fit", "apply_gradients", "set_params"):
            assert snapshot(net) == before, "the network was changed"
        assert not has_nan(net), "NaN in the network"
    except AssertionError as error:
        raise AssertionError(f"case {seed}: {error}\n{what}") from error
    return kind


def run(count=20_000, start=0):
    """Check so many cases; give the number of them."""
    kinds = [check(seed) for seed in range(start, start + count)]
    assert count < 50 or {"result", "error"} == set(kinds)
    return len(kinds)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        print(f"{run(*map(int, sys.argv[1:]))} cases, 0 failed")
        os.chdir("/")
