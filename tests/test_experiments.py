"""The command line: what it finds, what it says, and with which status."""

import doctest
import io
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest.mock
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

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

    def main(*arguments):
        status = experiments.main(list(map(str, arguments)))
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
# transcript.txt is a session at a terminal, where a status other than 0 stands
# in brackets.  Portable arithmetic makes it the same on every machine, digests
# included.

TRANSCRIPT = (ROOT / "tests" / "transcript.txt").read_text("utf-8")


@pytest.mark.parametrize("entry", re.findall(
    r"^\$ (.*?)(?=^\$ |\Z)", TRANSCRIPT, re.DOTALL | re.MULTILINE),
    ids=lambda entry: entry.partition("\n")[0])
def test_a_command_prints_what_is_written_down(entry, main):
    command, shown = entry.split("\n", 1)
    program, *words = shlex.split(command)
    assert program == "experiments.py"
    if words[-1:] == ["models/xor"]:
        main("xor", "--arithmetic", "portable", "--quiet")
    Path("file").touch()
    status, said, errors = main(*words)
    assert errors.count("\n") == (status != 0)
    said += f"{errors}[{status}]" if status else errors
    assert_matches(shown.strip(), said.strip())


@pytest.mark.parametrize(("epochs", "mean"), [("200", 0.96), ("3", 0.7)])
def test_iris_tells_of_a_hundred_splits_what_is_true_of_them(
        epochs, mean, main):
    _, said, _ = main("iris", "--seed", 7, "--epochs", epochs)
    scores = []
    for seed in range(7, 107):
        network, problem = trained("iris", seed, "--epochs", epochs)
        scores.append(network.score(*problem.part(problem.test)))
    assert np.mean(scores) >= mean
    words = " ".join(said.split())
    assert (f"seeds 7 to 106. The test accuracy is {np.mean(scores):.2f} on "
            f"average, from {min(scores):.2f} to {max(scores):.2f}.") in words


@pytest.mark.parametrize(("options", "splits"), [
    ("", 100), ("--epochs 0", 100), ("--arithmetic portable", 100),
    ("--epochs 1000", 68), ("--batch-size 1", 16), ("--batch-size 1000", 100),
    ("--hidden-size 100000", 0), ("--epochs 1000000", 0)])
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
    assert (status, errors) == (0, "")
    numbers = [float(x) for x in re.findall(r"\d\.\de[-+]\d\d", said)]
    half = 4 * len(nn._ACTIVATIONS) * len(experiments.OUTPUTS)
    assert len(numbers) == 2 * half
    assert max(numbers[:half]) <= 1e-12 < max(numbers[half:]) < 1e-6


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_quiet_prints_nothing(name, main, monkeypatch):
    monkeypatch.delattr(experiments, "print_splits")    # for nobody to read
    assert main(name, "--quiet") == (0, "", "")
    assert nn.versions(Path("models", name)) == (
        [] if name == "gradcheck" else [1])


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
    assert_fails(main("xor", "two\nlines"), 2, "two lines")
    assert_fails(main("xor", "\x1b[2J"), 2, "\\x1b[2J")


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
    assert main("xor", "--quiet") == (
        status, "", f"experiments.py: {text}\n" if text else "")


@pytest.mark.parametrize("name", ["", *experiments.EXPERIMENTS, "reproduce"])
def test_help_is_there_and_shows_the_defaults(name, capsys):
    with pytest.raises(SystemExit) as stop:
        experiments.main([*name.split(), "--help"])
    assert stop.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    experiment = experiments.EXPERIMENTS.get(name)
    told = [*experiments.EXPERIMENTS, "reproduce"] if not name else ["PATH"]
    if experiment:
        told = [experiment.story, *(
            f"(default: {default})" for default in experiment[2:])]
    assert all(words in said for words in told)


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
    command = "checkout/experiments.py", "iris", "--quiet"
    assert run(*command, cwd=tmp_path) == (0, "", "")
    assert (checkout / "models" / "iris" / "v0001").is_dir()
    (checkout / "data" / "iris.csv").unlink()
    assert_fails(run(*command, cwd=tmp_path), 2,
                 str(Path("checkout/data/iris.csv")))


@pytest.mark.skipif(not shutil.which("git") or not (
    ROOT / ".gitignore").exists(), reason="needs git and .gitignore")
def test_running_things_leaves_git_status_clean(checkout):
    shutil.copy(ROOT / ".gitignore", checkout)
    subprocess.run(["git", "init", "-q"], cwd=checkout, check=True)
    run("experiments.py", "iris", "--quiet", cwd=checkout)
    assert (checkout / "models" / "iris" / "v0001").is_dir()
    said = subprocess.run(["git", "status", "--porcelain", "-uall"],
                          cwd=checkout, capture_output=True, text=True).stdout
    assert sorted(said.splitlines()) == [
        f"?? {path}" for path in (".gitignore", "data/iris.csv",
                                  "experiments.py", "nn.py")]


# Terminals and pipes

def test_a_closed_pipe_is_no_error(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert run(PROGRAM, "xor", "--models-dir", tmp_path,
                   stdout=writer) == (141, None, "")
        assert run(PROGRAM, "--help", stdout=writer)[2] == ""
    finally:
        os.close(writer)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_is_told_in_one_line(tmp_path):
    with open("/dev/full", "w") as full:
        assert_fails(run(PROGRAM, "xor", "--models-dir", tmp_path,
                         stdout=full), 2, "space")


def test_output_that_cannot_be_written_goes_nowhere(
        tmp_path, monkeypatch, capsys):
    path = tmp_path / "output"
    with path.open("wb", buffering=0) as file:
        closed = io.StringIO()
        closed.fileno = file.fileno
        closed.flush = unittest.mock.Mock(side_effect=BrokenPipeError)
        monkeypatch.setattr(sys, "stdout", closed)
        assert experiments.main(["gradcheck", "--quiet"]) == 141
        file.write(b"more")
    assert path.read_bytes() == b""
    monkeypatch.setattr(sys, "stdout", None)
    assert experiments.main(["gradcheck", "--quiet"]) == 0
    status = experiments.main(["nope"])
    experiments.settle_output()
    assert_fails((status, *capsys.readouterr()), 2, "nope")


def on_terminal(*arguments, interrupt=False):
    """Run on a terminal of its own; give status, output, errors."""
    skip_under_mutmut()
    pty = pytest.importorskip("pty")
    here, there = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, PROGRAM, *map(str, arguments)], stdout=there,
        stderr=subprocess.PIPE, text=True,
        env={**os.environ, "COLUMNS": "30"},
        # The shell that runs the tests may ignore Ctrl-C; the program must
        # not.
        preexec_fn=lambda: signal.signal(signal.SIGINT,
                                         signal.default_int_handler))
    os.close(there)
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    said = b""
    with suppress(OSError):             # the end, as Linux tells it
        while part := os.read(here, 1 << 16):
            said += part
            if interrupt and b"epoch" in said:
                process.send_signal(signal.SIGINT)
                interrupt = False
    os.close(here)
    _, errors = process.communicate(timeout=60)
    watchdog.cancel()
    return process.returncode, said.decode().replace("\r\n", "\n"), errors


def test_a_terminal_shows_a_live_line_and_erases_it(tmp_path):
    begun = time.monotonic()
    status, said, errors = on_terminal(
        "xor", "--epochs", 12000, "--models-dir", tmp_path)
    took = time.monotonic() - begun
    assert (status, errors) == (0, "")
    _, *lines, rest = said.split("\r")
    assert 2 <= len(lines) <= 2 + took / 0.05
    assert {len(line) for line in lines} == {29}
    assert re.match(r"epoch \d+ of 12000   loss", lines[0])
    assert lines[-1].strip() == ""
    assert "epoch" not in rest


def test_ctrl_c_gets_one_line_and_status_130(tmp_path):
    found = on_terminal(
        "xor", "--epochs", 10 ** 6, "--models-dir", tmp_path, interrupt=True)
    assert_fails(found, 130, "interrupted")
    assert found[1].split("\r")[-2].strip() == ""
    assert not (tmp_path / "xor").exists()


# The same bits again

APART = "parameters differ by up to # of their array's largest"


@pytest.mark.parametrize("command", [
    "xor", "xor --epochs 0", "softmax_toy --seed 4",
    "iris --batch-size 7 --epochs 20",
    "iris --arithmetic portable --epochs 20"])
def test_the_same_bits_come_out_again(command, main):
    name, *options = command.split()
    main(name, *options, "--quiet")
    for path in (Path("models", name), Path("models", name, "v0001")):
        status, said, _ = main("reproduce", path)
        assert status == 0
        assert "The verdict: the same bits." in said
        assert "The environment is the same" in said
        assert f"a model of {name}" in said


def test_a_training_that_went_on_is_reproduced(main):
    X, y = experiments.xor_data()
    network = nn.Network(epochs=5).fit(X, y).partial_fit(X, y, epochs=3)
    network.save("model")
    status, said, _ = main("reproduce", "model")
    assert status == 0 and "8 epochs" in said and "the same bits" in said


def test_the_newest_version_is_reproduced(main):
    main("xor")
    main("xor", "--seed", 8)
    assert "v0002 is a model of xor" in main("reproduce", "models/xor")[1]


def test_control_characters_of_a_saved_model_are_spelled_out(
        main, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(np, "__version__", "1\x1b[2J\u202e\r2")
        nn.Network(epochs=1).fit(*experiments.xor_data()).save("hostile")
    status, said, _ = main("reproduce", "hostile")
    assert status == 0
    assert said.replace("\n", "").isprintable()
    assert "numpy was 1\\x1b[2J\\u202e" in said


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


@pytest.mark.parametrize(("arithmetic", "amount", "other", "words"), [
    ("blas", 0, None, "the same bits.\n(no parameter differs)"),
    ("blas", 1e-14, np, f"the same but for rounding.\n({APART})"),
    ("blas", 1e-14, None, f"different.\n({APART}; the environment is the "
     "same and explains nothing)"),
    ("blas", 1e-8, np, f"different.\n({APART}; 1e-09 is allowed)"),
    ("portable", 1e-14, nn, f"the same but for rounding.\n({APART})"),
    ("portable", 1e-14, np, f"different.\n({APART}; portable arithmetic "
     "allows no difference)")])
def test_another_environment_is_named_and_may_explain_rounding(
        arithmetic, amount, other, words, main, monkeypatch):
    network = nn.Network(epochs=5, arithmetic=arithmetic).fit(
        *experiments.xor_data())
    W1 = network.params_["W1"]
    W1[abs(W1) == abs(W1).max()] *= 1 + amount
    with monkeypatch.context() as patch:
        if other:
            patch.setattr(other, "__version__", "99.0")
        network.save("model")
    status, said, _ = main("reproduce", "model")
    assert status == words.startswith("different")
    assert f"\nThe verdict: {words}\n" in re.sub(r"\d\.\de-\d\d", "#", said)
    if other:
        name = "nn.py" if other is nn else "numpy"
        assert f"\n{name} was 99.0, is now {other.__version__}\n" in said


def test_of_a_saved_curve_the_newest_losses_are_enough():
    one, two = (nn.Network(epochs=9).fit(*experiments.xor_data())
                for _ in range(2))
    for kept, words in ((one.loss_curve_[-4:], "the same bits"),
                        (one.loss_curve_[:4], "the same but for rounding")):
        one.loss_curve_ = kept
        assert experiments.compare(one, two, explained=True).words == words


def test_a_model_that_went_another_way_is_different(main):
    X, y = experiments.xor_data()
    network = nn.Network(hidden_size=8, epochs=5).fit(X, y)
    network.set_params(optimizer=nn.SGD(0.5)).partial_fit(X, y)
    network.save("model")
    found = main("reproduce", "model")
    assert_fails(found, 1, "reproduced", "different")
    assert "6 epochs" in found[1] and "The verdict: different." in found[1]


def test_a_model_of_other_data_or_damaged_is_refused(main):
    path = nn.Network(epochs=1).fit([[0.0], [1.0]], [0, 1]).save("other")
    assert_fails(main("reproduce", "other"), 2,
                 "data that no experiment here makes")
    for name in ("weights.npz", "config.json"):
        data = bytearray((path / name).read_bytes())
        data[len(data) // 2] ^= 1
        (path / name).write_bytes(data)
        assert_fails(main("reproduce", "other"), 2, name)


# Pictures

# What matplotlib says of the packages that it uses is its own business.
quietly = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@quietly
@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
@pytest.mark.parametrize("ending", ["png", "SVG"])
def test_a_picture_is_drawn(name, ending, main):
    pytest.importorskip("matplotlib")
    begin = {"png": b"\x89PNG", "SVG": b"<?xml"}[ending]
    for path in (Path(f"one.{ending}"), Path(f"two.{ending}")):
        with np.errstate(all="ignore"):
            _, said, _ = main(name, "--epochs", 3, "--plot", path)
        assert f"Drawn as {path}.\n" in said
        assert path.read_bytes().startswith(begin)
    assert Path(f"one.{ending}").read_bytes() == path.read_bytes()


def test_without_matplotlib_it_says_what_to_install(monkeypatch, main):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert_fails(main("xor", "--plot", "xor.png"), 2,
                 "matplotlib is missing; pip install matplotlib;")


def test_matplotlib_is_not_imported_unasked(tmp_path):
    code = ("import sys, experiments; experiments.main(['xor', '--models-dir'"
            ", sys.argv[1]]); sys.exit('matplotlib' in sys.modules)")
    assert run("-c", code, tmp_path, cwd=ROOT)[0] == 0


COLOURS = {tuple(colour): name for colour, name in zip(
    experiments.PALETTE, ("blue", "orange", "green"))}


def colour(value):
    """The name of a colour, if it is one of ours."""
    return COLOURS.get(tuple(value)[:3], "black")


def seen(axes):
    """What is to be seen on some axes: words, lines, dots, images, texts."""
    yield (axes.get_title(), axes.get_xlabel(), axes.get_ylabel(),
           axes.get_yscale(), axes.get_aspect())
    for line in axes.lines:
        yield (line.get_label(), colour(line.get_color()), line.get_marker(),
               line.get_linestyle(), line.get_linewidth(), *line.get_ydata())
    for dots in axes.collections:
        yield (dots.get_label(), colour(dots.get_facecolor()[0]),
               colour(dots.get_edgecolor()[0]), *dots.get_linewidth(),
               *dots.get_sizes(), dots.get_offsets().tolist())
    for image in axes.images:
        yield (*image.get_extent(), image.origin, image.get_interpolation(),
               image.get_cmap().name, image.get_array().shape)
    for text in axes.texts:
        yield (text.get_text(), text.get_position(), text.get_color(),
               text.get_ha(), text.get_va(), text.get_size())
    if axes.texts:
        yield [[label.get_text() for label in labels] for labels in (
            axes.get_xticklabels(), axes.get_yticklabels())]


def plotted(plot, *findings):
    """The size of a figure, what is seen on its axes, and its legends."""
    figure = pytest.importorskip("matplotlib.figure").Figure()
    with np.errstate(all="ignore"):
        plot(figure, *findings)
    legends = [*figure.legends, *filter(None, (
        axes.get_legend() for axes in figure.axes))]
    return ([*figure.get_size_inches()],
            [line for axes in figure.axes for line in seen(axes)],
            [(legend.get_frame_on(), *(text.get_text() for text
                                       in legend.get_texts()))
             for legend in legends])


@quietly
def test_the_picture_of_iris_has_both_curves_and_the_matrix():
    network = nn.Network(epochs=3).fit([[0.0], [1.0], [2.0]], [*"abc"])
    matrix = np.array([[10, 5], [6, 0]])
    middle = "center", "center", 14
    assert plotted(experiments.plot_iris, network, [3, 2, 1], matrix) == (
        [9, 4],
        [("Loss by epoch", "epoch", "mean loss", "log", "auto"),
         ("training", "blue", "None", "-", 1.5, *network.loss_curve_),
         ("test", "orange", "None", "--", 1.5, 3, 2, 1),
         ("Test flowers", "predicted", "true", "linear", 1),
         (-0.5, 1.5, 1.5, -0.5, "upper", "auto", "Blues", (2, 2)),
         ("10", (0, 0), "white", *middle), ("5", (1, 0), "black", *middle),
         ("6", (0, 1), "white", *middle), ("0", (1, 1), "black", *middle),
         [[*"abc"], [*"abc"]]],
        [(False, "training", "test")])


@quietly
def test_the_picture_of_the_errors_has_the_worst_of_each_network():
    exact = {("tanh", "sigmoid"): {"W1": 0.0, "b1": 2e-16}}
    rough = {("tanh", "sigmoid"): {"W1": 3e-9, "b1": 4e-10}}
    names = "central differences", "complex steps", "allowed to complex steps"
    assert plotted(experiments.plot_errors, exact, rough) == (
        [7, 4],
        [("", "", "worst relative error", "log", "auto"),
         (names[0], "orange", "o", "None", 1.5, 3e-9),
         (names[1], "blue", "s", "None", 1.5, 2e-16),
         (names[2], "black", "None", ":", 0.8, 1e-12, 1e-12)],
        [(False, *names)])


@quietly
def test_the_picture_of_the_regions_has_the_points_of_each_class():
    xor = experiments.xor_problem(0)
    network = nn.Network(2, epochs=1).fit(xor.X, xor.y)
    assert plotted(experiments.plot_regions, network, xor)[1:] == (
        [("The network's answer, and the test points", "first feature",
          "second feature", "linear", 1),
         ("0", "blue", "black", 0.6, 90, [[0, 0], [1, 1]]),
         ("1", "orange", "black", 0.6, 90, [[0, 1], [1, 0]]),
         (-0.5, 1.5, -0.5, 1.5, "lower", "none", "viridis", (200, 200, 3))],
        [(False, "0", "1")])
