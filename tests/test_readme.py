"""Everything that README.md shows is what really happens."""

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nn

ROOT = Path(nn.__file__).parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def blocks(language):
    """The contents of the fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README,
                      re.MULTILINE | re.DOTALL)


def shown(command):
    """What the page shows to be printed by a command."""
    start = f"$ {command}\n"
    [block] = [b for b in blocks("console") if b.startswith(start)]
    return block.removeprefix(start)


def assert_matches(shown, real):
    """Line for line the same, where a line of three dots stands for any."""
    matches = doctest.OutputChecker().check_output(
        shown, real, doctest.ELLIPSIS)
    assert matches, f"the page shows\n{shown}\nbut this was printed\n{real}"


def recipe(target):
    """The lines that make runs for a target."""
    return re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE,
                     re.MULTILINE)[1]


@pytest.fixture
def copy(tmp_path):
    """A folder with the program alone."""
    for name in ("nn.py", "experiments.py"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "data").mkdir()
    shutil.copy(ROOT / "data" / "iris.csv", tmp_path / "data")
    return tmp_path


def run(folder, *arguments):
    done = subprocess.run([sys.executable, *arguments], cwd=folder, text=True,
                          capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_make_iris_prints_what_is_shown(copy):
    assert recipe("iris") == "\t@$(RUN) experiments.py iris $(ARGS)\n"
    assert_matches(shown("make iris"), run(copy, "experiments.py", "iris"))


def test_make_test_prints_what_is_shown():
    *_, last = shown("make test").splitlines()
    assert recipe("test").splitlines()[-1] == f'\t@echo "{last}"'


def test_the_example_prints_what_is_shown(copy):
    [example], [output] = blocks("python"), blocks("text")
    assert len([line for line in example.splitlines() if line]) <= 10
    assert run(copy, "-c", example).replace(os.sep, "/") == output


def test_other_commands_run(copy):
    [block] = [b for b in blocks("console") if b.startswith("$ python")]
    for line in block.splitlines():
        run(copy, *line.removeprefix("$ python ").split())


def test_every_target_that_is_named_exists():
    named = set(re.findall(r"\bmake (?:PYTHON=\S+ )?([a-z_]+)`", README))
    assert {"test", "docs", "lint"} <= named
    for target in named:
        assert recipe(target)


@pytest.mark.parametrize("path", re.findall(r"^\| `(.*?)`", README,
                                            re.MULTILINE))
def test_what_is_where(path):
    assert (ROOT / path).exists()


def test_the_extra_that_is_named_exists():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for extra in re.findall(r"'\.\[(\w+)\]'", README):
        assert re.search(rf"^{extra} = \[", project, re.MULTILINE)
