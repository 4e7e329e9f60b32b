"""Put the types of nn.py where type checkers look for them.

They ignore those of an installed module unless it is marked by a file
py.typed, which a module alone cannot have.  A package of stubs needs no mark.
So nn.py goes into the wheel twice: as itself, and as the stub of itself.
"""

import shutil
import tempfile
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Types(BuildHookInterface):
    """What hatchling calls before and after it builds a wheel."""

    def initialize(self, version, build_data):
        self.folder = tempfile.TemporaryDirectory()
        stub = Path(self.folder.name, "nn.py")
        shutil.copyfile(Path(self.root, "nn.py"), stub)
        build_data["force_include"][str(stub)] = "nn-stubs/__init__.pyi"

    def finalize(self, version, build_data, artifact):
        self.folder.cleanup()
