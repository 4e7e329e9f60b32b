"""Break saved models for minutes: python tests/tools/torture.py

``make torture`` runs this.  These are the tests in test_keeping.py, which
try far more if TORTURE is set: up to ten minutes on two cores.  What they
found is told at the end.  Arguments go to pytest, as in ``-k killed``.
"""

import os
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1] / "test_keeping.py"


class Findings:
    """What tells, at the end, what each test has found."""

    def pytest_terminal_summary(self, terminalreporter):
        for report in terminalreporter.stats.get("passed", []):
            for _, figures in report.user_properties:
                name = report.nodeid.partition("::test_")[2]
                terminalreporter.write_line(
                    f"{name.replace('_', ' ')}: {figures}")


if __name__ == "__main__":
    os.environ |= {"TORTURE": "1", "OPENBLAS_NUM_THREADS": "1"}
    sys.exit(pytest.main([str(TESTS), "-q", "-n", "2", *sys.argv[1:]],
                         plugins=[Findings()]))
