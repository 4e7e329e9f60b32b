"""A disk that forgets what was not synced, and calls that fail."""

import builtins
import errno
import os
import pathlib
from contextlib import contextmanager

import nn

FAILING = ["mkdir", "open", "rename", "fsync", "listdir", "scandir", "rmdir",
           "unlink", "stat", "fstat"]


@contextmanager
def watched(before, after=lambda name, result, args: None):
    """Call before(name, *args) at each call that the store makes of os."""
    saved = {name: getattr(os, name) for name in FAILING}
    fcntl = nn.fcntl
    inside = []

    def watch(name, function):
        def call(*args, **kwargs):
            if inside:
                return function(*args, **kwargs)
            inside.append(name)
            try:
                before(name, *args)
                result = function(*args, **kwargs)
                after(name, result, args)
                return result
            finally:
                inside.pop()
        return call

    class File:
        """What open() gives, with writes that are seen."""

        def __init__(self, file, path):
            self.file, self.path = file, path

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, data):
            before("write", self.path, data)
            count = self.file.write(data)
            after("write", count, (self.path, data))
            return count

    def open_file(path, mode="r", **kwargs):
        if "r" in mode:
            return builtins.open(path, mode, **kwargs)
        before("open", path)
        file = builtins.open(path, mode, **kwargs)  # noqa: SIM115
        after("open", file.fileno(), (path, os.O_CREAT))
        return File(file, path)

    class Locks:
        def __getattr__(self, name):
            return getattr(fcntl, name)

        @staticmethod
        def flock(*args):
            before("flock", *args)
            return fcntl.flock(*args)

    try:
        for name, function in saved.items():
            setattr(os, name, watch(name, function))
        nn.open = open_file
        if fcntl is not None:
            nn.fcntl = Locks()
        yield
    finally:
        for name, function in saved.items():
            setattr(os, name, function)
        del nn.open
        nn.fcntl = fcntl


class Directory:
    def __init__(self):
        self.now, self.safe, self.changes = {}, {}, []

    def change(self, changes):
        """Set names to nodes, or to None to remove them, in one step."""
        self.changes.append(changes)
        apply(self.now, changes)


class File:
    def __init__(self):
        self.now, self.safe = b"", b""


def apply(names, changes):
    for name, node in changes.items():
        names.pop(name, None)
        if node is not None:
            names[name] = node


class Disk:
    """A file system below root, as the calls recorded from a save leave it."""

    def __init__(self, root):
        self.root, self.top, self.handles = str(root), Directory(), {}

    def at(self, path):
        node = self.top
        for part in pathlib.Path(path).relative_to(self.root).parts:
            node = node.now[part]
        return node

    def parent(self, path):
        path = pathlib.Path(path)
        return self.at(path.parent), path.name

    def play(self, name, result, args):
        if name in ("mkdir", "open", "write") and not (
                str(args[0]).startswith(self.root)):
            return
        if name == "mkdir":
            directory, last = self.parent(args[0])
            directory.change({last: Directory()})
        elif name == "open":
            if len(args) > 1 and args[1] & os.O_CREAT:
                directory, last = self.parent(args[0])
                directory.change({last: File()})
            if args[0] != self.root and args[0]:
                self.handles[result] = self.at(args[0])
        elif name == "write":
            self.at(args[0]).now += args[1]
        elif name == "rename":
            (source, old), (target, new) = map(self.parent, args)
            assert source is target
            source.change({old: None, new: source.now[old]})
        elif name == "fsync":
            node = self.handles.get(args[0])
            if isinstance(node, File):
                node.safe = node.now
            elif node is not None:
                node.safe, node.changes = dict(node.now), []

    def after_power_loss(self, rng, mode, node=None):
        """The names and contents that a restart finds: dicts and bytes.

        Mode 0: nothing that was not synced is there.  Mode 1: all names,
        but no content that was not synced.  Mode 2: some of each.
        """
        node = node or self.top
        if isinstance(node, File):
            if mode < 2 or node.safe == node.now or rng.random() < 0.5:
                return node.safe
            cut = int(rng.integers(len(node.now) + 1))
            return node.now[:cut].ljust(int(rng.integers(2)) * len(node.now),
                                        b"\0")
        names = dict(node.safe)
        for changes in node.changes:
            if mode == 1 or (mode == 2 and rng.random() < 0.5):
                apply(names, changes)
        return {name: self.after_power_loss(rng, mode, child)
                for name, child in names.items()}


def write_tree(path, tree):
    for name, child in tree.items():
        if isinstance(child, bytes):
            (path / name).write_bytes(child)
        else:
            (path / name).mkdir()
            write_tree(path / name, child)


def record(root, work):
    """The calls made while work(mark) runs; mark(x) adds a mark to them."""
    log = []
    with watched(lambda *args: None,
                 lambda *call: log.append(call)):
        work(lambda mark: log.append(("mark", mark, ())))
    return log


ERRORS = errno.ENOSPC, errno.EIO, errno.EACCES


@contextmanager
def failing(at, error):
    """Let the call number ``at`` fail; gives the list of calls made."""
    calls = []

    def before(name, *args):
        calls.append(name)
        if len(calls) - 1 == at:
            raise OSError(error, os.strerror(error))

    with watched(before):
        yield calls
