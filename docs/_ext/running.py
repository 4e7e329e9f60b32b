"""Directives that run the project's code and show what came of it.

``.. drawn:: NAME``
    A figure drawn by ``draw()`` in docs/figures/NAME.py, which returns a
    Matplotlib figure, and the code that drew it, folded.  ``:alt:`` must say
    what is to be seen.  The content is the caption.
``.. runs:: experiments.py xor``
    What ``python experiments.py xor`` printed during this build, run in a
    copy of the project, so that it saves its models nowhere.
``.. play:: iris``
    Something to play with, which docs/_static/play.js shows: ``iris``, ``xor``
    or ``ravine``.  The page is told what came out when nn.py trained during
    this build, to compare.  Without scripts nothing is to be seen, and nothing
    is in the EPUB or on the single page.
"""
import json
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from docutils import nodes
from matplotlib import style
from sphinx import addnodes
from sphinx.directives.patches import Figure
from sphinx.util.docutils import SphinxDirective

import experiments


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
        return [nodes.literal_block(shown, shown, language="text")]


def iris():
    """The rows and settings of the experiment, and what nn.py makes of it."""
    options = experiments.parse(["iris", "--arithmetic", "portable"])
    problem = experiments.iris_problem(options.seed)
    network = experiments.new_network(options)
    X, y = problem.part(problem.train)
    X_test, y_test = problem.part(problem.test)
    network.fit(X, y)
    index = network.classes_.tolist().index
    return {
        "X": X.tolist(), "t": [index(label) for label in y.tolist()],
        "X_test": X_test.tolist(),
        "t_test": [index(label) for label in y_test.tolist()],
        "settings": network.get_params() | vars(network.optimizer),
        "epochs": network.epochs,
        "book": {"digest": experiments.weights_sha256(network),
                 "loss": network.loss_curve_[-1],
                 "accuracy": network.score(X_test, y_test)}}


def xor():
    """The four rows of exclusive or, and their classes."""
    X, y = experiments.xor_data()
    return {"X": X.tolist(), "t": y.tolist()}


DATA = {"iris": iris, "xor": xor, "ravine": dict}


def html(name):
    """What stands on the page: a place, not shown yet, and the data."""
    data = json.dumps(DATA[name](), default=repr).replace("<", "\\u003c")
    return (f'<div class="play" id="play-{name}" hidden>'
            f'<script type="application/json">{data}</script></div>\n')


class Play(SphinxDirective):
    """Put something to play with here, on a page for the screen only."""

    required_arguments = 1

    def run(self):
        place = nodes.raw("", html(self.arguments[0]), format="html")
        return [addnodes.only("", place, expr="builder_html")]


def setup(app):
    app.add_directive("drawn", Drawn)
    app.add_directive("runs", Runs)
    app.add_directive("play", Play)
