"""How fast is nn.py, beside its peers and beside what BLAS allows?

    python benchmarks/bench.py                         everything
    python benchmarks/bench.py --only digits calls     some of it
    python benchmarks/bench.py > docs/speed-table.txt  for the book

All take turns, and each round begins with another.  A ratio is taken within
a round; what is printed is the median over the rounds.  When others kept the
machine busy, or the times of what all are compared with were far apart, the
rounds are run again, and if that does not help, "?" stands behind a ratio.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from datetime import datetime, timezone
from functools import partial
from importlib import metadata
from pathlib import Path
from timeit import timeit

PRESETS = [name for name in os.environ if name.startswith("OPENBLAS_")]
if PRESETS and __name__ == "__main__":  # BLAS reads them while it is loaded
    os.execve(sys.executable, sys.orig_argv, {
        name: os.environ[name] for name in os.environ if name not in PRESETS})

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import numpy as np  # noqa: E402
from peers import PEERS, Workload, ours  # noqa: E402

import nn  # noqa: E402

VERSIONS = {found.name: found.version for found in metadata.distributions()}
WORKLOADS = {   # and how many times as long as nn.py each peer is to take
    "iris-gd": (Workload(120, 4, 16, 3, 120, "float64", 1000), (7.5, 10, 2.1)),
    "iris-sgd": (Workload(120, 4, 16, 3, 1, "float64", 20), (8, 17, 2.2)),
    "digits": (Workload(1437, 64, 64, 10, 32, "float64", 20),
               (4, 7.2, 1.4, 0.9)),
    "mnist-shaped": (Workload(59904, 784, 128, 10, 128, "float32", 1),
                     (1.5, 1.9, 1.25, 0.9, 0.62)),
    "wide": (Workload(4096, 256, 512, 10, 256, "float32", 10),
             (1.4, 1.8, 1.35, 1.05, 0.75))}
LEAST = 0.05                # seconds that each is timed for in a round
SPREAD, OTHERS = 0.1, 0.1   # above these a ratio means nothing
TRIES, PAUSE = 3, 5.0       # how often to try, and seconds between
QUIET = [["measured", "spread", "others", "attempts", "quiet"]]


def elsewhere():
    """Seconds that the cores have worked for others; 0 if not known."""
    try:
        ticks = Path("/proc/stat").read_text().split()[1:9]
    except OSError:
        return 0.0
    del ticks[3:5]      # when a core was idle or waited for a disk
    return (sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
            - sum(os.times()[:4]))


def in_turn(runs, repeats, rounds):
    """Seconds that one call of each takes, in each round."""
    seconds, names = {name: [] for name in runs}, list(runs)
    for _ in range(rounds):
        for name in names:
            spent = timeit(runs[name], number=repeats[name])
            seconds[name].append(spent / repeats[name])
        names.append(names.pop(0))
    return seconds


class Turns:
    """Times of functions that took turns; the first is the reference."""

    def __init__(self, name, runs, rounds):
        repeats = {}
        for which, run in runs.items():
            run()       # compile, fill caches, start threads
            repeats[which] = max(1, round(LEAST / timeit(run, number=1)))
        for attempt in range(1, TRIES + 1):
            before, start = elsewhere(), time.perf_counter()
            self.seconds = in_turn(runs, repeats, rounds)
            took = (time.perf_counter() - start) * os.cpu_count()
            others = (elsewhere() - before) / took
            low, middle, high = np.percentile(
                self.seconds[next(iter(runs))], (25, 50, 75))
            spread = (high - low) / middle
            self.sure = bool(spread <= SPREAD and others <= OTHERS)
            row = [name, f"{spread:.0%}", f"{max(others, 0):.0%}",
                   str(attempt), "yes" if self.sure else "no"]
            print(*row, sep=", ", file=sys.stderr, flush=True)
            if self.sure or attempt == TRIES:
                break
            time.sleep(PAUSE)
        QUIET.append(row)

    def median(self, name, factor):
        """The median time of one, in a unit of so many to the second."""
        return short(np.median(self.seconds[name]) * factor)

    def ratio(self, name, to, relation="", aim=None):
        """The median ratio of two, and how it stands to its aim."""
        ratios = np.divide(self.seconds[name], self.seconds[to])
        found = float(np.median(ratios))
        if aim is None:
            return short(found) + ("" if self.sure else " ?")
        sign = "<≥"[found >= aim] if relation == "≥" else ">≤"[found <= aim]
        return f"{short(found)} {sign if self.sure else '?'} {aim:g}"


def short(number):
    """A number to three figures."""
    return f"{number:,.0f}" if number >= 99.95 else f"{number:#.3g}"


def show(name, rows):
    """Print a table that reStructuredText reads too, between two marks."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    header, *rows = ["  ".join(map(str.ljust, row, widths)).rstrip()
                     for row in rows]
    print(f".. {name}", "", rule, header, rule, *rows, rule, "", ".. end", "",
          sep="\n", flush=True)


def machine():
    """Date, versions, and what a saved model tells of where it is."""
    with tempfile.TemporaryDirectory() as directory:
        saved = nn.Network(epochs=0).fit([[0], [1]], [0, 1]).save(directory)
        told = json.loads((saved / "config.json").read_text())["environment"]
    del told["simd"]
    show("machine", [
        ["what", "found"],
        ["date", f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC"],
        ["nn.py", nn.__version__],
        *([name, VERSIONS.get(name, "missing")]
          for name in ("scikit-learn", "torch", "jax")),
        *map(list, told.items()), ["cores", str(os.cpu_count())]])


def training(names, rounds):
    """Time of a step of each workload by nn.py, and ratios of its peers."""
    _, *others = here = [name for name, (_, package) in PEERS.items()
                         if package in VERSIONS]
    rows = [["workload", "nn.py, µs", *others]]
    for name in names:
        work, aims = WORKLOADS[name]
        X, y = work.data()
        turns = Turns(name, {peer: PEERS[peer][0](work, X, y)
                             for peer in here}, rounds)
        aim = dict(zip(list(PEERS)[1:], aims, strict=False))
        rows.append([name, turns.median("nn.py", 1e6 / work.steps()), *(
            turns.ratio(peer, "nn.py", "≥", aim.get(peer))
            for peer in others)])
    show("training", rows)


# A child starts with its parent's peak, so a small parent stands between.
LAUNCH = """
import os, sys
child = os.posix_spawn(sys.executable, [sys.executable, *sys.argv[1:]],
                       os.environ)
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
sys.exit(status != 0)
"""


def processes(rounds):
    """Wall time and peak memory of whole processes."""
    programs = {"import numpy": "import numpy", "import nn": "import nn", **{
        f"iris, {peer}": f"import peers; peers.iris({peer!r})"
        for peer in ("nn.py", "scikit-learn", "PyTorch", "JAX step")
        if PEERS[peer][1] in VERSIONS}}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path[:2])}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)    # compile only once
    peaks = {}

    def start(name):
        peaks[name] = int(subprocess.check_output(
            [sys.executable, "-IS", "-c", LAUNCH, "-c", programs[name]],
            env=environment))

    turns = Turns("processes", {name: partial(start, name)
                                for name in programs}, rounds)
    show("processes", [["process", "ms", "× numpy", "× nn.py", "peak MB"], *(
        [name, turns.median(name, 1e3),
         turns.ratio(name, "import numpy", "≤", {"import nn": 1.8}.get(name)),
         turns.ratio(name, "iris, nn.py"),
         short(peaks[name] / 1e6)] for name in programs)])


def calls(rounds):
    """Calls on one row and on many, beside the least that they need."""
    work, _ = WORKLOADS["mnist-shaped"]
    X, y = work._replace(n=20_000).data()
    network = nn.Network(work.h, "tanh", batch_size=work.batch, epochs=1,
                         dtype=work.dtype).fit(X, y)
    W1, W2 = network.params_["W1"], network.params_["W2"]

    def products(X):
        X.dot(W1).dot(W2)

    def gradients(X):
        network.apply_gradients(network.loss_and_gradients(X, y[:len(X)])[1])

    def partial_fit(X):
        network.partial_fit(X, y[:len(X)])

    rows = [["call", "rows", "µs", "ratio", "to"]]
    for call, least, n, aim in ((network.predict, products, 1, None),
                                (network.predict, products, len(X), None),
                                (partial_fit, gradients, 1, 2)):
        name, to = call.__name__, least.__name__
        turns = Turns(f"{name}, {n:,}", {to: partial(least, X[:n]),
                                         name: partial(call, X[:n])}, rounds)
        rows.append([name, f"{n:,}", turns.median(name, 1e6),
                     turns.ratio(name, to, "≤", aim), to])
    show("calls", rows)


def growth(rounds):
    """An epoch as rows and then classes become more, with X in a file."""
    sizes = [(20_000, 3), (200_000, 3), (2_000_000, 3),
             (6_000, 30), (6_000, 300), (6_000, 3_000)]
    rows = [["rows", "classes", "MB of X", "ms", "× the first", "peak MB"]]
    with tempfile.TemporaryDirectory() as directory:
        X = np.lib.format.open_memmap(
            Path(directory) / "X.npy", "w+", "float32", (2_000_000, 64))
        rng = np.random.default_rng(0)
        X.reshape(100, -1, 64)[:] = rng.standard_normal((20_000, 64))

        def fit(n, k):
            network = nn.Network(batch_size=64, epochs=1, dtype="float32")
            network.fit(X[:n], np.arange(n) % k)

        turns = Turns("growth", {size: partial(fit, *size) for size in sizes},
                      rounds)
        for n, k in sizes:
            tracemalloc.start()
            fit(n, k)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            rows.append([f"{n:,}", f"{k:,}", short(X[:n].nbytes / 1e6),
                         turns.median((n, k), 1e3),
                         turns.ratio((n, k), sizes[0 if k == 3 else 3]),
                         short(peak / 1e6)])
    show("growth", rows)


def portable(rounds):
    """What the same bits on every machine cost, on a few batches."""
    rows = [["workload", "portable to blas"]]
    for name, (work, _) in WORKLOADS.items():
        X, y = work._replace(n=max(120, 2 * work.batch)).data()
        turns = Turns(f"portable, {name}", {
            arithmetic: ours(work, X, y, arithmetic=arithmetic)
            for arithmetic in ("blas", "portable")}, rounds)
        aim = {"iris-gd": 10, "iris-sgd": 10}.get(name)
        rows.append([name, turns.ratio("portable", "blas", "≤", aim)])
    show("portable", rows)


def main(arguments=None):
    """Measure what was asked for, and print it."""
    parser = argparse.ArgumentParser(description="Time nn.py and its peers.")
    sections = {section.__name__: section
                for section in (processes, calls, growth, portable)}
    names = [*WORKLOADS, *sections]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args(arguments)
    machine()
    if asked := [name for name in options.only if name in WORKLOADS]:
        training(asked, options.rounds)
    for name in [name for name in options.only if name in sections]:
        sections[name](options.rounds)
    show("quiet", QUIET)


if __name__ == "__main__":
    main()
