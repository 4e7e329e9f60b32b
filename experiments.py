"""Five experiments with nn.py: it learns, it is checked, it is repeated.

Run one from a terminal, and ask each for its options with ``--help``:

    python experiments.py xor               two bits in, one bit out
    python experiments.py softmax_toy       three clusters of points
    python experiments.py iris              Fisher's flowers
    python experiments.py gradcheck         is the gradient right?
    python experiments.py reproduce PATH    train a saved model again

Each prints what it finds and ends with its *validations*, statements that
must hold.  The exit status is 0 when all of them held and 1 when one did
not; it is 2 for wrong usage or input, training that diverges included, 130
after Ctrl-C, and 141 when nobody reads the output any more.  With
``--quiet`` nothing is printed but errors, and the status says it all.

The same seed gives the same run.  All data are made, split and scaled by
operations that round alike on every machine, so that what differs between
two machines, if anything does, is the network's arithmetic alone.
"""

import argparse
import hashlib
import json
import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

import nn

HERE = Path(__file__).resolve().parent

Array = NDArray[Any]
Options = argparse.Namespace
Validations = dict[str, bool]
Watch = Callable[[nn.Network, int, float], object]


# Data
# ====
#
# Exclusive or is the smallest problem that a single layer cannot learn: no
# straight line has (0, 1) and (1, 0) on one side and the other two corners
# of the square on the other.

def xor_data() -> tuple[Array, Array]:
    """The four rows of the truth table (4, 2), and their answers (4,).

    >>> X, y = xor_data()
    >>> [int(a) ^ int(b) for a, b in X.tolist()] == y.tolist()
    True
    """
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return X, np.array([0, 1, 1, 0])


# The clusters are round and nearly normal, but not made by a generator of
# normal numbers: those call the logarithm of the machine's C library, whose
# last bit differs from library to library.  A sum of four uniform numbers
# is close enough to a bell, and it adds in an order that is written down.

CENTRES = np.array([[0.0, 2.0], [-2.0, -1.0], [2.0, -1.0]])


def toy_data(seed: int, rows: int = 100) -> tuple[Array, Array]:
    """Three clusters of so many rows each: X (3 rows, 2), y (3 rows,).

    >>> X, y = toy_data(seed=0)
    >>> X.shape, y.tolist().count("north")
    ((300, 2), 100)
    """
    u = np.random.default_rng(seed).random((4, 3 * rows, 2))
    X = np.repeat(CENTRES, rows, axis=0) + (u[0] + u[1] + u[2] + u[3] - 2)
    return X, np.repeat(["north", "southwest", "southeast"], rows)


# Fisher's table comes as a file, of which many faulty copies are about.  So
# nothing is read from it before its digest is known to be right.  A checkout
# that writes line ends in the manner of Windows is forgiven.

IRIS = HERE / "data" / "iris.csv"
IRIS_SHA256 = (
    "9cc1c345c71bcc9b486b74cbf6063fa66f4bb5e0f603a4b3c3471ec2e5e8e355")


def iris_data(path: Path = IRIS) -> tuple[Array, Array]:
    """Four measurements (150, 4) in centimetres, and the species (150,).

    Raises ValueError if the file is not Fisher's table, OSError if there
    is none.

    >>> X, y = iris_data()
    >>> X[34].tolist(), str(y[34])
    ([4.9, 3.1, 1.5, 0.2], 'setosa')
    """
    try:
        table = path.read_bytes().replace(b"\r\n", b"\n")
    except FileNotFoundError:
        raise ValueError(f"{shown(path)} is missing; get it back from where "
                         "this program came from") from None
    if hashlib.sha256(table).hexdigest() != IRIS_SHA256:
        raise ValueError(f"{shown(path)} has changed: its SHA-256 is not "
                         f"{IRIS_SHA256[:8]}...; get it back from where this "
                         "program came from")
    rows = [line.split(",") for line in table.decode().splitlines()[1:]]
    X = np.array([[float(cell) for cell in row[:-1]] for row in rows])
    return X, np.array([row[-1] for row in rows])


def shown(path: Path) -> str:
    """A path as a reader wants it: from here, if it is below here.

    >>> shown(Path.cwd() / "models" / "iris") == str(Path("models/iris"))
    True
    """
    try:
        return printable(path.resolve().relative_to(Path.cwd()))
    except (OSError, ValueError):
        return printable(path)


def printable(text: object) -> str:
    r"""Text whose control characters are spelled out.

    Names of files and words in a saved model may hold any of them, and a
    terminal would obey.

    >>> print(printable("\x1b[2J cleared"))
    \x1b[2J cleared
    """
    return "".join(character if character.isprintable()
                   else ascii(character)[1:-1] for character in str(text))


# To see whether a network has learnt or only remembers, some rows are kept
# from it.  Each class gives the same number of them, drawn by the seed.

def split(y: Array, held_out: int, seed: int) -> tuple[Array, Array]:
    """Row numbers to train on, and so many of each class to test on.

    >>> train, test = split(np.repeat(["a", "b"], 5), held_out=2, seed=0)
    >>> len(train), len(test), sorted([*train, *test]) == list(range(10))
    (6, 4, True)
    """
    rng = np.random.default_rng(seed)
    test = np.concatenate([
        rng.permutation(np.flatnonzero(y == label))[:held_out]
        for label in np.unique(y)])
    return np.setdiff1d(np.arange(len(y)), test), np.sort(test)


# Features of very different size learn at very different speed, so each is
# moved to mean 0 and stretched to standard deviation 1.  Both numbers come
# from the training rows alone: the test rows stand for flowers that nobody
# has seen yet.  ``math.fsum`` rounds a sum once, at its end, and so gives
# the same bits everywhere, whatever the order.

def mean_and_deviation(column: Sequence[float]) -> tuple[float, float]:
    """The mean and the standard deviation of some numbers.

    >>> mean_and_deviation([1.0, 3.0])
    (2.0, 1.0)
    """
    mean = math.fsum(column) / len(column)
    squares = math.fsum((x - mean) * (x - mean) for x in column)
    return mean, math.sqrt(squares / len(column))


def scaled(X: Array, train: Array) -> Array:
    """X (n, d), each feature scaled by its training rows' statistics.

    >>> scaled(np.array([[1.0], [3.0], [4.0]]), np.array([0, 1])).tolist()
    [[-1.0], [1.0], [2.0]]
    """
    means, deviations = zip(*map(mean_and_deviation, X[train].T.tolist()),
                            strict=True)
    result: Array = (X - np.array(means)) / np.array(deviations)
    return result


# What an experiment trains on and tests on follows from its seed.  This is
# also how ``reproduce`` finds again what a saved model has seen.

class Problem(NamedTuple):
    """The data of one experiment: all rows, and which are for what."""

    X: Array
    y: Array
    train: Array
    test: Array

    def part(self, rows: Array) -> tuple[Array, Array]:
        """The features and labels of some rows."""
        return self.X[rows], self.y[rows]


def xor_problem(seed: int) -> Problem:
    """All four rows for training, and the same four for the test."""
    X, y = xor_data()
    return Problem(X, y, np.arange(4), np.arange(4))


def toy_problem(seed: int) -> Problem:
    """150 rows for training and 150 for the test, 50 of each cluster."""
    X, y = toy_data(seed)
    return Problem(X, y, *split(y, 50, seed))


def iris_problem(seed: int) -> Problem:
    """120 flowers for training and 30 for the test, 10 of each species."""
    X, y = iris_data()
    train, test = split(y, 10, seed)
    return Problem(scaled(X, train), y, train, test)


PROBLEMS: dict[str, Callable[[int], Problem]] = {
    "xor": xor_problem, "softmax_toy": toy_problem, "iris": iris_problem}


# Training, watched
# =================
#
# On a terminal a line shows how far training has come.  It is written over
# and over, at most every 50 milliseconds, and is gone at the end.  Where
# nobody watches there is no callback either, since a call after each epoch
# slows training down.

def train(network: nn.Network, X: Array, y: Array,
          watch: Watch | None = None) -> None:
    """Fit the network, with the live line and another callback if given."""
    seen = sys.stdout is not None and sys.stdout.isatty()
    watches = [each for each in (live_line(network.epochs) if seen else None,
                                 watch) if each]

    def callback(network: nn.Network, epoch: int, loss: float) -> None:
        for each in watches:
            each(network, epoch, loss)

    try:
        network.fit(X, y, callback=callback if watches else None)
    finally:
        if seen:
            write_line("")
            print(end="\r", flush=True)


def live_line(epochs: int) -> Watch:
    """A callback that writes how far training has come."""
    last = time.monotonic()

    def write(network: nn.Network, epoch: int, loss: float) -> None:
        nonlocal last
        if time.monotonic() - last >= 0.05:
            write_line(f"epoch {epoch} of {epochs}   loss {loss:.4f}")
            last = time.monotonic()

    return write


def write_line(line: str) -> None:
    """Write over the line of the terminal on which the cursor stands."""
    width = shutil.get_terminal_size().columns - 1
    print("\r" + line[:width].ljust(width), end="", flush=True)


def new_network(options: Options) -> nn.Network:
    """A network with the settings that the command line gives."""
    return nn.Network(
        hidden_size=options.hidden_size, activation="tanh",
        optimizer=nn.SGD(options.learning_rate, options.momentum),
        batch_size=options.batch_size, epochs=options.epochs,
        seed=options.seed, dtype="float64", arithmetic=options.arithmetic)


# Reports
# =======
#
# What is printed is rounded to fewer digits than machines differ in.

def print_training(network: nn.Network) -> None:
    """Print the sizes of the layers, and how the loss fell."""
    W1, W2 = network.params_["W1"], network.params_["W2"]
    print(f"The network: {len(W1)} inputs, {len(W2)} hidden units, "
          f"{W2.shape[1]} output{'s' * (W2.shape[1] > 1)}; "
          f"{sum(p.size for p in network.params_.values())} parameters.")
    print_curve(network.loss_curve_)
    print()


def print_curve(losses: Sequence[float]) -> None:
    """Print the loss of the first epoch, of the last, and between.

    >>> print_curve([0.7, 0.5, 0.4, 0.3, 0.2, 0.1])
    Epoch      1      3      5      6
    Loss  0.7000 0.4000 0.2000 0.1000
    """
    n = len(losses)
    epochs = [epoch for epoch in sorted({1, n // 4, n // 2, n - n // 4, n})
              if 1 <= epoch <= n]
    print("Epoch", *(f"{epoch:6}" for epoch in epochs))
    print("Loss ", *(f"{losses[epoch - 1]:6.4f}" for epoch in epochs))


def print_findings(network: nn.Network, problem: Problem) -> Array:
    """Print loss, accuracy and the confusion matrix, and give the matrix."""
    print("           loss  accuracy")
    for name in ("train", "test"):
        found = network.evaluate(*problem.part(getattr(problem, name)))
        print(f"{name:8}{found['loss']:7.4f}{found['accuracy']:10.4f}")
    print()
    X, y = problem.part(problem.test)
    matrix = nn.confusion_matrix(y, network.predict(X))
    print_confusion(matrix, network.classes_.tolist())
    print()
    return matrix


def print_confusion(matrix: Array, labels: Sequence[str]) -> None:
    """Print a confusion matrix with the labels' names.

    >>> print_confusion(np.array([[5, 0], [1, 4]]), ["cat", "dog"])
    true \\ predicted  cat  dog
    cat                 5    0
    dog                 1    4
    """
    wide = max(16, *map(len, labels))
    print("true \\ predicted".ljust(wide), *(f" {name}" for name in labels))
    for name, row in zip(labels, matrix.tolist(), strict=True):
        print(name.ljust(wide), *(f"{count:{len(column) + 1}}" for
                                  count, column in zip(row, labels,
                                                       strict=True)))


def weights_sha256(network: nn.Network) -> str:
    """The SHA-256 of all parameters, as little-endian bytes in C order.

    >>> network = nn.Network(epochs=0).fit(*xor_data())
    >>> len(weights_sha256(network))
    64
    """
    digest = hashlib.sha256()
    for name in ("W1", "b1", "W2", "b2"):
        p = network.params_[name]
        digest.update(p.astype(p.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


# Saved and loaded
# ----------------
#
# A network that came back from disk has to be the one that went there.
# Equal means equal bits: ``==`` would call 0 and -0 the same.

def kept(network: nn.Network, problem: Problem,
         options: Options) -> Validations:
    """Save the network, load that version, and say what must hold of it."""
    if network.arithmetic == "portable":
        print("SHA-256 of the parameters, the same on every machine:\n"
              f"{weights_sha256(network)}\n")
    path = network.save(options.models_dir / options.experiment)
    print(f"Saved as {shown(path)}, and loaded again.\n")
    loaded, (X, y, *_) = nn.Network.load(path), problem
    return {
        "loaded: the same parameters, bit for bit":
            all(same_bits(p, loaded.params_[name])
                for name, p in network.params_.items()),
        "loaded: the same predictions, bit for bit":
            same_bits(network.predict(X), loaded.predict(X))
            and same_bits(network.predict_proba(X), loaded.predict_proba(X)),
        "loaded: the same loss and accuracy":
            network.evaluate(X, y) == loaded.evaluate(X, y)}


def same_bits(a: Array, b: Array) -> bool:
    """Whether two arrays agree in type, shape and every bit.

    >>> same_bits(np.array([0.0]), np.array([-0.0]))
    False
    """
    return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())


# Experiments
# ===========
#
# An experiment is a function that takes the options, prints what it finds
# and gives its validations: what was stated, and whether it holds.

def xor(options: Options) -> Validations:
    """Learn exclusive or, and show what was learnt."""
    problem, network = xor_problem(options.seed), new_network(options)
    X, y, *_ = problem
    print("Exclusive or: is one of the two bits set, and not both?")
    train(network, X, y)
    print_training(network)
    print("a b   wanted   given   P(1)")
    P = network.predict_proba(X)[:, 1]
    for (a, b), t, given, p in zip(X, y, network.predict(X), P, strict=True):
        print(f"{a:.0f} {b:.0f}   {t:6}   {given:5}   {p:.2f}")
    print("\nThe answer all over the square, 1 shaded, and its corners:\n")
    print(picture(network))
    validations = kept(network, problem, options)
    draw(options.plot, plot_regions, network, problem)
    found = network.evaluate(X, y)
    return {"4 of 4 right": found["accuracy"] == 1,
            "loss below 0.01": found["loss"] < 0.01, **validations}


def picture(network: nn.Network, rows: int = 13) -> str:
    """The decisions over the square from -0.5 to 1.5, as text.

    The four corners of the truth table show the answer given there.
    """
    columns = 2 * rows - 1
    across, up = np.linspace(-0.5, 1.5, columns), np.linspace(1.5, -0.5, rows)
    points = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    answers = network.predict(points).reshape(rows, columns)
    cells = np.where(answers == 1, ":", " ")
    quarter, half = (rows - 1) // 4, (columns - 1) // 4
    for i in (quarter, rows - 1 - quarter):
        for j in (half, columns - 1 - half):
            cells[i, j] = str(answers[i, j])
    edge = "    +" + "-" * columns + "+\n"
    return (edge + "".join(f"    |{''.join(row)}|\n" for row in cells.tolist())
            + edge)


def softmax_toy(options: Options) -> Validations:
    """Tell three clusters of points apart."""
    problem, network = toy_problem(options.seed), new_network(options)
    print("Three clusters of 100 points: 150 to train on, 150 to test on.")
    train(network, *problem.part(problem.train))
    print_training(network)
    print_findings(network, problem)
    validations = kept(network, problem, options)
    draw(options.plot, plot_regions, network, problem)
    score = network.score(*problem.part(problem.test))
    return {"test accuracy at least 0.98": score >= 0.98, **validations}


def iris(options: Options) -> Validations:
    """Tell three species of iris apart by four measurements."""
    problem, network = iris_problem(options.seed), new_network(options)
    X, y = problem.part(problem.test)
    test_losses: list[float] = []

    def watch(network: nn.Network, epoch: int, loss: float) -> None:
        test_losses.append(network.evaluate(X, y)["loss"])

    print("Fisher's irises: 120 flowers to train on, 30 to test on.")
    train(network, *problem.part(problem.train),
          watch if options.plot else None)
    print_training(network)
    matrix = print_findings(network, problem)
    if not options.quiet:
        print_splits(options)
    validations = kept(network, problem, options)
    draw(options.plot, plot_iris, network, test_losses, matrix)
    return {"test accuracy at least 0.8": network.score(X, y) >= 0.8,
            **validations}


# One split is one opinion: of thirty flowers, each is three points of
# accuracy.  So the experiment is run again on the splits of the next seeds,
# and their mean is printed.  A hundred take about a second.  With settings
# that make training slow there are fewer, or none if they are fewer than
# ten.  How long they take is reckoned and not measured, so that the same
# command prints the same everywhere: so many microseconds for each step, and
# so many for each epoch and hidden unit.

COST = {"blas": (10, 3), "portable": (60, 6)}


def split_count(options: Options) -> int:
    """How many splits of iris four seconds are enough for, up to 100.

    >>> split_count(parse(["iris"]))
    100
    >>> split_count(parse(["iris", "--batch-size", "1"]))
    16
    >>> split_count(parse(["iris", "--epochs", "50000"]))
    0
    """
    a_step, a_unit = COST[options.arithmetic]
    steps = math.ceil(120 / (options.batch_size or 120))
    cost = options.epochs * (steps * a_step + options.hidden_size * a_unit)
    number = min(4_000_000 // max(cost, 1), 100)
    return number if number >= 10 else 0


def print_splits(options: Options) -> None:
    """Print the mean and the range of the accuracy over many splits."""
    seeds = range(options.seed, options.seed + split_count(options))
    if not seeds:
        print("Other splits are left out: with these settings they would "
              "take long.\n")
        return
    scores = []
    for seed in seeds:
        problem = iris_problem(seed)
        network = new_network(options).set_params(seed=seed)
        try:
            network.fit(*problem.part(problem.train))
            scores.append(network.score(*problem.part(problem.test)))
        except FloatingPointError:
            print(f"Training on the split of seed {seed} diverged.")
    print("Thirty flowers are few, so it was done again with other splits, "
          f"those of the\nseeds {seeds[0]} to {seeds[-1]}.  The test accuracy "
          f"is {sum(scores) / len(scores):.2f} on average, from "
          f"{min(scores):.2f} to {max(scores):.2f}.\n")


# Is the gradient right?
# ----------------------
#
# Every activation meets both outputs on a few random rows, after a little
# training.  The slope of the loss in each parameter is measured on the loss
# itself, and held against what backpropagation says.  Most rows are of one
# class: were the classes even, slopes could come out near zero by chance,
# as sums of terms that cancel, and of those no method knows many digits.
#
# Two ways of measuring are shown, because the familiar one is the worse one.
# Central differences subtract two losses that agree in most of their
# digits, and what is left is right to eight or nine.  A wrong gradient can
# hide below that.  Complex steps subtract nothing.

ACTIVATIONS = tuple(nn._ACTIVATIONS)
OUTPUTS = {"sigmoid": 2, "softmax": 3}

Errors = dict[tuple[str, str], dict[str, float]]


def gradcheck(options: Options) -> Validations:
    """Check every gradient of every kind of network."""
    networks = {
        (activation, output): checked_network(options, activation, classes)
        for activation in ACTIVATIONS for output, classes in OUTPUTS.items()}
    tables = [errors_by_parameter(networks, step) for step in (None, 1e-5)]
    print("The worst relative error of the gradient, by complex steps")
    print_errors(tables[0])
    print("\nThe same by central differences, which lose many digits")
    print_errors(tables[1])
    print()
    draw(options.plot, plot_errors, *tables)
    return {f"{activation}, {output}: error at most 1e-12":
            max(errors.values()) <= 1e-12
            for (activation, output), errors in tables[0].items()}


Trained = tuple[nn.Network, Array, Array]


def checked_network(options: Options, activation: str,
                    classes: int) -> Trained:
    """A network trained a little on random rows, and those rows."""
    X = 4 * np.random.default_rng(options.seed).random((12, 4)) - 2
    y = np.maximum(np.arange(12) - (12 - classes), 0)
    network = new_network(options).set_params(activation=activation)
    train(network, X, y)
    return network, X, y


def errors_by_parameter(networks: dict[tuple[str, str], Trained],
                        step: float | None) -> Errors:
    """The worst relative error in each array of each network."""
    return {name: nn.gradient_check(*trained, step=step).by_parameter
            for name, trained in networks.items()}


def print_errors(errors: Errors) -> None:
    """Print the errors, a row to each network.

    >>> print_errors({("tanh", "softmax"): {"W1": 2e-15, "b1": 0.0}})
    hidden   output         W1       b1
    tanh     softmax   2.0e-15  0.0e+00
    """
    parameters = next(iter(errors.values()))
    print("hidden   output  ", *(f"{name:>8}" for name in parameters))
    for (activation, output), row in errors.items():
        print(f"{activation:8} {output:8}",
              *(f"{error:8.1e}" for error in row.values()))


# The same bits again?
# --------------------
#
# A saved version holds all settings, how many epochs were trained, and a
# digest of the data.  The data are made anew from the seed, the training is
# run again, and the two networks are compared.  There are three verdicts:
#
# * *the same bits*: what was promised for the same build of NumPy, type of
#   processor and number of threads, and of portable arithmetic everywhere,
#   as long as nn.py is the same version;
# * *the same but for rounding*: no parameter differs by more than the
#   tolerance times the largest of its array, and the environment differs,
#   which explains it;
# * *different*: all else.

TOLERANCE = {"float64": 1e-9, "float32": 1e-3}


def reproduce(options: Options) -> Validations:
    """Train a saved model again, and compare."""
    folder = version_folder(options.path)
    saved, config = nn.Network.load(folder), read_config(folder)
    name, problem = problem_of(saved)
    print(f"{shown(folder)} is a model of {name}, trained again as it was:\n"
          f"{config['epochs_done']} epochs, seed {saved.seed}, "
          f"{saved.arithmetic} arithmetic.")
    again = nn.Network(**{**saved.get_params(deep=False),
                          "epochs": config["epochs_done"]})
    train(again, *problem.part(problem.train))
    with tempfile.TemporaryDirectory() as scratch:
        then, now = environment(config), environment(
            read_config(again.save(scratch)))
    changed = [key for key in sorted(then.keys() | now.keys())
               if then.get(key) != now.get(key)]
    print("The environment is", "another:" if changed else
          "the same as when it was saved.")
    for key in changed:
        was, is_now = apart(then.get(key, "unknown"), now.get(key, "unknown"))
        print(f"{printable(key)} was {was}, is now {is_now}")
    explained = ("nn.py" in changed if saved.arithmetic == "portable"
                 else bool(changed))
    verdict = compare(saved, again, explained)
    print(f"The verdict: {verdict.words}.\n({verdict.reason})\n")
    statement = "the model is reproduced"
    if not verdict.holds:
        statement += f" (it is {verdict.words}: {verdict.reason})"
    return {statement: verdict.holds}


def version_folder(path: Path) -> Path:
    """The folder of one version: the path itself, or the newest below it."""
    numbers = nn.versions(path)
    return path / f"v{numbers[-1]:04}" if numbers else path


def read_config(folder: Path) -> dict[str, Any]:
    """What the config.json of one version says."""
    config: dict[str, Any] = json.loads((folder / "config.json").read_bytes())
    return config


def environment(config: dict[str, Any]) -> dict[str, str]:
    """What a network was trained with: the machine, and nn.py's version."""
    return {**config["environment"], "nn.py": config["nn_version"]}


def problem_of(network: nn.Network) -> tuple[str, Problem]:
    """The experiment whose training data the network was trained on."""
    for name, make in PROBLEMS.items():
        problem = make(network.seed)
        probe = nn.Network(hidden_size=1, epochs=1)
        probe.fit(*problem.part(problem.train))
        if probe.data_digest_ == network.data_digest_:
            return name, problem
    raise ValueError("this model was trained on data that no experiment here "
                     "makes from its seed; only its own program can train it "
                     "again")


def apart(then: str, now: str) -> tuple[str, str]:
    """Two texts that differ: of each, the words that the other lacks.

    >>> apart("1.24.4", "2.4.6")
    ('1.24.4', '2.4.6')
    >>> apart("SSE2 AVX", "SSE2 AVX FMA3")
    ('without these', 'FMA3')
    """
    lost = [word for word in then.split() if word not in now.split()]
    gained = [word for word in now.split() if word not in then.split()]
    if not lost and not gained:         # they differ in order or in spaces
        lost, gained = [then], [now]
    return (printable(" ".join(lost) or "without these"),
            printable(" ".join(gained) or "without these"))


class Verdict(NamedTuple):
    """One of the three verdicts, why, and whether it is good enough."""

    words: str
    reason: str
    holds: bool


def compare(saved: nn.Network, again: nn.Network, explained: bool) -> Verdict:
    """The verdict on a network trained again.

    ``explained`` says whether something that could make a difference is
    another than it was.  Of the losses, a long training keeps the newest.

    >>> a, b = (nn.Network(epochs=n).fit(*xor_data()) for n in (1, 2))
    >>> compare(a, a, explained=False).words
    'the same bits'
    >>> compare(a, b, explained=True).holds
    False
    """
    done, told = len(again.loss_curve_), len(saved.loss_curve_)
    if (saved.loss_curve_ == again.loss_curve_[done - told:]
            and all(same_bits(p, again.params_[name])
                    for name, p in saved.params_.items())):
        return Verdict("the same bits", "no parameter differs", True)
    gap = largest_difference(saved, again)
    tolerance = TOLERANCE[saved.params_["W1"].dtype.name]
    amount = f"parameters differ by up to {gap:.1e} of their array's largest"
    if not gap <= tolerance:
        return Verdict("different", f"{amount}; {tolerance:.0e} is allowed",
                       False)
    if not explained:
        why = ("portable arithmetic allows no difference"
               if saved.arithmetic == "portable" else
               "the environment is the same and explains nothing")
        return Verdict("different", f"{amount}; {why}", False)
    return Verdict("the same but for rounding", amount, True)


def largest_difference(saved: nn.Network, again: nn.Network) -> float:
    """The largest difference of any array, relative to its largest number.

    >>> network = nn.Network(epochs=1).fit(*xor_data())
    >>> largest_difference(network, network)
    0.0
    """
    return max(float(abs(p - again.params_[name]).max() / (abs(p).max() or 1))
               for name, p in saved.params_.items())


# Pictures
# ========
#
# matplotlib draws them, and it is looked for only when a picture is asked
# for.  Colours and marks differ together, for eyes that do not tell these
# colours apart.

PALETTE = np.array([[0x33, 0x77, 0xBB], [0xEE, 0x88, 0x33],
                    [0x22, 0x99, 0x77]]) / 255
MARKS = "os^"


def draw(path: Path | None, plot: Callable[..., None],
         *findings: Any) -> None:
    """Let a function plot the findings, and save that, if a path is given."""
    if path is None:
        return
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {
        "svg.hashsalt": "nn", "svg.fonttype": "none",
        "axes.spines.top": False, "axes.spines.right": False}
    with rc_context(style):
        figure = Figure(figsize=(5, 5), dpi=150, layout="constrained")
        plot(figure, *findings)
        svg = path.suffix.lower() == ".svg"
        figure.savefig(path, metadata={"Date": None} if svg else None)
    print(f"Drawn as {shown(path)}.\n")


def plot_regions(figure: Any, network: nn.Network, problem: Problem) -> None:
    """The classes' probabilities as colours, the test points upon them."""
    X, y = problem.part(problem.test)
    low, high, n = X.min(axis=0) - 0.5, X.max(axis=0) + 0.5, 200
    grid = np.meshgrid(*np.linspace(low, high, n).T)
    P = network.predict_proba(np.stack(grid, axis=-1).reshape(-1, 2))
    light = 0.55 + 0.45 * PALETTE[:P.shape[1]]
    axes = figure.add_subplot()
    axes.imshow((P @ light).reshape(n, n, 3), origin="lower", aspect="equal",
                extent=(low[0], high[0], low[1], high[1]),
                interpolation="none")
    for i, label in enumerate(network.classes_.tolist()):
        axes.scatter(*X[y == label].T, 90 if len(X) < 10 else 16,
                     marker=MARKS[i], color=PALETTE[i], edgecolor="black",
                     linewidth=0.6, label=str(label))
    axes.set(xlabel="first feature", ylabel="second feature",
             title="The network's answer, and the test points")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)


def plot_iris(figure: Any, network: nn.Network, test_losses: list[float],
              matrix: Array) -> None:
    """Loss by epoch on the left, the confusion matrix on the right."""
    figure.set_size_inches(9, 4)
    left, right = figure.subplots(1, 2)
    epochs = np.arange(1, len(test_losses) + 1)
    left.plot(epochs, network.loss_curve_, color=PALETTE[0], label="training")
    left.plot(epochs, test_losses, "--", color=PALETTE[1], label="test")
    left.set(xlabel="epoch", ylabel="mean loss", yscale="log",
             title="Loss by epoch")
    left.legend(frameon=False)
    names = network.classes_.tolist()
    right.imshow(matrix, cmap="Blues")
    for (i, j), count in np.ndenumerate(matrix):
        right.text(j, i, count, ha="center", va="center", size=14,
                   color="white" if 2 * count > matrix.max() else "black")
    right.set(xticks=range(len(names)), xticklabels=names, xlabel="predicted",
              yticks=range(len(names)), yticklabels=names, ylabel="true",
              title="Test flowers")
    right.spines[:].set_visible(False)
    right.tick_params(length=0)


def plot_errors(figure: Any, complex_step: Errors, central: Errors) -> None:
    """The worst error in each network by both ways, on a log scale."""
    figure.set_size_inches(7, 4)
    axes = figure.add_subplot()
    for i, (label, errors) in enumerate([("central differences", central),
                                         ("complex steps", complex_step)]):
        axes.plot([",\n".join(name) for name in errors],
                  [max(row.values()) for row in errors.values()], MARKS[i],
                  color=PALETTE[1 - i], label=label)
    axes.axhline(1e-12, color="black", linewidth=0.8, linestyle=":",
                 label="allowed to complex steps")
    axes.set(yscale="log", ylabel="worst relative error")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)


# The command line
# ================

class Experiment(NamedTuple):
    """What runs, what its help says, and its default settings."""

    run: Callable[[Options], Validations]
    story: str
    hidden_size: int
    epochs: int
    learning_rate: float
    momentum: float


EXPERIMENTS = {
    "xor": Experiment(
        xor, "Learn exclusive or from its four rows. Show the answers and a "
        "picture of them, save the network and load it again.",
        8, 300, 0.5, 0.9),
    "softmax_toy": Experiment(
        softmax_toy, "Tell three clusters of points apart. The seed makes "
        "them. Save the network and load it again.", 8, 100, 0.1, 0.9),
    "iris": Experiment(
        iris, "Tell three species of iris apart by Fisher's measurements. "
        "The seed also draws which 30 of the 150 flowers are kept for the "
        "test. Save the network and load it again.", 16, 200, 0.1, 0.9),
    "gradcheck": Experiment(
        gradcheck, "Hold the gradient of every activation against measured "
        "slopes. Both outputs are checked, after a little training on random "
        "rows.", 8, 3, 0.1, 0.9),
}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message}; see {self.prog} --help")


def parse(arguments: Sequence[str] | None) -> Options:
    """The options of one run, from the command line's words.

    >>> options = parse(["iris", "--seed", "7"])
    >>> options.experiment, options.seed, options.epochs
    ('iris', 7, 200)
    """
    parser = Parser(
        prog="experiments.py", allow_abbrev=False,
        description="Experiments with the neural network in nn.py.",
        epilog="Exit status: 0 if all validations held, 1 if one did not, 2 "
        "for wrong usage or input.")
    parsers = parser.add_subparsers(dest="experiment", required=True,
                                    metavar="EXPERIMENT")
    def add_parser(name: str, story: str) -> argparse.ArgumentParser:
        return parsers.add_parser(name, help=story.partition(".")[0],
                                  description=story, allow_abbrev=False)

    for name, experiment in EXPERIMENTS.items():
        add_training_options(add_parser(name, experiment.story), experiment)
    again = add_parser("reproduce", "Train a saved model again from its "
                       "settings. Say whether the same bits come out, and if "
                       "not, by how much they differ and what differs in the "
                       "environment.")
    again.set_defaults(run=reproduce)
    again.add_argument("path", metavar="PATH", type=Path, help="a model's "
                       "folder, of which the newest version is taken, or the "
                       "folder of one version")
    add_quiet(again)
    return parser.parse_args(arguments)


def add_training_options(parser: argparse.ArgumentParser,
                         experiment: Experiment) -> None:
    """Give a parser the options of an experiment that trains."""
    add = parser.add_argument
    parser.set_defaults(run=experiment.run)
    add("--seed", metavar="N", type=count, default=0, help="fixes the data, "
        "the first weights and every shuffle (default: %(default)s)")
    add("--epochs", metavar="N", type=count, default=experiment.epochs,
        help="passes over the rows (default: %(default)s)")
    add("--hidden-size", metavar="N", type=count,
        default=experiment.hidden_size,
        help="number of hidden units (default: %(default)s)")
    add("--batch-size", metavar="N", type=count, help="rows to a step; 1 is "
        "stochastic gradient descent (default: all rows)")
    add("--learning-rate", metavar="X", type=float,
        default=experiment.learning_rate,
        help="size of a step (default: %(default)s)")
    add("--momentum", metavar="X", type=float, default=experiment.momentum,
        help="share of the velocity that a step keeps (default: %(default)s)")
    add("--arithmetic", choices=tuple(nn._ARITHMETIC), default="blas",
        help="blas is fast, portable gives the same bits on every machine "
        "(default: %(default)s)")
    if experiment.run is not gradcheck:
        add("--models-dir", metavar="DIR", type=Path, default=HERE / "models",
            help="where to save, below a folder of the experiment's name "
            "(default: models beside this program)")
    add("--plot", metavar="FILE", type=picture_path,
        help="draw the findings too, as .png or .svg (needs matplotlib)")
    add_quiet(parser)


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """Give a parser the option --quiet."""
    parser.add_argument("--quiet", action="store_true", help="print nothing "
                        "but errors; the exit status tells the rest")


def count(text: str) -> int:
    """A whole number that is not negative.

    >>> count("12")
    12
    """
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a whole number of at least 0")
    return number


def picture_path(text: str) -> Path:
    """A path that ends in .png or .svg, if matplotlib is there."""
    if not text.lower().endswith((".png", ".svg")):
        raise argparse.ArgumentTypeError(
            f"{text!r} ends neither in .png nor in .svg")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise argparse.ArgumentTypeError(
            "matplotlib is missing; pip install matplotlib") from None
    return Path(text)


# Whatever goes wrong is told in one line.  What a user can cause is caught
# here by its type; anything else is a mistake in the program, and its
# traceback is wanted.

def main(arguments: Sequence[str] | None = None) -> int:
    """Run one experiment from the command line; give the exit status.

    >>> main(["gradcheck", "--quiet"])
    0
    """
    try:
        try:
            return run(parse(arguments))
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except KeyboardInterrupt:
        return complain("interrupted", 130)
    except BrokenPipeError:
        settle_output()
        return 141
    except OSError as error:
        settle_output()
        where = f"{error.filename}: " if error.filename else ""
        return complain(f"{where}{error.strerror or error}", 2)
    except MemoryError as error:
        return complain(f"not enough memory; {error}".rstrip("; "), 2)
    except (ValueError, OverflowError, FloatingPointError) as error:
        return complain(str(error), 2)


def run(options: Options) -> int:
    """Run an experiment and print its validations; 1 if one failed."""
    with redirect_stdout(None if options.quiet else sys.stdout):
        validations: Validations = options.run(options)
        for statement, holds in validations.items():
            print("ok    " if holds else "FAILED", statement)
    failed = [statement for statement, holds in validations.items()
              if not holds]
    if failed:
        return complain("did not hold: " + "; ".join(failed), 1)
    return 0


def complain(message: str, status: int) -> int:
    """Print a message as one line to the standard error stream."""
    print("experiments.py:", printable(" ".join(message.split())),
          file=sys.stderr)
    return status


def settle_output() -> None:
    """Write out what was printed; if it cannot be, let it go nowhere.

    Otherwise Python would try again as it ends, and complain by itself.
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
