"""What the tests made of the mutants: ``make mutation`` ends with this.

mutmut has changed nn.py and experiments.py in thousands of small ways, has
run the tests on each change, and has left its findings in ``mutants``.  Here
the survivors are printed, each with what it changed, and the share that was
killed.  Fewer than 95 of 100 are an error.
"""

import ast
import difflib
import json
import re
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "mutants"
ALIVE = 0, 33, None          # mutmut's codes: survived, untested, untried
MANGLED = re.compile(r"x(?:_|ǁ(\w+?)ǁ)(\w+?)__mutmut_(?:orig|\d+)")


def plain(line):
    """A line with the functions' names as they stand in the source."""
    return " ".join(MANGLED.sub(
        lambda m: ".".join(filter(None, m.groups())), line).split())


def functions(source):
    """The lines of each function in mutmut's file, by its mangled name."""
    lines = source.splitlines()
    return {node.name: lines[node.lineno - 1:node.end_lineno]
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.FunctionDef)}


def change(before, after):
    """What a mutant changed, on one line."""
    both = ([plain(line) for line in lines] for lines in (before, after))
    return " ".join(line for line in difflib.ndiff(*both)
                    if line.startswith(("- ", "+ ")))


def survivors(path, codes):
    """A line for each mutant that is alive."""
    known = functions(path.read_text("utf-8"))
    for key, code in codes.items():
        if code in ALIVE:
            name = key.rpartition(".")[2]
            original = name.rpartition("__mutmut_")[0] + "__mutmut_orig"
            yield (f"{path.name}, {plain(name)}: "
                   f"{change(known[original], known[name])}")


def main():
    """Print the survivors and the share killed; 1 if that is too small."""
    total = alive = 0
    for name in ("nn.py", "experiments.py"):
        found = (FOLDER / f"{name}.meta").read_text("utf-8")
        codes = json.loads(found)["exit_code_by_key"]
        left = list(survivors(FOLDER / name, codes))
        print(*left, sep="\n")
        total, alive = total + len(codes), alive + len(left)
    print(f"{total - alive:,} of {total:,} mutants are killed, "
          f"{1 - alive / total:.1%}")
    return int(alive > 0.05 * total)


if __name__ == "__main__":
    sys.exit(main())
