"""What the other files need to know of the store in nn.py.

A *model* here is a pair: a config without digests, and a dict of arrays.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

import nn


def save(directory, model):
    """Write the next version and return its path."""
    return nn._publish(Path(directory), nn._pack(*model))


def load(directory, version=None):
    """The model of the newest version, or of that one."""
    return nn._read_version(nn._newest(directory, version))


def small_model(tag=0.0):
    """The model with the smallest files that have everything in them."""
    return make_model(np.random.default_rng(1), 2, 2, ["no", "yes"], "SGD",
                      "float64", tag=tag)


def iris_model():
    return make_model(np.random.default_rng(1), 4, 16,
                      ["setosa", "versicolor", "virginica"], "SGD",
                      "float64", epochs=200)


def make_model(rng, d, h, labels, optimizer, dtype, epochs=3, tag=0.0):
    classes = np.unique(np.asarray(labels))
    k = len(classes) if len(classes) > 2 else 1
    shapes = nn._shapes(d, h, k)
    arrays = {name: rng.normal(size=shape).astype(dtype)
              for name, shape in shapes.items()}
    arrays["b2"].ravel()[0] = tag
    p = sum(a.size for a in arrays.values())
    slots = nn._SLOTS[optimizer or "SGD"](p, dtype)
    for slot, (slot_dtype, shape) in slots.items():
        arrays[f"optimizer.{slot}"] = rng.normal(size=shape) * np.ones(
            shape, slot_dtype)
        arrays[f"optimizer.{slot}"] = arrays[f"optimizer.{slot}"].astype(
            slot_dtype).reshape(shape)
    settings = {
        None: None,
        "SGD": {"name": "SGD", "learning_rate": 0.1, "momentum": 0.9,
                "nesterov": True},
        "Adam": {"name": "Adam", "learning_rate": 1, "beta1": 0.9,
                 "beta2": 0.999, "epsilon": 1e-8}}[optimizer]
    state = np.random.PCG64(int(rng.integers(2**31))).state
    return {
        "format": 1, "nn_version": "1.0.0",
        "hyperparameters": {
            "hidden_size": h, "activation": "tanh", "optimizer": settings,
            "batch_size": None, "epochs": epochs, "seed": 0, "dtype": dtype,
            "arithmetic": "blas"},
        "classes": {"dtype": classes.dtype.newbyteorder("<").str,
                    "values": classes.tolist()},
        "n_features_in": d, "feature_names": None,
        "shapes": {name: list(shape) for name, shape in shapes.items()},
        "epochs_done": epochs, "loss_curve": rng.random(epochs).tolist(),
        "random_state": {
            "bit_generator": "PCG64",
            "state": {key: str(value)
                      for key, value in state["state"].items()},
            "has_uint32": state["has_uint32"], "uinteger": state["uinteger"]},
        "data_digest": hashlib.sha256(b"data").hexdigest(),
        "environment": nn._environment(),
    }, arrays


def random_model(rng):
    """A model with whatever bits floats and labels can have."""
    kind = rng.integers(6)
    n = int(rng.integers(2, 9))
    labels = [
        lambda: rng.choice(200, n, replace=False).astype(
            rng.choice(["i8", "i4", "u1", "u8", "i2"])),
        lambda: np.array([int(rng.integers(-2**63, 2**63 - 1))
                          for _ in range(n)] + [-2**63, 2**63 - 1]),
        lambda: np.array([False, True]),
        lambda: np.array([random_text(rng) + str(i) for i in range(n)]),
        lambda: np.concatenate([[-0.0], np.rint(rng.normal(size=n) * 1e3) +
                                .0, [2.0**80, 7.0]]).astype(
                                    rng.choice(["f8", "f4"])),
        lambda: np.array([1, 2**63 + 5, 2**64 - 1], "u8"),
    ][kind]()
    dtype = str(rng.choice(["float64", "float32"]))
    config, arrays = make_model(
        rng, int(rng.integers(1, 9)), int(rng.integers(1, 20)), labels,
        [None, "SGD", "Adam"][rng.integers(3)], dtype,
        epochs=int(rng.integers(0, 12)))
    for name, array in arrays.items():
        if rng.random() < 0.5:          # any bits: NaN payloads, subnormals
            raw = rng.bytes(array.nbytes)
            arrays[name] = np.frombuffer(raw, array.dtype).reshape(
                array.shape).copy()
        elif array.ndim:
            with np.errstate(under="ignore"):
                array.ravel()[:1] = rng.choice(
                    [-0.0, 5e-324, np.inf, np.nan])
        if array.ndim == 2 and rng.random() < 0.5:
            arrays[name] = np.asfortranarray(arrays[name])
    curve = np.frombuffer(rng.bytes(8 * config["epochs_done"]))
    config["loss_curve"] = np.where(np.isfinite(curve), curve, -0.0).tolist()
    if rng.random() < 0.5:
        config["feature_names"] = [random_text(rng) for _ in range(
            config["n_features_in"])]
    return config, arrays


def random_text(rng):
    alphabet = "ab \"\\/\n\t[]{},:\0\x7fäß中\u2028\ud800😀\ufeff"
    return "".join(rng.choice(list(alphabet), int(rng.integers(0, 12))))


def same(a, b):
    """Whether two models are the same to the bit."""
    return describe(a) == describe(b)


def describe(model):
    config, arrays = model
    config = {key: value for key, value in config.items()
              if key != "weights_sha256"}
    return repr(config), {name: (array.dtype, array.shape, array.tobytes())
                          for name, array in sorted(arrays.items())}


def seal(text):
    """Config text whose last entry is sha256, with that digest made right."""
    above, mark, _ = text.rpartition(b'  "sha256": "')
    digest = hashlib.sha256(above).hexdigest().encode()
    return above + mark + digest + b'"\n}\n'


def reseal(files):
    """Both files of a version, with digests recomputed to match."""
    old = json.loads(files["config.json"], parse_constant=str)
    config = files["config.json"].replace(
        old["weights_sha256"].encode(),
        hashlib.sha256(files["weights.npz"]).hexdigest().encode())
    return {"weights.npz": files["weights.npz"], "config.json": seal(config)}
