"""What holds for every test: no warning, no numpy error, no file left."""

import sys
import tempfile
from pathlib import Path

import hypothesis
import hypothesis.configuration
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

_scratch = tempfile.TemporaryDirectory()
hypothesis.configuration.set_hypothesis_home_dir(_scratch.name)
hypothesis.settings.register_profile(
    "suite", derandomize=True, database=None, deadline=None, max_examples=30)
hypothesis.settings.load_profile("suite")


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "error")


def pytest_unconfigure(config):
    _scratch.cleanup()


@pytest.fixture(autouse=True)
def numpy_errors_are_raised():
    """Overflow, underflow, 0 / 0: nn.py must mean each one that occurs."""
    before = np.seterr(all="raise")
    yield
    np.seterr(**before)
