"""The command line: what it finds, what it says, and with which status."""

import doctest
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import unittest.mock
from pathlib import Path

import numpy as np
import pytest
from keeping_files import write

import experiments
import nn
import support
from support import ROOT

PROGRAM = str(ROOT / "experiments.py")
IRIS = (ROOT / "data" / "iris.csv").read_bytes()


def run(*arguments, **more):
    """Status, output and errors of a Python process of its own."""
    skip_under_mutmut()
    done = support.run(*arguments, **more)
    return done.returncode, done.stdout, done.stderr


def skip_under_mutmut():
    if "MUTANT_UNDER_TEST" in os.environ:
        pytest.skip("mutmut's mutants live in the process that made them")


def assert_fails(found, status, *words):
    """It ended so, with one line that a user understands, with these words."""
    ended, _, text = found
    assert ended == status
    assert re.fullmatch(r"experiments\.py: [^\n]+\n", text), text
    assert text.rstrip("\n").isprintable()
    assert not re.search(r"\b_[A-Za-z]", text), "a private name"
    for word in words:
        assert word in text


def assert_matches(shown, real):
    """Line for line the same, where three dots stand for anything."""
    matches = doctest.OutputChecker().check_output(
        shown, real, doctest.ELLIPSIS)
    assert matches, f"written down is\n{shown}\nbut this was printed\n{real}"


@pytest.fixture
def main(tmp_path, monkeypatch, capsys):
    """Run the program in a new folder; give status, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(experiments, "HERE", tmp_path)
    monkeypatch.setenv("COLUMNS", "79")

    def main(*arguments):
        try:
            status = experiments.main(list(map(str, arguments)))
        except SystemExit as stop:              # as argparse does after help
            status = stop.code
        return status, *capsys.readouterr()

    return main


def trained(name, seed, *more):
    """The network of an experiment, and its problem."""
    options = experiments.parse([name, "--seed", str(seed), *more])
    problem = experiments.PROBLEMS[name](seed)
    network = experiments.new_network(options)
    return network.fit(*problem.part(problem.train)), problem


# What is learnt

@pytest.mark.parametrize(("name", "seeds", "accuracy", "loss"), [
    ("xor", 100, 1, 0.01), ("softmax_toy", 20, 0.98, 0.1)])
def test_it_is_solved_from_every_seed(name, seeds, accuracy, loss):
    for seed in range(seeds):
        network, problem = trained(name, seed)
        found = network.evaluate(*problem.part(problem.test))
        assert found["accuracy"] >= accuracy and found["loss"] < loss, seed


@pytest.mark.parametrize("options", [
    *(["--seed", seed] for seed in range(5)),
    ["--learning-rate", 10, "--epochs", 100]])
def test_gradients_are_right_after_any_training(options, main):
    assert main("gradcheck", *options, "--quiet") == (0, "", "")


@pytest.mark.parametrize(("make", "held_out"), [
    (experiments.toy_problem, 50), (experiments.iris_problem, 10)])
def test_problems_are_seeded_and_split_evenly(make, held_out):
    one, same, other = make(3), make(3), make(4)
    assert experiments.same_bits(one.X, same.X)
    assert one.test.tolist() == same.test.tolist() != other.test.tolist()
    assert sorted([*one.train, *one.test]) == list(range(len(one.y)))
    _, counts = np.unique(one.y[one.test], return_counts=True)
    assert counts.tolist() == [held_out] * 3


# What a run prints, saves and returns
#
# transcript.txt holds sessions at a terminal.  An empty line before a command
# begins another, in an empty folder; a status other than 0 stands in brackets.
# Portable arithmetic makes it the same on every machine, digests included.

def sessions(name):
    """Each session in a file of tests, to be told by its first line."""
    text = (ROOT / "tests" / name).read_text("utf-8").strip()
    return [pytest.param(session, id=session.partition("\n")[0])
            for session in re.split(r"\n\n(?=\$ )", text)]


@pytest.mark.parametrize("session", sessions("transcript.txt"))
def test_a_command_prints_what_is_written_down(session, main):
    really = ""
    for line in re.findall(r"^\$ .*", session, re.MULTILINE):
        status, said, errors = main(*shlex.split(line)[2:])
        assert errors.count("\n") == (status != 0)
        really += f"{line}\n{said}{errors}" + f"[{status}]\n" * (status != 0)
    assert_matches(session, really.strip())


def test_iris_tells_of_a_hundred_splits_what_is_true_of_them(main):
    _, said, _ = main("iris", "--seed", 7, "--epochs", 3)
    scores = []
    for seed in range(7, 107):
        network, problem = trained("iris", seed, "--epochs", "3")
        scores.append(network.score(*problem.part(problem.test)))
    words = " ".join(said.split())
    assert (f"seeds 7 to 106. The test accuracy is {np.mean(scores):.2f} on "
            f"average, from {min(scores):.2f} to {max(scores):.2f}.") in words


@pytest.mark.parametrize(("options", "splits"), [
    ("", 100), ("--epochs 0", 100), ("--arithmetic portable", 100),
    ("--epochs 1000", 68), ("--batch-size 1", 16), ("--batch-size 1000", 100),
    ("--epochs 6896", 10), ("--epochs 6897", 0), ("--hidden-size 100000", 0)])
def test_other_splits_never_take_long(options, splits):
    assert splits == experiments.split_count(
        experiments.parse(["iris", *options.split()]))


def test_splits_that_diverge_are_named(main, monkeypatch):
    fit = nn.Network.fit

    def diverge(self, *given, **named):
        if self.seed == 3:
            raise FloatingPointError
        return fit(self, *given, **named)

    monkeypatch.setattr(nn.Network, "fit", diverge)
    status, said, _ = main("iris")
    assert status == 0 and "on the split of seed 3 diverged.\n" in said


def test_gradcheck_tells_both_ways_of_every_kind_of_network(main):
    status, said, errors = main("gradcheck")
    assert (status, said, errors) == (0, main("gradcheck")[1], "")
    numbers = [float(x) for x in re.findall(r"\d\.\de[-+]\d\d", said)]
    half = 4 * len(nn._ACTIVATIONS) * len(experiments.OUTPUTS)
    assert len(numbers) == 2 * half
    assert max(numbers[:half]) <= 1e-12 < max(numbers[half:]) < 1e-6
    for classes in experiments.OUTPUTS.values():
        network, *_ = experiments.checked_network(
            experiments.parse(["gradcheck"]), "relu", classes)
        assert len(network.classes_) == classes


def test_every_option_has_its_effect(main):
    main("xor", "--seed", 3, "--epochs", 40, "--hidden-size", 5,
         "--batch-size", 2, "--learning-rate", 0.25, "--momentum", 0.5,
         "--arithmetic", "portable", "--quiet", "--models-dir", "there")
    given = nn.Network.load("there/xor").get_params()
    assert type(given.pop("optimizer")) is nn.SGD
    assert given == {
        "seed": 3, "epochs": 40, "hidden_size": 5, "batch_size": 2,
        "arithmetic": "portable", "activation": "tanh", "dtype": "float64",
        "optimizer__learning_rate": 0.25, "optimizer__momentum": 0.5,
        "optimizer__nesterov": False}


def test_a_save_that_does_not_come_back_the_same_is_noticed(
        main, monkeypatch):
    other = nn.Network(hidden_size=8, seed=9).fit(*experiments.xor_data())
    monkeypatch.setattr(nn.Network, "load", lambda path: other)
    assert_fails(main("xor"), 1, "the same parameters",
                 "the same predictions", "the same loss")


def test_a_wrong_gradient_is_noticed(main, monkeypatch):
    right = nn.Network.loss_and_gradients

    def wrong(self, X, y):
        loss, gradients = right(self, X, y)
        gradients["b1"][0] *= 1 + 1e-9
        return loss, gradients

    monkeypatch.setattr(nn.Network, "loss_and_gradients", wrong)
    assert_fails(main("gradcheck", "--quiet"), 1, "tanh, softmax")


def test_a_long_label_widens_the_table(capsys):
    experiments.print_confusion(np.array([[3, 1], [0, 20]]),
                                ["a", "a label of 20 letters"])
    assert capsys.readouterr().out.splitlines() == [
        "true \\ predicted       a  a label of 20 letters",
        "a                      3                      1",
        "a label of 20 letters  0                     20"]


# What goes wrong

def test_what_is_typed_is_told_without_obeying_it(main):
    assert_fails(main("xor", "two\nlines\x1b[2J"), 2, "two lines\\x1b[2J")


@pytest.mark.parametrize("error, status, text", [
    (MemoryError(), 2, "not enough memory"),
    (MemoryError("of this; "), 2, "not enough memory; of this"),
    (KeyboardInterrupt(), 130, "interrupted"),
    (OverflowError("too much"), 2, "too much"),
    (OSError(5, "I/O error"), 2, "I/O error"),
    (OSError(5, "I/O error", "disk"), 2, "disk: I/O error"),
    (OSError("only words"), 2, "only words"),
    (BrokenPipeError(), 141, None)])
def test_what_goes_wrong_is_told_in_one_line(
        error, status, text, main, monkeypatch):
    def fit(self, X, y, callback=None):
        raise error

    monkeypatch.setattr(nn.Network, "fit", fit)
    monkeypatch.setattr(sys, "stdout", None)    # nor is there a console
    assert main("xor", "--quiet") == (
        status, "", f"experiments.py: {text}\n" if text else "")


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_help_shows_the_story_and_the_defaults_of_each(name, main):
    experiment = experiments.EXPERIMENTS[name]
    status, said, _ = main(name, "--help")
    said = " ".join(said.split())
    assert status == 0 and experiment.story in said
    for default in experiment[2:]:
        assert f"(default: {default})" in said


# Where data and models are

@pytest.mark.parametrize(("table", "complaint"), [
    (None, "is missing"),
    (IRIS.replace(b"5.1", b"5.2", 1), "has changed: its SHA-256 is not "
     "9cc1c345..."),
    (b"\xff\x00", "has changed: its SHA-256 is not 9cc1c345...")])
def test_a_table_that_is_missing_or_changed_says_how_to_get_it(
        table, complaint, tmp_path):
    path = tmp_path / "iris.csv"
    if table is not None:
        path.write_bytes(table)
    with pytest.raises(ValueError) as caught:
        experiments.iris_data(path)
    assert str(caught.value) == (
        f"{experiments.shown(path)} {complaint}; get it back from where this "
        "program came from")


def test_line_ends_of_windows_are_forgiven(tmp_path):
    (tmp_path / "iris.csv").write_bytes(IRIS.replace(b"\n", b"\r\n"))
    X, _ = experiments.iris_data(tmp_path / "iris.csv")
    assert experiments.same_bits(X, experiments.iris_data()[0])


@pytest.fixture
def checkout(tmp_path):
    """A folder with the program alone."""
    folder = tmp_path / "checkout"
    (folder / "data").mkdir(parents=True)
    for name in ("nn.py", "experiments.py", "data/iris.csv"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def test_data_and_models_are_beside_the_program(checkout, tmp_path):
    (checkout / "matplotlib.py").write_text("raise SystemExit('not wanted')")
    command = "checkout/experiments.py", "iris", "--quiet"
    assert run(*command, cwd=tmp_path) == (0, "", "")
    assert (checkout / "models" / "iris" / "v0001").is_dir()
    (checkout / "data" / "iris.csv").unlink()
    assert_fails(run(*command, cwd=tmp_path), 2,
                 str(Path("checkout/data/iris.csv")))


@pytest.mark.skipif(not shutil.which("git") or not (ROOT / ".git").exists(),
                    reason="needs a clone and git")
def test_git_ignores_what_is_saved():
    done = subprocess.run(["git", "check-ignore", "models/iris/v0001/"],
                          cwd=ROOT, capture_output=True)
    assert done.returncode == 0


# Terminals and pipes

@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize(("command", "path", "found"), [
    ("xor", "pipe", (141, "", "")), ("--help", "pipe", (141, "", "")),
    ("xor", "/dev/full", (
        2, "", "experiments.py: No space left on device\n"))])
def test_output_that_cannot_be_written_goes_nowhere(
        command, path, found, main, monkeypatch):
    reader, writer = os.pipe()
    os.close(reader)                            # a pipe that nobody reads
    with open(writer, "w") as pipe, open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", pipe if path == "pipe" else full)
        assert main(command) == found           # and closing is no error


def test_a_closed_pipe_is_no_error(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as pipe:
        assert run(PROGRAM, "xor", "--models-dir", tmp_path,
                   stdout=pipe) == (141, None, "")
        assert run(PROGRAM, "--help", stdout=pipe)[2] == ""


class Terminal(io.StringIO):
    """A terminal, and one by one what it was made to show."""

    def __init__(self):
        super().__init__()
        self.shown = []

    def isatty(self):
        return True

    def flush(self):
        self.shown.append(self.getvalue())
        self.truncate(self.seek(0))


def test_a_terminal_shows_a_live_line_and_ctrl_c_erases_it(main, monkeypatch):
    seconds = [0.0, 0.04, 0.05, 0.06, *97 * [0.1], 0.2, 0.2, KeyboardInterrupt]
    monkeypatch.setattr(experiments, "time", unittest.mock.Mock(
        monotonic=unittest.mock.Mock(side_effect=seconds)))
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    monkeypatch.setenv("COLUMNS", "30")
    found = main("xor", "--arithmetic", "portable")
    assert_fails(found, 130, "interrupted")
    assert not Path("models").exists()
    assert terminal.shown == [
        "Exclusive or: is one of the two bits set, and not both?\n"
        "\repoch 2 of 300   loss 0.7197 ", "\repoch 100 of 300   loss 0.002",
        "\r" + 29 * " ", "\r", ""]


# The same bits again

APART = "parameters differ by up to # of their array's largest"


def test_only_a_training_that_kept_its_settings_is_reproduced(main):
    X, y = experiments.xor_data()
    network = nn.Network(epochs=5).fit(X, y).partial_fit(X, y, epochs=3)
    network.save("model")
    status, said, _ = main("reproduce", "model")
    assert status == 0 and "8 epochs" in said and "the same bits" in said
    network.set_params(optimizer=nn.SGD(0.5)).partial_fit(X, y)
    network.save("model")
    found = main("reproduce", "model")
    assert_fails(found, 1, "reproduced", "different")
    assert "9 epochs" in found[1] and "The verdict: different." in found[1]


@pytest.mark.parametrize(("then", "now", "was", "is_now"), [
    ("a b", "a b c d", "without these", "c d"),
    ("a b c d", "a b", "c d", "without these"),
    ("a b c", "d b a", "c", "d"),
    ("a b", "b a", "a b", "b a")])
def test_of_two_texts_only_what_differs_is_told(then, now, was, is_now):
    assert experiments.apart(then, now) == (was, is_now)


def test_a_difference_is_relative_to_the_largest_of_its_array():
    X, y = experiments.xor_data()
    one, two = (nn.Network(4, epochs=0).fit(X, y) for _ in range(2))
    one.params_["W2"][:] = [[4.0], [-8.0], [1.0], [0.0]]
    two.params_["W2"][:] = [[4.0], [-8.0], [3.0], [0.0]]
    assert experiments.largest_difference(one, two) == 0.25
    two.params_["b1"] += 0.5
    assert experiments.largest_difference(one, two) == 0.5


THE_SAME = {}, "the same as when it was saved."
ANOTHER_MACHINE = {"environment": {"gpu": "\x1b[2J\u202e"}}, (
    "another:\nblas was unknown, is now ...\n"
    "gpu was \\x1b[2J\\u202e, is now unknown\n...")
ANOTHER_VERSION = {"nn_version": "99.0"}, (
    f"another:\nnn.py was 99.0, is now {nn.__version__}")


@pytest.mark.parametrize(("arithmetic", "amount", "made_by", "words"), [
    ("blas", 0, THE_SAME, "the same bits.\n(no parameter differs)"),
    ("blas", 1e-14, ANOTHER_MACHINE, f"the same but for rounding.\n({APART})"),
    ("blas", 1e-14, THE_SAME, f"different.\n({APART}; the environment is the "
     "same and explains nothing)"),
    ("blas", 1e-8, ANOTHER_MACHINE,
     f"different.\n({APART}; 1e-09 is allowed)"),
    ("portable", 1e-14, ANOTHER_VERSION,
     f"the same but for rounding.\n({APART})"),
    ("portable", 1e-14, ANOTHER_MACHINE, f"different.\n({APART}; portable "
     "arithmetic allows no difference)")])
def test_another_environment_is_named_and_may_explain_rounding(
        arithmetic, amount, made_by, words, main):
    network = nn.Network(epochs=5, arithmetic=arithmetic).fit(
        *experiments.xor_data())
    W1 = network.params_["W1"]
    W1[abs(W1) == abs(W1).max()] *= 1 + amount
    path = network.save("model") / "config.json"
    config = json.loads(path.read_bytes())
    path.write_bytes(write({**config, **made_by[0]}))
    status, said, _ = main("reproduce", "model")
    assert status == words.startswith("different")
    assert_matches(f"...\nThe environment is {made_by[1]}\n"
                   f"The verdict: {words}\n...",
                   re.sub(r"\d\.\de-\d\d", "#", said))


def test_of_a_saved_curve_the_newest_losses_are_enough():
    one, two = (nn.Network(epochs=9).fit(*experiments.xor_data())
                for _ in range(2))
    for kept, words in ((one.loss_curve_[-4:], "the same bits"),
                        (one.loss_curve_[:4], "the same but for rounding")):
        one.loss_curve_ = kept
        assert experiments.compare(one, two, explained=True).words == words


def test_a_model_of_other_data_or_damaged_is_refused(main):
    path = nn.Network(epochs=1).fit([[0.0], [1.0]], [0, 1]).save("other")
    assert_fails(main("reproduce", "other"), 2,
                 "data that no experiment here makes", "train it again\n")
    for name in ("weights.npz", "config.json"):
        data = bytearray((path / name).read_bytes())
        data[len(data) // 2] ^= 1
        (path / name).write_bytes(data)
        assert_fails(main("reproduce", "other"), 2, name)


# Pictures
#
# What is to be seen in each is written in pictures.txt, by matplotlib's own
# names of its parts and their properties.  Where these differ from version to
# version, three dots stand.

# What matplotlib says of the packages that it uses is its own business.
quietly = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PARTS = {
    "Figure": ["size_inches", "dpi", "layout_engine"],
    "Legend": ["frame_on", "texts"],
    "Axes": ["title", "position", "aspect", "xlabel", "xlim", "ylabel", "ylim",
             "yscale", "xticklabels", "yticklabels"],
    "Line2D": ["label", "color", "marker", "linestyle", "linewidth", "xdata",
               "ydata"],
    "PathCollection": ["label", "facecolor", "edgecolor", "linewidth", "sizes",
                       "offsets", "paths"],
    "AxesImage": ["extent", "size", "origin", "interpolation", "cmap",
                  "array"],
    "Text": ["text", "position", "color", "ha", "va", "size"],
    "Spine": ["visible"]}


def seen(figure):
    """What is to be seen in a figure, a line to each property of a part."""
    parts = [figure, *figure.legends]
    for axes in figure.axes:
        parts += [axes, *axes.lines, *axes.collections, *axes.images,
                  *axes.texts, *axes.spines.values(), axes.get_legend()]
    for part in filter(None, parts):
        kind = type(part).__name__
        yield kind
        for name in PARTS[kind]:
            value = getattr(part, f"get_{name}", lambda: part.origin)()
            value = np.array(getattr(value, "name", value))
            yield f"    {name}: {value}".rstrip()


@quietly
@pytest.mark.parametrize("session", sessions("pictures.txt"))
def test_a_picture_shows_what_is_written_down(session, main, monkeypatch):
    Figure = pytest.importorskip("matplotlib.figure").Figure
    figures = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, metadata:
                        figures.append(figure))
    monkeypatch.setattr(
        experiments, "errors_by_parameter", lambda networks, step: {
            name: {"W1": 0, "b1": step or 2e-16} for name in networks})
    line = session.partition("\n")[0]
    with np.errstate(all="ignore"):
        main(*shlex.split(line)[2:])
    with np.printoptions(precision=3, threshold=50, edgeitems=1):
        assert_matches(session, "\n".join([line, *seen(*figures)]))


@quietly
@pytest.mark.parametrize(("ending", "begin"), [
    ("png", b"\x89PNG"), ("SVG", b"<?xml")])
def test_a_picture_is_drawn_the_same_again(ending, begin, main):
    pytest.importorskip("matplotlib")
    for path in (Path(f"one.{ending}"), Path(f"two.{ending}")):
        with np.errstate(all="ignore"):
            _, said, _ = main("xor", "--plot", path)
        assert f"Drawn as {path}.\n" in said
        assert path.read_bytes().startswith(begin)
    assert Path(f"one.{ending}").read_bytes() == path.read_bytes()


def test_without_matplotlib_it_says_what_to_install(monkeypatch, main):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert_fails(main("xor", "--plot", "xor.png"), 2,
                 "matplotlib is missing; pip install matplotlib;")
