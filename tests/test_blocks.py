"""Data taken in blocks: the size of a block is not seen in any result, and
a memory-mapped file trains like the array in it."""

import math
import tracemalloc

import numpy as np
import pytest

import nn
from helpers import ACTIVATIONS, DTYPES, clusters, furthest, learned, snapshot

SMALL = [(1, 1 << 20), (3, 1 << 20), (10, 1 << 20), (4096, 23), (4096, 1)]


def small_blocks(monkeypatch, block):
    monkeypatch.setattr(nn, "_BLOCK_ROWS", block[0])
    monkeypatch.setattr(nn, "_BLOCK_NUMBERS", block[1])


def trained(batch_size, dtype="float64", k=3, activation="tanh"):
    X, y = clusters(k)
    optimizer = nn.SGD(0.1, momentum=0.9)
    return nn.Network(5, activation, optimizer, batch_size, 6,
                      dtype=dtype).fit(X, y)


def test_a_full_batch_in_blocks_is_never_shuffled(monkeypatch):
    small_blocks(monkeypatch, (3, 1 << 20))
    X, y = clusters()
    first, second = (nn.Network(5, epochs=0, seed=seed).fit(X, y)
                     for seed in (0, 1))
    second.params_ = first.params_
    for network in (first, second):
        network.partial_fit(X, y, epochs=9)
    assert snapshot(first.params_) == snapshot(second.params_)
    assert first.loss_curve_ == second.loss_curve_


@pytest.mark.parametrize("block", SMALL)
@pytest.mark.parametrize("batch_size", [None, 1, 3, 7, 20, 39, 100])
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_training_does_not_depend_on_the_block(
        monkeypatch, block, batch_size, k, dtype):
    expected = trained(batch_size, dtype, k)
    small_blocks(monkeypatch, block)
    found = trained(batch_size, dtype, k)
    close = 1e-12 if dtype == "float64" else 1e-4
    assert furthest(found.params_, expected.params_) < close
    assert np.allclose(found.loss_curve_, expected.loss_curve_, rtol=close)


@pytest.mark.parametrize("block", SMALL)
@pytest.mark.parametrize("batch_size", [None, 7, 20])
def test_partial_fits_are_a_fit_in_small_blocks_too(
        monkeypatch, block, batch_size):
    small_blocks(monkeypatch, block)
    whole, (X, y) = trained(batch_size), clusters()
    parts = nn.Network(5, "tanh", nn.SGD(0.1, momentum=0.9), batch_size)
    for _ in range(6):
        parts.partial_fit(X, y, callback=lambda *_: None)
    assert learned(parts) == learned(whole)


@pytest.mark.parametrize("block", SMALL)
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_answers_do_not_depend_on_the_block(monkeypatch, block, k, activation):
    network, (X, y) = trained(7, k=k, activation=activation), clusters(k)
    P, labels = network.predict_proba(X), network.predict(X)
    report = network.evaluate(X, y)
    loss, gradients = network.loss_and_gradients(X, y)
    small_blocks(monkeypatch, block)
    assert np.allclose(network.predict_proba(X), P, rtol=1e-13, atol=0)
    assert (network.predict(X) == labels).all()
    assert network.score(X, y) == report["accuracy"]
    assert math.isclose(network.evaluate(X, y)["loss"], report["loss"],
                        rel_tol=1e-13)
    loss_in_blocks, in_blocks = network.loss_and_gradients(X, y)
    assert math.isclose(loss_in_blocks, loss, rel_tol=1e-13)
    assert furthest(in_blocks, gradients) < 1e-13


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e39])
@pytest.mark.parametrize("row", [0, 17, 39])
def test_bad_numbers_are_found_in_every_block(monkeypatch, value, row):
    small_blocks(monkeypatch, (3, 1 << 20))
    X, y = clusters()
    network = trained(7, "float32")
    X[row, 3] = value
    before = snapshot(network)
    for call in (lambda: network.fit(X, y), lambda: network.predict(X)):
        with pytest.raises(ValueError, match="X contains NaN or infinity, or "
                                             "numbers too large for float32"):
            call()
    assert snapshot(network) == before


def test_a_sum_that_overflows_is_no_infinity():
    X = np.full((8, 3), 1e308)
    network = nn.Network(4, epochs=0).fit(X, [0, 1] * 4)
    assert network.predict(X).shape == (8,)


# Memory-mapped files.

def mapped(folder, X, mode="r"):
    np.save(folder / "X.npy", X)
    return np.load(folder / "X.npy", mmap_mode=mode)


@pytest.mark.parametrize("batch_size", [None, 1, 7, 20])
@pytest.mark.parametrize("kind", ["float64", "float32", "fortran", "int16"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_mapped_file_trains_and_answers_like_its_array(
        tmp_path, monkeypatch, kind, dtype, batch_size):
    small_blocks(monkeypatch, (10, 1 << 20))
    X, y = clusters()
    X = np.asfortranarray(X) if kind == "fortran" else (3 * X).astype(kind)
    on_disk = mapped(tmp_path, X)
    assert isinstance(on_disk, np.memmap)
    settings = {"hidden_size": 5, "epochs": 4, "batch_size": batch_size,
                "dtype": dtype, "optimizer": nn.SGD(0.05)}
    one = nn.Network(**settings).fit(X, y)
    other = nn.Network(**settings).fit(on_disk, y)
    assert learned(one) == learned(other)
    assert (one.predict_proba(X) == other.predict_proba(on_disk)).all()
    assert one.evaluate(X, y) == other.evaluate(on_disk, y)
    again = nn.Network(**settings)
    for _ in range(4):
        again.partial_fit(on_disk, y)
    assert learned(one) == learned(again)
    assert (np.array(on_disk) == X).all()


@pytest.mark.parametrize("batch_size", [None, 10, 700])
def test_rows_are_copied_a_block_at_a_time(monkeypatch, batch_size, tmp_path):
    rng = np.random.default_rng(0)
    X = mapped(tmp_path, rng.normal(size=(8_000, 1_000)).astype("float32"))
    y = rng.integers(3, size=len(X))
    small_blocks(monkeypatch, (500, 1 << 20))
    network = nn.Network(4, batch_size=batch_size, epochs=1)
    network.partial_fit(X, y)
    tracemalloc.start()
    try:
        network.partial_fit(X, y)
        network.evaluate(X, y)
        network.predict(X)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < X.nbytes / 2
