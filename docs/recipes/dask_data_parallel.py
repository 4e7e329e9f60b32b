"""Exact full-batch gradient descent, the rows spread over Dask's workers.

    python dask_data_parallel.py
    python dask_data_parallel.py --kill-one
    python dask_data_parallel.py --scheduler tcp://ADDRESS:8786

Each worker keeps some rows, a shard.  In every step the weights go out, each
shard's gradient comes back, and their mean, weighted by rows, is the gradient
of all rows.  What comes of it is what one process would have computed.
"""

import argparse
import copy
import logging
import os
import time

import numpy as np
from dask.distributed import Client

import nn

BLOCKS, FEATURES, CLASSES = 20, 32, [0, 1, 2]
SETTINGS = {"hidden_size": 32, "optimizer": nn.SGD(0.1, momentum=0.9),
            "batch_size": None}
LOCAL = {"n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1",
         "dashboard_address": "127.0.0.1:0",
         "silence_logs": logging.CRITICAL}


def read(blocks, rows):
    """Some blocks of the data, X and y.  Yours would come from files."""
    parts = []
    for block in blocks:
        rng = np.random.default_rng(block)
        X = rng.normal(size=(rows, FEATURES))
        parts.append((X, np.digitize(X[:, 0] * X[:, 1], [-0.3, 0.3])))
    X, y = zip(*parts, strict=True)
    return np.concatenate(X), np.concatenate(y)


def load(blocks, rows):
    """A shard and a network of its own: what a worker keeps."""
    X, y = read(blocks, rows)
    network = nn.Network(**SETTINGS)
    return network.partial_fit(X, y, classes=CLASSES, epochs=0), X, y


def shard_gradients(shard, params):
    """The rows of a shard, and its gradient at these weights."""
    network, X, y = shard
    network = copy.copy(network)  # what Dask keeps must not change
    network.params_ = params
    return len(X), network.loss_and_gradients(X, y)[1]


def weighted_mean(answers):
    """The gradient of all rows, always added up in the same order."""
    total = sum(n for n, _ in answers)
    return {name: sum(n / total * gradients[name] for n, gradients in answers)
            for name in answers[0][1]}


def train(client, shards, steps, rows, kill_at=None):
    """Train on so many shards; give the network and seconds per step."""
    kept = [client.submit(load, range(i, BLOCKS, shards), rows, pure=False,
                          retries=3) for i in range(shards)]
    network, _, _ = load(range(1), rows)
    client.gather(client.map(lambda shard: len(shard[1]), kept))
    start = time.perf_counter()
    for step in range(steps):
        futures = [client.submit(shard_gradients, shard, network.params_,
                                 pure=False, retries=3) for shard in kept]
        if step == kill_at:
            kill_one(client)
        network.apply_gradients(weighted_mean(client.gather(futures)))
    return network, (time.perf_counter() - start) / steps


def kill_one(client):
    """End a worker process as the system does when memory runs out."""
    processes = client.run(os.getpid)
    address = min(processes)
    print(f"killing {processes[address]} of the worker processes "
          f"{sorted(processes.values())}")
    client.run(os._exit, 1, workers=[address], on_error="return")


def difference(params, others):
    """The largest difference, relative to the largest number, by array."""
    return max(np.abs(params[name] - others[name]).max()
               / np.abs(others[name]).max() for name in params)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scheduler", metavar="ADDRESS")
    parser.add_argument("--shards", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rows", type=int, default=2000, help="in a block")
    parser.add_argument("--kill-one", action="store_true")
    options = parser.parse_args()
    alone, X, y = load(range(BLOCKS), options.rows)
    start = time.perf_counter()
    alone.partial_fit(X, y, epochs=options.steps)
    seconds = (time.perf_counter() - start) / options.steps
    numbers = sum(p.size for p in alone.params_.values())
    print(f"{len(X)} rows, {numbers} parameters, {options.steps} steps")
    print(f"one process: {1000 * seconds:.1f} ms a step")
    where = {"address": options.scheduler} if options.scheduler else LOCAL
    with Client(**where) as client:
        client.upload_file(nn.__file__)  # workers have no nn.py of their own
        for shards in options.shards:
            network, seconds = train(
                client, shards, options.steps, options.rows,
                options.steps // 2 if options.kill_one else None)
            moved = 2 * shards * sum(p.nbytes for p in alone.params_.values())
            apart = difference(network.params_, alone.params_)
            print(f"{shards} shards: {1000 * seconds:.1f} ms and {moved} "
                  f"bytes a step, weights differ by {apart:.0e}")
            assert apart < 1e-12
        if options.kill_one:
            processes = sorted(client.run(os.getpid).values())
            print(f"worker processes now: {processes}")


if __name__ == "__main__":
    main()
