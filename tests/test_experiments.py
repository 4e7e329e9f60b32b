"""The command line: what it finds, what it says, and with which status."""

import io
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import experiments
import nn

ROOT = Path(experiments.__file__).parent
PROGRAM = str(ROOT / "experiments.py")
GOLDEN = "9288490997082047116393e402e15da78425284c854988367f6ec2596066fa0c"


def run(*arguments, cwd=None, program=PROGRAM, stdout=subprocess.PIPE, **env):
    """Run the program in a process of its own."""
    skip_under_mutmut()
    return subprocess.run(
        [sys.executable, program, *map(str, arguments)], cwd=cwd, text=True,
        stdout=stdout, stderr=subprocess.PIPE, timeout=60,
        env={**os.environ, **env})


def skip_under_mutmut():
    if "MUTANT_UNDER_TEST" in os.environ:
        pytest.skip("mutmut's mutants live in the process that made them")


def assert_one_line(text, *words):
    """One line of error from the program, with these words, no traceback."""
    assert re.fullmatch(r"experiments\.py: [^\n]+\n", text), text
    for word in words:
        assert word in text


def fitted(name, seed):
    """The network of an experiment at its defaults, and its problem."""
    options = experiments.parse([name, "--seed", str(seed)])
    problem = experiments.PROBLEMS[name](seed)
    network = experiments.new_network(options)
    return network.fit(*problem.part(problem.train)), problem


def accuracies(name, seeds):
    found = []
    for seed in seeds:
        network, problem = fitted(name, seed)
        found.append(network.score(*problem.part(problem.test)))
    return np.array(found)


# What is learnt


def test_xor_is_solved_from_every_seed():
    for seed in range(100):
        network, problem = fitted("xor", seed)
        found = network.evaluate(problem.X, problem.y)
        assert found["accuracy"] == 1, seed
        assert found["loss"] < 0.01, seed


def test_toy_is_solved_from_every_seed():
    assert accuracies("softmax_toy", range(20)).min() >= 0.98


def test_iris_over_a_hundred_splits_is_as_the_report_says():
    found = accuracies("iris", range(100))
    assert found.mean() >= 0.96
    said = f"{found.min():.2f}", f"{found.max():.2f}", f"{found.mean():.2f}"
    assert said == ("0.87", "1.00", "0.96")


@pytest.mark.parametrize("seed", range(5))
def test_gradients_are_right_from_several_seeds(seed):
    assert experiments.main(["gradcheck", "--seed", str(seed),
                             "--quiet"]) == 0


def test_problems_are_seeded_and_split_evenly():
    for make, held_out in ((experiments.toy_problem, 50),
                           (experiments.iris_problem, 10)):
        one, same, other = make(3), make(3), make(4)
        assert experiments.same_bits(one.X, same.X)
        assert one.test.tolist() == same.test.tolist() != other.test.tolist()
        assert sorted([*one.train, *one.test]) == list(range(len(one.y)))
        _, counts = np.unique(one.y[one.test], return_counts=True)
        assert counts.tolist() == [held_out] * 3


def test_scaling_knows_the_training_rows_only():
    X = np.arange(12.0).reshape(6, 2) ** 2
    changed = X.copy()
    changed[5] = 1e6
    rows = np.arange(5)
    a, b = experiments.scaled(X, rows), experiments.scaled(changed, rows)
    assert experiments.same_bits(a[:5], b[:5])
    assert np.allclose(a[:5].mean(axis=0), 0)
    assert np.allclose(a[:5].std(axis=0), 1)


# What a run prints, saves and returns


@pytest.mark.parametrize(("name", "words"), [
    ("xor", ["P(1)", "4 of 4 right", "+----"]),
    ("softmax_toy", ["southwest", "accuracy"]),
    ("iris", ["versicolor", "true \\ predicted", "0.87"])])
def test_a_run_trains_saves_and_loads(name, words, tmp_path):
    done = run(name, "--models-dir", tmp_path, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(word in done.stdout for word in words)
    assert "FAILED" not in done.stdout
    assert "\r" not in done.stdout
    assert "Saved as " + str(Path(name, "v0001")) in done.stdout
    network, problem = fitted(name, 0)
    loaded = nn.Network.load(tmp_path / name)
    assert experiments.same_bits(network.predict_proba(problem.X),
                                 loaded.predict_proba(problem.X))


def test_gradcheck_prints_two_tables(capsys):
    assert experiments.main(["gradcheck"]) == 0
    said, errors = capsys.readouterr()
    numbers = [float(x) for x in re.findall(r"\d\.\de[-+]\d\d", said)]
    complex_step, central = numbers[:24], numbers[24:]
    assert (len(central), errors) == (24, "")
    assert max(complex_step) <= 1e-12 < max(central) < 1e-6


@pytest.mark.parametrize("classes", [2, 3])
def test_gradcheck_trains_on_twelve_rows_of_its_seed(classes):
    one, same, other = (experiments.checked_network(
        experiments.parse(["gradcheck", "--seed", seed, "--quiet"]),
        "relu", classes) for seed in "334")
    network, X, y = one
    assert network.activation == "relu"
    assert X.shape == (12, 4) and 1.8 < abs(X).max() <= 2
    assert abs(X.mean()) < 0.5
    assert sorted(set(y.tolist())) == list(range(classes)) and len(y) == 12
    assert experiments.same_bits(X, same[1])
    assert not experiments.same_bits(X, other[1])


def test_the_same_run_prints_the_same(tmp_path, capsys):
    said = []
    for folder in ("a", "b"):
        arguments = ["iris", "--seed", "5", "--models-dir",
                     str(tmp_path / folder)]
        assert experiments.main(arguments) == 0
        said.append(capsys.readouterr().out.replace(f"{os.sep}{folder}", ""))
    assert said[0] == said[1]


def test_portable_arithmetic_gives_the_golden_digest(tmp_path):
    done = run("iris", "--arithmetic", "portable", "--models-dir", tmp_path,
               OPENBLAS_NUM_THREADS="1")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"\n{GOLDEN}\n" in done.stdout


def test_quiet_prints_nothing(tmp_path, capsys):
    for name in ("xor", "iris"):
        assert experiments.main(
            [name, "--quiet", "--models-dir", str(tmp_path)]) == 0
    assert capsys.readouterr() == ("", "")
    assert nn.versions(tmp_path / "xor") == [1]


def test_every_option_has_its_effect(tmp_path):
    arguments = ["xor", "--seed", "3", "--epochs", "40", "--hidden-size", "5",
                 "--batch-size", "2", "--learning-rate", "0.25", "--momentum",
                 "0.5", "--arithmetic", "portable", "--quiet",
                 "--models-dir", str(tmp_path)]
    experiments.main(arguments)
    network = nn.Network.load(tmp_path / "xor")
    assert network.get_params()["optimizer__learning_rate"] == 0.25
    assert network.get_params()["optimizer__momentum"] == 0.5
    assert (network.seed, network.epochs, network.hidden_size,
            network.batch_size, network.arithmetic) == (
                3, 40, 5, 2, "portable")


def test_a_failed_validation_is_named(tmp_path, capsys):
    assert experiments.main(["xor", "--epochs", "1",
                             "--models-dir", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert_one_line(said.err, "did not hold", "4 of 4", "loss below 0.01")
    assert "FAILED loss below 0.01" in said.out


def test_a_save_that_does_not_come_back_the_same_is_noticed(
        tmp_path, capsys, monkeypatch):
    other = nn.Network(hidden_size=8, seed=9).fit(*experiments.xor_data())
    monkeypatch.setattr(nn.Network, "load", lambda path: other)
    assert experiments.main(["xor", "--models-dir", str(tmp_path)]) == 1
    assert_one_line(capsys.readouterr().err, "the same parameters",
                    "the same predictions", "the same loss")


def test_a_wrong_gradient_is_noticed(capsys, monkeypatch):
    right = nn.Network.loss_and_gradients

    def wrong(self, X, y):
        loss, gradients = right(self, X, y)
        gradients["b1"][0] *= 1 + 1e-9
        return loss, gradients

    monkeypatch.setattr(nn.Network, "loss_and_gradients", wrong)
    assert experiments.main(["gradcheck", "--quiet"]) == 1
    assert_one_line(capsys.readouterr().err, "tanh, softmax")


# Wrong usage and input


@pytest.mark.parametrize(("arguments", "words"), [
    ([], ["EXPERIMENT"]),
    (["nope"], ["nope", "iris"]),
    (["xor", "--seed"], ["--seed"]),
    (["xor", "--seed", "-1"], ["--seed", "-1", "at least 0"]),
    (["xor", "--seed", "1.5"], ["--seed", "1.5"]),
    (["xor", "--epochs", "many"], ["--epochs", "many"]),
    (["xor", "--learning-rate", "fast"], ["--learning-rate", "fast"]),
    (["xor", "--learning-rate", "nan"], ["learning_rate", "nan"]),
    (["xor", "--learning-rate", "-1"], ["learning_rate"]),
    (["xor", "--momentum", "1"], ["momentum", "below 1"]),
    (["xor", "--batch-size", "0"], ["batch_size", "at least 1"]),
    (["xor", "--hidden-size", "0"], ["hidden_size", "at least 1"]),
    (["xor", "--hidden-size", "1" + "0" * 14], []),
    (["xor", "--hidden-size", "1" + "0" * 30], []),
    (["xor", "--arithmetic", "exact"], ["--arithmetic", "portable"]),
    (["xor", "--plot", "xor.gif"], ["--plot", "xor.gif", ".png"]),
    (["xor", "--nonsense"], ["--nonsense"]),
    (["xor", "--see", "1"], ["--see"]),
    (["xor", "two\nlines"], []),
    (["iris", "--learning-rate", "1e308"], ["diverged", "learning rate"]),
    (["gradcheck", "--models-dir", "x"], ["--models-dir"]),
    (["reproduce"], ["PATH"]),
    (["reproduce", "no/such/model"], ["no version"]),
    (["reproduce", PROGRAM], ["experiments.py"]),
    (["reproduce", str(ROOT / "data")], ["no version"])])
def test_wrong_usage_gets_one_line(arguments, words, tmp_path, capsys):
    if arguments and arguments[0] == "xor":
        arguments = [*arguments, "--models-dir", str(tmp_path)]
    assert experiments.main(arguments) == 2
    assert_one_line(capsys.readouterr().err, *words)


def test_a_models_folder_that_cannot_be_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    where = str(tmp_path / "file")
    assert experiments.main(["xor", "--models-dir", where]) == 2
    assert_one_line(capsys.readouterr().err, where)


def test_output_that_fails_at_the_end_is_noticed(monkeypatch, capsys):
    class Closed(io.StringIO):
        def flush(self):
            raise BrokenPipeError

        def fileno(self):
            return os.open(os.devnull, os.O_WRONLY)

    monkeypatch.setattr(sys, "stdout", Closed())
    assert experiments.main(["gradcheck", "--quiet"]) == 141
    monkeypatch.setattr(sys, "stdout", None)
    assert experiments.main(["gradcheck", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("words", [
    ["--hel"], ["gradcheck", "--qui"], ["reproduce", "x", "--qui"]])
def test_options_are_not_guessed_from_their_beginning(words, capsys):
    assert experiments.main(words) == 2
    said = capsys.readouterr().err
    assert_one_line(said)
    assert words[-1] in said or words == ["--hel"]


def test_models_are_saved_beside_the_program():
    assert experiments.parse(["iris"]).models_dir == ROOT / "models"


def test_xor_is_tried_on_the_four_rows_it_was_trained_on():
    problem = experiments.xor_problem(0)
    assert problem.train.tolist() == problem.test.tolist() == [0, 1, 2, 3]


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
        error, status, text, capsys, monkeypatch):
    def fit(self, X, y, callback=None):
        raise error

    monkeypatch.setattr(nn.Network, "fit", fit)
    assert experiments.main(["xor", "--quiet"]) == status
    assert capsys.readouterr().err == (
        f"experiments.py: {text}\n" if text else "")


@pytest.mark.parametrize("name", [[], *(
    [name] for name in [*experiments.EXPERIMENTS, "reproduce"])])
def test_help_is_there_and_shows_the_defaults(name, capsys):
    with pytest.raises(SystemExit) as stop:
        experiments.main([*name, "--help"])
    assert stop.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    if name and name != ["reproduce"]:
        defaults = experiments.EXPERIMENTS[name[0]]
        assert f"(default: {defaults.epochs})" in said
        assert f"(default: {defaults.learning_rate})" in said


@pytest.fixture
def checkout(tmp_path):
    """A folder with the program alone."""
    folder = tmp_path / "checkout"
    (folder / "data").mkdir(parents=True)
    for name in ("nn.py", "experiments.py", "data/iris.csv"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def test_missing_or_changed_data_are_noticed(tmp_path):
    for what, change in (
            ("is missing", lambda table: None),
            ("has changed", lambda table: table.replace(b"5.1", b"5.2", 1)),
            ("has changed", lambda table: b"\xff\x00")):
        path = tmp_path / "iris.csv"
        path.unlink(missing_ok=True)
        data = change((ROOT / "data" / "iris.csv").read_bytes())
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(ValueError, match=f"iris.csv {what}"):
            experiments.iris_data(path)


def test_a_table_that_is_missing_or_changed_says_how_to_get_it(tmp_path):
    path = tmp_path / "iris.csv"
    back = "; get it back from where this program came from"
    with pytest.raises(ValueError) as missing:
        experiments.iris_data(path)
    assert str(missing.value) == f"{experiments.shown(path)} is missing{back}"
    path.write_text("5.1,3.5,1.4,0.2,setosa\n")
    with pytest.raises(ValueError) as changed:
        experiments.iris_data(path)
    assert str(changed.value) == (f"{experiments.shown(path)} has changed: "
                                  f"its SHA-256 is not 9cc1c345...{back}")


def test_a_long_label_widens_the_table(capsys):
    experiments.print_confusion(np.array([[3, 1], [0, 20]]),
                                ["a", "a label of 20 letters"])
    assert capsys.readouterr().out.splitlines() == [
        "true \\ predicted       a  a label of 20 letters",
        "a                      3                      1",
        "a label of 20 letters  0                     20"]


def test_line_ends_of_windows_are_forgiven(tmp_path):
    table = (ROOT / "data" / "iris.csv").read_bytes()
    (tmp_path / "iris.csv").write_bytes(table.replace(b"\n", b"\r\n"))
    X, _ = experiments.iris_data(tmp_path / "iris.csv")
    assert experiments.same_bits(X, experiments.iris_data()[0])


def test_data_and_models_are_beside_the_program(checkout, tmp_path):
    done = run("iris", cwd=tmp_path, program="checkout/experiments.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert (checkout / "models" / "iris" / "v0001").is_dir()
    (checkout / "data" / "iris.csv").unlink()
    done = run("iris", cwd=tmp_path, program="checkout/experiments.py")
    assert done.returncode == 2
    assert_one_line(done.stderr, str(Path("checkout/data/iris.csv")))


@pytest.mark.skipif(not shutil.which("git") or not (
    ROOT / ".gitignore").exists(), reason="needs git and .gitignore")
def test_running_things_leaves_git_status_clean(checkout):
    def git(*words):
        return subprocess.run(["git", "-c", "user.name=a", "-c",
                               "user.email=a@b", *words], cwd=checkout,
                              check=True, capture_output=True,
                              text=True).stdout

    shutil.copy(ROOT / ".gitignore", checkout)
    git("init")
    git("add", ".")
    git("commit", "-m", "begin")
    assert run("iris", program=str(checkout / "experiments.py"),
               cwd=checkout).returncode == 0
    assert (checkout / "models" / "iris").is_dir()
    assert git("status", "--porcelain") == ""


# Terminals and pipes


def test_the_width_is_the_terminals_or_80(monkeypatch):
    for columns, width in ((33, 33), (0, 80)):
        monkeypatch.setattr(os, "get_terminal_size", lambda handle, c=columns:
                            os.terminal_size((c, 24)))
        monkeypatch.setattr(sys, "stdout", sys.__stdout__)
        assert experiments.terminal_width() == width
    monkeypatch.undo()
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert experiments.terminal_width() == 80


def test_of_long_texts_only_what_differs_is_told():
    words = " ".join(f"w{i}" for i in range(30))
    apart = experiments.apart
    assert apart(words, f"{words} x y") == ("without x y", "with x y")
    assert apart(f"{words} x y", words) == ("with x y", "without x y")
    assert apart(f"{words} x", f"z {words}") == ("x", "z")
    assert apart("a" * 60, "b") == ("a" * 60, "b")
    assert apart("a " * 30 + "c", "a") == ("with c", "without c")


def test_a_difference_is_relative_to_the_largest_of_its_array():
    X, y = experiments.xor_data()
    one, two = (nn.Network(4, epochs=0).fit(X, y) for _ in range(2))
    one.params_["W2"][:] = [[4.0], [-8.0], [1.0], [0.0]]
    two.params_["W2"][:] = [[4.0], [-8.0], [3.0], [0.0]]
    assert experiments.largest_difference(one, two) == 0.25
    two.params_["b1"] += 0.5
    assert experiments.largest_difference(one, two) == 0.5


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_a_line_counts_the_epochs(monkeypatch):
    X, y = experiments.xor_data()
    network = nn.Network(4, epochs=3)
    clock = iter(range(100))
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    seen = []
    experiments.train(network, X, y, lambda *given: seen.append(given))
    lines = [f"epoch {i} of 3   loss {loss:.4f}"
             for i, loss in enumerate(network.loss_curve_, 1)]
    wide = len(lines[0])
    assert sys.stdout.getvalue() == "".join(
        f"\r{line}" for line in [*lines, " " * wide]) + "\r"
    assert seen == [(network, i, loss)
                    for i, loss in enumerate(network.loss_curve_, 1)]


def test_without_a_terminal_there_is_no_callback(monkeypatch, tmp_path):
    seen = []
    fit = nn.Network.fit

    def spy(self, X, y, callback=None):
        seen.append(callback)
        return fit(self, X, y, callback)

    monkeypatch.setattr(nn.Network, "fit", spy)
    experiments.main(["xor", "--models-dir", str(tmp_path)])
    assert seen == [None]


def test_a_closed_pipe_is_no_error(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = run("xor", "--models-dir", tmp_path, stdout=writer)
        assert (done.returncode, done.stderr) == (141, "")
        assert run("--help", stdout=writer).stderr == ""
    finally:
        os.close(writer)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_is_told_in_one_line(tmp_path):
    with open("/dev/full", "w") as full:
        done = run("xor", "--models-dir", tmp_path, stdout=full)
    assert done.returncode == 2
    assert_one_line(done.stderr, "space")


def on_terminal(*arguments, columns=40, interrupt=False):
    """Run on a terminal of its own; give status, output, errors."""
    skip_under_mutmut()
    pty = pytest.importorskip("pty")
    import fcntl
    import struct
    import termios
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ,
                struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, PROGRAM, *map(str, arguments)], stdout=there,
        stderr=subprocess.PIPE, text=True,
        # Whoever runs the tests may ignore Ctrl-C; the program must not.
        preexec_fn=lambda: signal.signal(signal.SIGINT,
                                         signal.default_int_handler))
    os.close(there)
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    said = b""
    while True:
        try:
            part = os.read(here, 1 << 16)
        except OSError:
            break
        said += part
        if not part:
            break
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
        "xor", "--epochs", 12000, "--models-dir", tmp_path, columns=30)
    took = time.monotonic() - begun
    assert (status, errors) == (0, "")
    _, *lines, rest = said.split("\r")
    assert 2 <= len(lines) <= 2 + took / 0.05
    assert all(len(line) < 30 for line in lines)
    assert lines[0].startswith("epoch ")
    assert "of 12000   loss" in lines[0]
    assert lines[-1].strip() == ""
    assert len(lines[-1]) == max(map(len, lines))
    assert "epoch" not in rest


def test_ctrl_c_gets_one_line_and_status_130(tmp_path):
    status, said, errors = on_terminal(
        "xor", "--epochs", 50000, "--models-dir", tmp_path, interrupt=True)
    assert status == 130
    assert_one_line(errors, "interrupted")
    assert said.split("\r")[-2].strip() == ""
    assert not (tmp_path / "xor").exists()


# The same bits again


def saved(tmp_path, *arguments):
    """The folder of a model that an experiment saved."""
    name, *rest = arguments or ["iris"]
    assert experiments.main([name, *rest, "--quiet", "--models-dir",
                             str(tmp_path)]) == 0
    return tmp_path / name


@pytest.mark.parametrize("arguments", [
    ["xor"], ["softmax_toy", "--seed", "4"],
    ["iris", "--batch-size", "7", "--epochs", "20"],
    ["iris", "--arithmetic", "portable", "--epochs", "20"]])
def test_the_same_bits_come_out_again(arguments, tmp_path, capsys):
    folder = saved(tmp_path, *arguments)
    for path in (folder, folder / "v0001"):
        assert experiments.main(["reproduce", str(path)]) == 0
        said = capsys.readouterr().out
        assert "The verdict: the same bits." in said
        assert "The environment is the same" in said
        assert f"a model of {arguments[0]}" in said


def test_the_newest_version_is_reproduced(tmp_path, capsys):
    saved(tmp_path, "xor")
    folder = saved(tmp_path, "xor", "--seed", "8")
    assert experiments.main(["reproduce", str(folder)]) == 0
    assert "seed 8" in capsys.readouterr().out


def test_another_environment_is_named(tmp_path, capsys, monkeypatch):
    folder = saved(tmp_path)
    now = nn._environment()
    monkeypatch.setattr(nn, "_environment",
                        lambda: {**now, "numpy": "99.0", "gpu": "none"})
    assert experiments.main(["reproduce", str(folder)]) == 0
    said = capsys.readouterr().out
    assert f"numpy was {now['numpy']}, is now 99.0" in said
    assert "gpu was unknown, is now none" in said
    monkeypatch.setattr(nn, "_environment", lambda: {
        key: now[key] for key in now if key != "numpy"})
    assert experiments.main(["reproduce", str(folder)]) == 0
    assert f"numpy was {now['numpy']}, is now unknown" in (
        capsys.readouterr().out)


def nudged(network, amount):
    """A copy of a network with one weight moved by a share of itself."""
    X, y = experiments.xor_data()
    copy = nn.Network(**network.get_params(deep=False)).fit(X, y)
    at = np.unravel_index(abs(copy.params_["W1"]).argmax(),
                          copy.params_["W1"].shape)
    copy.params_["W1"][at] *= 1 + amount
    return copy


@pytest.mark.parametrize(
    ("arithmetic", "amount", "explained", "words", "reason", "holds"), [
        ("blas", 0, False, "the same bits", "no parameter differs", True),
        ("blas", 1e-14, True, "the same but for rounding", "", True),
        ("blas", 1e-14, False, "different", "; the environment is the same "
         "and explains nothing", False),
        ("blas", 1e-8, True, "different", "; 1e-09 is allowed", False),
        ("portable", 1e-14, True, "different", "; portable arithmetic allows "
         "no difference", False)])
def test_the_verdicts(arithmetic, amount, explained, words, reason, holds):
    network = nn.Network(epochs=5, arithmetic=arithmetic)
    network.fit(*experiments.xor_data())
    verdict = experiments.compare(network, nudged(network, amount), explained)
    assert (verdict.words, verdict.holds) == (words, holds)
    assert re.sub(r"\d\.\de-\d\d", "#", verdict.reason) == (
        reason if not amount else
        f"parameters differ by up to # of their array's largest{reason}")


def test_a_model_that_went_another_way_is_different(tmp_path, capsys):
    X, y = experiments.xor_data()
    network = nn.Network(hidden_size=8, epochs=5).fit(X, y)
    network.set_params(optimizer=nn.SGD(0.5)).partial_fit(X, y)
    network.save(tmp_path)
    assert experiments.main(["reproduce", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert_one_line(said.err, "reproduced", "different")
    assert "The verdict: different." in said.out


def test_a_model_of_other_data_is_refused(tmp_path, capsys):
    nn.Network(epochs=1).fit([[0.0], [1.0]], [0, 1]).save(tmp_path)
    assert experiments.main(["reproduce", str(tmp_path)]) == 2
    assert_one_line(capsys.readouterr().err, "data")


@pytest.mark.parametrize("name", ["weights.npz", "config.json"])
def test_a_damaged_model_is_refused(name, tmp_path, capsys):
    folder = saved(tmp_path, "xor")
    path = folder / "v0001" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert experiments.main(["reproduce", str(folder)]) == 2
    assert_one_line(capsys.readouterr().err)


# Pictures


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
@pytest.mark.parametrize("ending", ["png", "svg"])
def test_a_picture_is_drawn(name, ending, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    path = tmp_path / f"picture.{ending}"
    models = [] if name == "gradcheck" else ["--models-dir", str(tmp_path)]
    with np.errstate(all="ignore"):
        assert experiments.main([name, "--plot", str(path), *models]) == 0
    assert "Drawn as" in capsys.readouterr().out
    begin = {"png": b"\x89PNG", "svg": b"<?xml"}[ending]
    assert path.read_bytes().startswith(begin)


def test_without_matplotlib_the_extra_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert experiments.main(["xor", "--plot", "xor.png"]) == 2
    assert capsys.readouterr().err == (
        "experiments.py: argument --plot: matplotlib is missing; install the "
        "plot extra: pip install '.[plot]'; see experiments.py xor --help\n")


def test_matplotlib_is_not_imported_unasked(tmp_path):
    code = ("import sys, experiments; "
            f"experiments.main(['iris', '--models-dir', {str(tmp_path)!r}]); "
            "sys.exit('matplotlib' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT,
                          capture_output=True, timeout=60)
    assert done.returncode == 0


def drawn(tmp_path, look, name="it.png"):
    """What look finds in a figure while it is drawn, and the picture."""
    pytest.importorskip("matplotlib")
    with np.errstate(all="ignore"):
        experiments.draw(tmp_path / name, look)
    return (tmp_path / name).read_bytes()


def test_pictures_are_square_and_without_a_frame(tmp_path, capsys):
    seen = []

    def look(figure):
        axes = figure.add_subplot()
        seen.append([axes.spines[side].get_visible()
                     for side in ("top", "right", "bottom", "left")])
        seen.append(axes.xaxis.label.get_size())
        seen.append(type(figure.get_layout_engine()).__name__)

    picture = drawn(tmp_path, look)
    assert seen == [[False, False, True, True], 10.0,
                    "ConstrainedLayoutEngine"]
    sides = picture[16:20], picture[20:24]
    assert [int.from_bytes(side, "big") for side in sides] == [750, 750]
    capsys.readouterr()


def test_the_matrix_of_iris_is_white_on_dark_and_has_no_frame(
        tmp_path, capsys):
    network = fitted("iris", 0)[0]
    matrix = np.array([[10, 5, 4], [6, 0, 0], [0, 0, 0]])
    seen = []

    def look(figure):
        experiments.plot_iris(figure, network, network.loss_curve_, matrix)
        right = figure.axes[1]
        seen.append([text.get_color() for text in right.texts[:4]])
        seen.append([spine.get_visible() for spine in right.spines.values()])

    drawn(tmp_path, look)
    assert seen == [["white", "black", "black", "white"], [False] * 4]
    capsys.readouterr()


def test_the_errors_are_drawn_where_they_are(tmp_path, capsys):
    exact = {("tanh", "sigmoid"): {"W1": 0.0, "b1": 2e-16}}
    rough = {("tanh", "sigmoid"): {"W1": 3e-9, "b1": 4e-10}}
    seen = []

    def look(figure):
        experiments.plot_errors(figure, exact, rough)
        seen.extend(line.get_ydata().tolist()
                    for line in figure.axes[0].lines[:2])

    drawn(tmp_path, look)
    assert seen == [[3e-9, 4e-10], [1e-17, 2e-16]]
    capsys.readouterr()


# Output that cannot be written


def test_output_that_cannot_be_written_goes_nowhere(tmp_path, monkeypatch):
    path = tmp_path / "output"
    with open(path, "wb", buffering=0) as file:
        class Closed:
            fileno = file.fileno

            def flush(self):
                raise BrokenPipeError

        monkeypatch.setattr(sys, "stdout", Closed())
        experiments.settle_output()
        file.write(b"more")
    assert path.read_bytes() == b""
    monkeypatch.setattr(sys, "stdout", None)
    experiments.settle_output()
