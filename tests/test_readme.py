"""Everything that README.md shows is what really happens."""

import io
import re
from base64 import b64decode
from xml.etree.ElementTree import canonicalize

import numpy as np
import pytest
import test_experiments
from test_experiments import assert_matches, quietly, run

import experiments
import nn
from support import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PICTURE = ROOT / "docs" / "boundary.svg"
checkout = test_experiments.checkout        # a fixture that both files use


def blocks(language):
    """The contents of the fenced blocks of one language."""
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", README)


def succeed(folder, *arguments):
    """What a program prints that ends without an error."""
    status, said, errors = run(*arguments, cwd=folder)
    assert status == 0, errors
    return said


def test_the_two_commands_print_what_is_shown(checkout):
    first, *_ = blocks("console")
    _, iris, tests = re.split(r"(?m)^\$ make (?:iris|test)\n", first)
    assert "$(RUN) experiments.py iris $(ARGS)\n" in MAKEFILE
    assert_matches(iris, succeed(checkout, "experiments.py", "iris"))
    assert f'echo "{tests.splitlines()[-1]}"\n' in MAKEFILE


def test_other_commands_run(checkout):
    pytest.importorskip("matplotlib")
    for command in re.findall(
            r"(?m)^\$ make (.* ARGS=.*)|experiments.py (.*)",
            "".join(blocks("console"))):
        words = re.sub(r'ARGS=|"', "", "".join(command))
        succeed(checkout, "experiments.py", *words.split())


def test_your_own_data_become_a_saved_model_in_twelve_lines(checkout):
    train, use, _ = blocks("python")
    code = [line for line in train.splitlines()
            if line and "import" not in line]
    assert len(code) <= 12
    (checkout / "it.py").write_text(train + use)
    said, answer = succeed(checkout, "it.py").rsplit("\n", 2)[:2]
    curve, score = re.fullmatch(r"\[(.*)\] (.*)", said).groups()
    losses = [float(loss) for loss in curve.split(", ")]
    assert losses[-1] < 0.1 < losses[0] and float(score) > 0.9
    assert [answer + "\n"] == blocks("text")


def test_each_way_out_leads_out():
    problem = experiments.iris_problem(0)
    X, y = problem.part(problem.train)
    X_aside, y_aside = problem.part(problem.test)
    names = {**vars(nn), "np": np, "X": X, "y": y, "X_aside": X_aside,
             "y_aside": y_aside, "X_new": X_aside,
             "y_new": np.append("iris", y_aside[1:]),
             "times": np.where(y == "setosa", 3, 1),
             "Y": np.stack([y, y[::-1]], axis=1)}
    names["network"] = nn.Network(16, "tanh", nn.SGD(0.1, 0.9), epochs=1000)
    code = blocks("python")[2]
    exec(code, names)
    scored = eval(re.search(r"^accuracy.*", code, re.M)[0], names)
    network, losses = names["network"], names["losses"]
    assert len(losses) - np.argmin(losses) == 11
    assert len(losses) == len(network.loss_curve_) < 1000
    assert scored == nn.accuracy(
        y_aside[1:], network.predict(X_aside[1:])) * 29 / 30
    assert [other.n_features_in_ for other in names["networks"]] == [4, 4]
    free, decayed, slowed = (
        nn.Network(8, "tanh", nn.SGD(0.1), None, epochs=100).fit(X, y, each)
        for each in (None, names["decay"], names["slow_down"]))
    assert abs(decayed.params_["W1"]).sum() < abs(free.params_["W1"]).sum()
    assert slowed.optimizer.learning_rate == pytest.approx(0.1 / 3)
    assert slowed.loss_curve_[1] == free.loss_curve_[1]
    assert slowed.loss_curve_[-1] > free.loss_curve_[-1]


def drawn(path):
    """The words, the numbers and the pixels of a picture."""
    from matplotlib.image import imread
    svg = re.sub("(?s)<metadata>.*?</metadata>", "",
                 canonicalize(from_file=path))
    # Versions of matplotlib name parts and fonts differently.
    svg = re.sub(r"([mp]|image)[0-9a-f]{10}|font[^\"]*", r"\1", svg)
    image = re.search(r"base64,([^\"]*)", svg)[1]
    words, number = svg.replace(image, ""), r"-?\b\d+(?:\.\d+)?\b"
    return (re.sub(number, "#", words), np.array(
        [float(n) for n in re.findall(number, words)]),
        imread(io.BytesIO(b64decode(image.replace("&#xA;", "")))))


@quietly
def test_the_picture_is_drawn_by_the_program(tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "boundary.svg"
    with np.errstate(all="ignore"):
        assert experiments.main(["softmax_toy", "--plot", str(path), "--quiet",
                                 "--models-dir", str(tmp_path)]) == 0
        (words, numbers, pixels), shown = drawn(path), drawn(PICTURE)
    assert words == shown[0]
    assert np.allclose(numbers, shown[1], atol=1)    # layouts differ a little
    assert np.allclose(pixels, shown[2], atol=2 / 255)
    assert PICTURE.stat().st_size < 50_000
