"""The recipes run as they stand, and what they print is true.

Each is copied into an empty folder beside nn.py, as its page tells a reader
to do, and runs there in a process of its own, with settings that keep it
short.
"""

import re
import shutil
import sys

import numpy as np
import pytest

import support
from support import ACTIVATIONS, DTYPES, ROOT, fitted, snapshot

RECIPES = ROOT / "docs" / "recipes"
sys.path.append(str(RECIPES))
PROGRAMS = sorted(path.stem for path in RECIPES.glob("*.py"))


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """A folder from which no process finds this project."""
    here, scratch = tmp_path / "here", tmp_path / "scratch"
    here.mkdir()
    scratch.mkdir()
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("TMPDIR", str(scratch))
    return here


@pytest.fixture
def run(alone):
    """A function that runs a recipe, beside nn.py alone, gives its output,
    and sees to it that no file is left behind."""
    def run(name, *options, **more):
        for path in (RECIPES / f"{name}.py", ROOT / "nn.py"):
            shutil.copy(path, alone)
        before = sorted(alone.iterdir())
        done = support.run(f"{name}.py", *options, cwd=alone, timeout=300,
                           **more)
        assert done.returncode == 0, done.stderr
        assert sorted(alone.iterdir()) == before
        assert [path for path in alone.parent.glob("scratch/**/*")
                if path.is_file()
                and "dask-scratch-space" not in path.parts] == []
        return done

    return run


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_recipe_has_its_page_and_says_how_it_is_run(name):
    page = (RECIPES / f"{name}.rst").read_text(encoding="utf-8")
    assert f".. literalinclude:: {name}.py\n" in page
    text = (RECIPES / f"{name}.py").read_text(encoding="utf-8")
    assert f"python {name}.py" in text.split('"""')[1]
    assert "sys.path" not in text       # there may be somebody else's modules


# The programs

def test_grid_search_tries_all_settings_and_names_the_best(run):
    pytest.importorskip("sklearn")
    out = run("grid_search", "--epochs", "30").stdout
    *scores, best = map(float, re.findall(r"(?m)^(?:best: )?(\d\.\d+)", out))
    assert len(scores) == 6
    assert len(set(scores)) > 1
    assert best == max(scores) > 0.9


def test_grid_search_finds_the_same_on_dask(run):
    pytest.importorskip("sklearn")
    pytest.importorskip("distributed")
    settings = "grid_search", "--epochs", "30"
    on_dask = run(*settings, "--dask", "local")
    assert on_dask.stdout == run(*settings).stdout


def test_the_progress_bar_ends_early_and_keeps_the_best(run):
    pytest.importorskip("tqdm")
    done = run("progress_bar", "--patience", "30")
    numbers = [float(n) for n in re.findall(r"\d+(?:\.\d+)?", done.stdout)]
    stopped, most, last, kept, best = numbers
    assert stopped == kept + 30 < most
    assert best < last
    assert f"{stopped:.0f}/2000" in done.stderr
    assert "aside" in done.stderr


def test_training_from_disk_works_where_the_file_does_not_fit(run):
    """RLIMIT_DATA of Linux counts what is allocated, but no mapped file."""
    size, limit = 200 * 10**6, {}
    if sys.platform == "linux":
        import resource
        limit["preexec_fn"] = lambda: resource.setrlimit(
            resource.RLIMIT_DATA, (size, size))
    out = run("from_disk", "--megabytes", "240", "--epochs", "1",
              **limit).stdout
    file, memory = map(float, re.findall(r"([\d.]+) MB", out))
    assert 1 < memory < 15 < size / 10**6 < file < 241
    assert float(re.search(r"accuracy ([\d.]+)", out)[1]) > 0.8


def test_training_goes_on_in_pytorch(run):
    """The recipe itself asserts that both give the same probabilities."""
    pytest.importorskip("torch")
    losses = re.findall(r"loss (\S+) before, (\S+) after",
                        run("to_pytorch").stdout)
    assert len(losses) == 2
    assert all(float(after) < float(before) for before, after in losses)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("k", [2, 3])
def test_pytorch_agrees_there_and_back(k, activation, dtype):
    pytest.importorskip("torch")
    with np.errstate(all="ignore"):     # PyTorch may underflow
        import to_pytorch as recipe
        network, X, _ = fitted(k, dtype, activation=activation)
        before = snapshot(network.params_)
        model = recipe.to_torch(network)
        X = X.astype(dtype)
        apart = recipe.probabilities(model, X) - network.predict_proba(X)
        assert np.abs(apart).max() < (1e-12 if dtype == "float64" else 1e-5)
        back = recipe.from_torch(model, network)
        for p in model.parameters():
            p.data += 1
        assert snapshot(network.params_) == snapshot(back.params_) == before


def steps_of(done):
    """From the output: shards and bytes of each run, in which the weights
    came out as in one process."""
    runs = re.findall(r"(\d+) shards: [\d.]+ ms and (\d+) bytes a step, "
                      r"weights differ by (\S+)", done.stdout)
    assert all(float(apart) < 1e-12 for _, _, apart in runs)
    return [(int(shards), int(moved)) for shards, moved, _ in runs]


def test_a_killed_worker_changes_nothing(run):
    pytest.importorskip("distributed")
    done = run("dask_data_parallel", "--steps", "8", "--rows", "50",
               "--shards", "3", "--kill-one")
    killed = re.search(r"killing (\d+) of the worker processes \[.*\b\1\b",
                       done.stdout)[1]
    after = re.search(r"worker processes now: \[(.*)\]", done.stdout)[1]
    assert killed not in after.split(", ")
    assert len(steps_of(done)) == 1


def test_data_parallel_training_on_a_cluster_that_is_there(
        run, alone, monkeypatch):
    """A scheduler and workers that know nothing of this project."""
    pytest.importorskip("distributed")
    from distributed.deploy.subprocess import SubprocessCluster
    monkeypatch.chdir(alone.parent)
    with SubprocessCluster(n_workers=2, worker_class="distributed.Worker",
                           dashboard_address=None) as cluster:
        done = run("dask_data_parallel", "--steps", "4", "--rows", "20",
                   "--shards", "1", "3", "--scheduler",
                   cluster.scheduler_address)
    p = 32 * 32 + 32 + 32 * 3 + 3
    assert steps_of(done) == [(1, 16 * p), (3, 3 * 16 * p)]
