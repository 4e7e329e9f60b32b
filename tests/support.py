"""Data, networks and comparisons that several tests share."""

import hashlib
import os
import re
import subprocess
import sys
import tracemalloc
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

import nn

ROOT = Path(__file__).resolve().parent.parent

# What is in the tables of nn.py is tested by being there.
ACTIVATIONS = list(nn._ACTIVATIONS)
ARITHMETICS = list(nn._ARITHMETIC)
DTYPES = ["float64", "float32"]
PARAMS = ["W1", "b1", "W2", "b2"]


class SignDescent:
    """A third optimizer, as a user would write it, with a memory."""

    def __init__(self, learning_rate=0.01):
        self.learning_rate = learning_rate

    def start(self, theta):
        return {"steps": np.zeros(()), "last": np.zeros_like(theta)}

    def step(self, theta, gradient, state):
        state["steps"] += 1
        state["last"][:] = gradient
        theta -= self.learning_rate * np.sign(gradient)


@dataclass
class Recorder:
    """An optimizer that moves nothing and keeps every gradient it sees."""

    seen: list = field(default_factory=list, repr=False)

    def start(self, theta):
        return {}

    def step(self, theta, gradient, state):
        self.seen.append(gradient.copy())


OPTIMIZERS = {
    "none": lambda: None,
    **nn._OPTIMIZERS,
    "momentum": lambda: nn.SGD(learning_rate=0.05, momentum=0.9),
    "nesterov": lambda: nn.SGD(0.05, momentum=0.9, nesterov=True),
    "user's own": SignDescent,
}


class Frame:
    """An array with named columns: nn.py imports no pandas."""

    def __init__(self, X, columns):
        self.X, self.columns = X, columns

    def __array__(self, dtype=None, copy=None):
        return np.array(self.X, dtype=dtype)


class Sparse:
    """What a sparse matrix looks like from outside."""

    shape = (40, 4)

    def tocsr(self):
        return self


# Data and networks.

def clusters(k=3, n=40, d=4, seed=0):
    """X (n, d) in k overlapping clusters and y (n,) of ints below k, with at
    least one row to a class."""
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(k), rng.integers(k, size=max(0, n - k))])
    centres = rng.normal(size=(k, d))
    return centres[y] + rng.normal(size=(len(y), d)), y


# Small data of any shape, and settings of any kind, for hypothesis.
DATA = st.builds(clusters, st.integers(2, 6), st.integers(2, 33),
                 st.integers(1, 6), st.integers(0, 2 ** 32))
SETTINGS = st.fixed_dictionaries({
    "hidden_size": st.integers(1, 8),
    "activation": st.sampled_from(ACTIVATIONS),
    "batch_size": st.one_of(st.none(), st.integers(1, 40)),
    "seed": st.integers(0, 2 ** 32),
    "dtype": st.sampled_from(DTYPES)})


def iris():
    """The 150 flowers, each feature scaled, and their species."""
    rows = np.loadtxt(ROOT / "data" / "iris.csv", str, delimiter=",",
                      skiprows=1)
    X = rows[:, :4].astype(float)
    return (X - X.mean(axis=0)) / X.std(axis=0), rows[:, 4]


def fitted(k=3, dtype="float64", epochs=3, kind=nn.Network, **settings):
    """A small network in mid-training, with the data that it saw."""
    X, y = clusters(k)
    settings = {"hidden_size": 5, "activation": "tanh", "batch_size": 7,
                "optimizer": nn.SGD(0.1, momentum=0.5), **settings}
    return kind(dtype=dtype, epochs=epochs, **settings).fit(X, y), X, y


def split(theta, d, h, k):
    """W1, b1, W2 and b2 as they lie in theta, the flat array of all."""
    M1 = theta[:(d + 1) * h].reshape(d + 1, h, order="F")
    M2 = theta[(d + 1) * h:].reshape(h + 1, k)
    return {"W1": M1[:-1], "b1": M1[-1], "W2": M2[:-1], "b2": M2[-1]}


# Comparisons.

def snapshot(thing):
    """All that an object holds, to the last bit, in a form to compare."""
    if isinstance(thing, np.ndarray):
        if thing.dtype == object:
            return thing.shape, snapshot(thing.ravel().tolist())
        return thing.dtype.str, thing.shape, thing.tobytes()
    if isinstance(thing, dict):
        return {name: snapshot(value) for name, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [snapshot(value) for value in thing]
    if isinstance(thing, np.random.Generator):
        return snapshot(thing.bit_generator.state)
    if hasattr(thing, "__dict__") and not callable(thing):
        return type(thing).__name__, snapshot(vars(thing))
    return repr(thing)


def learned(network):
    """What training made of a network, to the last bit: neither settings
    nor what tells one copy of the data from another."""
    aside = {*network.get_params(deep=False), "data_digest_"}
    return {name: snapshot(value) for name, value in vars(network).items()
            if name not in aside}


def furthest(params, others):
    """The largest difference between two dicts of arrays, relative to the
    largest number of each array."""
    return max(float(np.max(np.abs(params[name] - others[name]))
                     / max(np.max(np.abs(others[name])), 1e-3))
               for name in PARAMS)


# Memory, processes and saved models.

def most_memory(call):
    """The most bytes that a call needs at a time."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def run(*arguments, cwd=None, timeout=120, env=None, **more):
    """A Python process of its own, at its end, with what it printed."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=cwd, text=True,
        timeout=timeout, env={**os.environ, **(env or {})},
        **{**streams, **more})


def reseal(config, weights):
    """The config of a saved model, with both of its digests made right, as
    who damages a model on purpose would do."""
    weights_sha256 = hashlib.sha256(weights).hexdigest().encode()
    config = re.sub(rb'("weights_sha256": ")[^"]*',
                    rb"\g<1>" + weights_sha256, config)
    return with_digest(config)


def with_digest(config):
    """Config text whose last entry is sha256, with that made right."""
    above, mark, _ = config.rpartition(b'  "sha256": "')
    return above + mark + hashlib.sha256(above).hexdigest().encode() + (
        b'"\n}\n')
