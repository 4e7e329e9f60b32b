"""nn.py as a file: alone, silent, and saying what it offers."""

import ast
import inspect
import subprocess
import sys
import warnings

import numpy as np
import pytest

import nn
from helpers import ROOT

SOURCE = (ROOT / "nn.py").read_text(encoding="utf-8")
PUBLIC = [getattr(nn, name) for name in nn.__all__ if hasattr(nn, name)]
METHODS = [method for thing in PUBLIC if inspect.isclass(thing)
           for name, method in vars(thing).items()
           if not name.startswith("_")
           and (inspect.isfunction(method)
                or isinstance(method, (classmethod, staticmethod)))]


def run_alone(folder, *arguments):
    (folder / "nn.py").write_text(SOURCE, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-W", "error", "-B", *arguments], cwd=folder,
        capture_output=True, text=True, timeout=120)


def test_its_doctests_pass_alone_in_an_empty_folder(tmp_path):
    done = run_alone(tmp_path, "-m", "doctest", "nn.py")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["nn.py"]


def test_it_trains_alone_in_an_empty_folder(tmp_path):
    done = run_alone(tmp_path, "-c", (
        "import nn; print(nn.Network(epochs=50).fit([[0.], [1.]], [0, 1])"
        ".predict([[0.], [1.]]).tolist())"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "[0, 1]\n", "")


def test_importing_it_prints_nothing_and_imports_only_numpy(tmp_path):
    done = run_alone(tmp_path, "-c", (
        "import sys, numpy; before = set(sys.modules); import nn; "
        "new = {name.split('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(new - {'nn', 'numpy'} - sys.stdlib_module_names))"))
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_its_import_statements_name_only_the_standard_library_and_numpy():
    names = set()
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            names.add(node.module.split(".")[0])
    assert names - sys.stdlib_module_names == {"numpy"}


def test_it_carries_a_version_and_a_licence():
    assert all(part.isdigit() for part in nn.__version__.split("."))
    assert "MIT" in nn.__license__


def test_all_names_are_there_and_in_reading_order():
    lines = [inspect.getsourcelines(thing)[1] for thing in PUBLIC]
    assert lines == sorted(lines)
    assert len(set(nn.__all__)) == len(nn.__all__) == len(PUBLIC)


def test_all_holds_the_names_of_the_contract():
    assert set(nn.__all__) == set(
        "sigmoid tanh relu softmax log_softmax binary_cross_entropy "
        "cross_entropy accuracy confusion_matrix SGD Adam NotFittedError "
        "ModelFormatError Network gradient_check versions".split())


@pytest.mark.parametrize("thing", PUBLIC + METHODS, ids=lambda thing: getattr(
    thing, "__qualname__", repr(thing)))
def test_every_public_name_has_a_docstring_with_an_example(thing):
    doc = inspect.getdoc(thing)
    assert ">>> " in doc
    assert "+SKIP" not in doc
    first, *rest = doc.splitlines()
    assert first.endswith(".") and (not rest or rest[0] == "")


@pytest.mark.parametrize("name, defaults", [
    ("Network", {"hidden_size": 16, "activation": "tanh", "optimizer": None,
                 "batch_size": None, "epochs": 200, "seed": 0,
                 "dtype": "float64", "arithmetic": "blas"}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.0, "nesterov": False}),
    ("Adam", {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999,
              "epsilon": 1e-8}),
])
def test_the_defaults_are_those_of_the_contract(name, defaults):
    signature = inspect.signature(getattr(nn, name))
    assert {parameter.name: parameter.default for parameter
            in signature.parameters.values()} == defaults


def test_no_line_is_wider_than_79_columns():
    assert max(map(len, SOURCE.splitlines())) <= 79


def test_it_leaves_the_global_random_state_alone():
    before = np.random.get_state()
    nn.Network(epochs=3, batch_size=1).fit([[0.0], [1.0]], [0, 1])
    after = np.random.get_state()
    assert before[0] == after[0] and before[2:] == after[2:]
    assert before[1].tolist() == after[1].tolist()
    np.random.seed(1)
    first = nn.Network(epochs=3, batch_size=1).fit([[0.0], [1.0]], [0, 1])
    np.random.seed(2)
    other = nn.Network(epochs=3, batch_size=1).fit([[0.0], [1.0]], [0, 1])
    assert first.loss_curve_ == other.loss_curve_
    np.random.set_state(before)


def test_it_prints_nothing(capsys):
    network = nn.Network(epochs=3).fit([[0.0], [1.0]], [0, 1])
    nn.gradient_check(network, [[0.0], [1.0]], [0, 1])
    assert capsys.readouterr() == ("", "")


def test_the_suite_itself_runs_with_numpy_errors_raised():
    with pytest.raises(FloatingPointError):
        np.exp(np.array([1000.0]))
    with pytest.raises(FloatingPointError):
        np.exp(np.array([-1000.0]))


def test_the_suite_itself_runs_with_warnings_as_errors():
    with pytest.raises(UserWarning):
        warnings.warn("heard", stacklevel=1)
