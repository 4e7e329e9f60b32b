"""The files around nn.py agree with it and with each other, and make copes
with what people have for a .venv."""

import os
import re
import shutil
import subprocess
import sys

import pytest

import nn
from support import ROOT


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


# Files

def test_the_changes_of_this_version_are_told():
    assert f"\n## {nn.__version__}\n" in read("CHANGELOG.md")


@pytest.mark.parametrize("name", [
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_commands_and_files_that_are_named_exist(name):
    targets = set(re.findall(
        r"(?m)\bmake (?:PYTHON=\S+ )?([a-z_]+)(?: ARGS|`|$)", read(name)))
    assert {"test", "docs"} <= targets
    assert targets <= set(re.findall(r"(?m)^(\w+):", read("Makefile")))
    paths = re.findall(
        r'(?m)requirements/[a-z]+\.txt|(?<=^\| `)[^ `]+(?=`)|'
        r'(?<=src=")[^"]+', read(name))
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_ci_runs_the_targets_that_contributing_names():
    [targets] = re.findall(r"for target in (.*); do", read(".ci/run"))
    table = re.findall(r"(?m)^\| `make (\w+)`", read("CONTRIBUTING.md"))
    assert sorted(targets.split()) == sorted(table)


# A .venv of every kind.  Nothing is installed from elsewhere: the Python that
# make is told to take makes its environments with a pip that does nothing.

PYTHON = f"""#!/bin/sh
test "$2" = venv || exec '{sys.executable}' "$@"
'{sys.executable}' -m venv --without-pip "$3"
for folder in "$3"/lib/python*/site-packages; do : > "$folder/pip.py"; done
"""

OLD_PYTHON = f"""#!/bin/sh
exec '{sys.executable}' -c "import sys
sys.version_info = (3, 9)
exec(sys.argv[1])" "$2"
"""


@pytest.fixture
def project(tmp_path):
    """A folder with a space in its name, and a project of some files, whose
    program prints which Python runs it."""
    if os.name == "nt" or not shutil.which("make"):
        pytest.skip("needs make")
    folder = tmp_path / "my project"
    (folder / "requirements").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("nn", "plot"):
        (folder / "requirements" / f"{name}.txt").write_text("# Set.\npip\n")
    (folder / "experiments.py").write_text(
        "import sys\nprint('ran in', sys.prefix)\nprint(*sys.argv[1:])\n")
    for name, text in (("python", PYTHON), ("another", PYTHON),
                       ("old", OLD_PYTHON)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


def make(folder, *words, python="./python", status=0):
    """What make prints, run as a person would who is offline."""
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(("MAKE", "MFLAGS", "PYTHON"))}
    named = [f"PYTHON={python}"] if python else []
    done = subprocess.run(
        ["make", *named, *words], cwd=folder, text=True, timeout=300,
        env={**env, "PIP_NO_INDEX": "1"}, capture_output=True)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def lose_python(folder):
    """What is left of a .venv when the system's Python goes."""
    for path in (folder / ".venv" / "bin").glob("python*"):
        path.unlink()
        path.symlink_to(folder / "gone")


def lose_packages(folder):
    """The system's python3 went from one version to the next."""
    [packages] = (folder / ".venv" / "lib").glob("python*")
    packages.rename(packages.with_name("python2.0"))


def test_an_environment_is_made_once_and_anew_when_its_python_is_another(
        project):
    first = make(project, "iris", "ARGS=--seed 7")
    assert "Making .venv" in first
    assert "--seed 7" in first
    second = make(project, "iris", python=None)
    assert "Making" not in second
    assert "Installing" not in second
    assert "Installing requirements/plot.txt" in make(
        project, "xor", "ARGS=--plot a.png", python=None)
    (project / ".venv" / "old").touch()
    third = make(project, "iris", python="./another")
    assert "Making .venv" in third
    assert not (project / ".venv" / "old").exists()
    for text in (first, second, third):
        assert f"ran in {project}/.venv\n" in text


@pytest.mark.parametrize("lose", [lose_python, lose_packages])
def test_what_make_made_is_made_anew_when_its_python_is_replaced(
        lose, project):
    make(project, "iris")
    lose(project)
    text = make(project, "iris")
    assert "Making .venv" in text
    assert f"ran in {project}/.venv\n" in text


def test_an_environment_that_a_person_made_gets_pip_and_is_never_removed(
        project):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip",
                    project / ".venv"], check=True)     # as uv makes it
    (project / ".venv" / "mine").touch()
    assert f"ran in {project}/.venv\n" in make(project, "iris")
    assert list(project.glob(".venv/lib/python*/site-packages/pip"))
    text = make(project, "iris", python="./another")
    assert "Using the .venv that is there" in text
    lose_python(project)
    assert "make did not make it: remove it" in make(
        project, "iris", status=2)
    assert (project / ".venv" / "mine").exists()


def test_no_environment_is_made_for_an_old_python_nor_to_clean_or_list(
        project):
    text = make(project, "iris", python="./old", status=2)
    assert "Python 3.10 or later is needed" in text
    assert "make iris" in make(project, "help")
    assert "Making" not in make(project, "clean")
    assert not (project / ".venv").exists()
