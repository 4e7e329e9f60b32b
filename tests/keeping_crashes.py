"""Saves that are cut short: calls that fail, power that goes, kills, crowds.

What a save asks of the system is seen at the system's door, by replacing
functions of ``os`` and ``open``; nothing here knows how nn.py does it.
"""

import copy
import io
import itertools
import os
import time
from collections import defaultdict
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from multiprocessing import get_context
from unittest import mock

from keeping_files import kept, read, small

import nn

CHANGING = "mkdir", "open", "write", "rename", "fsync"
CALLS = *CHANGING, "listdir", "scandir", "rmdir", "unlink", "stat", "lstat"


def save(tag, directory):
    """Save small(tag), and give its number."""
    return int(small(float(tag)).save(directory).name[1:])


@lru_cache
def small_files(tag):
    """The files that small(tag) has to be saved as."""
    return kept(small(tag))


def tags(directory, after=0):
    """Each version's number, and its tag; raises unless all are whole."""
    numbers = [n for n in nn.versions(directory) if n > after]
    found = {number: float(nn.Network.load(directory, number).params_["b2"][0])
             for number in numbers}
    for number, tag in found.items():
        assert read(directory / f"v{number:04d}") == small_files(tag)
    return found


# Calls that are seen

class Seen(io.FileIO):
    """A file that is written by os.write."""

    def write(self, data):
        return os.write(self.fileno(), bytes(data))


@contextmanager
def watched(hook, names):
    """Call hook(name, function, *args) in the place of functions of os."""
    def open_file(path, mode="r", *args, **kwargs):
        if mode.startswith("r"):
            return opened(path, mode, *args, **kwargs)
        return io.BufferedWriter(Seen(path, mode, opener=os.open))

    opened = open
    with mock.patch.multiple(os, **{
            name: partial(hook, name, getattr(os, name)) for name in names}):
        with mock.patch("builtins.open", open_file):
            yield


@contextmanager
def failing(at, error):
    """Let one call fail, after so many others; gives the names of all."""
    def hook(name, function, *args, **kwargs):
        calls.append(name)
        if len(calls) == at + 1:
            raise OSError(error, os.strerror(error))
        return function(*args, **kwargs)

    calls = []
    with watched(hook, CALLS):
        yield calls


# Power.  A disk may forget what was not synced.

def inodes(root):
    """What a directory and all below it hold, by inode: the bytes of a file,
    or a dict of names and inodes.
    """
    number = {path: path.stat().st_ino for path in [root, *root.rglob("*")]}
    held = {inode: {} if path.is_dir() else path.read_bytes()
            for path, inode in number.items()}
    for path in number.keys() - {root}:
        held[number[path.parent]][path.name] = number[path]
    return held


class Disk:
    """What a directory holds now, what of it is safe, and which changes of
    names are not, in their order.
    """

    def __init__(self, root):
        self.root, self.now, self.safe = root, inodes(root), {}
        self.changes = defaultdict(list)

    def see(self):
        """Note what has changed; what is gone has None for an inode."""
        before, self.now = self.now, inodes(self.root)
        for inode, names in self.now.items():
            if isinstance(names, dict):
                old = before.get(inode, {})
                self.changes[inode].append({
                    name: names.get(name) for name in old | names
                    if old.get(name) != names.get(name)})

    def sync(self, inode):
        if inode in self.now:
            self.safe[inode] = self.now[inode]
            self.changes[inode] = []

    def restart(self, place, inode, rng, names, content):
        """Make what is found after the power went, given how likely it is
        that names and content are there although they were not synced.
        """
        found = self.safe.get(inode)
        if isinstance(self.now[inode], bytes):
            if rng.random() < content:
                found = self.now[inode]
            place.write_bytes(found or b"")
            return
        found = found or {}
        for change in self.changes[inode]:
            if rng.random() < names:
                found = found | change
        place.mkdir()
        for name, child in found.items():
            if child:
                self.restart(place / name, child, rng, names, content)


def recorded(root, tags):
    """The disk after each call of some saves, and what was saved by then."""
    def hook(name, function, *args, **kwargs):
        result = function(*args, **kwargs)
        disk.see()
        if name == "fsync":
            disk.sync(os.fstat(args[0]).st_ino)
        seen.append((copy.deepcopy(disk), dict(saved)))
        return result

    root.mkdir(parents=True)
    disk, saved, seen = Disk(root), {}, []
    with watched(hook, CHANGING):
        for tag in tags:
            saved[save(tag, root / "models" / "small")] = tag
    return seen


# Death

def leave_stage(directory, days):
    """Let a save end before it names its version; what it left, so old."""
    before = set(directory.iterdir())
    with mock.patch("os.rename", side_effect=OSError), suppress(OSError):
        with mock.patch("shutil.rmtree"):
            save(0, directory)
    stage, = set(directory.iterdir()) - before
    assert stage.name.startswith(".")
    when = time.time() - days * 24 * 3600
    os.utime(stage, (when, when))
    return stage


def saver(directory, first):
    """A process that saves time after time, and an open file in which it
    tells each number, once that is safe, and its tag.
    """
    def work():
        for tag in itertools.count(first):
            number = save(tag, directory)
            os.write(writing, f"{number} {tag}\n".encode())

    reading, writing = os.pipe()
    process = get_context("fork").Process(target=work, daemon=True)
    process.start()
    os.close(writing)
    return process, open(reading)


# A crowd

def save_often(directory, first, times):
    return [(save(tag, directory), tag) for tag in range(first, first + times)]


def load_often(directory, versions):
    """Load until so many versions are there, but not for ever."""
    for _ in range(1_000_000):
        there = nn.versions(directory)
        if there:
            nn.Network.load(directory)
            nn.Network.load(directory, there[-1])
        if len(there) == versions:
            return
        time.sleep(0.001)
