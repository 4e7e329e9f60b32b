"""Pass anything to everything public: python tests/tools/fuzz.py 20000

The outcome of each call must be a result without NaN, or a ValueError or
TypeError that nn.py raised on purpose, with a message; FloatingPointError
only for training that diverges.  No warning but those in WARNINGS, no other
exception, and no network changed by a call that failed.
"""

import argparse
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
from pathlib import Path

import numpy as np

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS.parent), str(TESTS)]

import nn  # noqa: E402
from support import ACTIVATIONS, Sparse, clusters, snapshot  # noqa: E402

SCALARS = [
    None, True, False, 0, 1, 2, -1, 3, 0.0, 0.5, 1.5, -2.5, 1e-300, 1e300,
    1e308, -1e308, float("nan"), float("inf"), -float("inf"), 10 ** 400,
    -10 ** 400, 2 ** 63, 2 ** 64, 1j, complex("nan"), complex(1, float("inf")),
    1e308 + 1e308j, "", "a", "tanh", "relu", "float32", "portable", "é",
    "\0", b"", b"a", (), [], [[]], {}, set(), range(3), object(), Ellipsis,
    NotImplemented, int, print, decimal.Decimal("1.5"),
    decimal.Decimal("NaN"), fractions.Fraction(1, 3), np.float32("nan"),
    np.float64(2), np.int8(-1), np.bool_(True), np.str_("tanh"),
    np.datetime64("2020"), np.timedelta64(1, "s"), np.float16(6e4),
    np.longdouble("1e4000"), slice(1), bytearray(b"ab"), memoryview(b"ab"),
    [[1, 2], [3]], [1, [2]], [1, "a"], ["a", None], [None, None], [[None]],
    [["1", "2"]], [{}], [object()], {"W1": 1}, [10 ** 400, 1], [1, 2 ** 64],
]
DTYPES = ["?", "i1", "u1", "i8", "u8", "f2", "f4", "f8", "g", "F", "D", "U2",
          "S2", "O", "M8[s]", "m8[s]", ">f8", "V4", "i4,f8"]
SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e308, -1e308, 1e-308, 5e-324,
           3e38, 1e-45, 1.0, 0.5, 1e4]


# The beginnings of the warnings that may be.
WARNINGS = ["A column-vector y was passed", "the root mean square of X is"]


class Impostor:
    """What gradient_check must not take for a network."""

    params_ = {}


def pick(rng, choices):
    return choices[rng.integers(len(choices))]


def any_array(rng, shape=None):
    """An array of any dtype, now and then with the numbers that hurt."""
    if shape is None:
        shape = tuple(rng.integers(0, 5, size=rng.integers(0, 4)).tolist())
    values = np.array(rng.normal(size=shape) * pick(rng, [1, 1, 3, 100]))
    for _ in range(pick(rng, [0, 0, 1, 3])):
        if values.size:
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
    if chance < 0.5:
        return pick(rng, SCALARS)
    if chance < 0.9:
        return any_array(rng)
    if chance < 0.93:
        return Sparse()
    if chance < 0.96:
        return Impostor()
    return [pick(rng, SCALARS) for _ in range(rng.integers(0, 4))]


def maybe(rng, good, odds=0.5):
    """The good value, or anything."""
    return anything(rng) if rng.random() < odds else good


def rows(rng):
    """X (40, 4), good, or with something wrong, or no X at all."""
    chance = rng.random()
    X = clusters()[0]
    if chance < 0.5:
        return X
    if chance < 0.6:
        X[rng.integers(40), rng.integers(4)] = pick(rng, SPECIAL)
        with np.errstate(all="ignore"):
            return X.astype(pick(rng, ["f4", "f8", "O"]))
    if chance < 0.7:
        return any_array(rng, (40, 4))
    return anything(rng)


def labels(rng):
    y = clusters()[1]
    chance = rng.random()
    if chance < 0.5:
        return y
    if chance < 0.6:
        y = y.astype(pick(rng, ["O", "f8", "U2"]))
        y[rng.integers(40)] = pick(rng, [0, 1, 9, "a", np.nan][:5 if (
            y.dtype.kind == "O") else 3])
        return y
    if chance < 0.7:
        return any_array(rng, (40,))
    return anything(rng)


def settings(rng):
    """Settings of a network, most of them good; epochs never large."""
    chosen = {
        "hidden_size": 3, "activation": pick(rng, ACTIVATIONS),
        "optimizer": pick(rng, [None, nn.SGD(0.1, 0.9), nn.Adam()]),
        "batch_size": pick(rng, [None, 1, 7, 100]), "epochs": 2,
        "seed": 0, "dtype": pick(rng, ["float64", "float32"]),
        "arithmetic": pick(rng, ["blas"] * 5 + ["portable"])}
    for name in chosen:
        if rng.random() < 0.08:
            chosen[name] = anything(rng)
    if isinstance(chosen["epochs"], int) and chosen["epochs"] > 10:
        chosen["epochs"] = 10
    if rng.random() < 0.1:
        chosen["optimizer"] = optimizer(rng)
    return chosen


def optimizer(rng):
    kind = pick(rng, [nn.SGD, nn.Adam])
    names = list(vars(kind()))
    return kind(**{name: maybe(rng, 0.1, 0.3) for name in names
                   if rng.random() < 0.7})


BEGUN = {}


def network(rng):
    """A fitted network of one of a few kinds; seldom a new one."""
    k, dtype = pick(rng, [2, 3]), pick(rng, ["float64", "float32"])
    if rng.random() < 0.05:
        return nn.Network(**settings(rng))
    if (k, dtype) not in BEGUN:
        X, y = clusters()
        BEGUN[k, dtype] = nn.Network(
            4, batch_size=7, epochs=2, dtype=dtype,
            optimizer=nn.SGD(0.1, 0.5)).fit(X, np.minimum(y, k - 1))
    begun = copy.deepcopy(BEGUN[k, dtype])
    if rng.random() < 0.2:
        begun.set_params(**{name: value for name, value
                            in settings(rng).items() if rng.random() < 0.2})
    return begun


def gradients(rng, net):
    given = {name: p * 0.1 for name, p in getattr(
        net, "params_", {"W1": np.ones(2)}).items()}
    for name in list(given):
        if rng.random() < 0.2:
            given[name] = pick(rng, [
                anything(rng), any_array(rng, given[name].shape)])
    return maybe(rng, given, 0.1)


def logits(rng, net):
    return any_array(rng, pick(rng, [(3,), (3, 2), (3, 2), (0,), (3, 0)]))


def three_labels(rng, net):
    return any_array(rng, (3,)) if rng.random() < 0.3 else rng.integers(
        0, 2, 3)


# What each argument may be, by its name, when it is not just anything.
GOOD = {
    "X": lambda rng, net: rows(rng), "y": lambda rng, net: labels(rng),
    "z": logits, "logits": logits, "targets": three_labels,
    "y_true": three_labels, "y_pred": three_labels,
    "callback": lambda rng, net: pick(rng, [
        lambda *_: False, lambda *_: "stop"]),
    "epochs": lambda rng, net: pick(rng, [0, 2]),
    "classes": lambda rng, net: [0, 1, 2],
    "gradients": gradients, "network": lambda rng, net: net,
    "step": lambda rng, net: 1e-5, "version": lambda rng, net: 1,
    "directory": lambda rng, net: "no model",
}
METHODS = [name for name in vars(nn.Network)    # what was set is given back
           if name[0] != "_" and name != "get_params"
           and callable(getattr(nn.Network, name))]
NAMES = ["create", "start"] + [name for name in nn.__all__ if (
    name.islower())] + 2 * METHODS + 3 * [
        "fit", "partial_fit", "apply_gradients"]


def given(rng, net, name, call):
    """Arguments for a call, by name, half of those that may be left out."""
    if name == "set_params":
        return {pick(rng, ["epochs", "seeds", "optimizer__momentum",
                           "optimizer", "optimizer__", "params_"]):
                anything(rng)}
    arguments = {
        name: maybe(rng, GOOD[name](rng, net), 0.08) if name in GOOD
        else anything(rng)
        for name, one in inspect.signature(call).parameters.items()
        if one.default is one.empty or rng.random() < 0.5}
    if name == "save" and isinstance(arguments["directory"], str):
        arguments["directory"] = pick(rng, [None, "\0"])   # write nothing
    if isinstance(arguments.get("epochs"), int):            # and end this year
        arguments["epochs"] = min(arguments["epochs"], 10)
    return arguments


def a_call(rng):
    """A network or None, a function of no arguments, and what it is."""
    name = pick(rng, NAMES)
    if name == "create":
        chosen = settings(rng)
        return None, lambda: repr(nn.Network(**chosen)), (name, chosen)
    if name == "start":
        settle = optimizer(rng)
        return None, lambda: settle.start(np.ones(3)), (name, settle)
    net = network(rng)
    if name == "fit":
        net.set_params(**settings(rng))
    call = getattr(net if name in METHODS else nn, name)
    arguments = given(rng, net, name, call)
    return net, lambda: call(**arguments), (name, net, arguments)


def has_nan(result):
    """Whether there is a NaN anywhere in a result."""
    if isinstance(result, nn.Network):
        return has_nan(result.__dict__.get("params_", 0)) or has_nan(
            result.__dict__.get("loss_curve_", 0))
    if isinstance(result, dict):
        return any(map(has_nan, result.values()))
    if isinstance(result, (list, tuple)):
        return any(map(has_nan, result))
    if isinstance(result, (float, complex, np.ndarray, np.generic)):
        array = np.asarray(result)
        return array.dtype.kind in "fc" and bool(np.isnan(array).any())
    return False


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
    before = snapshot(net) if net is not None else None
    try:
        kind, _ = outcome(call)
        if net is not None and (kind == "error" or what[0] not in (
                "fit", "partial_fit", "apply_gradients", "set_params")):
            assert snapshot(net) == before, "the network was changed"
        elif net is not None:
            assert not has_nan(net), "NaN in the network"
    except AssertionError as error:
        raise AssertionError(f"case {seed}: {error}\n{what}") from error
    return kind


def run(count, start=0):
    """Check so many cases; give the number of them."""
    kinds = [check(seed) for seed in range(start, start + count)]
    assert count < 50 or {"result", "error"} == set(kinds)
    return len(kinds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=20_000)
    parser.add_argument("--start", type=int, default=0, metavar="CASE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        run(options.count, options.start)
        os.chdir("/")
    print(f"{options.count} cases, 0 failed")


if __name__ == "__main__":
    main()
