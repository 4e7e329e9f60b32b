"""The tests themselves, in sizes that the caller chooses."""

import os
import signal
import sys
import tempfile
import time
import traceback
import tracemalloc
import warnings
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np

import nn
from store import adapter, corpus, crash

Refused = nn.ModelFormatError


def good_files(directory, model=None):
    """A saved version's path, and its two files."""
    path = adapter.save(directory, model or adapter.small_model())
    return path, {name: (path / name).read_bytes()
                  for name in ("weights.npz", "config.json")}


def put(path, files):
    for name, data in files.items():
        (path / name).write_bytes(data)


def refused(path):
    """Whether ModelFormatError, and nothing else, comes of loading."""
    try:
        adapter.load(path)
    except Refused:
        return True
    return False


# Damage

def truncations_and_flips(directory, step=1):
    """The numbers of damaged files tried and of those that were loaded.

    Every truncation is tried, and every step-th flip of a single bit.
    """
    path, files = good_files(directory)
    tried = loaded = 0
    for name, data in files.items():
        with open(path / name, "r+b", buffering=0) as file:
            for i in range(0, 8 * len(data), step):
                at, bit = divmod(i, 8)
                overwrite(file, at, bytes([data[at] ^ 1 << bit]))
                loaded += not refused(path)
                overwrite(file, at, data[at:at + 1])
                tried += 1
            for length in reversed(range(len(data))):
                file.truncate(length)
                loaded += not refused(path)
                tried += 1
        put(path, files)
    assert adapter.same(adapter.load(path), adapter.small_model())
    return tried, loaded


def overwrite(file, at, data):
    file.seek(at)
    file.write(data)


def mutate(rng, data):
    """Data with a few bytes changed, cut out, doubled, moved or put in."""
    data = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        a, b = sorted(map(int, rng.integers(len(data) + 1, size=2)))
        b = min(b, a + int(rng.integers(1, 40)))
        how = int(rng.integers(6))
        if how == 0 and a < len(data):
            data[a] = int(rng.integers(256))
        elif how == 1:
            del data[a:b]
        elif how == 2:
            data[a:a] = data[a:b]
        elif how == 3:
            data[a:b] = rng.bytes(b - a)
        elif how == 4:
            c = int(rng.integers(len(data) + 1))
            data[c:c + b - a] = data[a:b]
        else:
            data[a:a] = bytes(rng.choice(list(b'0123456789.,:-+eE[]{}" tfn'),
                                         int(rng.integers(1, 5))).tolist())
    return bytes(data)


def mutations(directory, n, seed):
    """How many damaged and how many cunning files were tried, and loaded.

    The cunning ones have their digests made right.  One that loads must
    mean exactly what its bytes say: it is saved again, and has to give the
    same bytes.
    """
    rng = np.random.default_rng(seed)
    path, files = good_files(directory)
    again = Path(directory).parent / "again"
    figures = {"damaged": 0, "loaded": 0, "cunning": 0, "meant": 0}
    for _ in range(n):
        name = ("weights.npz", "config.json")[int(rng.integers(2))]
        changed = dict(files, **{name: mutate(rng, files[name])})
        cunning = rng.random() < 0.5
        if cunning:
            changed = (adapter.reseal(changed) if name == "weights.npz" else
                       dict(changed, **{name: adapter.seal(changed[name])}))
        if changed == files:
            continue
        put(path, changed)
        figures["cunning" if cunning else "damaged"] += 1
        if not refused(path):
            config, arrays = adapter.load(path)
            meant = cunning and good_files(
                again, (config, arrays))[1] == changed
            figures["meant" if meant else "loaded"] += 1
    return figures


# Hostility

def hostile(directory):
    """Yield each hostile case's name after it was put at a path."""
    path, files = good_files(directory)
    for name, data in corpus.weights_cases(files["weights.npz"]):
        changed = dict(files, **{"weights.npz": data})
        resealed = adapter.reseal(changed)
        for digests, both in ("old", changed), ("new", resealed):
            put(path, both)
            yield f"weights, {name}, {digests} digests", path
    for name, data in corpus.config_cases(files["config.json"]):
        for digests, text in ("old", data), ("new", adapter.seal(data)):
            if text == files["config.json"]:
                continue                # only what stands after the seal
            put(path, dict(files, **{"config.json": text}))
            yield f"config, {name}, {digests} digests", path
    put(path, files)
    yield from odd_files(path, files)


def odd_files(path, files):
    """Things at the path of a file that are no such file."""
    outside = path.parent.parent / "outside"
    things = {
        "missing": lambda place, data: None,
        "symlink": lambda place, data: (
            outside.write_bytes(data), os.symlink(outside, place)),
        "dangling symlink": lambda place, data: os.symlink("nowhere", place),
        "endless device": lambda place, data: os.symlink("/dev/zero", place),
        "pipe": lambda place, data: os.mkfifo(place),
        "sparse file of 200 MB": lambda place, data: (
            place.write_bytes(data), os.truncate(place, 200 * 2**20)),
        "directory": lambda place, data: os.mkdir(place)}
    for name, data in files.items():
        for thing, put_at in things.items():
            with suppress(FileNotFoundError):
                os.remove(path / name)
            put_at(path / name, data)
            yield f"{name} is a {thing}", path
        os.rmdir(path / name)
        put(path, files)


def costs(path):
    """The seconds and the peak of bytes that a load, or its refusal, takes."""
    seconds = []
    while not seconds or (len(seconds) < 3 and min(seconds) > 0.02):
        start = time.process_time()
        with suppress(Refused):
            adapter.load(path)
        seconds.append(time.process_time() - start)
    tracemalloc.start()
    try:
        with suppress(Refused):
            adapter.load(path)
        return min(seconds), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def hostile_figures(directory):
    """Names of all cases, of those not refused, and the worst costs."""
    good, _ = good_files(directory)
    seconds, memory = costs(good)
    names, wrong, worst = [], [], [(0.0, ""), (0, "")]
    for name, path in hostile(directory):
        names.append(name)
        try:
            if not refused(path):
                wrong.append(name)
        except Exception as error:
            wrong.append(f"{name}: {error!r}")
        cost = costs(path)
        worst[0] = max(worst[0], (cost[0] - seconds, name))
        worst[1] = max(worst[1], (cost[1] - memory, name))
    assert corpus.MARK not in os.environ
    return names, wrong, worst


# What code on behalf of a file would have to do: Python tells of it.
TELLTALE = {"import", "exec", "compile", "pickle.find_class", "os.system",
            "os.exec", "os.posix_spawn", "subprocess.Popen", "ctypes.dlopen",
            "os.rename", "os.remove", "os.mkdir", "socket.connect"}


def nothing_runs(directory):
    """Load every hostile file, and die if one makes anything happen.

    What watches stays until the end of the process; so give it its own.
    """
    told, watching = [], False

    def watch(event, arguments):
        elsewhere = event == "open" and str(directory) not in str(arguments[0])
        if watching and (event in TELLTALE or elsewhere):
            told.append((event, arguments))

    sys.addaudithook(watch)
    for name, path in hostile(directory):
        watching = True
        refused(path)
        watching = False
        assert not told, f"{name}: {told}"


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


def succeeds(work):
    """Whether work, run in a process of its own, raises nothing."""
    return os.waitpid(fork(work), 0)[1] == 0


def saver(directory, pipe, first):
    """Save for ever, telling each number when it is safe."""
    for tag in range(first, 2**53):
        path = adapter.save(directory, adapter.small_model(float(tag)))
        os.write(pipe, f"{int(path.name[1:])} {tag}\n".encode())


def check_version(directory, number, tag=None):
    model = adapter.load(directory, number)
    found = float(model[1]["b2"].ravel()[0])
    assert tag in (None, found)
    assert adapter.same(model, adapter.small_model(found))


def stages(directory):
    return [name for name in os.listdir(directory) if "stage" in name]


def kills(directory, n, seed):
    """Kill a saver n times at random moments, and check what is left."""
    rng = np.random.default_rng(seed)
    directory = Path(directory)
    figures = {"kills": n} | dict.fromkeys([
        "acknowledged", "lost", "torn", "stages_left", "not_cleared", "gaps",
        "unacknowledged"], 0)
    adapter.save(directory, adapter.small_model())
    known = {1}
    for i in range(n):
        read, write = os.pipe()
        child = fork(partial(saver, directory, write, i * 1000))
        os.close(write)
        with open(read) as answers:
            said = answers.readline() if rng.random() < 0.8 else ""
            time.sleep(rng.random() * 0.012)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            told = dict(map(int, line.split())
                        for line in (said + answers.read()).splitlines())
        now = set(nn.versions(directory))
        figures["acknowledged"] += len(told)
        figures["lost"] += len((known | told.keys()) - now)
        figures["unacknowledged"] += len(now - known - told.keys())
        for number in now - known:
            try:
                check_version(directory, number, told.get(number))
            except Refused:
                figures["torn"] += 1
        figures["stages_left"] += len(stages(directory))
        adapter.save(directory, adapter.small_model())
        figures["not_cleared"] += len(stages(directory))
        known = set(nn.versions(directory))
    figures["gaps"] = max(known) - len(known)
    for number in known:
        check_version(directory, number)
    return figures


def living_writers(directory, n, seed):
    """Stop a saver n times, save beside it, wake it: it must go on.

    A stage stopped between its making and its lock is empty and may go:
    its owner makes another.  Gives the rounds, those in which there was a
    stage, and those in which it had no lock yet.
    """
    rng = np.random.default_rng(seed)
    directory = Path(directory)
    adapter.save(directory, adapter.small_model())
    with_stage = too_early = 0
    for _ in range(n):
        read, write = os.pipe()
        child = fork(partial(saver, directory, write, 0))
        os.close(write)
        with open(read) as answers:
            answers.readline()
            time.sleep(rng.random() * 0.01)
            os.kill(child, signal.SIGSTOP)
            os.waitpid(child, os.WUNTRACED)
            before = {name: os.listdir(directory / name)
                      for name in stages(directory)}
            with_stage += bool(before)
            adapter.save(directory, adapter.small_model())
            for name in before.keys() - set(stages(directory)):
                assert before[name] == [], "a live stage was cleared"
                too_early += 1          # made, and stopped before its lock
            os.kill(child, signal.SIGCONT)
            assert answers.readline(), "the live writer failed"
            assert answers.readline(), "the live writer failed"
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return n, with_stage, too_early


# Crowds

def crowd(directory, writers, saves, readers):
    """Many savers and readers at once; what went wrong, by name."""
    directory = Path(directory)
    adapter.save(directory, adapter.small_model(-1.0))
    read, write = os.pipe()

    def write_all(who):
        for i in range(saves):
            tag = who * saves + i
            path = adapter.save(directory, adapter.small_model(float(tag)))
            os.write(write, f"{int(path.name[1:])} {tag}\n".encode())

    def read_all():
        os.close(write)
        while True:
            check_version(directory, None)
            check_version(directory, nn.versions(directory)[-1])

    reading = [fork(read_all) for _ in range(readers)]
    writing = [fork(partial(write_all, who)) for who in range(writers)]
    os.close(write)
    with open(read) as answers:
        told = [tuple(map(int, line.split())) for line in answers]
    failed = sum(os.waitpid(child, 0)[1] != 0 for child in writing)
    for child in reading:
        failed += os.waitpid(child, os.WNOHANG)[0] != 0
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    numbers = nn.versions(directory)
    for number, tag in told:
        check_version(directory, number, tag)
    return {
        "saves": len(told), "failed processes": failed,
        "duplicates": len(told) - len({number for number, _ in told}),
        "lost": len({number for number, _ in told} - set(numbers)),
        "gaps": max(numbers) - len(numbers), "stages": len(stages(directory)),
        "missing": writers * saves + 1 - len(numbers)}


# Power

def power_losses(directory, seed, variants):
    """Restarts tried after every call of some saves; raises if one fails."""
    rng = np.random.default_rng(seed)
    directory = Path(directory)
    root = directory / "recorded"
    root.mkdir(parents=True)
    models = root / "models" / "small"

    def work(mark):
        for tag in range(3):
            path = adapter.save(models, adapter.small_model(float(tag)))
            mark((int(path.name[1:]), tag))

    log = crash.record(root, work)
    disk, safe, tried = crash.Disk(root), {}, 0
    for call in log:
        if call[0] == "mark":
            number, tag = call[1]
            safe[number] = tag
            continue
        disk.play(*call)
        for mode in [0, 1] + [2] * variants:
            with tempfile.TemporaryDirectory(dir=directory) as restarted:
                restarted = Path(restarted)
                crash.write_tree(restarted, disk.after_power_loss(rng, mode))
                check_restart(restarted / "models" / "small", safe)
            tried += 1
    return len(log), tried


def check_restart(models, safe):
    found = nn.versions(models)
    assert set(found) >= safe.keys(), f"lost of {safe}, found {found}"
    for number in found:
        check_version(models, number, safe.get(number))
    path = adapter.save(models, adapter.small_model(99.0))
    assert int(path.name[1:]) > max(found, default=0)
    assert not stages(models)
    check_version(models, None, 99.0)


# Calls that fail

def failing_calls(directory):
    """Let each call of a save fail in turn; the calls, and those forgiven."""
    directory = Path(directory)
    calls, forgiven, tried = [], [], 0
    for fresh in True, False:
        for error in crash.ERRORS:
            at = 0
            while True:
                models = directory / f"{fresh}-{error}-{at}"
                if not fresh:
                    adapter.save(models, adapter.small_model(1.0))
                    (models / ".stage-0123456789abcdef").mkdir()
                before = nn.versions(models)
                raised = None
                try:
                    with crash.failing(at, error) as calls:
                        adapter.save(models, adapter.small_model(2.0))
                except OSError as failure:
                    raised = failure
                if len(calls) <= at:
                    assert raised is None
                    break
                tried += 1
                after = nn.versions(models)
                for number in before:
                    check_version(models, number, 1.0)
                if raised is None:
                    forgiven.append(calls[at])
                    check_version(models, None, 2.0)
                    assert len(after) == len(before) + 1
                else:
                    assert raised.errno == error, raised
                    assert after == before, (calls, after)
                adapter.save(models, adapter.small_model(3.0))
                check_version(models, None, 3.0)
                at += 1
    return tried, sorted(set(forgiven))


# Models of all kinds

def round_trips(directory, n, seed):
    """Save and load n random models; raises if a bit differs."""
    rng = np.random.default_rng(seed)
    directory = Path(directory)
    for i in range(n):
        model = adapter.random_model(rng)
        path = adapter.save(directory, model)
        config, arrays = adapter.load(path)
        assert adapter.same((config, arrays), model), i
        for array in arrays.values():
            assert array.flags.owndata and array.flags.writeable
            assert array.flags.c_contiguous and array.dtype.isnative
        shuffled = {name: arrays[name].copy("F")
                    for name in rng.permutation(list(arrays))}
        again = adapter.save(directory, (model[0], shuffled))
        for name in "weights.npz", "config.json":
            assert (path / name).read_bytes() == (again / name).read_bytes()
    return n
