"""Data, networks and comparisons that several tests share."""

import csv
from pathlib import Path

import numpy as np

import nn

ROOT = Path(__file__).resolve().parent.parent
ACTIVATIONS = ["sigmoid", "tanh", "relu"]
DTYPES = ["float64", "float32"]
PARAMS = ["W1", "b1", "W2", "b2"]

OPTIMIZERS = {
    "none": lambda: None,
    "sgd": lambda: nn.SGD(learning_rate=0.2),
    "momentum": lambda: nn.SGD(learning_rate=0.05, momentum=0.9),
    "nesterov": lambda: nn.SGD(0.05, momentum=0.9, nesterov=True),
    "adam": lambda: nn.Adam(learning_rate=0.02),
    "user's own": lambda: SignDescent(),
}


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


class Recorder:
    """An optimizer that moves nothing and keeps every gradient it sees."""

    def __init__(self):
        self.seen = []

    def start(self, theta):
        return {}

    def step(self, theta, gradient, state):
        self.seen.append(gradient.copy())


def clusters(k=3, n=40, d=4, seed=0):
    """X (n, d) in k overlapping clusters and y (n,) of ints below k."""
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(k), rng.integers(k, size=n - k)])
    centres = rng.normal(size=(k, d))
    return centres[y] + rng.normal(size=(n, d)), y


def iris():
    """The 150 flowers, each feature scaled, and their species."""
    with (ROOT / "data" / "iris.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    X = np.array([row[:4] for row in rows], dtype=float)
    return (X - X.mean(axis=0)) / X.std(axis=0), np.array(
        [row[4] for row in rows])


def fitted(k=3, dtype="float64", epochs=3, **settings):
    """A small network in mid-training, with the data that it saw."""
    X, y = clusters(k)
    settings = {"hidden_size": 5, "batch_size": 7,
                "optimizer": nn.SGD(0.1, momentum=0.5), **settings}
    return nn.Network(dtype=dtype, epochs=epochs, **settings).fit(X, y), X, y


def snapshot(thing):
    """All that an object holds, to the last bit, in a form to compare."""
    if isinstance(thing, np.ndarray):
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
