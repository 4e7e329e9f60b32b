"""How fast is nn.py, beside its peers and beside what BLAS allows?

    python benchmarks/bench.py                     everything, to the screen
    python benchmarks/bench.py --quick             the same, but short
    python benchmarks/bench.py --only digits wide  some of it
    python benchmarks/bench.py --rst docs/speed.rst --json speed.json

The same network is trained with nn.Network and with each peer that is
installed, on the same made-up data, for the same number of steps.  All take
turns in one process, and each round begins with another, so that a machine
that slows down slows all of them.  A ratio is taken within a round; what is
printed is the median over the rounds.  The floor is the five matrix products
of a step alone, into arrays made beforehand.

Counted for nn.py is the whole of ``Network(...).fit(X, y)``, checks included.
Not counted for JAX are compiling and the way of the data to its device.
"""

from __future__ import annotations

import argparse
import ctypes
import datetime
import importlib
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

PRESETS = [name for name in os.environ if name.startswith("OPENBLAS_")]
if PRESETS and __name__ == "__main__":  # BLAS reads them while it is loaded
    print("started again without", ", ".join(PRESETS), flush=True)
    os.execve(sys.executable, sys.orig_argv, {
        **{name: value for name, value in os.environ.items()
           if name not in PRESETS}, "BENCH_REMOVED": ", ".join(PRESETS)})

sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402

import nn  # noqa: E402

Run = Callable[[], Any]
Times = dict[str, list[float]]
RATE, MOMENTUM, THREADS = 0.1, 0.9, 2


# Workloads
# =========

class Workload(NamedTuple):
    """A network (d, h, k), its data (n, d), and how long to train.

    ``targets`` are the ratios to reach, by name of the peer.
    """

    n: int
    d: int
    h: int
    k: int
    batch: int
    dtype: str
    epochs: int
    targets: dict[str, float]

    @property
    def steps(self) -> int:
        """How many steps all epochs take."""
        return self.epochs * -(-self.n // self.batch)

    @property
    def shape(self) -> str:
        """The sizes in one line."""
        batch = "all" if self.batch == self.n else self.batch
        return (f"{self.n}×{self.d}×{self.h}×{self.k}, "
                f"batch {batch}, {self.dtype}")


def _targets(*numbers: float | None) -> dict[str, float]:
    names = ("scikit-learn", "PyTorch", "JAX, step", "JAX, run", "floor")
    return {name: number for name, number in zip(names, numbers, strict=False)
            if number is not None}


WORKLOADS = {
    "iris-gd": Workload(120, 4, 16, 3, 120, "float64", 1000,
                        _targets(6, 6, 1.7)),
    "iris-sgd": Workload(120, 4, 16, 3, 1, "float64", 20,
                         _targets(7, 12, 2.2)),
    "digits": Workload(1437, 64, 64, 10, 32, "float64", 20,
                       _targets(4, 7, 1.7, 0.7)),
    "mnist-shaped": Workload(59904, 784, 128, 10, 128, "float32", 1,
                             _targets(1.5, 2.5, 1.5, 1.1, 0.6)),
    "wide": Workload(4096, 256, 512, 10, 256, "float32", 10,
                     _targets(1.3, 2.5, 1.25, 1.05, 0.75)),
}


def made_up(n: int, d: int, k: int, dtype: Any, seed: int = 0
            ) -> tuple[Any, Any]:
    """Normal rows (n, d), with the classes (n,) that a random teacher gives.

    The teacher is linear; its largest output is the class.
    """
    rng = np.random.default_rng(seed)
    teacher = rng.standard_normal((d, k), dtype)
    X = rng.standard_normal((n, d), dtype)
    return X, (X @ teacher).argmax(axis=1)


# Those who take part
# ===================
#
# Each of these takes a workload and its data, prepares what is not counted,
# and gives a function that trains for all epochs.

def ours(work: Workload, X: Any, y: Any) -> Run:
    """Train this project's network."""
    batch = None if work.batch == work.n else work.batch
    return lambda: nn.Network(
        hidden_size=work.h, activation="tanh", batch_size=batch,
        optimizer=nn.SGD(learning_rate=RATE, momentum=MOMENTUM),
        epochs=work.epochs, dtype=work.dtype).fit(X, y)


def floor(work: Workload, X: Any, y: Any) -> Run:
    """Compute the five products of a step, and nothing else."""
    def some(*shape: int) -> Any:
        return np.full(shape, 0.01, work.dtype)

    b, d, h, k = work.batch, work.d, work.h, work.k
    X1, W1, A1, D1, G1 = some(b, d), some(d, h), some(b, h), some(b, h), \
        some(d, h)
    W2, Z2, D2, G2 = some(h, k), some(b, k), some(b, k), some(h, k)
    X1_T, A1_T, W2_T, dot = X1.T, A1.T, W2.T, np.dot

    def run() -> None:
        for _ in range(work.steps):
            dot(X1, W1, out=D1)
            dot(A1, W2, out=Z2)
            dot(A1_T, D2, out=G2)
            dot(D2, W2_T, out=D1)
            dot(X1_T, D1, out=G1)

    return run


def scikit(work: Workload, X: Any, y: Any) -> Run:
    """Train scikit-learn's MLPClassifier for exactly so many epochs."""
    from sklearn.neural_network import MLPClassifier

    def run() -> None:
        network = MLPClassifier(
            (work.h,), activation="tanh", solver="sgd", alpha=0,
            batch_size=work.batch, learning_rate_init=RATE,
            momentum=MOMENTUM, nesterovs_momentum=False, tol=1e-300,
            n_iter_no_change=10 ** 9, max_iter=work.epochs, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network.fit(X, y)
        if network.n_iter_ != work.epochs:
            raise RuntimeError("scikit-learn stopped early")

    return run


def torch_on(threads: int) -> Callable[[Workload, Any, Any], Run]:
    """Train a PyTorch network, the ordinary eager loop, on some threads."""
    def prepare(work: Workload, X: Any, y: Any) -> Run:
        import torch
        linear = torch.nn.Linear
        dtype = getattr(torch, work.dtype)
        X, y = torch.from_numpy(X), torch.from_numpy(y)
        measure = torch.nn.CrossEntropyLoss()

        def batches() -> Iterator[tuple[Any, Any]]:
            if work.batch == work.n:
                yield X, y
                return
            for rows in torch.randperm(work.n).split(work.batch):
                yield X[rows], y[rows]

        def run() -> None:
            torch.set_num_threads(threads)
            network = torch.nn.Sequential(
                linear(work.d, work.h, dtype=dtype), torch.nn.Tanh(),
                linear(work.h, work.k, dtype=dtype))
            optimizer = torch.optim.SGD(network.parameters(), lr=RATE,
                                        momentum=MOMENTUM)
            for _ in range(work.epochs):
                total = torch.zeros((), dtype=dtype)
                for some, truth in batches():
                    optimizer.zero_grad()
                    loss = measure(network(some), truth)
                    loss.backward()
                    optimizer.step()
                    total += loss.detach() * len(truth)
                total.item()

        return run

    return prepare


def _jax_parts(work: Workload) -> tuple[Callable[..., Any], Run]:
    """One step of JAX, not yet compiled, and a function to begin with."""
    import jax
    jnp = jax.numpy
    jax.config.update("jax_enable_x64", True)

    def loss(params: Any, X: Any, y: Any) -> Any:
        W1, b1, W2, b2 = params
        logits = jnp.tanh(X @ W1 + b1) @ W2 + b2
        right = jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1)
        return -right.mean()

    def step(params: Any, velocity: Any, X: Any, y: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(params, X, y)
        velocity = jax.tree.map(lambda v, g: MOMENTUM * v + g,
                                velocity, gradient)
        params = jax.tree.map(lambda p, v: p - RATE * v, params, velocity)
        return params, velocity, value

    def begin() -> Any:
        rng = np.random.default_rng(0)
        shapes = ((work.d, work.h), (work.h,), (work.h, work.k), (work.k,))
        params = [jnp.asarray(0.1 * rng.standard_normal(shape), work.dtype)
                  for shape in shapes]
        return params, [jnp.zeros_like(p) for p in params]

    return step, begin


def jax_step(work: Workload, X: Any, y: Any) -> Run:
    """Train with JAX, the step compiled, the loop in Python.

    NumPy gathers the rows of a batch, as a user's loop would.
    """
    import jax
    step, begin = _jax_parts(work)
    step = jax.jit(step, donate_argnums=(0, 1))
    y = y.astype(np.int32)
    whole = jax.device_put((X, y))

    def batches() -> Iterator[tuple[Any, Any]]:
        if work.batch == work.n:
            yield whole
            return
        order = np.random.default_rng(0).permutation(work.n)
        for i in range(0, work.n, work.batch):
            rows = order[i:i + work.batch]
            yield X[rows], y[rows]

    def run() -> None:
        params, velocity = begin()
        for _ in range(work.epochs):
            for some, truth in batches():
                params, velocity, _ = step(params, velocity, some, truth)
        jax.block_until_ready(params)

    return run


def jax_run(work: Workload, X: Any, y: Any) -> Run:
    """Train with JAX, the whole run compiled, shuffling included."""
    import jax
    step, begin = _jax_parts(work)
    X, y = jax.device_put((X, y.astype(np.int32)))
    n, b = work.n, work.batch

    def epoch(carry: Any, key: Any, X: Any, y: Any) -> Any:
        if b == n:
            *carry, value = step(*carry, X, y)
            return carry, value
        order = jax.random.permutation(key, n)

        def one(carry: Any, rows: Any) -> Any:
            *carry, value = step(*carry, X[rows], y[rows])
            return carry, value

        cut = n - n % b
        carry, values = jax.lax.scan(one, carry, order[:cut].reshape(-1, b))
        total = b * values.sum()
        if cut < n:
            carry, value = one(carry, order[cut:])
            total += (n - cut) * value
        return carry, total / n

    def all_epochs(carry: Any, keys: Any, X: Any, y: Any) -> Any:
        return jax.lax.scan(lambda c, key: epoch(c, key, X, y), carry, keys)

    train = jax.jit(all_epochs)

    def run() -> None:
        keys = jax.random.split(jax.random.key(0), work.epochs)
        jax.block_until_ready(train(list(begin()), keys, X, y))

    return run


class Contestant(NamedTuple):
    """Its name in tables, the module it needs, and how to prepare it."""

    name: str
    module: str
    prepare: Callable[[Workload, Any, Any], Run]


CONTESTANTS = [
    Contestant("nn.py", "numpy", ours),
    Contestant("floor", "numpy", floor),
    Contestant("scikit-learn", "sklearn", scikit),
    Contestant("PyTorch", "torch", torch_on(THREADS)),
    Contestant("PyTorch, 1 thread", "torch", torch_on(1)),
    Contestant("JAX, step", "jax", jax_step),
    Contestant("JAX, run", "jax", jax_run),
]


# Rounds
# ======

def seconds(run: Run, times: int = 1) -> float:
    """How long one call of ``run`` takes, the mean of so many."""
    start = time.perf_counter()
    for _ in range(times):
        run()
    return (time.perf_counter() - start) / times


def in_turn(runs: Mapping[str, Run], rounds: int) -> Times:
    """Time all, once per round; each round begins with another."""
    times: Times = {name: [] for name in runs}
    for run in runs.values():
        run()  # compile, fill caches, start threads
    for i in range(rounds):
        names = list(runs)
        at = i % len(names)
        for name in names[at:] + names[:at]:
            times[name].append(seconds(runs[name]))
    return times


def ratio(times: Times, name: str, to: str) -> float:
    """The median over the rounds of one time over another."""
    return statistics.median(
        a / b for a, b in zip(times[name], times[to], strict=True))


def short_in_turn(runs: Mapping[str, Run], rounds: int, least: float) -> Times:
    """As in_turn, but each is repeated for at least so many seconds."""
    counts = {}
    for name, run in runs.items():
        run()
        counts[name] = max(1, round(least / seconds(run)))

    def often(name: str) -> Run:
        return lambda: seconds(runs[name], counts[name])

    times = in_turn({name: often(name) for name in runs}, rounds)
    return {name: [t / counts[name] for t in found]
            for name, found in times.items()}


# Tables
# ======

class Table(NamedTuple):
    """A title, a line on what it shows, and rows of text."""

    title: str
    says: str
    header: list[str]
    rows: list[list[str]]


def short(number: float) -> str:
    """A number to about three figures."""
    if number >= 100:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def as_text(table: Table) -> str:
    """The table for a terminal."""
    lines = [table.header, *table.rows]
    widths = [max(map(len, column))
              for column in zip(*lines, strict=True)]
    return "\n".join([table.title, table.says, *(
        "  ".join([row[0].ljust(widths[0]),
                   *map(str.rjust, row[1:], widths[1:])])
        for row in lines)]) + "\n"


def as_markdown(table: Table) -> str:
    """The table as Markdown."""
    rows = [table.header, ["---"] * len(table.header), *table.rows]
    return "\n".join([f"## {table.title}", "", table.says, "",
                      *("| " + " | ".join(row) + " |" for row in rows), ""])


def as_rst(table: Table) -> str:
    """The table as reStructuredText."""
    lines = [table.title, "-" * len(table.title), "", table.says, "",
             ".. list-table::", "   :header-rows: 1", ""]
    for row in [table.header, *table.rows]:
        lines += [f"   {'*' if i == 0 else ' '} - {cell}".rstrip()
                  for i, cell in enumerate(row)]
    return "\n".join([*lines, ""])


# What is measured
# ================

def training(name: str, options: Any) -> dict[str, Any]:
    """The times of one workload with all who take part."""
    work = WORKLOADS[name]
    if options.quick:
        work = work._replace(epochs=max(1, work.epochs // 5))
    X, y = made_up(work.n, work.d, work.k, work.dtype)
    runs = {c.name: c.prepare(work, X, y) for c in CONTESTANTS
            if c.module not in options.missing}
    times = in_turn(runs, options.rounds)
    say(options, f"{name}: {work.shape}")
    return {"shape": work.shape, "steps": work.steps,
            "microseconds_per_step": {
                peer: [t / work.steps * 1e6 for t in found]
                for peer, found in times.items()}}


def trainings(names: list[str], options: Any) -> Iterator[tuple[Table, Any]]:
    """The tables of all workloads asked for: times, and then ratios."""
    found = {name: training(name, options) for name in names}
    times = {name: found[name]["microseconds_per_step"] for name in names}
    peers = list(times[names[0]])
    shapes = "; ".join(f"{name} is {WORKLOADS[name].shape}" for name in names)
    yield Table(
        "Microseconds per step",
        f"The median over the rounds, of n×d×h×k: {shapes}.",
        ["program", *names],
        [[peer, *(short(statistics.median(times[name][peer]))
                  for name in names)] for peer in peers]), found

    def against(name: str, peer: str) -> str:
        reached = ratio(times[name], peer, "nn.py")
        target = WORKLOADS[name].targets.get(peer)
        if target is None:
            return short(reached)
        return f"{short(reached)} {'≥<'[reached < target]} {target:g}"

    yield Table(
        "How many times as long as nn.py",
        "The median of the rounds' ratios; above 1, nn.py is faster. Behind "
        "a ratio stands what is aimed at: ≥ where it is reached, < where it "
        "is missed.", ["program", *names],
        [[peer, *(against(name, peer) for name in names)]
         for peer in peers if peer != "nn.py"]), None


def starting(options: Any) -> tuple[Table, Any]:
    """How long ``experiments.py iris`` takes, beside importing NumPy."""
    root = Path(nn.__file__).resolve().parent
    ordinary = {name: value for name, value in os.environ.items()
                if name != "PYTHONDONTWRITEBYTECODE"}   # modules compiled once
    with tempfile.TemporaryDirectory() as models:
        commands = {
            "import numpy": ["-c", "import numpy"],
            "experiments.py iris": [str(root / "experiments.py"), "iris",
                                    "--models-dir", models]}

        def start(arguments: list[str]) -> None:
            subprocess.run([sys.executable, *arguments], check=True,
                           stdout=subprocess.DEVNULL, env=ordinary)

        runs = {name: partial(start, given)
                for name, given in commands.items()}
        times = in_turn(runs, 5 if options.quick else 21)
    rows = [[name, short(1000 * statistics.median(times[name])),
             short(ratio(times, name, "import numpy")), target]
            for name, target in zip(commands, ("", "≤ 2"), strict=True)]
    return Table("Starting", "Fresh processes, in pairs: milliseconds, and "
                 "the median of the pairs' ratios.",
                 ["command", "ms", "ratio", "target"], rows), times


def growing(options: Any) -> tuple[Table, Any]:
    """Time per row as the rows become more."""
    counts = [10_000, 30_000, 100_000, 300_000, 1_000_000, 2_000_000]
    if options.quick:
        counts = counts[:4]
    X, y = made_up(counts[-1], 32, 3, "float32")

    def fit(n: int) -> Run:
        network = nn.Network(batch_size=64, epochs=1, dtype="float32",
                             optimizer=nn.SGD(RATE, MOMENTUM))
        return lambda: network.fit(X[:n], y[:n])

    times = short_in_turn({str(n): fit(n) for n in counts},
                          min(options.rounds, 7), 0.2)
    per_row = {n: statistics.median(times[str(n)]) * 1e6 / n for n in counts}
    rows = [[f"{n:,}", f"{t:.3f}", short(t / per_row[counts[0]])]
            for n, t in per_row.items()]
    return Table("Growth", "One epoch of n×32×16×3, batch 64, float32: "
                 "microseconds per row, and relative to the fewest rows.",
                 ["rows", "µs per row", "relative"], rows), per_row


def predicting(options: Any) -> tuple[Table, Any]:
    """Time of predictions beside the two products they need."""
    rows, found = [], {}
    for n in (1, 100_000 if options.quick else 1_000_000):
        times, sizes = _predictions(n, options), "64×64×10, float32"
        found[str(n)] = times
        for name, spent in times.items():
            rows.append([f"{n:,} × {sizes}" if name == "products" else "",
                         name, short(statistics.median(spent) * 1e6),
                         short(ratio(times, name, "products"))])
    return Table("Prediction", "Microseconds, and how many times as long as "
                 "the two matrix products alone, 4096 rows at a time.",
                 ["rows", "call", "µs", "ratio"], rows), found


def _predictions(n: int, options: Any) -> Times:
    """Times of predict and predict_proba on n rows, and of the products."""
    d, h, k, dtype = 64, 64, 10, "float32"
    X, y = made_up(max(n, 1000), d, k, dtype)
    network = nn.Network(hidden_size=h, epochs=5, batch_size=32, dtype=dtype)
    network.fit(X[:1000], y[:1000])
    X, W1, W2 = X[:n], network.params_["W1"], network.params_["W2"]
    A1, Z2 = np.empty((4096, h), dtype), np.empty((4096, k), dtype)

    def products() -> None:
        for i in range(0, n, 4096):
            m = min(4096, n - i)
            np.dot(X[i:i + m], W1, out=A1[:m])
            np.dot(A1[:m], W2, out=Z2[:m])

    runs = {"products": products, "predict": lambda: network.predict(X),
            "predict_proba": lambda: network.predict_proba(X)}
    return short_in_turn(runs, min(options.rounds, 7), 0.05)


# Memory
# ======
#
# Each is measured in a fresh process, which maps a file for X and samples
# its own anonymous memory every two milliseconds.  What a file's pages take
# does not count: the system gives them back when it needs them.

def _anonymous() -> int:
    """The bytes of anonymous memory that this process holds now."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return 1024 * int(line.split()[1])
    raise OSError("/proc/self/status has no RssAnon")


def _peak(work: Run) -> int:
    """The most anonymous memory while ``work`` runs, above that before."""
    before, done = _anonymous(), threading.Event()
    most = [before]

    def sample() -> None:
        while not done.wait(0.002):
            most.append(max(most.pop(), _anonymous()))

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        work()
    finally:
        done.set()
        sampler.join()
    return max(most[0], _anonymous()) - before


def _write(directory: Path, n: int, d: int) -> None:
    """Write X.npy (n, d) in float32 and y.npy (n,), a part at a time."""
    X = np.lib.format.open_memmap(directory / "X.npy", "w+", "float32",
                                  (n, d))
    y = np.empty(n, np.int64)
    part = 20_000
    for i in range(0, n, part):
        m = min(part, n - i)
        some, _ = made_up(m, d, 3, "float32", seed=i)
        X[i:i + m], y[i:i + m] = some, some[:, :3].argmax(axis=1)
    X.flush()
    np.save(directory / "y.npy", y)


def remembering(directory: Path, what: str, dtype: str) -> int:
    """In a fresh process: the peak of one method on the data there."""
    X = np.load(directory / "X.npy", mmap_mode="r")
    network = nn.Network(batch_size=256, epochs=1, dtype=dtype,
                         optimizer=nn.SGD(0.01, MOMENTUM))
    if what != "fit":
        network.fit(X[:1000], np.arange(1000) % 3)

    def work() -> None:
        if what == "predict":
            network.predict(X)
        else:
            getattr(network, what)(X, np.load(directory / "y.npy"))

    return _peak(work)


def memory(options: Any) -> tuple[Table, Any]:
    """The table of peaks, for data in a file."""
    n, d = (100_000 if options.quick else 2_000_000), 256
    rows, found = [], {}
    with tempfile.TemporaryDirectory(dir=options.directory) as name:
        _write(Path(name), n, d)
        for what, dtype in itertools.product(
                ("fit", "predict", "score", "evaluate"),
                ("float32", "float64")):
            out = subprocess.run(
                [sys.executable, __file__, "--peak", name, what, dtype],
                check=True, capture_output=True, text=True).stdout
            found[f"{what} {dtype}"] = peak = int(out)
            target = "< 160" if (what, dtype) == ("fit", "float32") else ""
            rows.append([what, dtype, short(peak / 1e6), target])
    return Table("Memory", f"X is a memory-mapped file of {n:,} × {d} in "
                 f"float32, {4 * n * d / 1e9:.1f} GB: the peak of anonymous "
                 "memory above what was there before the call, in MB; y, "
                 "where there is one, counts.",
                 ["call", "network", "MB", "target"], rows), found


# This machine
# ============

def openblas(name: str) -> Any:
    """Call a function of the OpenBLAS that NumPy loaded; None if none.

    It is found among the files that this process has mapped, and under the
    name that the builder of the wheel gave it.
    """
    try:
        maps = Path("/proc/self/maps").read_text().split()
    except OSError:
        return None
    mapped = {path for path in maps if "openblas" in path}
    for path in sorted(mapped, key=lambda path: "numpy" not in path):
        library = ctypes.CDLL(path)
        for before, after in itertools.product(
                ("scipy_openblas_", "openblas_"), ("64_", "", "_64")):
            function = getattr(library, before + name + after, None)
            if function is not None:
                if name == "get_num_threads":
                    return function()
                function.restype = ctypes.c_char_p
                return function().decode()
    return None


def processor() -> str:
    """What the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines
                 if line.startswith("model name")), platform.machine())


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load() -> str:
    """How busy the machine is, and what that means for the figures."""
    if not hasattr(os, "getloadavg"):
        return "not known"
    busy = os.getloadavg()[0]
    return f"{busy:.2f}" + (
        "; others are at work, and what uses two threads will wait for them"
        if busy > 0.5 else "")


def facts(options: Any) -> dict[str, str]:
    """Date, machine and versions."""
    versions = {c.module: importlib.import_module(c.module).__version__
                for c in CONTESTANTS if c.module not in options.missing}
    blas = openblas("get_config")
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime(
            "%Y-%m-%d %H:%M UTC"),
        "processor": f"{processor()}, {cores()} cores",
        "system": f"{platform.system()} {platform.machine()}, "
                  f"Python {platform.python_version()}",
        "versions": ", ".join([f"nn {nn.__version__}", *(
            f"{name} {version}" for name, version in versions.items())]),
        "BLAS": "not known" if blas is None else
                f"{' '.join(blas.split()[:2])}, kernels for "
                f"{openblas('get_corename')}, "
                f"{openblas('get_num_threads')} threads",
        "rounds": str(options.rounds),
        "OPENBLAS settings removed": os.environ.get("BENCH_REMOVED",
                                                    "none were there"),
        "load before the start": load(),
    }


def is_missing(module: str) -> bool:
    """Try an import; say in one line if it fails."""
    try:
        importlib.import_module(module)
    except ImportError:
        print(f"{module} is not installed: left out", file=sys.stderr)
        return True
    return False


# The program
# ===========

def porting(options: Any) -> tuple[Table, Any]:
    """What the same bits on every machine cost, on some of the rows."""
    rows, found = [], {}
    for name, work in WORKLOADS.items():
        n = min(work.n, 8 * work.batch if work.batch > 1 else work.n)
        X, y = made_up(n, work.d, work.k, work.dtype)

        def fit(arithmetic: str, work: Workload = work, X: Any = X,
                y: Any = y) -> Run:
            network = nn.Network(
                work.h, batch_size=work.batch, epochs=max(1, 200 // len(X)),
                dtype=work.dtype, arithmetic=arithmetic,
                optimizer=nn.SGD(RATE, MOMENTUM))
            return lambda: network.fit(X, y)

        times = in_turn({a: fit(a) for a in ("blas", "portable")},
                        min(options.rounds, 5))
        found[name] = times
        rows.append([name, short(ratio(times, "portable", "blas"))])
    return Table("What portable arithmetic costs", "How many times as long a "
                 "fit takes, on at most eight batches of each workload.",
                 ["workload", "ratio"], rows), found


SECTIONS: dict[str, Callable[[Any], tuple[Table, Any]]] = {
    "portable": porting,
    "start": starting, "growth": growing, "prediction": predicting,
    "memory": memory}


def options_of(arguments: list[str] | None) -> Any:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description="Measure nn.py beside its peers.")
    add = parser.add_argument
    add("--only", nargs="+", choices=[*WORKLOADS, *SECTIONS],
        default=[*WORKLOADS, *SECTIONS], metavar="WHAT",
        help=f"some of: {', '.join([*WORKLOADS, *SECTIONS])}")
    add("--rounds", type=int, help="default 15, quick 3")
    add("--quick", action="store_true", help="short runs, rough figures")
    add("--directory", help="where there is room for a file of 2 GB")
    for name in ("markdown", "rst", "json"):
        add(f"--{name}", type=Path, metavar="FILE", help=f"write {name}")
    add("--peak", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (3 if options.quick else 15)
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    return options


def say(options: Any, line: str) -> None:
    """Tell on standard error what has been done."""
    print(line, file=sys.stderr, flush=True)


def measured(options: Any) -> Iterator[tuple[Table, Any]]:
    """All tables asked for, each with the figures behind it."""
    names = [name for name in WORKLOADS if name in options.only]
    if names:
        yield from trainings(names, options)
    for name, section in SECTIONS.items():
        if name in options.only:
            yield section(options)


INTRODUCTION = """
How long does ``nn.py`` take beside others, when all train the same network on
the same data for the same number of steps?  All have momentum 0.9, a tanh
hidden layer and softmax outputs.  Counted is the whole of
``Network(...).fit(X, y)``, checks included; of JAX, neither compiling nor
bringing the data to its device.  "JAX, step" is a compiled step in a loop in
Python; in "JAX, run" all epochs are compiled into one, shuffling included.
The floor is the five matrix products of a step alone, so its ratio is the
share of the time that goes to them.

On a small network the time goes to calling NumPy, hardly to arithmetic, and
what makes ``nn.py`` fast there is that it calls little: the chapter on the
network tells how.  On a large one the products count, and next to them what
no product does: the rows of a shuffled batch are gathered from all over X,
and the optimizer walks over all weights, some of which the other core wrote
last.  NumPy does these one after another on one core.  A compiler fuses some
of it and shares the rest between the cores, which is why compiled JAX comes
close or passes there.

All take turns in one process, and each round begins with another, so that a
machine that slows down slows all of them.  Still, times move by a third from
one run to the next: compare what stands in one column, and never two runs.
This page is what ``make bench ARGS="--rst docs/speed.rst"`` wrote, here:
"""


def page(form: Callable[[Table], str], known: dict[str, str],
         tables: list[Table]) -> str:
    """All tables, after the title and the facts, in one form."""
    if form is as_markdown:
        lines = ["# Speed", INTRODUCTION.replace("``", "`")]
    else:
        lines = ["Speed", "=====", INTRODUCTION]
    lines += [f"- {name}: {value}" for name, value in known.items()]
    return "\n".join([*lines, "", *map(form, tables)]).rstrip() + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and write what was asked for."""
    options = options_of(arguments)
    if options.peak:
        directory, what, dtype = options.peak
        print(remembering(Path(directory), what, dtype))
        return 0
    modules = dict.fromkeys(c.module for c in CONTESTANTS)
    options.missing = {name for name in modules if is_missing(name)}
    known, tables, figures = facts(options), [], {}
    for name, value in known.items():
        print(f"{name}: {value}")
    for table, found in measured(options):
        print(f"\n{as_text(table)}", flush=True)
        tables.append(table)
        if found is not None:
            figures[table.title.lower()] = found
    for path, form in ((options.markdown, as_markdown),
                       (options.rst, as_rst)):
        if path:
            path.write_text(page(form, known, tables), encoding="utf-8")
    if options.json:
        options.json.write_text(json.dumps(
            {"facts": known, "figures": figures}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
