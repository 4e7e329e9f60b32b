"""Sphinx shows nn.py as a book, in the chapters that ``literate`` reads.

``.. chapter::``
    On a page of docs/book: the chapter of nn.py that the page is named after.
``.. answer::``, ``.. aside:: Title``
    What not everybody wants to read at once: closed on a page for the screen,
    open on the single page and in the EPUB.  So are ``folded`` listings, which
    ``literate`` writes, and the ``drawing`` code below a figure.
"""
import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.environment.collectors.toctree import TocTreeCollector
from sphinx.util.docutils import SphinxDirective

import literate


class Chapter(SphinxDirective):
    """Put the chapter of nn.py here that the page is named after.

    Its text is read from nn.py, so that a warning names the line of nn.py that
    it is about.  In a docstring ``softmax`` reads better than a role does, and
    it can be a link in the book all the same.  So can "Polyak 1964".
    """

    def run(self):
        docs = Path(self.env.srcdir)
        book = {item.slug: item.rows for item in literate.read(docs.parent)}
        names = {name for rows in book.values() for row in rows for name in
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

        rows = book.get(self.env.docname.rpartition("/")[2])
        if not rows:
            raise self.error(f"no chapter is called so, only {[*book]}")
        self.env.ref_context["py:module"] = "nn"
        self.content_offset = 0
        self.content = StringList(
            [linked(row.text) for row in rows],
            items=[(str(docs.parent / row.path), row.line - 1)
                   for row in rows])
        return self.parse_content_to_nodes(allow_section_headings=True)


def count_on(app, env):
    """Number the chapters of a part on from those of the part before."""
    before = 0
    for toctree in env.get_doctree("index").findall(addnodes.toctree):
        pages = toctree["includefiles"] if toctree.get("numbered") else []
        for page in pages:
            for link in env.tocs[page].findall(nodes.reference):
                if number := link.get("secnumber"):
                    number[0] += before     # the page's title has it too
                    env.toc_secnumbers[page][link["anchorname"]] = (*number,)
        before += len(pages)
    return TocTreeCollector().assign_figure_numbers(env)


def tell_apart(app, doctree):
    """Name sections that share a title by their page: on one all meet."""
    folder, _, page = app.env.docname.rpartition("/")
    for section in doctree.findall(nodes.section):
        name = section["ids"][0]
        if name == "exercises" or folder != "book" \
                and f"book/{name}" in app.env.found_docs:
            section["ids"] = [f"{name}-{page}"]


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
    """Close the tag."""
    self.body.append(f"</{node.tagname}>\n")


def setup(app):
    """Tell Sphinx what this extension adds."""
    for node in details, summary:
        app.add_node(node, html=(visit, depart))
    app.add_directive("chapter", Chapter)
    for name in "answer", "aside", "drawing", "folded":
        app.add_directive(name, Fold)
    # Pages are made of many files, so each build reads all of them anew.  It
    # forgets them all first, or what has moved would seem to be there twice.
    app.connect("env-get-outdated", lambda app, env, *_: env.found_docs)
    app.connect("env-before-read-docs", lambda app, env, names: [
        env.clear_doc(name) for name in names] and None)
    app.connect("env-get-updated", count_on, priority=900)
    app.connect("doctree-read", tell_apart, priority=100)
    app.connect("doctree-resolved", shorten_links)
