"""Train on a file that need not fit into memory.

    python from_disk.py
    python from_disk.py --megabytes 50000 --directory /a/large/disk

The file is mapped: its bytes are read when they are touched, and forgotten
when memory is wanted for something else.  The network takes such an array
as it is, and copies a block of rows at a time.
"""

import argparse
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np

import nn

FEATURES = 64
CHUNK = 1 << 13


def write(directory, megabytes):
    """Make X.npy (n, 64) and y.npy (n,) there, some rows at a time."""
    rows = max(CHUNK, megabytes * 10**6 // (8 * FEATURES))
    rng = np.random.default_rng(0)
    middle = rng.normal(size=(3, FEATURES)) / 4
    X = np.lib.format.open_memmap(directory / "X.npy", "w+", np.float64,
                                  (rows, FEATURES))
    y = np.lib.format.open_memmap(directory / "y.npy", "w+", np.uint8,
                                  (rows,))
    for i in range(0, rows, CHUNK):
        labels = rng.integers(3, size=len(y[i:i + CHUNK]))
        y[i:i + CHUNK] = labels
        X[i:i + CHUNK] = middle[labels] + rng.normal(
            size=(len(labels), FEATURES))
    X.flush()
    y.flush()


def train(directory, epochs):
    """Train on the two files; print what it took."""
    X = np.load(directory / "X.npy", mmap_mode="r")
    y = np.load(directory / "y.npy", mmap_mode="r")
    network = nn.Network(hidden_size=8, batch_size=256, epochs=epochs)
    tracemalloc.start()
    network.fit(X, y, callback=lambda network, epoch, loss: print(
        f"epoch {epoch}: loss {loss:.4f}"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"accuracy {network.score(X, y):.3f} on {len(X)} rows")
    print(f"the file is {X.nbytes / 1e6:.1f} MB; "
          f"training took {peak / 1e6:.1f} MB of memory at most")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--directory", help="where the file may lie a while")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        write(Path(directory), options.megabytes)
        train(Path(directory), options.epochs)


if __name__ == "__main__":
    main()
