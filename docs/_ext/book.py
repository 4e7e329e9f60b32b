"""Sphinx shows nn.py as a book, in the sections that ``literate`` reads.

``.. section:: Title``
    On a page of docs/book: the section of nn.py that has this title.
``.. answer::``, ``.. aside:: Title``
    What not everybody wants to read at once: closed on a page for the screen,
    open on the single page and in the EPUB.  So are ``folded`` listings, which
    ``literate`` writes, and the ``drawing`` code below a figure.
"""
import functools
import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.environment.collectors.toctree import TocTreeCollector
from sphinx.util.docutils import SphinxDirective

import literate


@functools.cache
def sections(docs):
    """Return the sections of nn.py, with links where the book has them.

    In a docstring ``softmax`` reads better than a role does, and it can be a
    link in the book all the same.  So can "Polyak 1964".
    """
    told = literate.read((docs.parent / "nn.py").read_text("utf-8"))
    names = {name for rows in told.values() for row in rows for name in
             re.findall(r"^ *\.\. py:\w+:: ([\w.]+)", row.text)}
    papers = re.findall(
        r"\.\. _([\w-]+):\n\n\*\*(.*) (\d+)\.\*\*",
        (docs / "bibliography.rst").read_text("utf-8"))

    def linked(text):
        for label, who, year in papers:
            several = f"{who.split(',')[0]} et al."
            text = re.sub(rf"(?<!`)({who}|{several}) \(?{year}",
                          rf":ref:`\g<0> <{label}>`", text)
        return re.sub(r"``([\w.]+)(?:\(\))?``", lambda code: (
            f":py:obj:`{code[1]}`" if code[1] in names else code[0]), text)

    return {title: [row._replace(text=linked(row.text)) for row in rows]
            for title, rows in told.items()}


class Section(SphinxDirective):
    """Read a section of nn.py here, as if the page included it.

    A warning names the line of nn.py that it is about.
    """

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        docs = Path(self.env.srcdir)
        rows = sections(docs).get(self.arguments[0])
        if not rows:
            raise self.error(f"only {[*sections(docs)]} are in nn.py")
        self.env.ref_context["py:module"] = "nn"
        path = str(docs.parent / "nn.py")
        self.state_machine.insert_input(StringList(
            [row.text for row in rows],
            items=[(path, row.line - 1) for row in rows]), path)
        return []


def count_on(app, env):
    """Number the chapters of a part on from those of the part before."""
    before = 0
    for toctree in env.get_doctree("index").findall(addnodes.toctree):
        for page in toctree["includefiles"]:
            for link in env.tocs[page].findall(nodes.reference):
                if number := link.get("secnumber"):
                    number[0] += before     # the page's title has it too
                    env.toc_secnumbers[page][link["anchorname"]] = (*number,)
        before += len(toctree["includefiles"])
    return TocTreeCollector().assign_figure_numbers(env)


def shorten_links(app, doctree, page):
    """Mend the single page's links: Sphinx 8.2 to 9 gives some two targets."""
    for link in doctree.findall(nodes.reference):
        if link.get("refuri", "").startswith("#document-"):
            link["refuri"] = "#" + link["refuri"].rpartition("#")[2]


class details(nodes.General, nodes.Element):
    """A block that can be closed."""


class summary(nodes.Part, nodes.TextElement):
    """What is seen of it while it is closed: its first child."""


class Fold(SphinxDirective):
    """Put the content into a block that can be closed."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self):
        title = self.arguments[0] if self.arguments else "Answer"
        return [details("", summary("", "", *self.parse_inline(title)[0]),
                        *self.parse_content_to_nodes(), classes=[self.name])]


def visit(self, node):
    """Write a tag; what is folded stands open but on the screen."""
    is_open = node.tagname == "details" and self.builder.name != "html"
    self.body.append(self.starttag(
        node, node.tagname, **({"open": "open"} if is_open else {})))


def depart(self, node):
    self.body.append(f"</{node.tagname}>\n")


def setup(app):
    for node in details, summary:
        app.add_node(node, html=(visit, depart))
    app.add_directive("section", Section)
    for name in "answer", "aside", "drawing", "folded":
        app.add_directive(name, Fold)
    # Pages are made of many files, so each build reads all of them anew.
    Path(app.doctreedir, "environment.pickle").unlink(missing_ok=True)
    app.connect("env-get-updated", count_on, priority=900)
    app.connect("doctree-resolved", shorten_links)
