"""Saves that are cut short: calls that fail, power that goes, kills, crowds.

What a save asks of the system is seen at the system's door, by replacing
functions of ``os`` and ``open``; nothing here knows how nn.py does it.
"""

import builtins
import io
import os
import shutil
import tempfile
import time
import warnings
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

import numpy as np
from keeping_files import kept, read, small

import nn

WATCHED = ["mkdir", "open", "write", "rename", "replace", "link", "fsync",
           "listdir", "scandir", "rmdir", "unlink", "remove", "stat", "lstat",
           "fstat", "utime"]


@lru_cache
def small_files(tag):
    """The files that small(tag) has to be saved as."""
    return kept(small(tag))


def check_version(directory, number, tag=None):
    """Raise unless a version is whole, and the one that it should be."""
    found = float(nn.Network.load(directory, number).params_["b2"][0])
    assert tag in (None, found)
    assert read(directory / f"v{number:04d}") == small_files(found)


# Calls that are seen

class Seen(io.FileIO):
    """A file that is written by os.write."""

    def write(self, data):
        return os.write(self.fileno(), bytes(data))


@contextmanager
def watched(before, after=lambda name, result, args: None):
    """Call before(name, *args), and after, at each call of os and open."""
    def watch(name, function):
        def call(*args, **kwargs):
            before(name, *args)
            result = function(*args, **kwargs)
            after(name, result, args)
            return result
        return call

    def open_file(path, mode="r", *args, **kwargs):
        if mode.startswith("r"):
            return opened(path, mode, *args, **kwargs)
        return io.BufferedWriter(Seen(path, mode, opener=os.open))

    opened = builtins.open
    with mock.patch.multiple(os, **{name: watch(name, getattr(os, name))
                                    for name in WATCHED}):
        with mock.patch("builtins.open", open_file), mock.patch(
                "io.open", open_file):
            yield


def failing_calls(directory, error, used):
    """Let each call of a save fail in turn; their number, and those that
    did no harm.  A directory that is used has a version, and litter.
    """
    forgiven = set()
    small(1.0).save(directory / "used")
    leave_stage(directory / "used", days=2)
    for at in count():
        models, calls, saved = directory / str(at), [], True
        if used:
            shutil.copytree(directory / "used", models)

        def before(name, *args):
            calls.append(name)
            if len(calls) == at + 1:
                raise OSError(error, os.strerror(error))

        try:
            with watched(before):
                small(2.0).save(models)
        except OSError as failure:
            assert failure.errno == error
            saved = False
        if len(calls) <= at:
            assert saved
            return at, forgiven
        if saved:
            forgiven.add(calls[at])
            check_version(models, max(nn.versions(models)), 2.0)
        assert len(nn.versions(models)) == used + saved, calls
        if used:
            check_version(models, 1, 1.0)
        check_version(models, int(small(3.0).save(models).name[1:]), 3.0)
        shutil.rmtree(models)


# Power.  A disk may forget what was not synced.

class Node:
    """A file, which holds bytes, or a directory, a dict of names and nodes.

    What it holds now, what of it is safe, and what has changed since.
    """

    def __init__(self, empty):
        self.now, self.safe, self.changes = empty, empty, []

    def change(self, names):
        """Set names to nodes, or to None to remove them, in one step."""
        self.now = with_changes(self.now, names)
        self.changes.append(names)

    def after_power_loss(self, rng, names, content):
        """The dicts and bytes that a restart finds, given how likely it is
        that names and content are there although they were not synced.
        """
        if isinstance(self.now, bytes):
            return self.now if rng.random() < content else self.safe
        found = self.safe
        for changes in self.changes:
            if rng.random() < names:
                found = with_changes(found, changes)
        return {name: child.after_power_loss(rng, names, content)
                for name, child in found.items()}


def with_changes(names, changes):
    return {name: node for name, node in {**names, **changes}.items()
            if node is not None}


class Disk:
    """A file system below root, as the calls recorded from a save leave it."""

    def __init__(self, root):
        self.root, self.top, self.handles = root, Node({}), {}

    def at(self, path):
        node = self.top
        for part in path.relative_to(self.root).parts:
            node = node.now[part]
        return node

    def play(self, name, result, args):
        if name == "open":          # perhaps of something elsewhere
            self.handles.pop(result, None)
        if name in ("write", "fsync") and args[0] in self.handles:
            node = self.handles[args[0]]
            if name == "write":
                node.now += args[1]
            else:
                node.safe, node.changes = node.now, []
        if not str(args[0]).startswith(str(self.root)):
            return
        path = Path(args[0])
        if name == "mkdir":
            self.at(path.parent).change({path.name: Node({})})
        elif name == "open":
            if args[1] & os.O_CREAT:
                self.at(path.parent).change({path.name: Node(b"")})
            self.handles[result] = self.at(path)
        elif name == "rename":
            target = Path(args[1])
            assert target.parent == path.parent
            self.at(path.parent).change({
                path.name: None, target.name: self.at(path)})
        else:
            assert name in ("listdir", "scandir", "stat", "lstat"), name


def write_tree(path, tree):
    path.mkdir(exist_ok=True)
    for name, child in tree.items():
        if isinstance(child, bytes):
            (path / name).write_bytes(child)
        else:
            write_tree(path / name, child)


def power_losses(directory, seed, variants):
    """How often the power went, after each call of some saves.

    Raises if a restart does not find all that was safe, and nothing torn.
    """
    rng, log, root = np.random.default_rng(seed), [], directory / "recorded"
    root.mkdir(parents=True)
    with watched(lambda *args: None, lambda *call: log.append(call)):
        for tag in range(3):
            path = small(float(tag)).save(root / "models" / "small")
            log.append(("saved", int(path.name[1:]), float(tag)))
    disk, safe, tried = Disk(root), {}, 0
    for name, result, args in log:
        if name == "saved":
            safe[result] = args
            continue
        disk.play(name, result, args)
        for likely in [(0, 0), (1, 0)] + [(0.5, 0.5)] * variants:
            with tempfile.TemporaryDirectory(dir=directory) as restarted:
                write_tree(Path(restarted), disk.top.after_power_loss(
                    rng, *likely))
                check_restart(Path(restarted, "models", "small"), safe)
            tried += 1
    return tried


def check_restart(models, safe):
    found = nn.versions(models)
    assert set(found) >= safe.keys(), f"lost of {safe}, found {found}"
    for number in found:
        check_version(models, number, safe.get(number))
    number = int(small(99.0).save(models).name[1:])
    assert number > max(found, default=0)
    check_version(models, number, 99.0)


# Death

def started(work, *args):
    """A process of its own that does this work."""
    process = get_context("fork").Process(target=work, args=args, daemon=True)
    with warnings.catch_warnings():     # of threads, which BLAS may have
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    return process


def leave_stage(directory, days):
    """Let a save die before it names its version; what it left, so old."""
    def work():
        rename = os.rename
        os.rename = lambda source, target: os._exit(0) if os.path.isdir(
            source) else rename(source, target)
        small().save(directory)

    before = set(directory.iterdir())
    started(work).join()
    left = set(directory.iterdir()) - before
    assert all(path.name.startswith(".") for path in left)
    stage, = (path for path in left if path.is_dir())
    when = time.time() - days * 24 * 3600
    for path in [*stage.iterdir(), stage]:
        os.utime(path, (when, when))
    return stage


def saver(directory, pipe, first, count=2**53):
    """Save time after time, telling each number when it is safe."""
    for tag in range(first, first + count):
        number = int(small(float(tag)).save(directory).name[1:])
        os.write(pipe, f"{number} {tag}\n".encode())


def savers(directory, firsts, count=2**53):
    """Processes that save, and an open file with what they tell."""
    reading, writing = os.pipe()
    busy = [started(saver, directory, writing, first, count)
            for first in firsts]
    os.close(writing)
    return busy, open(reading)


def kills(directory, n, seed):
    """Kill a saver n times at random moments; how many saves it had told.

    Raises if one of them is lost, or if any version is torn.
    """
    rng, safe = np.random.default_rng(seed), 0
    small().save(directory)
    for i in range(n):
        known = set(nn.versions(directory))
        (process,), answers = savers(directory, [i * 1000])
        with answers:
            said = [answers.readline()] if rng.random() < 0.8 else []
            time.sleep(rng.random() * 0.012)
            process.kill()
            process.join()
            told = dict(map(int, line.split()) for line in [*said, *answers])
        now = set(nn.versions(directory))
        assert now >= known | told.keys()
        for number in now - known:
            check_version(directory, number, told.get(number))
        safe += len(told)
        small().save(directory)
    for number in nn.versions(directory):
        check_version(directory, number)
    return safe


def reader(directory):
    while True:
        nn.Network.load(directory)
        nn.Network.load(directory, nn.versions(directory)[-1])


def crowd(directory, writers, saves, readers):
    """Let many savers and readers work at once; raises if one fails, or if
    a number is lost, left out or given twice.
    """
    small(-1.0).save(directory)
    watchers = [started(reader, directory) for _ in range(readers)]
    busy, answers = savers(
        directory, range(0, writers * saves, saves), saves)
    with answers:
        told = [tuple(map(int, line.split())) for line in answers]
    for process in busy:
        process.join()
        assert process.exitcode == 0
    for process in watchers:
        assert process.is_alive()
        process.kill()
        process.join()
    assert sorted([1, *(number for number, _ in told)]) == list(
        range(1, writers * saves + 2)) == nn.versions(directory)
    for number, tag in told:
        check_version(directory, number, tag)
