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
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import nn

NUMPYS = ["numpy==1.24.*", "numpy==1.26.*", "numpy==2.0.*", "numpy"]
CORES = ["", "Prescott", "Haswell", "SkylakeX"]
VARIABLES = ["PYTHONPATH", "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS",
             "NPY_DISABLE_CPU_FEATURES"]
OPTIMIZERS = nn._OPTIMIZERS | {"SGD": lambda: nn.SGD(0.1, 0.9, nesterov=True)}


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


def told(what):
    """The SIMD levels that this NumPy can switch on and this machine has; or
    in a layout, one digest of all networks for each arithmetic."""
    if what == "levels":
        core = getattr(np, "_core", None) or np.core    # before NumPy 2
        umath = core._multiarray_umath
        return [f for f in umath.__cpu_dispatch__ if umath.__cpu_features__[f]]
    return {arithmetic: hashlib.sha256("".join(digests(
        arithmetic, int(what))).encode()).hexdigest()
        for arithmetic in nn._ARITHMETIC}


# A configuration is a layout, and a value for each of the variables.  The
# folder of a NumPy is one of them; it is "" for the NumPy that is installed.

def result(what, *values):
    """What a process of its own tells, with these values."""
    variables = os.environ | dict(zip(VARIABLES, values))
    return json.loads(subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.tools.portable", what],
        env={name: value for name, value in variables.items() if value},
        cwd=Path(nn.__file__).parent, stdout=subprocess.PIPE,
        check=True).stdout)


def configurations(numpy):
    """All that is varied with one NumPy, the least first, the most last."""
    for (i, core), threads in itertools.product(enumerate(CORES), "12"):
        yield str(i % 3), numpy, core, threads, ""
    found = result("levels", numpy)
    for i in reversed(range(len(found) + 1)):
        yield (str(i % 3), numpy, CORES[i % 4], "12"[i % 2],
               " ".join(found[i:]))


def numpys(folder):
    """Those that can be had for this Python; pip tells of the others."""
    for wanted in NUMPYS:
        target = Path(folder, wanted.strip(".*")).resolve()
        if not target.exists():
            subprocess.run([
                sys.executable, "-m", "pip", "install", "--quiet",
                "--disable-pip-version-check", "--only-binary", ":all:",
                "--target", target, wanted])
        if target.exists():
            yield str(target)


def main(folder):
    """Print a line for each configuration, and the number of results."""
    seen = []
    for numpy in numpys(folder):
        for configuration in configurations(numpy):
            print(*configuration, end=" ", flush=True)
            seen.append(result(*configuration))
            print(*[f"{arithmetic} {digest[:8]}" for arithmetic, digest
                    in seen[-1].items()])
    portable, blas = (len({row[arithmetic] for row in seen})
                      for arithmetic in ("portable", "blas"))
    print(f"{len(seen)} configurations; distinct results: portable "
          f"{portable}, blas {blas}")
    return portable != 1


if __name__ == "__main__":
    if sys.argv[1] in ("levels", "0", "1", "2"):
        print(json.dumps(told(sys.argv[1])))
    else:
        sys.exit(main(sys.argv[1]))
