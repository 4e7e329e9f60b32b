"""What experiments.py prints and draws, word for word.

``transcript.txt`` is a session at a terminal.  Portable arithmetic makes it
the same on every machine; where rounding shows, in gradcheck, each digit
stands as 0.  Pictures are written down as the calls that draw them.  After a
change that is meant, look at what ``python tests/test_transcript.py`` prints,
and let it ``--write`` that.
"""

import os
import re
import shlex
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import experiments  # noqa: E402
import nn  # noqa: E402

PORTABLE = "--arithmetic portable --models-dir models"
COMMANDS = [
    f"xor {PORTABLE}", f"softmax_toy {PORTABLE}", f"iris {PORTABLE}",
    f"iris --seed 3 --epochs 7 --batch-size 16 {PORTABLE}",
    f"xor --epochs 1 {PORTABLE}", f"xor --epochs 0 {PORTABLE}", "gradcheck",
    "reproduce models/iris", "reproduce models/xor/v0001",
    "draw xor", "draw softmax_toy", "draw iris", "draw gradcheck",
    "--help", "xor --help", "softmax_toy --help", "iris --help",
    "gradcheck --help", "reproduce --help",
    "xor --seed -1", "xor --seed 1.5", "xor --epochs 50001",
    "xor --plot xor.gif", f"xor --epochs 1 --plot xor.PNG {PORTABLE}",
    "xor --learning-rate nan",
    "xor --momentum 1", "xor --batch-size 0", "xor --hidden-size 0",
    f"iris --learning-rate 1e308 {PORTABLE}",
    "reproduce models", "reproduce file", "reproduce other",
    "xor --nonsense", "reproduce",
]
BEFORE = {
    "reproduce models/iris": f"iris --quiet {PORTABLE}",
    "reproduce models/xor/v0001": f"xor --quiet --epochs 9 {PORTABLE}",
}


def said(value):
    """A value as text that is the same with every version of NumPy."""
    if isinstance(value, np.ndarray) and value.size > 9:
        return f"array{value.shape} of mean {value.mean() + 0:.4f}"
    if isinstance(value, (np.ndarray, np.generic)):
        return said(value.tolist())
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        shown = [said(one) for one in value]
        if len(shown) > 9:
            shown[4:-4] = ["..."]
        return f"[{', '.join(shown)}]"
    return str(value) if isinstance(value, (range, Path)) else repr(value)


def drawing(path, plot, *findings):
    """In place of draw: print the calls that are made on the figure."""
    figure = mock.MagicMock(name="figure")
    left, right = mock.MagicMock(), mock.MagicMock()
    figure.attach_mock(left, "left")
    figure.attach_mock(right, "right")
    figure.subplots.return_value = left, right
    plot(figure, *findings)
    print(f"Drawn as {path}.")
    for name, given, named in figure.mock_calls:
        if "__" not in name:
            words = [*map(said, given), *(
                f"{key}={said(value)}" for key, value in named.items())]
            print(f"{name.replace('().', '.')}({', '.join(words)})")


def answer(command):
    """What one command prints, errors last, and its status."""
    words, out, err = shlex.split(command), StringIO(), StringIO()
    if words[0] == "draw":
        words = [words[1], "--plot", "it.svg"] + (
            PORTABLE.split() if words[1] != "gradcheck" else [])
    with redirect_stdout(out), redirect_stderr(err), mock.patch.object(
            experiments, "draw", drawing), mock.patch.dict(sys.modules, {
                "matplotlib": mock.MagicMock()}):
        try:
            status = experiments.main(words)
        except SystemExit as stop:
            status = stop.code
    text = out.getvalue() + err.getvalue()
    text = re.sub(r" id='\d+'", "", text)
    if command.split()[-1] == "gradcheck":
        text = re.sub(r"\d\.\de[-+]\d\d", "0.0e-00", text)
        text = re.sub(r"plot\(\[[^]]*\]", "plot([...]", text)
    return f"$ experiments.py {command}\n{text}(status {status})\n"


def entry(command):
    """A command and its answer, in a folder of its own."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(
            os.environ, COLUMNS="79", NO_COLOR="1"):
        os.chdir(folder)
        try:
            Path("file").touch()
            nn.Network(epochs=1).fit([[0.0], [1.0]], [0, 1]).save("other")
            if command in BEFORE:
                answer(BEFORE[command])
            return answer(command)
        finally:
            os.chdir(before)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_prints_what_is_written_down(command):
    written = (HERE / "transcript.txt").read_text("utf-8").split("\n\n$ ")
    assert entry(command).strip() in [
        f"$ {one.removeprefix('$ ')}".strip() for one in written]


def test_a_picture_is_what_was_asked_for(tmp_path):
    """The true draw makes a true picture, the same one each time."""
    pytest.importorskip("matplotlib")
    X, y = experiments.xor_data()
    network = nn.Network(4, epochs=1).fit(X, y)
    with np.errstate(all="ignore"), redirect_stdout(StringIO()) as out:
        for name in ("a.svg", "b.svg"):
            experiments.draw(tmp_path / name, experiments.plot_regions,
                             network, experiments.xor_problem(0))
    one, two = ((tmp_path / name).read_text() for name in ("a.svg", "b.svg"))
    assert one == two and "<dc:date>" not in one
    assert 'width="360pt" height="360pt"' in one
    assert out.getvalue().count("Drawn as ") == 2


if __name__ == "__main__":
    session = "\n".join(map(entry, COMMANDS))
    if sys.argv[1:] == ["--write"]:
        (HERE / "transcript.txt").write_text(session, "utf-8")
    else:
        print(session, end="")
