"""Directives that run the project's code and show what came of it.

``.. drawn:: NAME``
    A figure drawn by ``draw()`` in docs/figures/NAME.py, which returns a
    Matplotlib figure.  ``:alt:`` must be given, and say what is to be seen.
    The directive's content is the caption.
``.. runs:: experiments.py xor``
    What ``python experiments.py xor`` printed during this build, run in a
    copy of the project, so that it saves its models nowhere.  ``:status: 1``
    if it should fail, ``:rst:`` to typeset the output as reStructuredText.

Pictures and outputs are kept in docs/book/, which git ignores, and are made
again when the code that made them has changed.
"""
import functools
import hashlib
import importlib.metadata
import importlib.util
import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.directives.patches import Figure
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

import literate

STYLE = {
    "svg.hashsalt": "nn", "svg.fonttype": "path", "font.size": 10,
    "figure.figsize": (6.4, 3.0), "figure.constrained_layout.use": True,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
    "grid.color": "#dddddd", "axes.axisbelow": True, "legend.frameon": False,
    "axes.prop_cycle": "cycler('color', ['#0072b2', '#d55e00', '#007a5a', "
                       "'#aa4499', '#8a6d00', '#333333'])",
}


# The files that a command may use, and that a figure may depend on.
COPIED = ("*.py", "data/*.*", "models/reference/**/*.*", "benchmarks/*.*",
          "docs/recipes/*.*")


def inputs(root):
    """Return the files that a figure or an output may depend on."""
    names = (*COPIED, "docs/figures/*.py")
    found = [path for name in names for path in root.glob(name)]
    return sorted(path for path in [*found, Path(__file__)]
                  if path.is_file())


def digest(root, *words):
    """Return a short name for the present state of all inputs."""
    seen = hashlib.sha256(repr([sys.version, *words]).encode())
    for package in ("numpy", "matplotlib"):
        seen.update(importlib.metadata.version(package).encode())
    for path in inputs(root):
        seen.update(f"{path}\0".encode() + path.read_bytes())
    return seen.hexdigest()[:16]


def kept(directive, kind, name, suffix, make):
    """Return the path of a product; ``make(path)`` is called if it is new."""
    source = Path(directive.env.srcdir)
    for item in inputs(source.parent):
        directive.env.note_dependency(str(item))
    folder = source / "book" / kind
    folder.mkdir(parents=True, exist_ok=True)
    path, mark = folder / f"{name}{suffix}", folder / f"{name}.digest"
    now = digest(source.parent, name)
    if not path.exists() or not mark.exists() or mark.read_text() != now:
        make(path)
        mark.write_text(now)
    return path


def draw(script, path):
    """Run a script's draw() and save the figure that it returns."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    spec = importlib.util.spec_from_file_location("figure", script)
    module = importlib.util.module_from_spec(spec)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        spec.loader.exec_module(module)
        module.draw().savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close("all")
    # An EPUB may hold neither a path without a shape, which a line outside
    # its axes leaves, nor a document type that names a remote file.
    text = re.sub(r"<!DOCTYPE[^>]*>", "", path.read_text("utf-8"))
    text = re.sub(r"<path (?![^>]*\bd=)", '<path d="M0 0" ', text)
    path.write_text(text, "utf-8")


class Drawn(Figure, SphinxDirective):
    """A figure that is drawn during the build."""

    def run(self):
        name = self.arguments[0]
        script = Path(self.env.srcdir) / "figures" / f"{name}.py"
        if not script.exists():
            raise self.error(f"there is no docs/figures/{name}.py")
        if not self.options.get("alt"):
            raise self.error(f"figure {name} needs an :alt: that says what "
                             "is to be seen in it")
        kept(self, "figures", name, ".svg", functools.partial(draw, script))
        self.arguments[0] = f"/book/figures/{name}.svg"
        self.options.setdefault("figclass", ["drawn"])
        self.options.setdefault("name", f"figure-{name}")
        return super().run()


def run(root, command, status):
    """Run a command on a copy of the project and return what it printed.

    A copy, so that what a run saves lands nowhere, and the first version that
    it saves is always the first.
    """
    with tempfile.TemporaryDirectory() as folder:
        for path in itertools.chain.from_iterable(map(root.glob, COPIED)):
            target = folder / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        done = subprocess.run(
            [sys.executable, *shlex.split(command)], cwd=folder,
            capture_output=True, encoding="utf-8",
            env={**os.environ, "COLUMNS": "79", "PYTHONHASHSEED": "0",
                 "PYTHONIOENCODING": "utf-8"})
    if done.returncode != status:
        raise ExtensionError(
            f"python {command} ended with {done.returncode}, not {status}:\n"
            f"{done.stdout}{done.stderr}")
    output = done.stdout + (done.stderr if status else "")
    for name in (os.path.realpath(folder), folder):     # where it ran is no
        output = output.replace(name + os.sep, "")      # reader's business
    return output


class Runs(SphinxDirective):
    """A command with the output that it printed."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"status": directives.nonnegative_int,
                   "rst": directives.flag}

    def run(self):
        command = self.arguments[0]
        path = kept(self, "outputs", literate.slug(command), ".txt",
                    lambda path: path.write_text(self.output(), "utf-8"))
        output = path.read_text("utf-8").rstrip()
        if "rst" in self.options:
            return self.parse_text_to_nodes(
                StringList(output.split("\n"), source=command))
        shown = f"$ python {command}\n{output}"
        return [nodes.literal_block(shown, shown, language="text",
                                    classes=["output"])]

    def output(self):
        """Run the command and return what it printed."""
        return run(Path(self.env.srcdir).parent, self.arguments[0],
                   self.options.get("status", 0))


def setup(app):
    """Tell Sphinx what this extension adds."""
    app.add_directive("drawn", Drawn)
    app.add_directive("runs", Runs)
    return {"version": "1", "parallel_read_safe": False}
