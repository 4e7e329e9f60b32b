"""The recipes run as they stand, and what they print is true.

Each is copied into an empty folder beside nn.py, as its page tells a reader
to do, and runs there in a process of its own, with settings that keep it
short.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import types

import numpy as np
import pytest

import nn
from support import ACTIVATIONS, DTYPES, ROOT, clusters, fitted, snapshot

RECIPES = ROOT / "docs" / "recipes"
sys.path.append(str(RECIPES))
PROGRAMS = sorted(path.stem for path in RECIPES.glob("*.py"))
ALONE = {**{name: value for name, value in os.environ.items()
            if name != "PYTHONPATH"},
         "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
         "MKL_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def run(tmp_path):
    """A function that runs a recipe, beside nn.py alone, gives its output,
    and sees to it that no file is left behind."""
    here, scratch = tmp_path / "here", tmp_path / "scratch"
    here.mkdir()
    scratch.mkdir()

    def run(name, *options, **more):
        for path in (RECIPES / f"{name}.py", ROOT / "nn.py"):
            shutil.copy(path, here)
        before = sorted(here.iterdir())
        done = subprocess.run(
            [sys.executable, f"{name}.py", *options], cwd=here,
            env={**ALONE, "TMPDIR": str(scratch)},
            capture_output=True, text=True, timeout=300, **more)
        assert done.returncode == 0, done.stderr
        assert sorted(here.iterdir()) == before
        assert [path for path in scratch.rglob("*") if path.is_file()
                and "dask-scratch-space" not in path.parts] == []
        return done

    return run


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_recipe_has_its_page_and_says_how_it_is_run(name):
    page = (RECIPES / f"{name}.rst").read_text(encoding="utf-8")
    assert f".. literalinclude:: {name}.py\n" in page
    assert f"\n   {name}\n" in (RECIPES / "index.rst").read_text("utf-8")
    text = (RECIPES / f"{name}.py").read_text(encoding="utf-8")
    assert text.startswith('"""')
    assert f"python {name}.py" in text.split('"""')[1]
    assert text.endswith('if __name__ == "__main__":\n    main()\n')
    assert max(map(len, text.splitlines())) <= 79
    assert "sys.path" not in text       # there may be somebody else's modules


# The programs

def test_grid_search_tries_all_settings_and_names_the_best(run):
    pytest.importorskip("sklearn")
    lines = run("grid_search", "--epochs", "30").stdout.splitlines()
    trials = [line for line in lines if "learning_rate=" in line
              and not line.startswith("best")]
    scores = [float(line.split()[0]) for line in trials]
    assert len(trials) == 6
    assert len(set(scores)) > 1
    best = next(line for line in lines if line.startswith("best"))
    assert float(best.split()[1]) == max(scores) > 0.9


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


def test_early_stopping_puts_back_the_very_weights_of_the_best_epoch():
    pytest.importorskip("tqdm")
    import progress_bar as recipe
    X, y = recipe.rows()
    losses = []

    def callback(network, epoch, loss):
        losses.append(network.evaluate(X[100:], y[100:])["loss"])
        return stop(network, epoch, loss)

    bar = types.SimpleNamespace(update=lambda: None,
                                set_postfix_str=lambda text: None)
    stop = recipe.EarlyStopping(X[100:], y[100:], 20, bar)
    network = nn.Network(hidden_size=32, optimizer=nn.SGD(0.01), batch_size=8,
                         epochs=2000).fit(X[:100], y[:100], callback)
    best = losses.index(min(losses)) + 1
    assert (stop.epoch, stop.loss) == (best, min(losses))
    assert 1 < best == len(losses) - 20
    again = network.set_params(epochs=best).fit(X[:100], y[:100])
    assert snapshot(stop.params) == snapshot(again.params_)


def test_training_from_disk_takes_far_less_memory_than_the_file(run):
    done = run("from_disk", "--megabytes", "60", "--epochs", "1")
    file, memory = map(float, re.findall(r"([\d.]+) MB", done.stdout))
    assert 59 < file < 61
    assert 1 < memory < file / 4
    accuracy = float(re.search(r"accuracy ([\d.]+)", done.stdout)[1])
    assert accuracy > 0.8


@pytest.mark.skipif(sys.platform != "linux", reason="a limit of Linux")
def test_training_from_disk_works_where_the_file_does_not_fit(run):
    """RLIMIT_DATA counts what is allocated, but no mapped file."""
    import resource
    size = 200 * 10**6
    done = run("from_disk", "--megabytes", "240", "--epochs", "1",
               preexec_fn=lambda: resource.setrlimit(
                   resource.RLIMIT_DATA, (size, size)))
    file, _ = map(float, re.findall(r"([\d.]+) MB", done.stdout))
    assert file * 10**6 > size


def test_to_pytorch_prints_differences_below_its_bound(run):
    pytest.importorskip("torch")
    out = run("to_pytorch").stdout
    differences = [float(n) for n in re.findall(r"\d+e[+-]\d+", out)]
    assert len(differences) == 4
    assert max(differences) < 1e-12
    losses = [float(n) for n in re.findall(r"0\.\d{4}", out)]
    assert losses[1] < losses[0]
    assert losses[3] < losses[2]


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
        assert model[2].out_features == (1 if k == 2 else k)
        X = X.astype(dtype)
        apart = recipe.probabilities(model, X) - network.predict_proba(X)
        assert np.abs(apart).max() < (1e-12 if dtype == "float64" else 1e-5)
        back = recipe.from_torch(model, network)
        assert snapshot(back.params_) == before
        for p in model.parameters():
            p.data += 1
        assert snapshot(network.params_) == snapshot(back.params_) == before


def steps_of(done):
    """From the output: shards, bytes and the difference of each run."""
    return [(int(s), int(b), float(d)) for s, b, d in re.findall(
        r"(\d+) shards: [\d.]+ ms and (\d+) bytes a step, "
        r"weights differ by (\S+)", done.stdout)]


def test_data_parallel_training_ends_where_one_process_ends(run):
    pytest.importorskip("distributed")
    done = run("dask_data_parallel", "--steps", "8", "--rows", "50",
               "--shards", "1", "3")
    p = 32 * 32 + 32 + 32 * 3 + 3
    runs = steps_of(done)
    assert [(s, b) for s, b, _ in runs] == [(1, 16 * p), (3, 3 * 16 * p)]
    assert max(d for _, _, d in runs) < 1e-12
    assert "one process: " in done.stdout


def test_a_killed_worker_changes_nothing(run):
    pytest.importorskip("distributed")
    done = run("dask_data_parallel", "--steps", "8", "--rows", "50",
               "--shards", "3", "--kill-one")
    killed = re.search(r"killing (\d+) of the worker processes \[.*\b\1\b",
                       done.stdout)[1]
    after = re.search(r"worker processes now: \[(.*)\]", done.stdout)[1]
    assert killed not in after.split(", ")
    (_, _, apart), = steps_of(done)
    assert apart < 1e-12


def test_data_parallel_training_on_a_cluster_that_is_there(run, tmp_path):
    """A scheduler and workers that know nothing of this project."""
    pytest.importorskip("distributed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    where = f"tcp://127.0.0.1:{port}"
    away = tmp_path / "away"
    away.mkdir()
    processes = [subprocess.Popen(
        [sys.executable, "-m", "dask", *words, "--host", "127.0.0.1",
         "--no-dashboard"], cwd=away, env=ALONE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL) for words in (
            ["scheduler", "--port", port],
            *[["worker", where, "--nthreads", "1", "--no-nanny",
               "--local-directory", str(away)]] * 2)]
    try:
        done = run("dask_data_parallel", "--steps", "4", "--rows", "20",
                   "--shards", "2", "--scheduler", where)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    (shards, _, apart), = steps_of(done)
    assert shards == 2
    assert apart < 1e-12


def test_the_weighted_mean_of_uneven_shards_is_the_gradient_of_all():
    pytest.importorskip("distributed")
    import dask_data_parallel as recipe
    X, y = clusters(n=30)
    network = nn.Network(epochs=0).fit(X, y)
    shards = [slice(0, 3), slice(3, 20), slice(20, 30)]
    answers = [recipe.shard_gradients((network, X[s], y[s]), network.params_)
               for s in shards]
    assert [n for n, _ in answers] == [3, 17, 10]
    _, whole = network.loss_and_gradients(X, y)
    mean = recipe.weighted_mean(answers)
    assert recipe.difference(mean, whole) < 1e-14
