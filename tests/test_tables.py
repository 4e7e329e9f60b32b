"""Tables, rules and wrappers that nn.py makes while it is imported.

The file is imported a second time, and what it makes then has to act like
what it made at first.  Mutation testing switches a mutant on after the first
import; only here does it meet the functions that run during one.
"""

import importlib.util
import sys

import numpy as np
import pytest

import nn
from store import adapter

PAIRS = [
    ('"format": 1', '"format": 2'), ('"format": 1', '"format": 1.0'),
    ('"nn_version": "1.0.0"', '"nn_version": ""'),
    ('"nn_version": "1.0.0"', '"nn_version": "\\n"'),
    ('"nn_version": "1.0.0"', '"nn_version": 1'),
    ('"epochs": 0', '"epochs": 5'), ('"epochs": 0', '"epochs": -1'),
    ('"batch_size": null', '"batch_size": 1'),
    ('"batch_size": null', '"batch_size": 0'),
    ('"batch_size": null', '"batch_size": 1.0'),
    ('"learning_rate": 0.1', '"learning_rate": 0'),
    ('"learning_rate": 0.1', '"learning_rate": 1e+308'),
    ('"learning_rate": 0.1', '"learning_rate": -0.1'),
    ('"learning_rate": 0.1', f'"learning_rate": {10**400}'),
    ('"learning_rate": 0.1', '"learning_rate": true'),
    ('"learning_rate": 0.1',
     f'"learning_rate": {int(sys.float_info.max)}'),
    ('"momentum": 0.0', '"momentum": 0.9'),
    ('"momentum": 0.0', '"momentum": 1'),
    ('"momentum": 0.0', '"momentum": 1.0'),
    ('"nesterov": false', '"nesterov": true'),
    ('"nesterov": false', '"nesterov": 0'),
    ('"activation": "tanh"', '"activation": "relu"'),
    ('"activation": "tanh"', '"activation": "TANH"'),
    ('"arithmetic": "blas"', '"arithmetic": "portable"'),
    ('"feature_names": null', '"feature_names": ["a", "b"]'),
    ('"feature_names": null', '"feature_names": ["a", 2]'),
    ('"feature_names": null', '"feature_names": ["a"]'),
    ('"feature_names": null', '"feature_names": "ab"'),
    ('"uinteger": 0', '"uinteger": 4294967295'),
    ('"uinteger": 0', '"uinteger": 4294967296'),
    ('"data_digest": "', '"data_digest": "0'),
    ('"loss_curve": []', '"loss_curve": [1]'),
    ('"W1": [2, 2]', '"W1": [2, 0]'), ('"W1": [2, 2]', '"W1": 4'),
]


@pytest.fixture
def again(monkeypatch):
    """nn.py, imported once more beside the first."""
    spec = importlib.util.spec_from_file_location("nn", nn.__file__)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "nn", module)
    spec.loader.exec_module(module)
    return module


def outcome(load, error, path):
    try:
        return repr(load(path))
    except error as refused:
        return str(refused)


def test_the_rules_for_saved_models_are_the_same(again, tmp_path):
    X, y = np.array([[0.0, 1.0], [1.0, 0.0]]), [0, 1]
    network = nn.Network(2, optimizer=nn.SGD(), epochs=0).fit(X, y)
    path = network.save(tmp_path)
    good = {name: (path / name).read_bytes()
            for name in ("config.json", "weights.npz")}
    config, seen = good["config.json"].decode(), set()
    for old, new in PAIRS:
        assert old in config
        text = config.replace(old, new, 1).encode()
        for name, data in adapter.reseal(
                {**good, "config.json": text}).items():
            (path / name).write_bytes(data)
        first = outcome(nn.Network.load, nn.ModelFormatError, path)
        assert first == outcome(again.Network.load, again.ModelFormatError,
                                path), (old, new)
        seen.add(first.startswith("Network"))
    assert seen == {True, False}


def test_portable_functions_have_the_same_bits(again):
    rng = np.random.default_rng(0)
    some = [np.array(0.5), np.zeros((0, 2)), rng.normal(size=(3, 50, 40)),
            rng.normal(size=9000) * 300, -np.logspace(-300, 300, 5000),
            np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, -1.0]),
            1 + rng.normal(size=999) * 1e-9, rng.normal(size=99).astype("f4")]
    for name in ("exp", "tanh", "log1p"):
        for x in some:
            first = getattr(nn._ARITHMETIC["portable"], name)(x)
            second = getattr(again._ARITHMETIC["portable"], name)(x)
            assert first.dtype == second.dtype == x.dtype
            assert first.shape == second.shape == x.shape
            assert first.tobytes() == second.tobytes()
            out = np.empty_like(x)
            assert getattr(again._ARITHMETIC["portable"], name)(x, out) is out
            assert out.tobytes() == first.tobytes()
