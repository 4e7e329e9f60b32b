"""A directive that puts something to play with on a page.

``.. play:: iris``
    What ``docs/_static/play.js`` shows under that name, here: ``iris``,
    ``xor`` or ``ravine``.  Without scripts nothing is to be seen, and nothing
    is in the EPUB or on the single page.

The network of iris is trained by nn.py as the page is built, and the page is
told what came out, to compare.
"""
import json

from docutils import nodes
from docutils.parsers.rst.directives import choice
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

import experiments


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
        place = nodes.raw("", html(choice(self.arguments[0], DATA)),
                          format="html")
        return [addnodes.only("", place, expr="builder_html")]


def setup(app):
    """Tell Sphinx what this extension adds."""
    app.add_directive("play", Play)
