"""nn.py as a file: alone, silent, small, and saying what it offers."""

import ast
import inspect
import sys
import timeit
import warnings

import numpy as np
import pytest

import nn
from support import ROOT, fitted, most_memory, run, snapshot

SOURCE = (ROOT / "nn.py").read_text(encoding="utf-8")
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
    names = set()
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            names.add(node.module.split(".")[0])
    assert names - sys.stdlib_module_names == {"numpy"}


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


@pytest.mark.parametrize("thing, words", [
    (nn.Network, ["128", '"relu"', "32", "100", "by measurement"]),
    (nn.Network, ["scaled", "mean", "deviation", "training rows"]),
    (nn.Network.fit, ["X.mean(axis=0)", "X.std(axis=0)"]),
    (nn.Network.fit, ["next step", "next call", "learning_rate", '"stop"'])])
def test_a_docstring_says_what_must_be_known(thing, words):
    text = " ".join(inspect.getdoc(thing).split())
    assert [word for word in words if word not in text] == []


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
    network, X, y = fitted(hidden_size=100, batch_size=batch_size)
    X, y = X[:1], y[:1]

    def inside():
        network.partial_fit(X, y)

    def outside():
        network.apply_gradients(network.loss_and_gradients(X, y)[1])

    for _ in range(5):              # a busy machine may spoil some
        first, from_outside = quickest(inside), quickest(outside)
        before, network.loss_curve_ = network.loss_curve_, [0.5] * 1_000_000
        inside()
        late = quickest(inside)
        network.loss_curve_ = before
        if first < 2 * from_outside and late < 3 * first:
            return
    assert (first, late) < (2 * from_outside, 3 * first)


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

TREE = ast.parse(SOURCE)
DEFINED = (ast.FunctionDef, ast.ClassDef)


def lines_of(node):
    return range(node.lineno, node.end_lineno + 1)


def code_lines():
    """The lines that are not blank, nor comment, nor docstring."""
    docs = {line for node in ast.walk(TREE)
            if isinstance(node, (ast.Module, *DEFINED))
            and ast.get_docstring(node) for line in lines_of(node.body[0])}
    return {number for number, line in enumerate(SOURCE.splitlines(), 1)
            if line.strip() and not line.lstrip().startswith("#")} - docs


def functions():
    return [node for node in ast.walk(TREE)
            if isinstance(node, ast.FunctionDef)]


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def definitions():
    """(name, parts): a class has those of its parts that are no methods of
    their own, and a method, like a function or a variable, stands alone."""
    for node in TREE.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, [node]
        if isinstance(node, ast.ClassDef):
            methods = [part for part in node.body
                       if isinstance(part, ast.FunctionDef)
                       and not part.name.startswith("__")]
            yield from ((method.name, [method]) for method in methods)
            yield node.name, [part for part in node.body
                              if part not in methods]
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            for target in getattr(node, "targets", None) or [node.target]:
                yield from ((part.id, [node]) for part in ast.walk(target)
                            if isinstance(part, ast.Name))


def reached(names):
    """What can be reached from some names, themselves included."""
    mentions = {}
    for name, parts in definitions():
        mentions.setdefault(name, set()).update(
            getattr(node, "id", getattr(node, "attr", None))
            for part in parts for node in ast.walk(part))
    seen, ahead = set(), set(names)
    while ahead:
        seen |= ahead
        ahead = set().union(*(mentions[name] for name in ahead))
        ahead = (ahead & mentions.keys()) - seen
    return seen


def test_it_has_at_most_1_300_lines_of_code():
    assert len(code_lines()) <= 1_300


def test_it_has_at_most_100_private_functions_none_of_them_long():
    code = code_lines()
    sizes = {node.name: len(code.intersection(lines_of(node)))
             for node in functions()}
    assert sum(is_private(node.name) for node in functions()) <= 100
    assert {name: size for name, size in sizes.items() if size > 25} == {}


@pytest.mark.parametrize("method, most", [
    ("fit", 63), ("save", 54), ("load", 51), ("predict", 36)])
def test_few_functions_stand_behind_a_method(method, most):
    names = {node.name for node in functions()}
    assert len((reached([method]) & names) - {method}) <= most


def test_a_public_name_leads_to_every_private_one():
    names = {name for name, _ in definitions()}
    roots = {name for name in names if not is_private(name)}
    roots |= {inner.id for node in TREE.body
              if isinstance(node, (ast.Expr, ast.Try, ast.If))
              for inner in ast.walk(node)
              if isinstance(inner, ast.Name) and inner.id in names}
    assert sorted(names - reached(roots)) == []


def test_no_line_is_wider_than_79_columns():
    assert max(map(len, SOURCE.splitlines())) <= 79


# The suite itself
# ----------------

def test_the_suite_itself_runs_with_warnings_and_numpy_errors_raised():
    with pytest.raises(UserWarning):
        warnings.warn("heard", stacklevel=1)
    for number in (1000.0, -1000.0):
        with pytest.raises(FloatingPointError):
            np.exp(np.array([number]))
