"""Train the same networks in many configurations, and count the results.

``make portable`` runs this.  Each configuration is a fresh process with a
version of NumPy, a type of processor for OpenBLAS to tune itself to, a
number of threads, SIMD levels of NumPy switched off one after the other, and
a memory layout of X.  In each, every activation and every optimizer, both
outputs and both dtypes are trained, by full and by mini-batch.  Portable
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

NUMPYS = ["numpy==1.24.*", "numpy==1.26.*", "numpy==2.0.*", "numpy"]
CORES = ["", "Prescott", "Haswell", "SkylakeX"]
OPTIMIZERS = nn._OPTIMIZERS | {"SGD": lambda: nn.SGD(0.1, 0.9, nesterov=True)}

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
    for activation, y, optimizer, (dtype, batch) in itertools.product(
            nn._ACTIVATIONS, (labels, labels == 1), OPTIMIZERS.values(),
            (("float64", 75), ("float32", 16))):
        network = nn.Network(7, activation, optimizer(), batch, 25, 3, dtype,
                             arithmetic).fit(X, y)
        arrays = [*network.params_.values(), network.predict_proba(X),
                  *network.loss_and_gradients(X, y)[1].values()]
        report = repr((network.loss_curve_, network.evaluate(X, y)))
        yield hashlib.sha256(b"".join(
            [a.tobytes() for a in arrays] + [report.encode()])).hexdigest()


# A configuration is the folder of a NumPy ("" for the one installed), the
# features to switch off, a core type, a number of threads and a layout.

def python(numpy, *arguments, off="", core="", threads=1):
    """What Python prints in a configuration, in words."""
    variables = os.environ | {
        "PYTHONPATH": numpy, "NPY_DISABLE_CPU_FEATURES": off,
        "OPENBLAS_CORETYPE": core, "OPENBLAS_NUM_THREADS": str(threads)}
    done = subprocess.run(
        [sys.executable, *arguments], text=True, capture_output=True,
        env={name: value for name, value in variables.items() if value})
    if done.returncode:
        raise RuntimeError(f"{numpy, off, core, threads}: {done.stderr}")
    return done.stdout.split()


def configurations(numpy):
    """All that is varied with one NumPy, the least first, the most last."""
    for (i, core), threads in itertools.product(enumerate(CORES), (1, 2)):
        yield numpy, "", core, threads, i % 3
    found = python(numpy, "-c", FEATURES)
    for i in reversed(range(len(found) + 1)):
        yield numpy, " ".join(found[i:]), CORES[i % 4], 1 + i % 2, i % 3


def result(numpy, off, core, threads, layout):
    """One digest of all networks for each arithmetic."""
    words = python(numpy, "-W", "error", __file__, "child", str(layout),
                   off=off, core=core, threads=threads)
    return dict(zip(words[::2], words[1::2], strict=True))


def installed(folder, wanted):
    """A folder with that NumPy in it; None where there is none for us."""
    target = Path(folder) / wanted.strip(".*")
    if not (target / "numpy").exists() and subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet",
             "--disable-pip-version-check", "--only-binary", ":all:",
             "--target", str(target), wanted],
            capture_output=True).returncode:
        return None
    return str(target)


def main(folder):
    """Print a line for each configuration, and the number of results."""
    seen = {"portable": [], "blas": []}
    for wanted in NUMPYS:
        numpy = installed(folder, wanted)
        if numpy is None:
            print(f"{wanted} cannot be had for this Python")
            continue
        for chosen in configurations(numpy):
            _, off, core, threads, layout = chosen
            row = result(*chosen)
            for arithmetic in seen:
                seen[arithmetic].append(row[arithmetic])
            print(f"{wanted:14} threads {threads}  layout {layout}  core "
                  f"{core or 'own':9} portable {row['portable'][:8]}  blas "
                  f"{row['blas'][:8]}  off: {off or '-'}", flush=True)
    portable, blas = (len(set(found)) for found in seen.values())
    print(f"{len(seen['blas'])} configurations; distinct results: portable "
          f"{portable}, blas {blas}")
    return int(portable != 1)


if __name__ == "__main__":
    if sys.argv[1] == "child":
        for arithmetic in nn._ARITHMETIC:
            every = "".join(digests(arithmetic, int(sys.argv[2])))
            print(arithmetic, hashlib.sha256(every.encode()).hexdigest())
    else:
        sys.exit(main(sys.argv[1]))
