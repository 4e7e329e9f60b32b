"""Run the whole suite on every NumPy and every Python that can be had.

``make matrix`` runs this.  Four NumPys are tried on the Python that runs it,
and each other Python that is on the path is tried with the newest NumPy that
it can have.  Each gets an environment of its own below the folder that is
named on the command line.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NUMPYS = ["numpy==1.24.*", "numpy==1.26.*", "numpy==2.0.*", "numpy"]


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


def combinations():
    """Each interpreter with what it is to install as NumPy."""
    for numpy in NUMPYS:
        yield sys.executable, numpy
    for minor in range(10, 20):
        python = shutil.which(f"python3.{minor}")
        if python and minor != sys.version_info.minor and (
                run(python, "-c", "").returncode == 0):     # pyenv's may fail
            yield python, "numpy"


def result(home, python, numpy):
    """What ran, how the suite ended, and whether that is well."""
    own = str(home / "bin" / "python")
    if not home.exists():
        run(python, "-m", "venv", str(home), check=True)
    if run(own, "-m", "pip", "install", "--quiet", "--only-binary", ":all:",
           "--disable-pip-version-check", numpy, "-r",
           str(ROOT / "requirements" / "pytest.txt")).returncode:
        return f"{home.name}: not to be had", True
    name = run(own, "-c", "import sys, numpy; print('Python', sys.version."
               "split()[0], 'NumPy', numpy.__version__)").stdout.strip()
    suite = run(own, "-m", "pytest", "-q", "-n", "2", cwd=ROOT)
    *above, last = suite.stdout.strip().splitlines()
    failed = [line for line in above if line.startswith("FAILED")]
    return "\n".join([f"{name}: {last}", *failed]), suite.returncode == 0


def main(folder):
    """Print how each combination ended; 1 if one failed."""
    good = True
    for python, numpy in combinations():
        name = f"{Path(python).name}-{numpy}".strip(".*").replace("==", "-")
        line, passed = result(Path(folder, name), python, numpy)
        print(line, flush=True)
        good = good and passed
    return int(not good)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
