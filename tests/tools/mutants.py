"""Print the mutants that no test noticed; fail if more than 5 % are left.

``make mutation`` ends with this, when mutmut has changed nn.py and
experiments.py in thousands of small ways and run the tests on each change.
"""

import subprocess
import sys


def mutmut(*arguments):
    """What a command of mutmut's prints."""
    return subprocess.check_output(
        [sys.executable, "-m", "mutmut", *arguments], text=True)


def main():
    """Print the survivors and the share killed; true if that is too small."""
    found = [line.strip().split(": ") for line
             in mutmut("results", "--all", "true").splitlines()]
    alive = [name for name, state in found
             if state in {"survived", "no tests", "not checked"}]
    for name in alive:
        print(mutmut("show", name))
    share = 1 - len(alive) / len(found)
    print(f"{share:.1%} of {len(found):,} mutants are killed")
    return share < 0.95


if __name__ == "__main__":
    sys.exit(main())
