"""nn.py as a file: alone, silent, small, and saying what it offers."""

import ast
import inspect
import re
import sys
import timeit
from collections import defaultdict

import numpy as np
import pytest

import nn
from support import ROOT, fitted, most_memory, run, snapshot

SOURCE = (ROOT / "nn.py").read_text(encoding="utf-8")
TREE = ast.parse(SOURCE)
PUBLIC = [getattr(nn, name) for name in nn.__all__]
METHODS = [getattr(thing, name) for thing in PUBLIC if inspect.isclass(thing)
           for name in vars(thing)
           if name[0] != "_" and callable(getattr(thing, name))]
TRAINING = ("nn.Network(4, 'tanh', epochs=3, batch_size=1)"
            ".fit([[0.0], [1.0]], [0, 1])")


def run_alone(folder, *arguments):
    (folder / "nn.py").write_text(SOURCE, encoding="utf-8")
    done = run("-W", "error", "-B", *arguments, cwd=folder)
    assert [path.name for path in folder.iterdir()] == ["nn.py"]
    return done.returncode, done.stdout, done.stderr


# Alone and silent
# ----------------

def test_its_doctests_pass_alone_in_an_empty_folder(tmp_path):
    assert run_alone(tmp_path, "-m", "doctest", "nn.py") == (0, "", "")


def test_it_imports_only_the_standard_library_and_numpy():
    names = {getattr(node, "module", None) or alias.name
             for node in ast.walk(TREE)
             if isinstance(node, (ast.Import, ast.ImportFrom))
             for alias in node.names}
    assert {name.split(".")[0] for name in names} - (
        sys.stdlib_module_names) == {"numpy"}


def test_it_neither_reads_nor_changes_the_global_random_state():
    np.random.seed(1)
    before = snapshot(np.random.get_state())
    first = eval(TRAINING)
    assert snapshot(np.random.get_state()) == before
    np.random.seed(2)
    assert eval(TRAINING).loss_curve_ == first.loss_curve_


# What it offers
# --------------

def test_it_carries_a_version_and_a_licence():
    assert all(part.isdigit() for part in nn.__version__.split("."))
    assert "MIT" in nn.__license__


def test_all_names_are_there_and_in_reading_order():
    lines = [inspect.getsourcelines(thing)[1] for thing in PUBLIC]
    assert lines == sorted(lines)
    assert sorted(nn.__all__) == sorted(
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


@pytest.mark.parametrize("kind, defaults", [
    (nn.Network, {
        "hidden_size": 128, "activation": "relu", "optimizer": None,
        "batch_size": 32, "epochs": 100, "seed": 0, "dtype": "float64",
        "arithmetic": "blas"}),
    (nn.SGD, {"learning_rate": 0.1, "momentum": 0.0, "nesterov": False}),
    (nn.Adam, {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999,
               "epsilon": 1e-8})])
def test_the_defaults_are_those_of_the_contract(kind, defaults):
    assert vars(kind()) == defaults


def test_it_can_be_loaded_by_any_name_and_without_being_registered(tmp_path):
    assert run_alone(tmp_path, "-c", (
        "import importlib.util as util, sys; "
        "spec = util.spec_from_file_location('other', 'nn.py'); "
        "nn = util.module_from_spec(spec); spec.loader.exec_module(nn); "
        f"{TRAINING}; assert nn.SGD() == nn.SGD() != nn.Adam(); "
        "print('other' in sys.modules)")) == (0, "False\n", "")


# What a call costs
# -----------------

def quickest(call):
    return min(timeit.repeat(call, repeat=30, number=1))


@pytest.mark.parametrize("batch_size", [None, 32])
def test_a_step_costs_the_same_from_inside_and_however_long_ago_it_began(
        batch_size):
    settings = {"hidden_size": 100, "batch_size": batch_size}
    (young, X, y), (old, _, _) = fitted(**settings), fitted(**settings)
    old.loss_curve_ = [0.5] * 100_000
    X, y = X[:1], y[:1]
    for _ in range(5):              # a busy machine may spoil some
        inside, late, outside = map(quickest, [
            lambda: young.partial_fit(X, y), lambda: old.partial_fit(X, y),
            lambda: young.apply_gradients(young.loss_and_gradients(X, y)[1])])
        if inside < 2 * outside and late < 3 * inside:
            return
    assert inside < 2 * outside
    assert late < 3 * inside


@pytest.mark.parametrize("call", [
    lambda network, X, y: network.partial_fit(X, y),
    lambda network, X, y: network.evaluate(X, y),
    lambda network, X, y: network.loss_and_gradients(X, y)])
def test_memory_is_linear_in_the_classes(call):
    X, y, most = np.ones((500, 20)), np.arange(500), []
    for k in (1_000, 4_000):
        network = nn.Network(4).partial_fit(X, y, classes=range(k), epochs=0)
        call(network, X, y)
        most.append(most_memory(lambda: call(network, X, y)))
    assert most[1] < 1.2 * 4 * most[0]


# Its size
# --------

def lines_of(node):
    return set(range(node.lineno, node.end_lineno + 1))


def code_lines():
    """The lines that are not blank, nor comment, nor docstring."""
    docs = [node.body[0] for node in ast.walk(TREE)
            if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))
            and ast.get_docstring(node)]
    return {number for number, line in enumerate(SOURCE.splitlines(), 1)
            if re.match(r"\s*[^\s#]", line)}.difference(*map(lines_of, docs))


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


FUNCTIONS = [node for node in ast.walk(TREE)
             if isinstance(node, ast.FunctionDef)]
# Methods are read as functions of their own, but for those of Python's.
METHODS_APART = [part for node in TREE.body if isinstance(node, ast.ClassDef)
                 for part in node.body if isinstance(part, ast.FunctionDef)
                 and not part.name.startswith("__")]


def names_of(node):
    """What a statement defines; "" if it only runs."""
    match node:
        case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
            return [part.id for part in ast.walk(target)
                    if isinstance(part, ast.Name)]
    return [getattr(node, "name", "")]


def parts_of(node):
    """A statement and what is in it, but for the methods of a class."""
    yield node
    for part in ast.iter_child_nodes(node):
        if part not in METHODS_APART:
            yield from parts_of(part)


def mentions():
    """The names that each definition mentions."""
    found = defaultdict(set)
    for node in TREE.body + METHODS_APART:
        for name in names_of(node):
            found[name] |= {getattr(part, "id", getattr(part, "attr", None))
                            for part in parts_of(node)}
    return found


MENTIONS = mentions()


def reached(names):
    """What can be reached from some names, themselves included."""
    seen, ahead = set(), set(names)
    while ahead:
        seen |= ahead
        ahead = set().union(*map(MENTIONS.get, ahead)) & MENTIONS.keys() - seen
    return seen


def test_it_has_at_most_1_300_lines_of_code_and_100_private_functions():
    code = code_lines()
    assert len(code) <= 1_300
    assert sum(is_private(node.name) for node in FUNCTIONS) <= 100
    assert [node.name for node in FUNCTIONS
            if len(code & lines_of(node)) > 25] == []


@pytest.mark.parametrize("method, most", [
    ("fit", 63), ("save", 54), ("load", 51), ("predict", 36)])
def test_few_functions_stand_behind_a_method(method, most):
    names = {node.name for node in FUNCTIONS}
    assert len((reached([method]) & names) - {method}) <= most


def test_a_public_name_leads_to_every_private_one():
    public = [name for name in MENTIONS if not is_private(name)]
    assert sorted(MENTIONS.keys() - reached(public)) == []
