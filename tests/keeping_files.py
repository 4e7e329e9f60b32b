"""The two files of a saved version: as they must be, damaged, and hostile.

``pack`` and ``write`` make format 1 a second time, from its description and
not with nn.py.  So a test can put anything into a file and still have it in
the form that ``save`` would give it.
"""

import copy
import hashlib
import io
import json
import os
import pickle
import re
import signal
import struct
import time
import timeit
import tracemalloc
import warnings
import zipfile
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

import nn

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

def npy_header(descr="'<f8'", order="False", shape="(2, 2)", size=128):
    text = (f"{{'descr': {descr}, 'fortran_order': {order}, "
            f"'shape': {shape}, }}").encode().ljust(size - 11) + b"\n"
    short = len(text) < 2**16
    return struct.pack("<6s2B" + "LH"[short], b"\x93NUMPY", 2 - short, 0,
                       len(text)) + text


def npy(array):
    array = np.asarray(array)
    little = array.astype(array.dtype.newbyteorder("<"))
    return npy_header(repr(little.dtype.str), shape=str(little.shape)) + (
        little.tobytes())


def archive(members, how=zipfile.ZIP_STORED, system=0):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as out, warnings.catch_warnings():
        warnings.simplefilter("ignore")         # two members of one name
        for name, data in members:
            out.writestr(zipfile.ZipInfo(name), data, how)
        for entry in out.filelist:
            entry.create_system, entry.external_attr = system, 0
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
    return seal((layout({**config, "sha256": ""}) + "\n").encode())


def seal(text):
    """Config text whose last entry is sha256, with that digest made right."""
    above, mark, _ = text.rpartition(b'  "sha256": "')
    return above + mark + sha256(above) + b'"\n}\n'


def reseal(files):
    """Both files of a version, with both digests made right."""
    config = re.sub(rb'("weights_sha256": ")[^"]*', rb"\g<1>" + sha256(
        files["weights.npz"]), files["config.json"])
    return {**files, "config.json": seal(config)}


def sha256(data):
    return hashlib.sha256(data).hexdigest().encode()


def as_made_by(old, new):
    """New files, as if written by the nn.py and on the machine of old."""
    config, before = (json.loads(files["config.json"]) for files in (new, old))
    config.update({key: before[key] for key in ("nn_version", "environment")})
    return {**new, "config.json": write(config)}


# What loading says of it

def refusal(path):
    """The message of the ModelFormatError that loading gives, or None."""
    try:
        nn.Network.load(path)
    except nn.ModelFormatError as error:
        return str(error)
    return None


def is_helpful(message):
    """Whether it names the file at fault, and ends with what to do."""
    return re.search("(config.json|weights.npz).*; (load|give|save|train) "
                     "[^;]+$", message, re.DOTALL) is not None


def costs(path):
    """The seconds and the peak of bytes that a load, or its refusal, takes."""
    seconds = min(timeit.repeat(lambda: refusal(path), number=1, repeat=2,
                                timer=time.process_time))
    tracemalloc.start()
    refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, peak


@contextmanager
def within(seconds):
    """Fail in what takes longer, waits without end included."""
    def stop(*args):        # with what nn.py cannot take for a bad file
        pytest.fail(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


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


# Hostility.  Each function below yields pairs of a name and bytes that are
# not those of a good file.

class Bomb:
    """Unpickling this runs code, and Python tells of it."""

    def __reduce__(self):
        return exec, ("pass",)


def bad_weights(good):
    with zipfile.ZipFile(io.BytesIO(good)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    listed, w1 = list(members.items()), np.arange(4.0).reshape(2, 2)
    objects, bomb = io.BytesIO(), pickle.dumps(Bomb())
    np.save(objects, np.array([[Bomb(), 1], [2, 3]]), allow_pickle=True)
    yield from enumerate([
        b"", b"hello, world\n", bomb, pickle.dumps({"W1": w1}), npy(w1),
        objects.getvalue(), archive([]), archive(listed, system=3),
        archive(listed, zipfile.ZIP_DEFLATED),
        archive(listed, zipfile.ZIP_BZIP2),
        archive([*listed, listed[0]]), archive([("W1.npy", npy(w1)), *listed]),
        archive([*listed, ("extra.npy", npy(w1))]),
        archive([*listed, ("readme", b"hi")]), archive(listed[1:]),
        archive(listed[:-1]), archive(listed[::-1]),
        archive(listed + [(f"x{i}.npy", b"") for i in range(10_000)]),
        good + b"junk", good + bytes(64), good + good, b"junk" + good,
        good[:-4] + b"junk", good[:-2] + b"\4\0junk",
        good[:200] + good[201:199:-1] + good[202:],     # two bytes swapped
        good[:14] + b"\0\0\0\0" + good[18:],            # a checksum
        good[:6] + b"\1\0" + good[8:],                  # a flag: encrypted
        good[:10] + b"\1\1" + good[12:],                # the clock
        good[:-6] + bytes(4) + good[-2:]])              # the listing's place
    for name in ("../W1.npy", "../npy", "/etc/W1.npy", "C:\\W1.npy", "w1.npy",
                 "W1", ""):
        yield f"member named {name!r}", archive(
            [(name if old == "W1.npy" else old, data) for old, data in listed])
    yield "member named 'W1\\0npy'", good.replace(b"W1.npy", b"W1\0npy", 1)
    for key, values in {
            "descr": ["'>f8'", "'=f8'", "'<i8'", "'<M8'", "'|O8'", "'O'",
                      "exec('1')", "(" * 500],
            "order": ["True ", "0"],
            "shape": ["(1000000000000, 2)", f"({2**62}, {2**62})", "(-1, 2)",
                      "(1, 4)", "(2,2 )", "()", "(True, 2)", "(2, 2), 'x': 1",
                      "(__import__('os'), 2)"],
            "size": [64, 10**6]}.items():
        for value in values:
            yield f"header with {key} {str(value)[:30]}", archive({
                **members, "W1.npy": npy_header(**{key: value}) + members[
                    "W1.npy"][128:]}.items())
    for name, data in {
            "pickle": bomb, "objects": objects.getvalue(),
            "header cut": npy_header()[:20],
            "version 9.9": b"\x93NUMPY\x09\x09" + npy_header()[8:],
            "wrong magic": b"\x93NUMPI" + npy_header()[6:] + bytes(32),
            **{dtype: npy(w1.astype("i8").astype(dtype)) for dtype in [
                "f4", "c16", "f8,f8", "U4", "M8[s]", "V8"]}}.items():
        yield f"W1 of {name}", archive({**members, "W1.npy": data}.items())
    for name, data in [
            ("bomb", npy_header(shape="(5000000,)") + bytes(4 * 10**7)),
            ("header of 20 MB", npy_header(size=2 * 10**7) + bytes(32))]:
        yield f"deflated {name}", archive(
            [*listed[1:], ("W1.npy", data)], zipfile.ZIP_DEFLATED)
    for name in members:
        for value in np.nan, np.inf, -np.inf:
            arrays = unpack(good)
            arrays[name.removesuffix(".npy")].flat[-1] = value
            yield f"{value} in {name}", pack(arrays)


def bad_text(good):
    """Configs that are no text as ``save`` writes it."""
    def instead(new, old=b'"tanh"'):
        assert old in good
        return good.replace(old, new, 1)

    yield from enumerate([
        b"", b"{}", b"[]", b"null", b'{\n  "sha256": ""\n}\n', b"hello",
        pickle.dumps(Bomb()), bytes(1000), good.decode().encode("utf-16"),
        b"\xef\xbb\xbf" + good, good.replace(b"\n", b"\r\n"),
        json.dumps(json.loads(good)).encode(), good + b"junk", good + b" ",
        good + b"\n", good + good])
    for new, old in [
            (b'"\xff\xfe"', b'"tanh"'), ('"nö"'.encode(), b'"no"'),
            (b"{ // hello\n", b"{\n"), (b"],\n", b"]\n"),
            (b'"format":  1', b'"format": 1'), (b'"\\u0074anh"', b'"tanh"')]:
        yield f"{old} replaced by {new}", instead(new, old)
    yield from {
        **{f"seed of {n} digits": instead(b'"seed": ' + b"9" * n, b'"seed": 0')
           for n in (100_000, 1_990_000)},
        "fraction of 2 million digits": instead(b"0." + b"1" * 1_990_000),
        "exponent of 100,000 digits": instead(b"1e-" + b"9" * 100_000),
        "deep, closed": instead(b"[" * 900 + b"]" * 900),
        **{f"{n:,} times {item}": instead(
            b"[" + item * n + item[:-1] + b"]") for n, item in [
                (600_000, b"[],"), (59_000, b"[],"), (59_000, b"{},"),
                (550_000, b"0.5,"), (119_000, b"0.5,")]},
        "many keys": instead(b"{" + b",".join(
            b'"%d":0' % i for i in range(59_000)) + b"}"),
        "long string": instead(b'"%s"' % (b"x" * 1_990_000)),
        "long string, four bytes to a letter": instead(
            b'"\\ud83d\\ude00' + b"x" * 1_990_000 + b'"')}.items()
    for key, twice in [
            ("epochs", '3,\n    "epochs": 3'), ("seed", '7,\n    "seed": 0'),
            ("format", '2,\n  "format": 1'), ("format", '1,\n  "sha256": ""')]:
        yield f"a key twice, {key} {twice[0]}", re.sub(
            rf'(?<="{key}": )\d'.encode(), twice.encode(), good, count=1)
    for name, deep in ("lists", b"[" * 100_000), ("objects", b'{"":' * 50_000):
        yield f"deep {name}", deep
        yield f"deep {name} within", instead(deep)
    for number in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e5",
                   "0.10", "01", "+1", ".5", "1_0", "-0.1"):
        yield f"learning rate {number}", instead(
            f'"learning_rate": {number}'.encode(), b'"learning_rate": 0.1')


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
WRONG = {
    "unknown": [1],
    "format": [0, 2],
    "hyperparameters.__class__": ["os"],
    "hyperparameters.hidden_size": [0, -2, 3, 10**12, 10**900],
    "hyperparameters.activation": [
        "os.system", "__import__('os').abort()", "../tanh", "Tanh", "",
        "nn.tanh", "softmax"],
    "hyperparameters.optimizer": [{"name": "SGD"}],
    "hyperparameters.optimizer.name": [
        "Adam", "sgd", "nn.SGD", "builtins.eval", ""],
    "hyperparameters.optimizer.path": ["/etc/passwd"],
    "hyperparameters.optimizer.momentum": [1, 1.0, -0.1, 10**400],
    "hyperparameters.optimizer.learning_rate": [10**400],
    "hyperparameters.batch_size": [0, -1],
    "hyperparameters.epochs": [-1],
    "hyperparameters.seed": [-1, 2**200],
    "hyperparameters.dtype": ["float16", "float32", "O", ">f8"],
    "hyperparameters.arithmetic": ["numpy", "", "os"],
    "classes": [{"values": ["no", "yes"]},
                {"dtype": "<i8", "values": [0, 1], "x": 0}] + [
        {"dtype": dtype, "values": values} for dtype, values in [
            ("<U3", ["yes", "no"]), ("<U3", ["no", "no"]), ("<U3", ["no"]),
            ("<U3", ["a", "b", "c"]), ("<U3", ["no", "ye\0"]),
            ("<U3", ["no", 1]), ("<U3", [0, 1]),
            ("<U2", ["no", "yes"]), ("<U999999", ["no", "yes"]),
            ("<U9999999999", ["no", "yes"]), (">U3", ["no", "yes"]),
            ("<U99999", list("abcdefghijklmnopqrstuvwxyz")),
            ("U3", ["no", "yes"]), ("O", ["no", "yes"]), ("|O", [0, 1]),
            ("<M8[s]", [0, 1]), ("<c16", [0.0, 1.0]), ("i8,i8", [0, 1]),
            ("<i8", [1, 0]), ("<i8", [1, 1]), ("<i8", [False, True]),
            ("<i8", [0.0, 1.0]), ("<i8", [0, 2**63]), ("<i8", [[0], [1]]),
            ("|i1", [0, 300]), ("|u1", [-1, 1]), ("|b1", [True, False]),
            ("|b1", [0, 1]), ("<f8", [0.5, 1.0]), ("<f8", [-0.0, 0.0]),
            ("<f8", [0, 1]), ("<f4", [0.0, 1e300]), ("<f2", [0.0, 2049.0]),
            ("<f4", [0.0, 16777217.0])]],
    "n_features_in": [0, 1, 3, -2, 10**15],
    "feature_names": [["a"], ["a", "b", "c"], ["a", 1], [["a"], "b"], "ab"],
    "shapes": [{"W1": [2, 2]}],
    "shapes.W1": [[2, 3], [2, -2], [2, 0], [4], [2.0, 2], [10**9, 10**9]],
    "shapes.b2": [[True], [2]],
    "shapes.x": [[1]],
    "epochs_done": [2, -1],
    "loss_curve": [[0.1] * 4, *([0.1, 0.2, last] for last in (
        1, None, "0.3", [0.3]))],
    "random_state.bit_generator": ["MT19937", "os.system"],
    "random_state.state.state": ["-1", "0x10", "1_0", "007", "٣",
                                 str(2**128)],
    "random_state.state.inc": ["9" * 10_000, "2", "-1"],
    "random_state.has_uint32": [2],
    "random_state.uinteger": [2**32, -1],
    "data_digest": ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64,
                    "0" * 64 + "\n"],
    "weights_sha256": ["", "0" * 64],
}


def entries(config, above=""):
    """Each entry of a config with its dotted path, dicts themselves too."""
    for key, value in config.items():
        yield above + key, value
        if isinstance(value, dict):
            yield from entries(value, f"{above}{key}.")


def wrong_configs(good):
    """Configs that are written as ``save`` would, and make no sense."""
    config = json.loads(good)
    del config["sha256"]
    for key in config:
        yield f"no {key}", write({name: value for name, value in
                                  config.items() if name != key})
    wrong = [(path, other) for path, value in entries(config)
             for other in KINDS if type(other) not in LOOSE.get(path, [])
             if type(other) is not type(value) or type(other) in (list, dict)]
    wrong += [(path, value) for path in WRONG for value in WRONG[path]]
    for path, value in wrong:
        yield f"{path} {repr(value)[:75]}", write(changed(config, path, value))
    sizes = {"W1": [2, 10**9], "b1": [10**9], "W2": [10**9, 1], "b2": [1]}
    yield "consistent, and huge", write(changed(changed(
        config, "hyperparameters.hidden_size", 10**9), "shapes", sizes))


def changed(config, dotted, value):
    """A copy of the config with another value at a key or a dotted path."""
    key, _, rest = dotted.partition(".")
    return {**config, key: changed(config[key], rest, value) if rest
            else value}


# What stands at the path of a file and is no such file.
ODD = {
    "missing": lambda place, data, aside: None,
    "symlink": lambda place, data, aside: (
        aside.write_bytes(data), place.symlink_to(aside)),
    "dangling symlink": lambda place, *_: place.symlink_to("nowhere"),
    "endless device": lambda place, *_: place.symlink_to("/dev/zero"),
    "pipe": lambda place, *_: os.mkfifo(place),
    "sparse file of 200 MB": lambda place, data, aside: (
        place.write_bytes(data), os.truncate(place, 200 * 2**20)),
    "directory": lambda place, *_: place.mkdir(),
}


def hostile(directory):
    """Yield the name and the path of each hostile case once it is there."""
    path = small().save(directory)
    good = read(path)
    for name, cases in [("weights.npz", bad_weights),
                        ("config.json", bad_text),
                        ("config.json", wrong_configs)]:
        for what, data in cases(good[name]):
            new = {**good, name: data}
            for files in new, reseal(new):
                if files not in (good, read(path)):
                    put(path, files)
                    yield f"{name}, {what}", path
        put(path, good)
    for name in FILES:
        for what, make in ODD.items():
            path = small().save(directory)
            os.remove(path / name)
            make(path / name, good[name], path / "aside")
            yield f"{name} is a {what}", path
