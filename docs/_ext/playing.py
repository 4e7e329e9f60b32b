"""A directive that puts something to play with on a page.

``.. play:: iris``
    What ``docs/_static/play.js`` shows under that name, here: ``iris``,
    ``xor`` or ``ravine``.  Without scripts nothing is to be seen, and nothing
    is in the EPUB or on the single page.

The network of iris is trained by nn.py as the page is built, and the page is
told what came out, to compare.
"""
import json
from html import escape

from docutils import nodes
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
        "settings": {
            "hidden_size": network.hidden_size,
            "activation": network.activation,
            "batch_size": network.batch_size, "seed": network.seed,
            "learning_rate": network.optimizer.learning_rate,
            "momentum": network.optimizer.momentum},
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
    data = json.dumps(DATA[name]()).replace("<", "\\u003c")
    return (f'<div class="play" id="play-{escape(name)}" hidden>'
            f'<script type="application/json">{data}</script></div>\n')


class play(nodes.General, nodes.Element):
    """The place of something to play with."""


class Play(SphinxDirective):
    """Put something to play with here."""

    required_arguments = 1

    def run(self):
        if self.arguments[0] not in DATA:
            raise self.error(f"play: give one of {', '.join(DATA)}")
        return [play("", name=self.arguments[0])]


def visit_play(self, node):
    """Write it on a page for the screen, and nowhere else."""
    if self.builder.name == "html":
        self.body.append(html(node["name"]))
    raise nodes.SkipNode


def add_files(app, pagename, templatename, context, doctree):
    """Give a page the scripts if it has something to play with."""
    if app.builder.name == "html" and doctree and any(doctree.findall(play)):
        app.add_css_file("play.css")
        for name in ("nn.js", "play.js"):
            app.add_js_file(name, loading_method="defer")


def setup(app):
    """Tell Sphinx what this extension adds."""
    app.add_directive("play", Play)
    app.add_node(play, html=(visit_play, None))
    app.connect("html-page-context", add_files)
    return {"version": "1", "parallel_read_safe": False}
