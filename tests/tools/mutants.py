"""What the tests made of the mutants: ``make mutation`` ends with this.

mutmut has changed nn.py and experiments.py in thousands of small ways, and
has run the tests on each change.  Here every survivor is printed with what
it changed, then the share that was killed.  Less than 95 % is an error.
"""

import subprocess
import sys
from pathlib import Path

ALIVE = {"survived", "no tests", "not checked"}


def mutmut(*arguments):
    """What a command of mutmut's prints."""
    return subprocess.run(
        [Path(sys.executable).with_name("mutmut"), *arguments], text=True,
        stdout=subprocess.PIPE, check=True).stdout


def main():
    """Print the survivors and the share killed; 1 if that is too small."""
    found = [line.strip().split(": ") for line
             in mutmut("results", "--all", "true").splitlines()]
    alive = [name for name, state in found if state in ALIVE]
    for name in alive:
        print(mutmut("show", name))
    killed = len(found) - len(alive)
    print(f"{killed:,} of {len(found):,} mutants are killed, "
          f"{killed / len(found):.1%}")
    return int(killed < 0.95 * len(found))


if __name__ == "__main__":
    sys.exit(main())
