"""Networks to be saved: training that is cut, and bits that are random."""

import copy

import numpy as np

import nn
from helpers import clusters, learned, snapshot
from store import adapter

OPTIMIZERS = {
    "SGD": lambda: nn.SGD(0.2),
    "momentum": lambda: nn.SGD(0.05, momentum=0.9),
    "Nesterov": lambda: nn.SGD(0.05, momentum=0.9, nesterov=True),
    "Adam": lambda: nn.Adam(0.02),
}

# Rows, features, hidden units, classes, rows in a batch.
SHAPES = [(13, 3, 5, 2, None), (13, 3, 5, 2, 1), (17, 1, 1, 2, 4),
          (19, 5, 7, 3, None), (19, 5, 7, 3, 5), (11, 2, 3, 6, 1),
          (29, 9, 17, 4, 8)]
MORE_SHAPES = [*SHAPES, (31, 33, 3, 2, 30), (31, 7, 65, 3, 10),
               (101, 13, 31, 11, 16), (300, 4, 16, 3, 64)]


def state(network):
    """All of a network that matters: settings too, to the last bit."""
    return [learned(network), snapshot(network.get_params(deep=False)),
            network.data_digest_]


def cut_everywhere(directory, shape, optimizer, dtype, arithmetic, epochs):
    """Stop training after each epoch, and go on from the file.

    Raises unless every way ends at the same bits; gives the number of cuts.
    A way leads over one file, written by a callback in the midst of fit,
    or over a file after each epoch.
    """
    n, d, h, k, batch = shape
    X, y = clusters(k, n, d, seed=n)
    new = nn.Network(h, optimizer=OPTIMIZERS[optimizer](), batch_size=batch,
                     epochs=epochs, seed=3, dtype=dtype,
                     arithmetic=arithmetic)
    whole = state(copy.deepcopy(new).fit(X, y))
    answers = copy.deepcopy(new).fit(X, y).predict_proba(X).tobytes()
    paths = [copy.deepcopy(new).partial_fit(X, y, epochs=0).save(directory)]
    watched = copy.deepcopy(new).fit(
        X, y, lambda network, *_: paths.append(network.save(directory)))
    assert state(watched) == whole
    for cut, path in enumerate(paths):
        network = nn.Network.load(path)
        assert len(network.loss_curve_) == cut
        network.partial_fit(X, y, epochs=epochs - cut)
        assert state(network) == whole, (cut, path)
        assert network.predict_proba(X).tobytes() == answers
    network = nn.Network.load(paths[0])
    for _ in range(epochs):
        network = nn.Network.load(network.partial_fit(X, y).save(directory))
    assert state(network) == whole
    return len(paths)


LABELS = {
    "ints": lambda rng, n: rng.choice(
        np.arange(-99, 99), n, replace=False).astype(
            rng.choice(["i8", "i4", "i2", "i1"])),
    "large ints": lambda rng, n: np.array(
        [0, 2**63, 2**64 - 1], "u8"),
    "small ints": lambda rng, n: np.array([-2**63, 2**63 - 1]),
    "bools": lambda rng, n: np.array([False, True]),
    "strings": lambda rng, n: np.array(
        [adapter.random_text(rng) + str(i) for i in range(n)]),
    "floats": lambda rng, n: np.append(
        rng.choice(np.arange(1, 99), n, replace=False), [-0.0]).astype(
            rng.choice(["f8", "f4", "f2"])),
}
WEIRD = [-0.0, 5e-324, -5e-324, np.inf, -np.inf, np.nan]


def random_network(rng):
    """A network of random size, labels and settings, with random bits."""
    labels = LABELS[str(rng.choice(list(LABELS)))](rng, int(
        rng.integers(2, 8)))
    d, n = int(rng.integers(1, 7)), int(rng.integers(1, 9))
    optimizer = [lambda: None, *OPTIMIZERS.values()][rng.integers(5)]()
    network = nn.Network(
        int(rng.integers(1, 12)), str(rng.choice(list(nn._ACTIVATIONS))),
        optimizer, [None, 1, 5][rng.integers(3)], int(rng.integers(0, 4)),
        int(rng.integers(2**40)), str(rng.choice(["float64", "float32"])),
        str(rng.choice(["blas", "portable"])))
    X = rng.normal(size=(n, d))
    network.partial_fit(X, rng.choice(labels, n), classes=labels,
                        epochs=network.epochs)
    for array in [*network.params_.values(), *network._memory.values()]:
        kind = rng.integers(3)
        if kind == 0:                   # any bits: NaN payloads, subnormals
            array[...] = np.frombuffer(rng.bytes(array.nbytes),
                                       array.dtype).reshape(array.shape)
        elif kind == 1:
            with np.errstate(under="ignore"):
                array[...] = rng.choice(WEIRD, array.shape)
    return network


def same_again(directory, network):
    """Save and load; raises unless the bits, and the bytes, are the same."""
    path = network.save(directory)
    again = nn.Network.load(path)
    assert state(again) == state(network)
    assert again.classes_.dtype == network.classes_.dtype
    assert type(again) is type(network)
    second = again.save(directory)
    for name in "weights.npz", "config.json":
        assert (path / name).read_bytes() == (second / name).read_bytes()


def network_round_trips(directory, n, seed):
    """Save and load n random networks; raises if a bit differs."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        same_again(directory, random_network(rng))
    return n
