"""Train the same networks in many configurations, and count the results.

``make portable`` runs this.  Each configuration is a fresh process with a
version of NumPy, a type of processor for OpenBLAS to tune itself to, a
number of threads, SIMD levels of NumPy switched off one after the other, and
a memory layout of X.  In each, every activation, both outputs, two
optimizers and both dtypes are trained, by full and by mini-batch.  Portable
arithmetic has to give one result in all of them.
"""

import hashlib
import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
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


def arranged(X, layout):
    """X in C order, in Fortran order, or not aligned to its dtype."""
    odd = np.empty(X.nbytes + 1, np.uint8)[1:].view(X.dtype).reshape(X.shape)
    odd[...] = X
    return [X, np.asfortranarray(X), odd][layout]


def digests(arithmetic, layout):
    """For each trained network, a SHA-256 of all that could differ."""
    X = 4 * np.random.default_rng(0).random((75, 5)) - 2
    labels = np.arange(75) % 3
    X[:, 0] += labels
    X = arranged(X, layout)
    optimizers = nn.SGD(0.1, 0.9, nesterov=True), nn.Adam(0.01)
    for activation, y, optimizer, (dtype, batch) in itertools.product(
            ("tanh", "sigmoid", "relu"), (labels, labels == 1), optimizers,
            (("float64", 75), ("float32", 16))):
        network = nn.Network(7, activation, optimizer, batch, 25, 3, dtype,
                             arithmetic).fit(X, y)
        arrays = [*network.params_.values(), network.predict_proba(X),
                  *network.loss_and_gradients(X, y)[1].values()]
        report = repr((network.loss_curve_, network.evaluate(X, y)))
        yield hashlib.sha256(b"".join(
            [a.tobytes() for a in arrays] + [report.encode()])).hexdigest()


# A configuration is the folder of a NumPy ("" for the one installed), the
# features to switch off, a core type, a number of threads and a layout.

def environment(numpy, off="", core="", threads=1):
    """The variables of a process in one configuration."""
    variables = {name: value for name, value in os.environ.items()
                 if not name.startswith(("OPENBLAS_", "NPY_"))}
    chosen = {"PYTHONPATH": numpy, "NPY_DISABLE_CPU_FEATURES": off,
              "OPENBLAS_CORETYPE": core, "OPENBLAS_NUM_THREADS": str(threads)}
    return variables | {name: v for name, v in chosen.items() if v}


def python(numpy, *arguments, **configuration):
    """What Python prints with that NumPy, in words."""
    done = subprocess.run([sys.executable, *arguments], text=True,
                          env=environment(numpy, **configuration),
                          capture_output=True)
    if done.returncode:
        raise RuntimeError(f"{numpy, configuration}: {done.stderr}")
    return done.stdout.split()


def configurations(numpy):
    """All that is varied with one NumPy."""
    found = python(numpy, "-c", FEATURES)
    for i in range(len(found) + 1):
        yield numpy, " ".join(found[i:]), CORES[i % 4], 1 + i % 2, i % 3
    for (i, core), threads in itertools.product(enumerate(CORES), (1, 2)):
        yield numpy, "", core, threads, i % 3


def short_configurations():
    """Four for make test: the extremes."""
    found = python("", "-c", FEATURES)
    yield "", "", "", 1, 0
    yield "", "", "Prescott", 2, 1
    yield "", " ".join(found), "Haswell", 1, 2
    yield "", " ".join(found[len(found) // 2:]), "Prescott", 2, 0


def distinct_results(chosen, show=lambda *row: None):
    """The set of results of each arithmetic over some configurations."""
    results = {"portable": set(), "blas": set()}
    for numpy, off, core, threads, layout in chosen:
        words = python(numpy, "-W", "error", __file__, "child", str(layout),
                       off=off, core=core, threads=threads)
        row = dict(zip(words[::2], words[1::2], strict=True))
        for arithmetic, digest in row.items():
            results[arithmetic].add(digest)
        show(numpy, off, core, threads, layout, row)
    return results


def installed(folder, version):
    """A folder with that NumPy in it; None where there is none for us."""
    target = Path(folder) / f"numpy-{version}"
    wanted = "numpy" if version == "newest" else f"numpy=={version}.*"
    if not (target / "numpy").exists() and subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet",
             "--disable-pip-version-check", "--only-binary", ":all:",
             "--target", str(target), wanted],
            capture_output=True).returncode:
        return None
    return str(target)


def show(numpy, off, core, threads, layout, row):
    """Print a line for one configuration."""
    print(f"{Path(numpy).name:14} threads {threads}  layout {layout}  "
          f"core {core or 'own':9} portable {row['portable'][:8]}  "
          f"blas {row['blas'][:8]}  off: {off or '-'}", flush=True)


def main(folder):
    """Print a line for each configuration, and the number of results."""
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
        for arithmetic in ("portable", "blas"):
            every = "".join(digests(arithmetic, int(sys.argv[2])))
            print(arithmetic, hashlib.sha256(every.encode()).hexdigest())
    else:
        sys.exit(main(sys.argv[1]))
