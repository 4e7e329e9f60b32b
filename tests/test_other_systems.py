"""Systems that are not at hand, played by replacing what nn.py asks them."""

import errno
import importlib.util
import json
import os
import pickle
import sys
import types

import numpy as np
import pytest

import nn
from helpers import fitted

CORES = ["numpy._core._multiarray_umath", "numpy.core._multiarray_umath"]


@pytest.fixture
def network():
    return fitted()[0]


def raising(*numbers):
    """A function that raises such OSErrors, one at each call."""
    left = list(numbers)

    def fail(*args, **kwargs):
        number = left.pop(0)
        raise OSError(number, os.strerror(number))

    return fail


def stages(models):
    return [path for path in models.iterdir() if "stage" in path.name]


# Windows has no fcntl and cannot sync a directory.

def test_without_fcntl_a_model_is_saved_and_old_stages_stay(
        tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    spec = importlib.util.spec_from_file_location("nn", nn.__file__)
    windows = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "nn", windows)
    spec.loader.exec_module(windows)
    assert windows.fcntl is None
    (tmp_path / f".stage-{'0' * 16}").mkdir()
    network = windows.Network(2, epochs=1).fit([[0.0], [1.0]], [0, 1])
    assert network.save(tmp_path).name == "v0001"
    assert windows.versions(tmp_path) == [1]
    assert [path.name for path in stages(tmp_path)] == [
        f".stage-{'0' * 16}"]


def test_windows_is_not_asked_to_sync_a_directory(tmp_path, monkeypatch):
    missing = tmp_path / "missing"
    monkeypatch.setattr(nn.os, "open", raising())
    monkeypatch.setattr(nn.os, "name", "nt")
    assert nn._sync_directory(missing) is None


# macOS has a sync of its own, which really empties the drive's cache.

@pytest.mark.parametrize("answer, synced", [(None, False),
                                            (errno.ENOTSUP, True)])
def test_a_full_sync_is_asked_for_where_there_is_one(
        network, tmp_path, monkeypatch, answer, synced):
    asked, fsyncs = [], []

    def control(handle, command):
        os.fstat(handle)
        asked.append(command)
        if answer is not None:
            raise OSError(answer, "no")

    monkeypatch.setattr(nn.fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(nn.fcntl, "fcntl", control)
    monkeypatch.setattr(nn.os, "fsync", fsyncs.append)
    network.save(tmp_path)
    assert set(asked) == {51} and len(asked) >= 4
    assert len(fsyncs) == (len(asked) if synced else 0)


def test_a_full_sync_that_fails_is_an_error(network, tmp_path, monkeypatch):
    monkeypatch.setattr(nn.fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(nn.fcntl, "fcntl", raising(errno.EIO))
    with pytest.raises(OSError) as raised:
        network.save(tmp_path)
    assert raised.value.errno == errno.EIO
    assert nn.versions(tmp_path) == []


# Some file systems cannot sync a directory, lock one, or keep one.

@pytest.mark.parametrize("number, works", [
    (errno.EINVAL, True), (errno.ENOTSUP, True), (errno.EIO, False)])
def test_a_directory_that_cannot_be_synced(network, tmp_path, monkeypatch,
                                           number, works):
    fsync, refused = os.fsync, []

    def files_only(handle):
        if os.path.isdir(f"/proc/self/fd/{handle}"):
            refused.append(handle)
            raise OSError(number, os.strerror(number))
        fsync(handle)

    monkeypatch.setattr(nn.os, "fsync", files_only)
    if works:
        assert network.save(tmp_path).name == "v0001"
    else:
        with pytest.raises(OSError):
            network.save(tmp_path)
    assert refused


def test_locks_that_there_are_not(network, tmp_path, monkeypatch):
    open_before = set(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(nn.fcntl, "flock", raising(*[errno.ENOTSUP] * 9))
    assert network.save(tmp_path).name == "v0001"
    assert not stages(tmp_path)
    assert set(os.listdir("/proc/self/fd")) == open_before


def test_a_lock_that_fails_is_an_error(network, tmp_path, monkeypatch):
    open_before = set(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(nn.fcntl, "flock", raising(*[errno.EIO] * 9))
    with pytest.raises(OSError):
        network.save(tmp_path)
    assert nn.versions(tmp_path) == []
    assert set(os.listdir("/proc/self/fd")) == open_before


def test_a_stage_that_another_program_cleared_is_made_anew(
        network, tmp_path, monkeypatch):
    lock, seen = nn._lock, []

    def late(stage):
        handle = lock(stage)
        if not seen:
            os.rmdir(stage)
        seen.append(stage)
        return handle

    open_before = set(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(nn, "_lock", late)
    assert network.save(tmp_path).name == "v0001"
    assert len(seen) == len(set(seen)) == 2
    assert not stages(tmp_path)
    assert set(os.listdir("/proc/self/fd")) == open_before


def test_without_locks_a_stage_that_is_gone_is_made_anew_too(
        network, tmp_path, monkeypatch):
    seen = []

    def no_lock(stage):
        if not seen:
            os.rmdir(stage)
        seen.append(stage)

    monkeypatch.setattr(nn, "_lock", no_lock)
    assert network.save(tmp_path).name == "v0001"
    assert len(seen) == len(set(seen)) == 2


def test_a_stage_that_is_gone_before_it_is_locked_is_made_anew(
        network, tmp_path, monkeypatch):
    lock, seen = nn._lock, []

    def late(stage):
        if not seen:
            os.rmdir(stage)
        seen.append(stage)
        return lock(stage)

    monkeypatch.setattr(nn, "_lock", late)
    assert network.save(tmp_path).name == "v0001"
    assert len(seen) == len(set(seen)) == 2


def test_a_stage_that_cannot_be_removed_is_left(
        network, tmp_path, monkeypatch):
    stage = tmp_path / f".stage-{'0' * 16}"
    stage.mkdir()
    open_before = set(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(os, "rmdir", raising(*9 * [errno.EACCES]))
    assert network.save(tmp_path).name == "v0001"
    assert stages(tmp_path) == [stage]
    assert set(os.listdir("/proc/self/fd")) == open_before


def test_the_first_error_is_told_where_going_back_fails_too(
        network, tmp_path, monkeypatch):
    rename, sync = os.rename, nn._sync_directory

    def no_way_back(source, target):
        if ".stage-" in str(target):
            raise PermissionError(errno.EACCES, "no way back")
        rename(source, target)

    def fail(directory):
        if directory == tmp_path:
            raise OSError(errno.EIO, "no sync")
        sync(directory)

    (tmp_path / "not-empty").touch()
    monkeypatch.setattr(os, "rename", no_way_back)
    monkeypatch.setattr(nn, "_sync_directory", fail)
    with pytest.raises(OSError, match="no sync"):
        network.save(tmp_path)


@pytest.mark.parametrize("losses", [1, 98, 99, 250])
def test_a_race_for_a_number_that_is_lost_many_times(
        network, tmp_path, monkeypatch, losses):
    rename, left = os.rename, [losses]

    def slow(source, target):
        if ".last-" in str(source) and left[0]:
            left[0] -= 1
            raise FileExistsError(errno.EEXIST, "taken")
        rename(source, target)

    monkeypatch.setattr(nn.os, "rename", slow)
    for _ in range(2):
        left[0] = losses
        network.save(tmp_path)
        assert left == [0]
    assert nn.versions(tmp_path) == [1, 2]


def test_a_file_that_may_not_be_read_is_not_called_damaged(
        network, tmp_path, monkeypatch):
    network.save(tmp_path)
    monkeypatch.setattr(nn, "_open_warily", raising(errno.EACCES))
    with pytest.raises(PermissionError):
        nn.Network.load(tmp_path)


# Neither links nor pipes are read, where the system has the flags for it.

def impostor(path, kind):
    """Put something in a file's place that has the file's name only."""
    true = path.rename(path.with_name("true"))
    if kind == "link":
        path.symlink_to(true)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("name", ["config.json", "weights.npz"])
@pytest.mark.parametrize("kind", ["link", "pipe", "directory"])
def test_only_a_regular_file_is_read(network, tmp_path, name, kind):
    path = network.save(tmp_path) / name
    impostor(path, kind)
    # While a pipe is open at both ends, whoever opens it does not wait.
    end = os.open(path, os.O_RDWR) if kind == "pipe" else None
    with pytest.raises(nn.ModelFormatError) as caught:
        nn.Network.load(tmp_path)
    if end is not None:
        os.close(end)
    assert str(caught.value).startswith(
        f"{path} is missing, or is not a regular file of at most ")


@pytest.mark.parametrize("flags", [
    {"O_NOFOLLOW": 1 << 17, "O_NONBLOCK": 1 << 11}, {"O_NOFOLLOW": 1 << 17},
    {"O_NONBLOCK": 1 << 11}, {}])
def test_files_are_opened_with_the_flags_that_there_are(
        network, tmp_path, monkeypatch, flags):
    network.save(tmp_path)
    for name in ("O_NOFOLLOW", "O_NONBLOCK"):
        monkeypatch.delattr(os, name, raising=False)
    for name, flag in flags.items():
        monkeypatch.setattr(os, name, flag, raising=False)
    asked = []

    def spy(path, given, *more):
        asked.append(given & (1 << 11 | 1 << 17))
        return real(path, given & ~asked[-1], *more)

    real = os.open
    monkeypatch.setattr(os, "open", spy)
    nn.Network.load(tmp_path)
    assert asked == 2 * [sum(flags.values())]


# A NumPy with another matrix library, or one that says nothing of itself.

def environment(network, models):
    path = network.save(models)
    return json.loads((path / "config.json").read_text())["environment"]


def test_an_environment_that_says_nothing(network, tmp_path, monkeypatch):
    for name in CORES:
        monkeypatch.setitem(sys.modules, name, types.SimpleNamespace(
            __file__="/no/such/library.so"))
    monkeypatch.setattr(nn.np, "__config__", types.SimpleNamespace())
    monkeypatch.setattr(nn.platform, "libc_ver", lambda: ("", ""))
    found = environment(network, tmp_path)
    assert {name for name in found if found[name] == "unknown"} == {
        "blas", "blas_core", "blas_threads", "simd", "libc"}
    assert found["numpy"] == np.__version__


@pytest.mark.parametrize("core", CORES)
def test_old_and_new_numpy_are_asked_for_what_they_use(
        network, tmp_path, monkeypatch, core):
    asked = []
    for name in CORES:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, core, types.SimpleNamespace(
        __file__="its/file.so",
        __cpu_features__={"A1": True, "B2": False, "C3": True}))
    monkeypatch.setattr(nn, "_loaded", asked.append)
    assert environment(network, tmp_path)["simd"] == "A1 C3"
    monkeypatch.setitem(sys.modules, core, types.SimpleNamespace())
    assert environment(network, tmp_path / "b")["simd"] == "unknown"
    assert asked == ["its/file.so", ""]


def test_the_library_asked_is_numpys_own(network, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(nn.ctypes, "PyDLL", opened.append)
    environment(network, tmp_path)
    core = next(filter(None, map(sys.modules.get, CORES)))
    assert opened == [core.__file__]


def test_another_matrix_library_is_named(network, tmp_path, monkeypatch):
    monkeypatch.setattr(nn, "_loaded", lambda path: None)
    monkeypatch.setattr(nn.np, "__config__", types.SimpleNamespace(
        CONFIG={"Build Dependencies": {"blas": {
            "name": "mkl", "version": "2024.2"}}}))
    found = environment(network, tmp_path)
    assert found["blas"] == "mkl 2024.2"
    assert found["blas_core"] == found["blas_threads"] == "unknown"


@pytest.mark.parametrize("pattern", [
    "scipy_openblas_get_{}64_", "scipy_openblas_get_{}",
    "openblas_get_{}64_", "openblas_get_{}"])
def test_openblas_is_asked_under_the_names_of_its_builds(
        network, tmp_path, monkeypatch, pattern):
    def text(answer):
        def get():
            return answer
        return get

    library = types.SimpleNamespace(**{
        pattern.format("config"): text(b"OpenBLAS  1.2 "),
        pattern.format("corename"): text(b"Abacus"),
        pattern.format("num_threads"): text(3)})
    monkeypatch.setattr(nn, "_loaded", lambda path: library)
    found = environment(network, tmp_path)
    assert (found["blas"], found["blas_core"], found["blas_threads"]) == (
        "OpenBLAS 1.2", "Abacus", "3")


# scikit-learn, whose errors ours are as well where it has been imported.

def test_not_fitted_is_scikit_learns_error_too(monkeypatch):
    class NotFittedError(ValueError, AttributeError):
        pass

    NotFittedError.__module__ = "sklearn.exceptions"
    theirs = types.ModuleType("sklearn.exceptions")
    theirs.NotFittedError = NotFittedError
    monkeypatch.setitem(sys.modules, "sklearn.exceptions", theirs)
    with pytest.raises(NotFittedError) as raised:
        nn.Network().predict([[1.0]])
    error = raised.value
    assert isinstance(error, nn.NotFittedError)
    assert (type(error).__name__, type(error).__module__) == (
        "NotFittedError", "nn")
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, NotFittedError)
    assert isinstance(again, nn.NotFittedError)
    assert str(again) == str(error) == (
        "this Network is not fitted yet; call fit first")


def test_a_column_of_labels_warns_with_scikit_learns_class(monkeypatch):
    class DataConversionWarning(UserWarning):
        pass

    theirs = types.ModuleType("sklearn.exceptions")
    theirs.DataConversionWarning = DataConversionWarning
    monkeypatch.setitem(sys.modules, "sklearn.exceptions", theirs)
    with pytest.warns(DataConversionWarning) as seen:
        nn.Network(epochs=0).fit([[0.0], [1.0]], [[0], [1]])
        nn.accuracy([[0], [1]], [0, 1])
    assert [one.filename for one in seen] == [__file__, __file__]
    monkeypatch.setitem(sys.modules, "sklearn.exceptions", None)
    with pytest.warns(UserWarning) as seen:
        nn.Network(epochs=0).fit([[0.0], [1.0]], [[0], [1]])
    assert [one.category for one in seen] == [UserWarning]
