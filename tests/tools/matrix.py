"""Run the whole suite on every NumPy and every Python that can be had.

``make matrix`` runs this.  The NumPys 1.24, 1.26, 2.0 and the newest are
tried on the Python that runs it, and each Python from 3.10 up that is on the
path is tried with the newest NumPy it can have.  Each gets an environment of
its own below the folder that is named on the command line.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NUMPYS = ["numpy==1.24.*", "numpy==1.26.*", "numpy==2.0.*", "numpy"]
NEEDED = ROOT / "requirements" / "pytest.txt"


def combinations():
    """Each interpreter with what it is to install as NumPy."""
    for numpy in NUMPYS:
        yield sys.executable, numpy
    for minor in range(10, 20):
        found = next(filter(works, interpreters(minor)), None)
        if minor != sys.version_info.minor and found:
            yield found, "numpy"


def interpreters(minor):
    """Where a Python 3.minor may be: on the path, or kept by pyenv."""
    yield shutil.which(f"python3.{minor}")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from map(str, pyenv.glob(f"versions/3.{minor}.*/bin/python"))


def works(python):
    """Whether an interpreter of that name starts at all."""
    return python is not None and subprocess.run([python, "-c", ""],
                          capture_output=True).returncode == 0


def result(folder, python, numpy):
    """One line: what ran, and how the suite ended."""
    name = re.sub(r"[^0-9a-z.]+", "-", f"{python}-{numpy}".lower())
    home = Path(folder) / name
    run = str(home / "bin" / "python")
    if not Path(run).exists():
        subprocess.run([python, "-m", "venv", str(home)], check=True)
    done = subprocess.run(
        [run, "-m", "pip", "install", "--quiet", "--only-binary", ":all:",
         "--disable-pip-version-check", numpy, "-r", str(NEEDED)],
        capture_output=True, text=True)
    if done.returncode:
        return f"{name:24} not to be had", True
    done = subprocess.run([run, "-m", "pytest", "-q", "-n", "2"], cwd=ROOT,
                          capture_output=True, text=True)
    versions = subprocess.run(
        [run, "-c", "import sys, numpy; print(sys.version.split()[0], "
         "numpy.__version__)"], capture_output=True, text=True).stdout
    lines = done.stdout.strip().splitlines()
    python, numpy = versions.split()
    failed = [line for line in lines if line.startswith("FAILED")]
    return "\n".join([f"Python {python:8} NumPy {numpy:8} {lines[-1]}",
                      *failed]), done.returncode == 0


def main(folder):
    """Print a line for each combination; fail if one failed."""
    good = True
    for python, numpy in combinations():
        line, passed = result(folder, python, numpy)
        print(line, flush=True)
        good = good and passed
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
