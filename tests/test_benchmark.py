"""The benchmark: its peers do the same work, and it says what it doubts."""
import itertools
import math
import re
import sys

import pytest

from support import ROOT

sys.path.append(str(ROOT / "benchmarks"))

import bench
import peers


@pytest.fixture
def still(monkeypatch):
    """A machine on which nobody else works, and no waiting."""
    for name, value in (("elsewhere", lambda: 0.0), ("SPREAD", math.inf),
                        ("LEAST", 0.0), ("PAUSE", 0.0), ("QUIET", [])):
        monkeypatch.setattr(bench, name, value)
    return monkeypatch


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("batch", [1, 32, 100])
@pytest.mark.parametrize("peer", [p for p in peers.PEERS if p != "floor"])
def test_every_peer_learns_what_the_network_learns(peer, batch, monkeypatch):
    monkeypatch.setattr(peers, "RATE", 0.01 if batch == 1 else 0.1)
    prepare, package = peers.PEERS[peer]
    if package not in bench.VERSIONS:
        pytest.skip(f"{package} is not installed")
    work = peers.Workload(100, 4, 8, 3, batch, "float64", 60)
    assert work.steps() == 60 * math.ceil(100 / batch)
    last = prepare(work, *work.data())()
    assert 0 < last < 0.25 < math.log(3)


def test_each_takes_its_turn_and_each_round_begins_with_another():
    order = []
    runs = {name: lambda name=name: order.append(name) for name in "abc"}
    seconds = bench.in_turn(runs, dict.fromkeys("abc", 1), 4)
    assert "".join(order) == "abc" "bca" "cab" "abc"
    assert [len(times) for times in seconds.values()] == [4, 4, 4]


@pytest.mark.parametrize(("relation", "aim", "shown"), [
    ("≥", 1.5, "2.00 ≥ 1.5"), ("≥", 3, "2.00 < 3"), ("≤", 3, "2.00 ≤ 3"),
    ("≤", 1.5, "2.00 > 1.5"), ("", None, "2.00")])
def test_a_ratio_is_the_median_of_the_rounds_and_judged_by_its_aim(
        still, relation, aim, shown):
    turns = bench.Turns("it", {"a": int, "b": int}, 3)
    turns.seconds = {"a": [1.0, 2.0, 1.0], "b": [2.0, 4.0, 90.0]}
    assert turns.ratio("b", "a", relation, aim) == shown
    assert bench.QUIET[0][-2:] == ["1", "yes"]


@pytest.mark.parametrize(("trouble", "value"), [
    ("elsewhere", itertools.count(0, 10 ** 6).__next__), ("SPREAD", -1)])
def test_a_busy_machine_is_measured_again_and_then_doubted(
        still, trouble, value):
    still.setattr(bench, trouble, value)
    turns = bench.Turns("it", {"a": int, "b": int}, 3)
    assert bench.QUIET[0][-2:] == [str(bench.TRIES), "no"]
    assert turns.ratio("b", "a", "≥", 1.5).endswith(" ? 1.5")
    assert turns.ratio("b", "a").endswith(" ?")


@pytest.mark.skipif(not hasattr(bench.os, "wait4"), reason="needs wait4")
def test_a_child_process_reports_its_own_peak_and_not_its_parents(
        still, capsys):
    hundred_megabytes = b"1" * 100_000_000
    still.setattr(bench, "VERSIONS", {"numpy": "?"})
    still.setattr(sys, "path", [str(ROOT / "benchmarks"), str(ROOT),
                                *sys.path])
    bench.processes(1)
    names, peaks = zip(*re.findall(r"(?m)^(import \w+|iris, \S+) .* (\S+)$",
                                   capsys.readouterr().out))
    assert names == ("import numpy", "import nn", "iris, nn.py")
    least, _, most = sorted(map(float, peaks))
    assert 8 < least < most < len(hundred_megabytes) / 1e6


def test_the_book_tells_the_workloads_and_shows_every_table():
    page = (ROOT / "docs" / "speed.rst").read_text("utf-8")
    table = (ROOT / "docs" / "speed-table.txt").read_text("utf-8")
    for name, (work, _) in bench.WORKLOADS.items():
        shape = " × ".join(map(str, work[:4]))
        batch = {1: "one row", work.n: "all rows"}.get(work.batch,
                                                       f"{work.batch} rows")
        row = rf"(?m)^{name} +{shape} +{batch} +{work.dtype}$"
        assert re.search(row, page), row
    shown = re.findall(r":start-after: \.\. (\w+)", page)
    assert shown == re.findall(r"(?m)^\.\. (\w+)$(?<!end)", table)
