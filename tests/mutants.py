"""What the tests made of the mutants: ``make mutation`` ends with this.

mutmut has changed nn.py and experiments.py in thousands of small ways, has
run the tests on each change, and has left its findings in ``mutants``.  Here
they are counted, and each survivor is looked up in ``survivors.txt``, where
the reason stands why no test can or need notice it.  A line there is a
function, what the line was and what it became; those under one reason follow
it.  A survivor that is not listed is an error, and so are fewer than 95 of
100 killed.
"""

import argparse
import ast
import datetime
import difflib
import importlib.metadata
import json
import re
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILES = ["nn.py", "experiments.py"]
SURVIVED, UNTESTED, UNTRIED = 0, 33, None      # mutmut's exit codes


def functions(source):
    """The lines of each function in mutmut's file, by its mangled name."""
    lines, found = source.splitlines(), {}

    def walk(body):
        for node in body:
            if isinstance(node, ast.FunctionDef):
                found[node.name] = lines[node.lineno - 1:node.end_lineno]
            if isinstance(node, ast.ClassDef):
                walk(node.body)

    walk(ast.parse(source).body)
    return found


def change(before, after):
    """What a mutant changed, on one line."""
    mangled = re.compile(r"\bx(?:_|ǁ\w+ǁ)(\w+?)__mutmut_(?:orig|\d+)")
    old, new = ([mangled.sub(r"\1", line) for line in lines]
                for lines in (before, after))
    lines = difflib.unified_diff(old, new, n=0, lineterm="")
    return " ".join(f"{line[0]} {' '.join(line[1:].split())}"
                    for line in lines
                    if not line.startswith(("---", "+++", "@@")))


def plain(name):
    """The name of a function as it stands in the source."""
    return name.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")


def findings(folder, name):
    """How many ended how, and the survivors of one file."""
    codes = json.loads((folder / f"{name}.meta").read_text("utf-8"))[
        "exit_code_by_key"]
    known = functions((folder / name).read_text("utf-8"))
    left = []
    for key, code in codes.items():
        if code in (SURVIVED, UNTESTED, UNTRIED):
            mangled = key.partition(".")[2]
            base = mangled.rpartition("__mutmut_")[0]
            left.append((name, plain(base), change(
                known[f"{base}__mutmut_orig"], known[mangled])))
    return Counter(codes.values()), left


def reasons(path):
    """The reason for each survivor that is listed."""
    found, reason = {}, []
    for block in path.read_text("utf-8").split("\n\n"):
        lines = block.strip().splitlines()
        if lines and ": - " not in lines[0] and ": + " not in lines[0]:
            reason = " ".join(lines)
            continue
        for line in lines:
            function, _, what = line.partition(": ")
            found[function.strip(), what] = reason
    return found


def report(folder):
    """Lines that tell of a run, and the survivors that are not listed."""
    listed, rows, unlisted = reasons(HERE / "survivors.txt"), [], []
    for name in FILES:
        if not (folder / f"{name}.meta").exists():
            continue
        codes, left = findings(folder, name)
        rows.append((name, codes.total(), codes.total() - len(left),
                     len(left)))
        unlisted += [one for one in left if one[1:] not in listed]
    rows.append(("both", *map(sum, zip(*(row[1:] for row in rows),
                                       strict=True))))
    lines = [f"{'':16}{'mutants':>8}{'killed':>8}{'':>9}{'left':>6}"]
    lines += [f"{name:16}{total:8,}{killed:8,}{killed / total:9.1%}{left:6,}"
              for name, total, killed, left in rows]
    _, total, killed, _ = rows[-1]
    return lines, unlisted, killed / total


def main():
    """Print the report; 1 if something in it is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path,
                        default=HERE.parent / "mutants")
    parser.add_argument("--write", type=Path, metavar="FILE",
                        help="write the report there too")
    options = parser.parse_args()
    lines, unlisted, share = report(options.folder)
    for name, function, what in unlisted:
        print(f"not listed, {name}, {function}: {what}")
    print("\n".join(lines))
    if options.write:
        today = datetime.date.today().isoformat()
        mutmut = importlib.metadata.version("mutmut")
        options.write.write_text("\n".join(
            [*lines, "", f"{today}, mutmut {mutmut}", ""]), "utf-8")
    return int(bool(unlisted) or share < 0.95)


if __name__ == "__main__":
    sys.exit(main())
