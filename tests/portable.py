"""Train the same networks in many configurations, and count the results.

``make portable`` runs this.  Each configuration is a fresh process with a
version of NumPy, a type of processor for OpenBLAS to tune itself to, a
number of threads, SIMD levels of NumPy switched off one after the other, and
a memory layout of X.  In each, every activation, both outputs, two
optimizers and both dtypes are trained, by full and by mini-batch.  Portable
arithmetic has to give one result in all of them.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

import nn  # noqa: E402

NUMPYS = ["1.24", "1.26", "2.0", "newest"]
CORES = ["", "Prescott", "Haswell", "SkylakeX"]

# The SIMD levels that this NumPy can switch on and this machine has.

FEATURES = """
try:
    import numpy._core._multiarray_umath as m
except ImportError:
    import numpy.core._multiarray_umath as m
print(*[f for f in m.__cpu_dispatch__ if m.__cpu_features__[f]])
"""


# One process
# -----------

def arranged(X, layout):
    """X in C order, in Fortran order, or not aligned to its dtype."""
    if layout == 1:
        return np.asfortranarray(X)
    if layout == 2:
        odd = np.empty(X.nbytes + 1, np.uint8)[1:].view(X.dtype)
        odd = odd.reshape(X.shape)
        odd[...] = X
        return odd
    return X


def trained_digests(arithmetic, layout) -> Iterator[str]:
    """A digest of each trained network, and of what it answers."""
    rng = np.random.default_rng(0)
    X = arranged(4 * rng.random((75, 5)) - 2, layout)
    labels = np.arange(75) % 3
    X[:, 0] += labels
    for activation in ("tanh", "sigmoid", "relu"):
        for y in (labels, labels == 1):
            for optimizer in (nn.SGD(0.1, 0.9, nesterov=True), nn.Adam(0.01)):
                for dtype, batch in (("float64", None), ("float32", 16)):
                    network = nn.Network(
                        7, activation, optimizer, batch, 25, 3, dtype,
                        arithmetic).fit(X, y)
                    yield digest_of(network, X, y)


def digest_of(network, X, y):
    """One SHA-256 of all that could differ."""
    arrays = [*network.params_.values(), network.predict_proba(X)]
    arrays += network.loss_and_gradients(X, y)[1].values()
    report = repr((network.loss_curve_, network.evaluate(X, y)))
    return hashlib.sha256(b"".join(
        [a.tobytes() for a in arrays] + [report.encode()])).hexdigest()


def child(layout):
    """Print one digest for each arithmetic."""
    for arithmetic in ("portable", "blas"):
        every = "".join(trained_digests(arithmetic, layout))
        print(arithmetic, hashlib.sha256(every.encode()).hexdigest())


# Many processes
# --------------
#
# A configuration is the folder of a NumPy ("" for the one installed), the
# features to switch off, a core type, a number of threads and a layout.

def features(numpy):
    """The SIMD levels that can be switched off, weakest first."""
    done = subprocess.run([sys.executable, "-c", FEATURES], check=True,
                          env=environment(numpy), capture_output=True,
                          text=True)
    return done.stdout.split()


def environment(numpy, off="", core="", threads=1):
    """The variables of a process in one configuration."""
    variables = {name: value for name, value in os.environ.items()
                 if not name.startswith(("OPENBLAS_", "NPY_"))}
    variables["OPENBLAS_NUM_THREADS"] = str(threads)
    if numpy:
        variables["PYTHONPATH"] = numpy
    if off:
        variables["NPY_DISABLE_CPU_FEATURES"] = off
    if core:
        variables["OPENBLAS_CORETYPE"] = core
    return variables


def configurations(numpy):
    """All that is varied with one NumPy."""
    found = features(numpy)
    for i in range(len(found) + 1):
        yield numpy, " ".join(found[i:]), CORES[i % 4], 1 + i % 2, i % 3
    for i, core in enumerate(CORES):
        for threads in (1, 2):
            yield numpy, "", core, threads, i % 3


def short_configurations():
    """Four for make test: the extremes."""
    found = features("")
    yield "", "", "", 1, 0
    yield "", "", "Prescott", 2, 1
    yield "", " ".join(found), "Haswell", 1, 2
    yield "", " ".join(found[len(found) // 2:]), "Prescott", 2, 0


def distinct_results(chosen, show=lambda *row: None):
    """The set of results of each arithmetic over some configurations."""
    results = {"portable": set(), "blas": set()}
    for numpy, off, core, threads, layout in chosen:
        done = subprocess.run(
            [sys.executable, "-W", "error", __file__, "child", str(layout)],
            env=environment(numpy, off, core, threads), text=True,
            capture_output=True)
        if done.returncode:
            raise RuntimeError(f"{numpy, off, core, threads}: {done.stderr}")
        row = dict(line.split() for line in done.stdout.splitlines())
        for arithmetic, digest in row.items():
            results[arithmetic].add(digest)
        show(numpy, off, core, threads, layout, row)
    return results


def installed(folder, version):
    """A folder with that NumPy in it; None where there is none for us."""
    target = Path(folder) / f"numpy-{version}"
    if not (target / "numpy").exists():
        wanted = "numpy" if version == "newest" else f"numpy=={version}.*"
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet",
             "--disable-pip-version-check", "--only-binary", ":all:",
             "--target", str(target), wanted], capture_output=True, text=True)
        if done.returncode:
            return None
    return str(target)


def main(folder):
    """Print a line for each configuration, and the number of results."""
    def show(numpy, off, core, threads, layout, row):
        print(f"{Path(numpy).name:14} threads {threads}  layout {layout}  "
              f"core {core or 'own':9} portable {row['portable'][:8]}  "
              f"blas {row['blas'][:8]}  off: {off or '-'}", flush=True)

    chosen = []
    for version in NUMPYS:
        numpy = installed(folder, version)
        if numpy is None:
            print(f"numpy {version} cannot be had for this Python")
        else:
            chosen += configurations(numpy)
    results = distinct_results(chosen, show)
    print(f"{len(chosen)} configurations; distinct results: portable "
          f"{len(results['portable'])}, blas {len(results['blas'])}")
    return 0 if len(results["portable"]) == 1 else 1


if __name__ == "__main__":
    if sys.argv[1] == "child":
        child(int(sys.argv[2]))
    else:
        sys.exit(main(sys.argv[1]))
