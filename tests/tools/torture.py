"""Break saved models for minutes: python tests/tools/torture.py

Prints a line of figures for each test, with the minutes and seconds since
the start, and ends with status 1 if anything did not hold.  Takes up to ten
minutes on two cores.  ``--only WORD`` runs the tests with that word in
their name, ``--small`` all of them in a hundredth of the size.  Nothing is
written but to a temporary directory, which is removed at the end.
"""

import argparse
import itertools
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

HERE = Path(__file__).resolve().parent
if __name__ == "__main__":
    sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import keeping_crashes as crashes  # noqa: E402
import keeping_files as files  # noqa: E402
import test_keeping as tests  # noqa: E402

MORE_SHAPES = [*tests.SHAPES, (31, 33, 3, 2, 30), (31, 7, 65, 3, 10),
               (101, 13, 31, 11, 16), (300, 4, 16, 3, 64)]


def in_own_directory(check, *args):
    with tempfile.TemporaryDirectory() as directory:
        return check(Path(directory) / "models" / "small", *args)


def on_two_cores(check, argument_lists):
    """The results of a check with each list of arguments."""
    with ProcessPoolExecutor(2, get_context("fork")) as pool:
        jobs = [pool.submit(in_own_directory, check, *arguments)
                for arguments in argument_lists]
        return [job.result() for job in jobs]


# The checks.  Each takes what to divide its size by, and gives what it found
# and whether all held; one that raises did not.

def speed(small):
    """time of an iris-sized model"""
    saving, loading = in_own_directory(tests.times, 200)
    return (f"save {1000 * min(saving):.1f} ms, load {1000 * min(loading):.2f}"
            " ms", min(saving) < 0.010 and min(loading) < 0.002)


def damage(small):
    """truncations and single-bit flips"""
    tried, loaded = in_own_directory(files.truncations_and_flips, small)
    return f"{tried:,} tried, {loaded} loaded", loaded == 0


def mutations(small):
    """random mutations"""
    found = on_two_cores(files.mutations, [
        (25_000 // small, seed) for seed in range(4)])
    total = {key: sum(one[key] for one in found) for key in found[0]}
    return total, total["loaded"] == 0


def hostility(small):
    """hostile files, watched"""
    names, bad, ((seconds, slow), (memory, big)) = in_own_directory(
        files.hostile_figures)
    return (f"{len(names)} tried, {len(bad)} wrong {bad[:3] or ''}; "
            f"more than a good load: {1000 * seconds:.0f} ms ({slow}), "
            f"{memory / 1e6:.1f} MB ({big})",
            not bad and seconds < 0.1 and memory < 16e6)


def failing_calls(small):
    """calls that fail"""
    tried, forgiven = in_own_directory(crashes.failing_calls)
    return f"{tried} tried, harmless where {', '.join(forgiven)} failed", True


def power(small):
    """power losses"""
    found = on_two_cores(crashes.power_losses, [
        (seed, 60 // small + 1) for seed in (1, 2)])
    return (f"{sum(tried for _, tried in found):,} restarts after each of "
            f"{found[0][0]} calls; none lost, none torn", True)


def kills(small):
    """kills at random moments"""
    found = in_own_directory(crashes.kills, 1000 // small, 1)
    return found, found["lost"] == found["torn"] == 0


def living_writers(small):
    """writers that were stopped and woken"""
    rounds = in_own_directory(crashes.living_writers, 300 // small, 1)
    return f"{rounds} rounds; every writer went on", True


def crowd(small):
    """16 processes x 200 saves"""
    saves = 200 // small + 1 if small > 1 else 200
    found = in_own_directory(crashes.crowd, 16, saves, 3)
    made = found.pop("saves")
    return (f"{made:,} saves beside 3 readers, {found}",
            made == 16 * saves and not any(found.values()))


def random_networks(small):
    """random networks"""
    done = on_two_cores(tests.round_trips, [
        (1000 // small, seed) for seed in (1, 2)])
    return f"{sum(done):,} came back to the bit, and gave the same bytes", True


def cuts(small):
    """training cut at every epoch"""
    grid = list(itertools.product(
        MORE_SHAPES, tests.OPTIMIZERS, tests.DTYPES, tests.nn._ARITHMETIC,
        [8]))[::small]
    done = on_two_cores(tests.cut_everywhere, grid)
    return (f"{sum(done):,} cuts of {len(grid)} trainings; all went on bit "
            "for bit", True)


def fuzz(small):
    """any arguments to anything public"""
    half = 10_000 // small
    with tempfile.TemporaryDirectory() as folder:
        halves = [subprocess.Popen(
            [sys.executable, str(HERE / "fuzz.py"), str(half), "--start",
             str(at)], cwd=folder, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True) for at in (0, half)]
        told = [one.communicate()[0] for one in halves]
    text = re.sub(r"\s+", " ", "; ".join(told).strip())
    return text[:600], not any(one.returncode for one in halves)


CHECKS = [speed, damage, mutations, hostility, failing_calls, power, kills,
          living_writers, crowd, random_networks, cuts, fuzz]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    start, wrong = time.perf_counter(), []
    for check in CHECKS:
        name = check.__doc__
        if options.only not in name:
            continue
        try:
            found, held = check(100 if options.small else 1)
        except Exception:
            found, held = traceback.format_exc(), False
        minutes, seconds = divmod(int(time.perf_counter() - start), 60)
        print(f"{minutes:2d}:{seconds:02d}  {'ok   ' if held else 'WRONG'} "
              f"{name:<35} {found}", flush=True)
        if not held:
            wrong.append(name)
    print("Everything held." if not wrong else
          f"Did not hold: {', '.join(wrong)}.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
