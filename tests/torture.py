"""The long tests of saved models: python tests/torture.py

Prints a line of figures for each, with the minutes and seconds since the
start, and ends with status 1 if anything did not hold.  Takes up to ten
minutes on two cores.  ``--only WORD`` runs the tests with that word in
their name, ``--small`` all of them in a hundredth of the size.  Nothing is
written but to a temporary directory, which is removed at the end.
"""

import argparse
import itertools
import os
import re
import statistics
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
    sys.path[:0] = [str(HERE.parent), str(HERE)]
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from store import adapter, checks, networks  # noqa: E402

FUZZ = HERE / "fuzz.py"


def in_own_directory(check, *args):
    with tempfile.TemporaryDirectory() as directory:
        return check(Path(directory) / "models" / "small", *args)


def on_two_cores(check, argument_lists):
    """The results of a check with each list of arguments."""
    with ProcessPoolExecutor(2, get_context("fork")) as pool:
        jobs = [pool.submit(in_own_directory, check, *arguments)
                for arguments in argument_lists]
        return [job.result() for job in jobs]


# The checks.  Each takes what to divide its size by, and gives a text and
# whether all held; one that raises did not.

def damage(small):
    """truncations and single-bit flips"""
    tried, loaded = in_own_directory(checks.truncations_and_flips, small)
    return f"{tried:,} tried, {loaded} loaded", loaded == 0


def mutations(small):
    """random mutations"""
    found = on_two_cores(checks.mutations, [
        (25_000 // small, seed) for seed in range(4)])
    total = {key: sum(one[key] for one in found) for key in found[0]}
    return (f"{total['damaged']:,} damaged, {total['cunning']:,} with digests "
            f"made right; {total['loaded']} loaded wrongly, {total['meant']} "
            "meant what they said", total["loaded"] == 0)


def hostility(small):
    """hostile files"""
    names, bad, ((seconds, slow), (memory, big)) = in_own_directory(
        checks.hostile_figures)
    return (f"{len(names)} tried, {len(bad)} not refused {bad[:3] or ''}; "
            f"more than a good load: {1000 * seconds:.0f} ms ({slow}), "
            f"{memory / 1e6:.1f} MB ({big})",
            not bad and seconds < 0.1 and memory < 16e6)


def quietness(small):
    """hostile files, watched"""
    held = in_own_directory(lambda directory: checks.succeeds(
        lambda: checks.nothing_runs(directory)))
    return "nothing imported, compiled, run or opened", held


def kills(small):
    """kills at random moments"""
    figures = in_own_directory(checks.kills, 1000 // small, 1)
    return (", ".join(f"{value} {key.replace('_', ' ')}"
                      for key, value in figures.items()),
            figures["lost"] == figures["torn"] == figures["not_cleared"] == 0)


def living_writers(small):
    """writers that were stopped and woken"""
    rounds, staged, early = in_own_directory(
        checks.living_writers, 300 // small, 1)
    return (f"{rounds} rounds, {staged} with a stage, {early} before its "
            "lock; every writer went on", True)


def power(small):
    """power losses"""
    found = on_two_cores(one_power_run, [
        (seed, 60 // small + 1) for seed in (1, 2)])
    return (f"{sum(tried for _, tried in found):,} restarts after each of "
            f"{found[0][0]} calls; none lost, none torn", True)


def one_power_run(directory, seed, variants):
    return checks.power_losses(directory.parent, seed, variants)


def failing_calls(small):
    """calls that fail"""
    tried, forgiven = in_own_directory(checks.failing_calls)
    return (f"{tried} tried; each raised or did no harm "
            f"({', '.join(forgiven)}); none lost, none new", True)


def crowd(small):
    """16 processes x 200 saves"""
    saves = 200 // small + 1 if small > 1 else 200
    figures = in_own_directory(checks.crowd, 16, saves, 3)
    made = figures.pop("saves")
    return (f"{made:,} saves beside 3 readers, " + ", ".join(
        f"{value} {key}" for key, value in figures.items()),
        made == 16 * saves and not any(figures.values()))


def models(small):
    """random models"""
    done = on_two_cores(checks.round_trips, [
        (1000 // small, seed) for seed in (1, 2)])
    return f"{sum(done):,} came back to the bit, and gave the same bytes", True


def random_networks(small):
    """random networks"""
    done = on_two_cores(networks.network_round_trips, [
        (1000 // small, seed) for seed in (1, 2)])
    return f"{sum(done):,} came back to the bit, and gave the same bytes", True


def cuts(small):
    """training cut at every epoch"""
    grid = list(itertools.product(
        networks.MORE_SHAPES, networks.OPTIMIZERS, ["float64", "float32"],
        ["blas", "portable"], [8]))[::small]
    done = on_two_cores(networks.cut_everywhere, grid)
    return (f"{sum(done):,} cuts of {len(grid)} trainings; all went on bit "
            "for bit", True)


def speed(small):
    """time of an iris-sized model"""
    def measure(directory):
        model, saving, loading = adapter.iris_model(), [], []
        for _ in range(200):
            start = time.perf_counter()
            adapter.save(directory, model)
            saved = time.perf_counter()
            adapter.load(directory)
            saving.append(1000 * (saved - start))
            loading.append(1000 * (time.perf_counter() - saved))
        return saving, loading

    saving, loading = in_own_directory(measure)
    return (f"save {min(saving):.1f} ms, median "
            f"{statistics.median(saving):.1f}; load {min(loading):.2f} ms, "
            f"median {statistics.median(loading):.2f}",
            min(saving) < 10 and min(loading) < 2)


def fuzz(small):
    """any arguments to anything public"""
    if not FUZZ.exists():
        return "not here", True
    total = 20_000 // small
    with tempfile.TemporaryDirectory() as folder:
        halves = [subprocess.Popen(
            [sys.executable, str(FUZZ), str(total // 2), "--start", str(at)],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True) for at in (0, total // 2)]
        told = [half.communicate()[0] for half in halves]
    text = re.sub(r"\s+", " ", "; ".join(told).strip())
    return text[:600], not any(half.returncode for half in halves)


CHECKS = [speed, damage, mutations, hostility, quietness, failing_calls,
          power, kills, living_writers, crowd, models, random_networks, cuts,
          fuzz]


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
            text, held = check(100 if options.small else 1)
        except Exception:
            text, held = traceback.format_exc(), False
        minutes, seconds = divmod(int(time.perf_counter() - start), 60)
        print(f"{minutes:2d}:{seconds:02d}  {'ok   ' if held else 'WRONG'} "
              f"{name:<35} {text}", flush=True)
        if not held:
            wrong.append(name)
    print("Everything held." if not wrong else
          f"Did not hold: {', '.join(wrong)}.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
