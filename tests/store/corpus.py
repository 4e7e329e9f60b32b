"""Files that somebody might leave where a model is expected."""

import io
import json
import pickle
import re
import struct
import zipfile

import numpy as np

import nn

MARK = "NN_TEST_CODE_WAS_RUN"


class Bomb:
    """Unpickling this leaves a trace."""

    def __reduce__(self):
        return exec, (f"import os; os.environ[{MARK!r}] = '1'",)


def npy(array, **how):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, **how)
    return file.getvalue()


def header(descr="'<f8'", order="False", shape="(2, 2)", pad=0):
    text = (f"{{'descr': {descr}, 'fortran_order': {order}, "
            f"'shape': {shape}, }}")
    text = text + " " * (pad - len(text)) + "\n"
    if len(text) < 2**16:
        return struct.pack("<6s2BH", b"\x93NUMPY", 1, 0, len(text)) + (
            text.encode())
    return struct.pack("<6s2BL", b"\x93NUMPY", 2, 0, len(text)) + text.encode()


def archive(members, how=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as out:
        for name, data in members:
            out.writestr(zipfile.ZipInfo(name), data, how)
    return file.getvalue()


def weights_cases(good):
    """Pairs of a name and the bytes of a weights.npz that is not good."""
    with zipfile.ZipFile(io.BytesIO(good)) as file:
        members = [(name, file.read(name)) for name in file.namelist()]
    at = {name: i for i, (name, _) in enumerate(members)}
    w1 = np.arange(4.0).reshape(2, 2)

    def swap(data, name="W1.npy"):
        changed = list(members)
        changed[at[name]] = (name, data)
        return archive(changed)

    def rename(new, old="W1.npy"):
        return archive([(new if name == old else name, data)
                        for name, data in members])

    import warnings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        doubled = archive([*members, members[0]])
        doubled_first = archive([("W1.npy", npy(w1)), *members])
    objects = npy(np.array([[Bomb(), 1], [2, 3]], object), allow_pickle=True)
    yield "rewritten by zipfile", archive(members)
    yield "empty", b""
    yield "empty zip", archive([])
    yield "text", b"hello, world\n"
    yield "pickle", pickle.dumps(Bomb())
    yield "pickle of arrays", pickle.dumps({"W1": w1})
    yield "bare npy", npy(w1)
    yield "bare npy of objects", objects
    yield "pickled member", swap(objects)
    yield "raw pickle as member", swap(pickle.dumps(Bomb()))
    yield "duplicate member", doubled
    yield "duplicate member, other content first", doubled_first
    yield "extra member", archive([*members, ("extra.npy", npy(w1))])
    yield "extra member, no npy", archive([*members, ("readme", b"hi")])
    yield "missing member", archive(members[1:])
    yield "missing last member", archive(members[:-1])
    yield "members in another order", archive(members[::-1])
    yield "10,000 members", archive(
        members + [(f"x{i}.npy", b"") for i in range(10_000)])
    yield "name ../", rename("../W1.npy")
    yield "name of same length ../", rename("../npy")
    yield "absolute name", rename("/etc/W1.npy")
    yield "Windows name", rename("C:\\W1.npy")
    yield "name in capitals", rename("w1.npy")
    yield "name without npy", rename("W1")
    yield "empty name", rename("")
    yield "name with NUL", rename("W1.npy\0x")
    yield "deflated", archive(members, zipfile.ZIP_DEFLATED)
    yield "bzip2", archive(members, zipfile.ZIP_BZIP2)
    yield "deflate bomb", archive(
        [*members[1:], ("W1.npy", header(shape="(5000000,)")
                        + bytes(4 * 10**7))],
        zipfile.ZIP_DEFLATED)
    yield "deflated header of 20 MB", archive(
        [*members[1:], ("W1.npy", header(pad=2 * 10**7) + bytes(32))],
        zipfile.ZIP_DEFLATED)
    yield "huge declared shape", swap(header(shape="(1000000000000, 2)"))
    yield "shape that overflows", swap(header(shape=f"({2**62}, {2**62})"))
    yield "negative shape", swap(header(shape="(-1, 2)") + bytes(32))
    yield "transposed shape", swap(header(shape="(1, 4)") + bytes(32))
    yield "zero-dimensional", swap(header(shape="()") + bytes(8))
    yield "shape of True", swap(header(shape="(True, 2)") + bytes(32))
    yield "shape of code", swap(header(shape="(__import__('os'), 2)"))
    yield "header of code", swap(header(descr="exec('1')") + bytes(32))
    yield "header in brackets", swap(header(descr="(" * 500) + bytes(32))
    yield "header of 1 MB", swap(header(pad=10**6) + bytes(32))
    yield "header cut", swap(header()[:20])
    yield "header with an unknown key", swap(
        header(shape="(2, 2), 'x': 1") + bytes(32))
    yield "npy version 2.0", swap(npy(w1, version=(2, 0)))
    yield "npy version 9.9", swap(b"\x93NUMPY\x09\x09" + header()[8:])
    yield "npy magic wrong", swap(b"\x93NUMPI" + header()[6:] + bytes(32))
    yield "big-endian", swap(npy(w1.astype(">f8")))
    yield "big-endian in place", good.replace(b"<f8", b">f8", 1)
    yield "native mark", good.replace(b"<f8", b"=f8", 1)
    yield "float32", swap(npy(w1.astype("f4")))
    yield "int64 in place", good.replace(b"<f8", b"<i8", 1)
    yield "complex", swap(npy(w1.astype(complex)))
    yield "structured", swap(npy(np.zeros((2, 2), [("a", "<f8")])))
    yield "strings", swap(npy(np.full((2, 2), "abcd")))
    yield "datetime", swap(npy(np.zeros((2, 2), "<M8[s]")))
    yield "datetime in place", good.replace(b"<f8", b"<M8", 1)
    yield "void", swap(npy(np.zeros((2, 2), "V8")))
    yield "Fortran order", swap(npy(np.asfortranarray(w1)))
    yield "Fortran order in place", good.replace(b"False", b"True ", 1)
    yield "appended junk", good + b"junk"
    yield "appended zeros", good + bytes(64)
    yield "appended archive", good + good
    yield "prepended junk", b"junk" + good
    yield "junk for the last bytes", good[:-4] + b"junk"
    yield "zip comment", good[:-2] + b"\4\0junk"
    yield "two bytes swapped", good[:200] + good[201:199:-1] + good[202:]
    yield "wrong checksum", good[:14] + b"\0\0\0\0" + good[18:]
    yield "encrypted flag", good[:6] + b"\1\0" + good[8:]
    yield "clock date", good[:10] + b"\1\1" + good[12:]
    yield "directory offset zero", good[:-6] + bytes(4) + good[-2:]


# What replaces the text of a value.  The key comes with it, so that each
# pattern is found once.
def config_cases(good):
    """Pairs of a name and the bytes of a config.json that is not good."""
    def change(key, value, text=good):
        pattern = rb'("%s": )(\[[^\]]*\]|"[^"]*"|[-\w.+]+)' % key.encode()
        new, n = re.subn(pattern, lambda m: m[1] + value.encode(), text,
                         count=1)
        assert n == 1, key
        return new

    def over(path, value):
        config = json.loads(good)
        place = config
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        return rewrite(config)

    def rewrite(config):
        del config["sha256"]
        return nn._dump_config(config)

    def without(key):
        config = json.loads(good)
        del config[key]
        return rewrite(config)

    config = json.loads(good)
    yield "empty", b""
    yield "empty object", b"{}"
    yield "empty object, sealed", b'{\n  "sha256": ""\n}\n'
    yield "list", b"[]"
    yield "null", b"null"
    yield "text", b"hello"
    yield "pickle", pickle.dumps(Bomb())
    yield "NUL bytes", bytes(1000)
    yield "not UTF-8", good.replace(b'"tanh"', b'"\xff\xfe"')
    yield "UTF-8, not ASCII", good.replace(b'"no"', '"nö"'.encode())
    yield "UTF-16", good.decode().encode("utf-16")
    yield "byte order mark", b"\xef\xbb\xbf" + good
    yield "Windows line ends", good.replace(b"\n", b"\r\n")
    yield "on one line", json.dumps(config).encode()
    yield "comment", good.replace(b"{\n", b"{ // hello\n", 1)
    yield "trailing comma", good.replace(b"]\n", b"],\n", 1)
    yield "appended junk", good + b"junk"
    yield "appended space", good + b" "
    yield "appended config", good + good
    yield "duplicate key", good.replace(b'"epochs": 3', b'"epochs": 3,\n'
                                        b'    "epochs": 3')
    yield "duplicate key, other value", good.replace(
        b'"seed": 0', b'"seed": 7,\n    "seed": 0')
    yield "duplicate format", good.replace(b'  "format"', b'  "format": 2,\n'
                                           b'  "format"')
    yield "duplicate digest", good.replace(b'  "format"', b'  "sha256": "",\n'
                                           b'  "format"')
    for number in "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e5", (
            "0.10"), "01", "+1", ".5", "1_0", "true", '"0.1"', "null", "-0.1":
        yield f"learning rate {number}", change("learning_rate", number)
    yield "number of 100,000 digits", change("seed", "9" * 100_000)
    yield "number of 2 million digits", change("seed", "9" * 1_990_000)
    yield "fraction of 2 million digits", change(
        "learning_rate", "0." + "1" * 1_990_000)
    yield "exponent of 100,000 digits", change(
        "learning_rate", "1e-" + "9" * 100_000)
    for name, deep in ("lists", b"[" * 100_000), ("objects", b'{"":' * 50_000):
        yield f"deep {name}", deep
        yield f"deep {name} within", good.replace(b'"tanh"', deep)
    yield "deep, closed", good.replace(b'"tanh"', b"[" * 900 + b"]" * 900)
    yield "many empty lists", good.replace(
        b'"tanh"', b"[" + b"[]," * 600_000 + b"[]]")
    yield "many empty objects", good.replace(
        b'"tanh"', b"[" + b"{}," * 59_000 + b"{}]")
    yield "many empty lists, within the limits", good.replace(
        b'"tanh"', b"[" + b"[]," * 59_000 + b"[]]")
    yield "many numbers, within the limits", good.replace(
        b'"tanh"', b"[" + b"0.5," * 119_000 + b"0.5]")
    yield "many numbers", good.replace(
        b'"tanh"', b"[" + b"0.5," * 550_000 + b"0.5]")
    yield "many keys", good.replace(
        b'"tanh"', b"{" + b",".join(b'"%d":0' % i for i in range(59_000))
        + b"}")
    yield "long string", good.replace(b'"tanh"', b'"%s"' % (b"x" * 1_990_000))
    yield "long string, four bytes to a letter", good.replace(
        b'"tanh"', b'"\\ud83d\\ude00' + b"x" * 1_990_000 + b'"')
    yield "oversize", good.replace(b'"tanh"', b'"' + b"x" * 10**8 + b'"')
    for key in config:
        if key != "sha256":
            yield f"no {key}", without(key)
    yield "unknown key", over(["unknown"], 1)
    yield "unknown setting", over(["hyperparameters", "__class__"], "os")
    yield "unknown optimizer setting", over(
        ["hyperparameters", "optimizer", "path"], "/etc/passwd")
    for value in 0, 2, 1.0, True, "1", None, [1], {}:
        yield f"format {value!r}", over(["format"], value)
    for key, values in {
            "hidden_size": [0, -2, 3, 2.0, True, "2", None, 10**12, 10**900],
            "activation": ["os.system", "__import__('os').abort()", "numpy",
                           "/bin/sh", "../tanh", "Tanh", "", None, 1, ["tanh"],
                           {"tanh": 1}, "cos:tanh", "nn.tanh", "softmax"],
            "optimizer": ["SGD", [], 0, {}, {"name": "SGD"}, False],
            "batch_size": [0, -1, 1.5, True, "all"],
            "epochs": [-1, 1.0, None, True],
            "seed": [-1, 0.0, None, False, "0"],
            "dtype": ["float16", "float32", "object", "O", ">f8", None],
            "arithmetic": ["numpy", "", None, "os"]}.items():
        for value in values:
            yield f"{key} {str(value)[:30]!r}", over(
                ["hyperparameters", key], value)
    for name in ("os.system", "Adam", "sgd", "nn.SGD", "builtins.eval", "",
                 None, 1, [], {}, "../SGD", "subprocess.Popen"):
        yield f"optimizer named {name!r}", over(
            ["hyperparameters", "optimizer", "name"], name)
    for key, value in [("nesterov", 1), ("nesterov", None), ("momentum", 1.0),
                       ("momentum", True), ("momentum", 10**400),
                       ("learning_rate", 10**400), ("momentum", "0")]:
        yield f"{key} {str(value)[:30]}", over(
            ["hyperparameters", "optimizer", key], value)
    for classes in (
            {"dtype": "<U3", "values": ["yes", "no"]},
            {"dtype": "<U3", "values": ["no", "no"]},
            {"dtype": "<U3", "values": ["no"]},
            {"dtype": "<U3", "values": []},
            {"dtype": "<U3", "values": ["a", "b", "c"]},
            {"dtype": "<U2", "values": ["no", "yes"]},
            {"dtype": "<U3", "values": ["no", "ye\0"]},
            {"dtype": "<U3", "values": ["no", 1]},
            {"dtype": "<U3", "values": [0, 1]},
            {"dtype": "<U3", "values": "no"},
            {"dtype": "<U999999", "values": ["no", "yes"]},
            {"dtype": "<U9999999999", "values": ["no", "yes"]},
            {"dtype": ">U3", "values": ["no", "yes"]},
            {"dtype": "U3", "values": ["no", "yes"]},
            {"dtype": "O", "values": ["no", "yes"]},
            {"dtype": "|O", "values": [0, 1]},
            {"dtype": "<M8[s]", "values": [0, 1]},
            {"dtype": "<c16", "values": [0.0, 1.0]},
            {"dtype": "i8,i8", "values": [0, 1]},
            {"dtype": "<i8", "values": [False, True]},
            {"dtype": "<i8", "values": [0.0, 1.0]},
            {"dtype": "<i8", "values": [0, 2**63]},
            {"dtype": "|i1", "values": [0, 300]},
            {"dtype": "|u1", "values": [-1, 1]},
            {"dtype": "|b1", "values": [True, False]},
            {"dtype": "|b1", "values": [0, 1]},
            {"dtype": "<f8", "values": [0.5, 1.0]},
            {"dtype": "<f8", "values": [-0.0, 0.0]},
            {"dtype": "<f8", "values": [0, 1]},
            {"dtype": "<f4", "values": [0.0, 1e300]},
            {"dtype": "<f4", "values": [0.0, 16777217.0]},
            {"dtype": 8, "values": [0, 1]},
            {"dtype": "<i8", "values": [[0], [1]]},
            {"dtype": "<i8", "values": [0, 1], "x": 0},
            {"values": ["no", "yes"]}, [], None, ["no", "yes"]):
        yield f"classes {classes}", over(["classes"], classes)
    for key, values in {
            "nn_version": [1, None, ["1"]],
            "n_features_in": [0, 1, 3, -2, 2.0, True, None, 10**15],
            "feature_names": [[], ["a"], ["a", "b", "c"], ["a", 1], "ab",
                              [["a"], "b"], {"a": 1}],
            "shapes": [{}, [], None, {"W1": [2, 2]}],
            "epochs_done": [2, 4, -1, 3.0, True, None],
            "loss_curve": [[], [0.1, 0.2], [0.1, 0.2, 1], [0.1, 0.2, None],
                           [0.1, 0.2, "0.3"], [0.1, 0.2, [0.3]], 0.1, None],
            "random_state": [{}, None, "PCG64", []],
            "data_digest": ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64, 0,
                            "0" * 64 + "\n"],
            "weights_sha256": ["", "0" * 64, None, 0],
            "environment": [None, [], "x", {"python": 3}, {"x": {}}, 1]
            }.items():
        for value in values:
            yield f"{key} {str(value)[:40]}", over([key], value)
    for path, value in [
            (["shapes", "W1"], [2, 3]), (["shapes", "W1"], [2, -2]),
            (["shapes", "W1"], [4]), (["shapes", "W1"], [10**9, 10**9]),
            (["shapes", "W1"], [2.0, 2]), (["shapes", "b2"], [True]),
            (["shapes", "b2"], [2]), (["shapes", "b2"], 1),
            (["shapes", "x"], [1]), (["shapes", "../W1"], [1]),
            (["random_state", "bit_generator"], "MT19937"),
            (["random_state", "bit_generator"], "os.system"),
            (["random_state", "state"], "1"),
            (["random_state", "state", "state"], 1),
            (["random_state", "state", "state"], "-1"),
            (["random_state", "state", "state"], "0x10"),
            (["random_state", "state", "state"], "1_0"),
            (["random_state", "state", "state"], "007"),
            (["random_state", "state", "state"], "٣"),
            (["random_state", "state", "state"], str(2**128)),
            (["random_state", "state", "inc"], "9" * 10_000),
            (["random_state", "state", "inc"], "2"),
            (["random_state", "state", "inc"], None),
            (["random_state", "has_uint32"], 2),
            (["random_state", "has_uint32"], True),
            (["random_state", "uinteger"], 2**32),
            (["random_state", "uinteger"], -1)]:
        yield f"{'.'.join(path)} {str(value)[:30]}", over(path, value)
    everything_bigger = json.loads(good)
    everything_bigger["hyperparameters"]["hidden_size"] = 10**9
    everything_bigger["shapes"] = {"W1": [2, 10**9], "b1": [10**9],
                                   "W2": [10**9, 1], "b2": [1]}
    yield "consistent, and huge", rewrite(everything_bigger)
