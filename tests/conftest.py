"""What holds for every test: no warning, no numpy error, no file left."""

import importlib.util
import os
import tempfile
from collections import Counter

import hypothesis
import hypothesis.configuration
import numpy as np
import pytest

_scratch = tempfile.TemporaryDirectory()
hypothesis.configuration.set_hypothesis_home_dir(_scratch.name)
hypothesis.settings.register_profile(
    "suite", derandomize=True, database=None, deadline=None, max_examples=30)
hypothesis.settings.load_profile("suite")


def pytest_unconfigure(config):
    _scratch.cleanup()


def pytest_terminal_summary(terminalreporter):
    """Say what `make torture` found, and which tests did not run, and why."""
    for report in terminalreporter.stats.get("passed", []):
        for _, figures in report.user_properties * ("TORTURE" in os.environ):
            name = report.nodeid.partition("::test_")[2].replace("_", " ")
            terminalreporter.write_line(f"{name}: {figures}")
    why = Counter(report.longrepr[2].removeprefix("Skipped: ")
                  for report in terminalreporter.stats.get("skipped", []))
    for reason, times in sorted(why.items()):
        terminalreporter.write_line(f"Skipped {times}: {reason}")
    if why and not all(map(importlib.util.find_spec,
                           ["torch", "dask", "selenium"])):
        terminalreporter.write_line(
            "What needs PyTorch, Dask or a browser is run by `make referees`,"
            " `make recipes` and `make browser`.")


@pytest.fixture(autouse=True)
def numpy_errors_are_raised():
    """Overflow, underflow, 0 / 0: nn.py must mean each one that occurs."""
    before = np.seterr(all="raise")
    yield
    np.seterr(**before)
