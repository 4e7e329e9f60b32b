"""Saves that are cut short: calls that fail, power that goes, kills, crowds.

What a save asks of the system is seen at the system's door, by replacing
functions of ``os`` and ``open``; nothing here knows how nn.py does it.
"""

import builtins
import errno
import io
import itertools
import os
import pathlib
import shutil
import signal
import tempfile
import time
import traceback
import warnings
from contextlib import contextmanager, suppress
from functools import partial

import numpy as np
from keeping_files import read, small, small_files

import nn

WATCHED = ["mkdir", "open", "write", "rename", "replace", "link", "fsync",
           "listdir", "scandir", "rmdir", "unlink", "remove", "stat", "lstat",
           "fstat", "utime"]


def check_version(directory, number=None, tag=None):
    """Raise unless a version is there, whole, and the one that it should be.

    Without a number it is the newest.
    """
    found = float(nn.Network.load(directory, number).params_["b2"][0])
    assert tag in (None, found)
    if number is not None:
        assert read(directory / f"v{number:04d}") == small_files(found)


# Calls that are seen

@contextmanager
def watched(before, after=lambda name, result, args: None):
    """Call before(name, *args), and after, at each call of os and open."""
    saved, inside = {name: getattr(os, name) for name in WATCHED}, []

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

    def open_file(path, mode="r", *args, **kwargs):
        if mode.startswith("r") or inside:
            return opened(path, mode, *args, **kwargs)
        file = io.BufferedWriter(Seen(os.open(
            path, os.O_WRONLY | os.O_CREAT | {
                "x": os.O_EXCL, "w": os.O_TRUNC, "a": os.O_APPEND}[mode[0]])))
        return file if "b" in mode else io.TextIOWrapper(file, "utf-8")

    opened = builtins.open
    try:
        for name, function in saved.items():
            setattr(os, name, watch(name, function))
        builtins.open = io.open = open_file
        yield
    finally:
        builtins.open = io.open = opened
        for name, function in saved.items():
            setattr(os, name, function)


class Seen(io.RawIOBase):
    """A file whose writes go through os.write, once they are flushed."""

    def __init__(self, handle):
        self.handle = handle

    def writable(self):
        return True

    def fileno(self):
        return self.handle

    def write(self, data):
        return os.write(self.handle, bytes(data))

    def close(self):
        if not self.closed:
            os.close(self.handle)
        super().close()


def failing_calls(directory):
    """Let each call of a save fail in turn; the calls, and those forgiven."""
    forgiven, tried, network = set(), 0, small(2.0)
    small(1.0).save(directory / "used")
    leave_stage(directory / "used", days=2)
    for used, error in itertools.product(
            [False, True], [errno.ENOSPC, errno.EIO, errno.EACCES]):
        for at in itertools.count():
            models, calls, raised = directory / f"{used}{error}-{at}", [], None
            if used:
                shutil.copytree(directory / "used", models)

            def before(name, *args):
                calls.append(name)
                if len(calls) == at + 1:
                    raise OSError(error, os.strerror(error))

            try:
                with watched(before):
                    network.save(models)
            except (OSError, ValueError) as failure:
                raised = failure
            if len(calls) <= at:
                assert raised is None
                break
            tried += 1
            if raised is None:
                forgiven.add(calls[at])
                check_version(models, max(nn.versions(models)), 2.0)
            else:
                assert getattr(raised, "errno", error) == error
            assert len(nn.versions(models)) == used + (raised is None), calls
            if used:
                check_version(models, 1, 1.0)
            check_version(models, int(small(3.0).save(models).name[1:]), 3.0)
            shutil.rmtree(models)
    return tried, forgiven


# Power.  A disk may forget what was not synced.

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
    """A file system below root, as the calls recorded from a save leave it.

    It ignores each sync of something that is so many levels below root as
    ``deaf`` has it: 0 and 1 are the directories above the model's, 2 is the
    model's, 3 a version's and 4 its files.
    """

    def __init__(self, root, deaf=()):
        self.root, self.deaf = pathlib.Path(root), deaf
        self.top, self.handles = Directory(), {}

    def parts(self, path):
        return pathlib.Path(path).relative_to(self.root).parts

    def at(self, parts):
        node = self.top
        for part in parts:
            node = node.now[part]
        return node

    def change(self, path, node):
        *above, name = self.parts(path)
        self.at(above).change({name: node})

    def play(self, name, result, args):
        if name in ("write", "fsync"):
            node, depth = self.handles.get(args[0], (None, None))
            if name == "write" and node is not None:
                node.now += args[1]
            elif isinstance(node, File) and depth not in self.deaf:
                node.safe = node.now
            elif isinstance(node, Directory) and depth not in self.deaf:
                node.safe, node.changes = dict(node.now), []
        elif not str(args[0]).startswith(str(self.root)):
            return
        elif name == "mkdir":
            self.change(args[0], Directory())
        elif name == "open":
            parts = self.parts(args[0])
            if args[1] & os.O_CREAT and (
                    parts[-1] not in self.at(parts[:-1]).now):
                self.change(args[0], File())
            self.handles[result] = self.at(parts), len(parts)
        elif name in ("rename", "replace"):
            (*above, old), (*other, new) = map(self.parts, args)
            assert above == other
            self.at(above).change({old: None, new: self.at([*above, old])})
        elif name == "link":
            self.change(args[1], self.at(self.parts(args[0])))
        elif name in ("unlink", "remove", "rmdir"):
            self.change(args[0], None)

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
    path.mkdir(exist_ok=True)
    for name, child in tree.items():
        if isinstance(child, bytes):
            (path / name).write_bytes(child)
        else:
            write_tree(path / name, child)


def power_losses(directory, seed, variants, deaf=()):
    """Restarts tried after every call of some saves; raises if one fails."""
    rng, log = np.random.default_rng(seed), []
    root = directory / "recorded"
    root.mkdir(parents=True)
    networks = [small(float(tag)) for tag in range(3)]
    with watched(lambda *args: None, lambda *call: log.append(call)):
        for network in networks:
            log.append(("saved", network.save(root / "models" / "small"), ()))
    disk, safe, tried = Disk(root, deaf), {}, 0
    for call in log:
        if call[0] == "saved":
            safe[int(call[1].name[1:])] = float(len(safe))
            continue
        disk.play(*call)
        for mode in [0, 1] + [2] * variants:
            with tempfile.TemporaryDirectory(dir=directory) as restarted:
                restarted = pathlib.Path(restarted)
                write_tree(restarted, disk.after_power_loss(rng, mode))
                check_restart(restarted / "models" / "small", safe)
            tried += 1
    return len(log), tried


def check_restart(models, safe):
    found = nn.versions(models)
    assert set(found) >= safe.keys(), f"lost of {safe}, found {found}"
    for number in found:
        check_version(models, number, safe.get(number))
    number = int(small(99.0).save(models).name[1:])
    assert number > max(found, default=0)
    check_version(models, number, 99.0)


# Death

def fork(work):
    """Run work in a process of its own; give its number."""
    with warnings.catch_warnings():     # of threads, which BLAS may have
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return child


def leave_stage(directory, days):
    """Let a save die before it names its version; what it left, so old."""
    def work():
        rename = os.rename
        os.rename = lambda source, target: os._exit(0) if os.path.isdir(
            source) else rename(source, target)
        small().save(directory)

    before = set(directory.iterdir())
    os.waitpid(fork(work), 0)
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


@contextmanager
def running(directory, first, told):
    """A saver at work, and the pipe in which it tells; it dies at the end.

    Then all that it had told and nobody read is put into ``told``.
    """
    reading, writing = os.pipe()
    child = fork(partial(saver, directory, writing, first))
    os.close(writing)
    with open(reading) as answers:
        try:
            yield child, answers
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            told.extend(answers.read().splitlines())


def kills(directory, n, seed):
    """Kill a saver n times at random moments, and check what is left."""
    rng = np.random.default_rng(seed)
    figures = {"kills": n, "told": 0, "lost": 0, "torn": 0}
    small().save(directory)
    for i in range(n):
        known, said = set(nn.versions(directory)), []
        with running(directory, i * 1000, said) as (_, answers):
            if rng.random() < 0.8:
                said.append(answers.readline())
            time.sleep(rng.random() * 0.012)
        told = dict(map(int, line.split()) for line in said)
        now = set(nn.versions(directory))
        figures["told"] += len(told)
        figures["lost"] += len((known | told.keys()) - now)
        for number in now - known:
            try:
                check_version(directory, number, told.get(number))
            except nn.ModelFormatError:
                figures["torn"] += 1
        small().save(directory)
    for number in nn.versions(directory):
        check_version(directory, number)
    return figures


def living_writers(directory, n, seed):
    """Stop a saver n times, save beside it, wake it: it must go on."""
    rng = np.random.default_rng(seed)
    small().save(directory)
    for _ in range(n):
        with running(directory, 0, []) as (child, answers):
            answers.readline()
            time.sleep(rng.random() * 0.01)
            os.kill(child, signal.SIGSTOP)
            os.waitpid(child, os.WUNTRACED)
            small().save(directory)
            os.kill(child, signal.SIGCONT)
            for _ in range(2):
                assert answers.readline(), "the live writer failed"
    return n


def crowd(directory, writers, saves, readers):
    """Many savers and readers at once; what went wrong, by name."""
    small(-1.0).save(directory)
    reading, writing = os.pipe()

    def read_all():
        os.close(writing)
        while True:
            check_version(directory)
            check_version(directory, nn.versions(directory)[-1])

    watchers = [fork(read_all) for _ in range(readers)]
    busy = [fork(partial(saver, directory, writing, who * saves, saves))
            for who in range(writers)]
    os.close(writing)
    with open(reading) as answers:
        told = [tuple(map(int, line.split())) for line in answers]
    failed = sum(os.waitpid(child, 0)[1] != 0 for child in busy)
    for child in watchers:
        failed += os.waitpid(child, os.WNOHANG)[0] != 0
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    numbers, given = nn.versions(directory), [number for number, _ in told]
    for number, tag in told:
        check_version(directory, number, tag)
    return {
        "saves": len(told), "failed processes": failed,
        "duplicates": len(told) - len(set(given)),
        "lost": len(set(given) - set(numbers)),
        "gaps": max(numbers) - len(numbers),
        "missing": writers * saves + 1 - len(numbers)}
