"""The same training by nn.py, by each of its peers, and the floor below all.

Each takes a workload and its data, prepares what is not counted, and gives a
function that trains and returns the last epoch's loss, or JAX the last
batch's.  A peer is imported where it is used: a process loads no other.
"""

import os
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

RATE, MOMENTUM = 0.1, 0.9


class Workload(NamedTuple):
    """Rows, features, hidden units and classes, and how long to train."""
    n: int
    d: int
    h: int
    k: int
    batch: int
    dtype: str
    epochs: int

    def data(self):
        """Normal rows (n, d), and the classes a random linear map gives."""
        rng = np.random.default_rng(0)
        teacher = rng.standard_normal((self.d, self.k), self.dtype)
        X = rng.standard_normal((self.n, self.d), self.dtype)
        return X, (X @ teacher).argmax(axis=1)

    def steps(self):
        """How many steps all epochs take."""
        return self.epochs * -(-self.n // self.batch)


def ours(work, X, y, **settings):
    """nn.py, all its checks included."""
    import nn

    network = nn.Network(
        work.h, "tanh", nn.SGD(RATE, MOMENTUM), epochs=work.epochs,
        batch_size=None if work.batch == work.n else work.batch,
        dtype=work.dtype, **settings)
    return lambda: network.fit(X, y).loss_curve_[-1]


def floor(work, X, y):
    """The five matrix products of a step, into arrays made beforehand."""
    b, d, h, k = work.batch, work.d, work.h, work.k
    shapes = (b, d), (d, h), (b, h), (h, k), (b, k), (h, k), (b, h), (d, h)
    X1, W1, A1, W2, D2, G2, D1, G1 = (
        np.full(shape, 0.01, work.dtype) for shape in shapes)
    X1_T, A1_T, W2_T, dot = X1.T, A1.T, W2.T, np.dot

    def run():
        for _ in range(work.steps()):
            dot(X1, W1, out=A1)
            dot(A1, W2, out=D2)
            dot(A1_T, D2, out=G2)
            dot(D2, W2_T, out=D1)
            dot(X1_T, D1, out=G1)
    return run


def scikit(work, X, y):
    """scikit-learn's MLPClassifier, for exactly so many epochs."""
    from sklearn.neural_network import MLPClassifier

    def run():
        network = MLPClassifier(
            (work.h,), activation="tanh", solver="sgd", alpha=0,
            batch_size=work.batch, learning_rate_init=RATE,
            momentum=MOMENTUM, nesterovs_momentum=False, tol=1e-300,
            n_iter_no_change=10 ** 9, max_iter=work.epochs, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network.fit(X, y)
        return network.loss_curve_[work.epochs - 1]
    return run


def pytorch(work, X, y):
    """PyTorch, the ordinary eager loop, with a thread to each core."""
    import torch
    from torch.nn import Linear, Sequential, Tanh
    from torch.nn.functional import cross_entropy
    dtype = getattr(torch, work.dtype)
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    torch.set_num_threads(os.cpu_count())

    def batches():
        if work.batch == work.n:
            return [(X, y)]
        order = torch.randperm(work.n).split(work.batch)
        return ((X[rows], y[rows]) for rows in order)

    def run():
        network = Sequential(Linear(work.d, work.h, dtype=dtype), Tanh(),
                             Linear(work.h, work.k, dtype=dtype))
        optimizer = torch.optim.SGD(network.parameters(), RATE, MOMENTUM)
        for _ in range(work.epochs):
            total = torch.zeros((), dtype=dtype)
            for some, truth in batches():
                optimizer.zero_grad()
                loss = cross_entropy(network(some), truth)
                loss.backward()
                optimizer.step()
                total += loss.detach() * len(truth)
            mean = total.item() / work.n
        return mean
    return run


def _jax_parts(work):
    """A step of JAX, not yet compiled, and first parameters and velocity."""
    import jax
    jnp = jax.numpy
    jax.config.update("jax_enable_x64", True)

    def loss(params, X, y):
        W1, b1, W2, b2 = params
        logits = jnp.tanh(X @ W1 + b1) @ W2 + b2
        right = jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1)
        return -right.mean()

    def step(params, velocity, X, y):
        value, gradient = jax.value_and_grad(loss)(params, X, y)
        velocity = jax.tree.map(lambda v, g: MOMENTUM * v + g,
                                velocity, gradient)
        params = jax.tree.map(lambda p, v: p - RATE * v, params, velocity)
        return params, velocity, value

    def begin():
        rng = np.random.default_rng(0)
        d, h, k, dtype = work.d, work.h, work.k, work.dtype
        params = [jnp.asarray(0.1 * rng.standard_normal(shape), dtype)
                  for shape in ((d, h), h, (h, k), k)]
        return params, jax.tree.map(jnp.zeros_like, params)

    return jax, step, begin


def jax_step(work, X, y):
    """JAX with the step compiled, the loop and the gathering in Python."""
    jax, step, begin = _jax_parts(work)
    step = jax.jit(step, donate_argnums=(0, 1))
    y = y.astype(np.int32)
    whole = jax.device_put((X, y))

    def batches():
        if work.batch == work.n:
            return [whole]
        order = np.random.default_rng(0).permutation(work.n)
        cuts = range(work.batch, work.n, work.batch)
        return ((X[rows], y[rows]) for rows in np.split(order, cuts))

    def run():
        carry = begin()
        for _ in range(work.epochs):
            for some, truth in batches():
                *carry, loss = step(*carry, some, truth)
        return float(loss)  # waits until the last step is done
    return run


def jax_run(work, X, y):
    """JAX with the whole run compiled, shuffling included."""
    jax, step, begin = _jax_parts(work)
    X, y = jax.device_put((X, y.astype(np.int32)))
    n, b, cut = work.n, work.batch, work.n - work.n % work.batch

    @jax.jit
    def train(carry, keys, X, y):
        def one(carry, rows):
            *carry, loss = step(*carry, X[rows], y[rows])
            return carry, loss

        def epoch(carry, key):
            if b == n:
                return one(carry, slice(None))
            order = jax.random.permutation(key, n)
            batches = order[:cut].reshape(-1, b)
            carry, losses = jax.lax.scan(one, carry, batches)
            return one(carry, order[cut:]) if cut < n else (carry, losses[-1])

        return jax.lax.scan(epoch, carry, keys)

    def run():
        keys = jax.random.split(jax.random.key(0), work.epochs)
        _, losses = train(list(begin()), keys, X, y)
        return float(losses[-1])
    return run


PEERS = {       # of each, the package that it needs
    "nn.py": (ours, "numpy"), "scikit-learn": (scikit, "scikit-learn"),
    "PyTorch": (pytorch, "torch"), "JAX step": (jax_step, "jax"),
    "JAX run": (jax_run, "jax"), "floor": (floor, "numpy")}


def iris(name):
    """Read Fisher's flowers and train one of the peers on them."""
    file = Path(__file__).resolve().parents[1] / "data" / "iris.csv"
    *columns, labels = np.loadtxt(file, str, delimiter=",", skiprows=1).T
    X = np.array(columns, float).T
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    y = np.unique(labels, return_inverse=True)[1]
    return PEERS[name][0](Workload(150, 4, 16, 3, 150, "float64", 200), X, y)()
