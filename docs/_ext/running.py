"""Directives that run the project's code and show what came of it.

``.. drawn:: NAME``
    A figure drawn by ``draw()`` in docs/figures/NAME.py, which returns a
    Matplotlib figure, and the code that drew it, folded.  ``:alt:`` must say
    what is to be seen.  The content is the caption.
``.. runs:: experiments.py xor``
    What ``python experiments.py xor`` printed during this build, run in a
    copy of the project, so that it saves its models nowhere.
"""
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from docutils import nodes
from matplotlib import style
from sphinx.directives.patches import Figure
from sphinx.util.docutils import SphinxDirective


def picture(app, name):
    """Return the path of a picture, drawn anew if what it shows is newer."""
    docs = Path(app.srcdir)
    path = Path(app.doctreedir, "drawn", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    newest = max(file.stat().st_mtime for file in [
        *docs.glob("figures/*.*"), *docs.parent.glob("*.py")])
    if not path.exists() or path.stat().st_mtime < newest:
        with style.context(["default", docs / "figures" / "book.mplstyle"]):
            script = docs / "figures" / f"{path.stem}.py"
            runpy.run_path(script)["draw"]().savefig(
                path, metadata={"Date": None, "Creator": None})
    return path


class Drawn(Figure, SphinxDirective):
    """A figure that is drawn during the build, with its code."""

    def run(self):
        name = self.arguments[0]
        path = picture(self.env, f"{name}.svg")
        self.arguments[0] = "/" + os.path.relpath(path, self.env.srcdir)
        self.options.update(figclass=["drawn"], name=f"figure-{name}")
        return [*super().run(), *self.parse_text_to_nodes(f"""
.. only:: builder_html

   .. drawing:: The code that drew it

      .. literalinclude:: /figures/{name}.py
""")]


class Runs(SphinxDirective):
    """A command with the output that it printed."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        command = self.arguments[0]
        root = Path(self.env.srcdir).parent
        with tempfile.TemporaryDirectory() as folder:
            for path in root.glob("*.py"):
                shutil.copy(path, folder)
            shutil.copytree(root / "data", Path(folder, "data"))
            printed = subprocess.check_output(
                [sys.executable, "-X", "utf8", *command.split()], cwd=folder,
                encoding="utf-8", env={**os.environ, "COLUMNS": "79"})
        shown = f"$ python {command}\n{printed.rstrip()}"
        return [nodes.literal_block(shown, shown, language="text",
                                    classes=["output"])]


def setup(app):
    """Tell Sphinx what this extension adds."""
    app.add_directive("drawn", Drawn)
    app.add_directive("runs", Runs)
