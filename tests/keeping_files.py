"""The two files of a saved version: as they must be, damaged, and hostile.

``pack`` and ``write`` make format 1 a second time, from its description and
not with nn.py.  So a test can put anything into a file and still have it in
the form that ``save`` would give it.
"""

import copy
import io
import json
import os
import pickle
import struct
import zipfile
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import nn
from support import reseal, with_digest

FILES = "config.json", "weights.npz"


@lru_cache
def trained():
    return nn.Network(2, "tanh", nn.SGD(0.1, 0.9, True), None, 3).fit(
        [[0.0, 1.0], [1.0, 0.0]], ["no", "yes"])


def small(tag=0.0):
    """A network with the smallest files that have everything in them."""
    network = copy.deepcopy(trained())
    network.params_["b2"][0] = tag
    return network


def read(path):
    return {name: (Path(path) / name).read_bytes() for name in FILES}


def put(path, files):
    """Overwrite files, which is quicker than to write them anew."""
    for name, data in files.items():
        with open(path / name, "r+b") as file:
            file.write(data)
            file.truncate()


def kept(network):
    """The bytes that hold all of a network that matters."""
    with TemporaryDirectory() as directory:
        return read(network.save(directory))


# Format 1

def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def archive(members, how=zipfile.ZIP_STORED):
    """A zip file of pairs of a name and bytes, on no system and at no time."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as out:
        for name, data in members:
            member = zipfile.ZipInfo(name)
            out.writestr(member, data, how)
            member.create_system = member.external_attr = 0
    return file.getvalue()


def pack(arrays):
    """The weights.npz of these arrays."""
    return archive([(f"{name}.npy", npy(arrays[name]))
                    for name in sorted(arrays)])


def unpack(data):
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return dict(arrays)


def layout(value, margin="\n"):
    """Value as JSON, a line to each key and long lists three to a line."""
    inner = margin + "  "
    if isinstance(value, dict):
        return "{" + ",".join(
            f"{inner}{json.dumps(key)}: {layout(item, inner)}"
            for key, item in value.items()) + margin + "}"
    text = json.dumps(value)
    if not isinstance(value, list) or len(value) < 5:
        return text
    items = list(map(json.dumps, value))
    return "[" + ",".join(inner + ", ".join(items[i:i + 3]) for i in range(
        0, len(items), 3)) + margin + "]"


def write(config):
    """The config.json of a dict, its last entry being its own digest."""
    return with_digest((layout({**config, "sha256": ""}) + "\n").encode())


def sealed(files):
    """Both files of a version, with both digests made right."""
    return {**files, "config.json": reseal(*map(files.get, FILES))}


def as_made_by(old, new):
    """New files, as if written by the nn.py and on the machine of old."""
    config, before = (json.loads(files["config.json"]) for files in (new, old))
    config.update({key: before[key] for key in ("nn_version", "environment")})
    return {**new, "config.json": write(config)}


def refusal(path):
    """The message of the ModelFormatError that loading gives, or None."""
    try:
        nn.Network.load(path)
    except nn.ModelFormatError as error:
        return str(error)
    return None


# Damage

def damaged(data, step):
    """Every truncation of some bytes, and every step-th flip of one bit."""
    for length in range(len(data)):
        yield data[:length]
    for bit in range(0, 8 * len(data), step):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        yield bytes(flipped)


def mutate(rng, data):
    """Data with some pieces changed, cut out, doubled, moved or put in."""
    for _ in range(int(rng.integers(1, 4))):
        a, b, c = sorted(map(int, rng.integers(len(data) + 1, size=3)))
        b = min(b, a + int(rng.integers(1, 40)))
        text = "".join(rng.choice(list('0123456789.,:-+eE[]{}" tfn'), 3))
        piece = [b"", data[a:b] * 2, rng.bytes(b - a), data[c:c + b - a],
                 data[a:b] + text.encode(), rng.bytes(1) + data[a + 1:b]][
                     int(rng.integers(6))]
        data = data[:a] + piece + data[b:]
    return data


# Hostility.  What costs time or memory, would run, or would be written
# elsewhere is here; what merely makes no sense stands in refusals.txt.  Each
# function below yields pairs of a name and bytes.

class Bomb:
    """Unpickling this runs code, and Python tells of it."""

    def __reduce__(self):
        return exec, ("pass",)


def bad_weights(good):
    with zipfile.ZipFile(io.BytesIO(good)) as file:
        (_, w1), *rest = [(name, file.read(name)) for name in file.namelist()]
    first, extra = ("W1.npy", w1), ("extra.npy", w1)
    bomb, objects = pickle.dumps(Bomb()), npy(np.array([[Bomb()] * 2] * 2))
    yield from enumerate([
        bomb, objects, w1, good + b"junk", b"junk" + good, good + good])
    for how in zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2:
        yield f"packed in way {how}", archive([first, *rest], how)
    for members in ([], rest, [*rest, first], [first, first, *rest],
                    [first, *rest, extra], [first, *rest] + 10_000 * [extra]):
        yield f"{len(members)} members", archive(members)
    for name in "../W1.npy", "/etc/W1.npy", "C:\\W1.npy", "W1", "":
        yield f"member named {name!r}", archive([(name, w1), *rest])
    for old, new in [
            *((b"'<f8'", descr) for descr in (
                b"'>f8'", b"'<i8'", b"'<M8[s]'", b"'|O'", b"exec('1')",
                b"[('x', '<f8')]")),
            *((b"(2, 2)", shape) for shape in (
                b"(1000000000000, 2)", b"(-1, 2)", b"(4,)",
                b"(__import__('os'), 2)")),
            (b"False", b"True")]:
        text = w1[10:127].replace(old, new).rstrip().ljust(117)
        yield f"header with {new}", archive([
            ("W1.npy", w1[:10] + text + w1[127:]), *rest])
    for name, data in {
            "pickle": bomb, "objects": objects, "header cut": w1[:20],
            "40 MB": npy(np.zeros(5_000_000)), "header of 20 MB": struct.pack(
                "<6s2BL20000000x", b"\x93NUMPY", 2, 0, 20_000_000)}.items():
        yield f"W1 of {name}", archive(
            [("W1.npy", data), *rest], zipfile.ZIP_DEFLATED)
    for name in unpack(good):
        for value in np.nan, np.inf, -np.inf:
            arrays = unpack(good)
            arrays[name].flat[-1] = value
            yield f"{value} in {name}", pack(arrays)


def bad_text(good):
    """Configs that are no text as ``save`` writes it."""
    yield from enumerate([
        b"", b"{}", b"[]", pickle.dumps(Bomb()), bytes(1000),
        good.decode().encode("utf-16"), b"\xef\xbb\xbf" + good,
        good.replace(b"\n", b"\r\n"), json.dumps(json.loads(good)).encode(),
        good + b"junk", good + good, b"[" * 100_000, b'{"":' * 50_000])
    for old, new in [
            (b"{\n", b"{ // hello\n"), (b'"no"', '"nö"'.encode()),
            (b'"format": 1', b'"format":  1'),
            *((b'"learning_rate": 0.1', b'"learning_rate": ' + number)
              for number in (b"NaN", b"-Infinity", b"1e999", b"1e5", b"0.10",
                             b"0." + b"1" * 1_990_000, b"9" * 1_990_000)),
            *((b'"tanh"', value) for value in (
                b'"\\u0074anh"', b"[" * 100_000, b'{"":' * 50_000,
                b"[" + b"[]," * 600_000 + b"0]",
                b"[" + b"{}," * 59_000 + b"0]",
                b"[" + b"0.5," * 119_000 + b"0]", b"{" + b",".join(
                    b'"%d":0' % i for i in range(59_000)) + b"}",
                b'"%s"' % (b"x" * 1_990_000),
                b'"\\ud83d\\ude00%s"' % (b"x" * 1_990_000)))]:
        assert old in good
        yield f"{old} is {new[:20]}, {len(new)}", good.replace(old, new, 1)


# What a config may not say, though the text is as save would write it.  No
# entry may be of another kind than it is, but for those in LOOSE, with the
# kinds that they may have besides; and none may be one of these containers.

KINDS = [None, False, True, 0, 1, 0.5, "", "1", [], ["1"], {}]
LOOSE = {
    "environment": [dict], "feature_names": [type(None)],
    "data_digest": [type(None)], "hyperparameters.optimizer": [type(None)],
    "hyperparameters.batch_size": [int],
    "hyperparameters.optimizer.momentum": [int],
    "hyperparameters.optimizer.learning_rate": [int]}
HOSTILE = {
    "hyperparameters.__class__": ["os"],
    "hyperparameters.hidden_size": [10**12, 10**900],
    "hyperparameters.activation": ["os.system", "__import__('os').abort()"],
    "hyperparameters.optimizer.name": ["nn.SGD", "exec", "builtins.eval"],
    "hyperparameters.optimizer.path": ["/etc/passwd"],
    "hyperparameters.optimizer.momentum": [10**400],
    "hyperparameters.optimizer.learning_rate": [10**400],
    "hyperparameters.dtype": ["O", ">f8"],
    "classes": [{"dtype": dtype, "values": values} for dtype, values in [
        ("<U999999", ["no", "yes"]), ("<U9999999999", ["no", "yes"]),
        ("O", ["no", "yes"]), ("<M8[s]", [0, 1]), ("<c16", [0.0, 1.0]),
        ("i8,i8", [0, 1]), ("<i8", [0, 2**63]), ("|i1", [0, 300]),
        ("|u1", [-1, 1])]],
    "n_features_in": [10**15],
    "shapes.W1": [[10**9, 10**9]],
    "random_state.bit_generator": ["MT19937", "os.system"],
    "random_state.state.inc": ["9" * 10_000]}


def entries(config, above=""):
    """Each entry of a config with its dotted path, dicts themselves too."""
    for key, value in config.items():
        yield above + key, value
        if isinstance(value, dict):
            yield from entries(value, f"{above}{key}.")


def changed(config, dotted, value):
    """A copy of the config with another value at a key or a dotted path."""
    key, _, rest = dotted.partition(".")
    return {**config, key: changed(config[key], rest, value) if rest
            else value}


def wrong_configs(good):
    """Configs that are written as ``save`` would, and make no sense."""
    config = json.loads(good)
    del config["sha256"]
    for key in config:
        yield f"no {key}", write({
            name: config[name] for name in config if name != key})
    wrong = [(path, other) for path, value in entries(config)
             for other in KINDS if type(other) not in LOOSE.get(path, [])
             if type(other) is not type(value) or type(other) in (list, dict)]
    wrong += [(path, value) for path in HOSTILE for value in HOSTILE[path]]
    for path, value in wrong:
        yield f"{path} {repr(value)[:75]}", write(
            changed(config, path, value))
    sizes = {"W1": [2, 10**9], "b1": [10**9], "W2": [10**9, 1], "b2": [1]}
    yield "consistent, and huge", write(changed(changed(
        config, "hyperparameters.hidden_size", 10**9), "shapes", sizes))


# What stands at the path of a file and is no such file.
ODD = {
    "symlink": lambda place, data, aside: (
        aside.write_bytes(data), place.symlink_to(aside)),
    "endless device": lambda place, *_: place.symlink_to("/dev/zero"),
    "pipe": lambda place, *_: os.mkfifo(place),
    "sparse file of 200 MB": lambda place, data, aside: (
        place.write_bytes(data), os.truncate(place, 200 * 2**20)),
    "directory": lambda place, *_: place.mkdir()}


def hostile(directory):
    """Yield the name and the path of each hostile case once it is there."""
    path = small().save(directory)
    good = read(path)
    for name, cases in [("weights.npz", bad_weights),
                        ("config.json", bad_text),
                        ("config.json", wrong_configs)]:
        for what, data in cases(good[name]):
            for files in {**good, name: data}, sealed({**good, name: data}):
                if files != good:
                    put(path, files)
                    yield f"{name}, {what}", path
        put(path, good)
    for name in FILES:
        for what, make in ODD.items():
            path = small().save(directory)
            os.remove(path / name)
            make(path / name, good[name], path / "aside")
            yield f"{name} is a {what}", path
