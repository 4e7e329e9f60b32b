"""Directives that run the project's code and show what came of it.

``.. drawn:: NAME``
    A figure drawn by ``draw()`` in docs/figures/NAME.py, which returns a
    Matplotlib figure, and the code that drew it, folded.  ``:alt:`` must be
    given, and say what is to be seen.  The content is the caption.
``.. runs:: experiments.py xor``
    What ``python experiments.py xor`` printed during this build, run in a
    copy of the project, so that it saves its models nowhere.

Pictures and outputs are kept in docs/book/, which git ignores, until a file
that they may depend on is newer.
"""
import os
import runpy
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from docutils import nodes
from sphinx.directives.patches import Figure
from sphinx.util.docutils import SphinxDirective

import literate
from book import fold, summary

# The files that a command may use, and that a product may depend on.
USED = ("*.py", "data/*.*", "models/reference/**/*.*", "benchmarks/*.*",
        "docs/recipes/*.*", "docs/figures/*.*", "docs/_ext/running.py")
SVG = "http://www.w3.org/2000/svg"


def kept(env, kind, name, make):
    """Return the path of a product; ``make(root, path)`` if it is old."""
    root = Path(env.srcdir).parent
    path = root / "docs" / "book" / kind / name
    path.parent.mkdir(parents=True, exist_ok=True)
    newest = max(item.stat().st_mtime for names in USED
                 for item in root.glob(names))
    if not path.exists() or path.stat().st_mtime < newest:
        # Whole or not at all: another form of the book may look for it too.
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            make(root, Path(folder) / name)
            (Path(folder) / name).replace(path)
    return path


def draw(folder, path):
    """Run the draw() that a picture is named after, and save its figure."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import style
    with style.context(["default", folder / "book.mplstyle"]):
        figure = runpy.run_path(folder / f"{path.stem}.py")["draw"]()
        figure.savefig(path, metadata={"Date": None, "Creator": None})
    if path.suffix == ".svg":
        # An EPUB may hold neither a document type that names a remote file,
        # nor a path without a shape, which a line outside its axes leaves.
        tree = ElementTree.parse(path)
        for shape in tree.iter(f"{{{SVG}}}path"):
            shape.attrib.setdefault("d", "M0 0")
        ElementTree.register_namespace("", SVG)
        tree.write(path)


class Drawn(Figure, SphinxDirective):
    """A figure that is drawn during the build."""

    def run(self):
        name = self.arguments[0]
        script = Path(self.env.srcdir) / "figures" / f"{name}.py"
        if not script.exists() or not self.options.get("alt"):
            raise self.error(f"figure {name} needs docs/figures/{name}.py and "
                             "an :alt: that says what is to be seen in it")
        kept(self.env, "figures", f"{name}.svg",
             lambda root, path: draw(script.parent, path))
        self.arguments[0] = f"/book/figures/{name}.svg"
        self.options.setdefault("figclass", ["drawn"])
        self.options.setdefault("name", f"figure-{name}")
        code = script.read_text("utf-8").rstrip()
        return [*super().run(), fold(
            "", summary("", "The code that drew it"), nodes.literal_block(
                code, code, language="python"), classes=["drawing"])]


def run(root, command):
    """Run a command on a copy of the project and return what it printed.

    A copy, so that what a run saves lands nowhere, and the first version that
    it saves is always the first.
    """
    with tempfile.TemporaryDirectory() as folder:
        folder = os.path.realpath(folder)
        for path in (path for names in USED for path in root.glob(names)):
            target = folder / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        done = subprocess.run(
            [sys.executable, *shlex.split(command)], cwd=folder, check=True,
            stdout=subprocess.PIPE, encoding="utf-8",
            env={**os.environ, "COLUMNS": "79", "PYTHONHASHSEED": "0",
                 "PYTHONIOENCODING": "utf-8"})
    return done.stdout.replace(folder + os.sep, "")     # no reader's business


class Runs(SphinxDirective):
    """A command with the output that it printed."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        command = self.arguments[0]
        output = kept(
            self.env, "outputs", f"{literate.slug(command)}.txt",
            lambda root, path: path.write_text(run(root, command), "utf-8"))
        shown = f"$ python {command}\n{output.read_text('utf-8').rstrip()}"
        return [nodes.literal_block(shown, shown, language="text",
                                    classes=["output"])]


def setup(app):
    """Tell Sphinx what this extension adds."""
    app.add_directive("drawn", Drawn)
    app.add_directive("runs", Runs)
    return {"version": "2", "parallel_read_safe": False}
