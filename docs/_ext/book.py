"""Sphinx directives that show nn.py as a book; ``literate`` does the reading.

``.. chapters::``
    In the index: a table of contents for each part of nn.py.  Its content
    names pages that stand among the chapters: ``hand after one-step``.
``.. answer::``, ``.. aside:: Title``, ``.. folded:: Title``
    What not everybody wants to read at once: closed on a page for the screen,
    open on the single page and in the EPUB.  (``literate`` writes the last.)
"""
import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.directives.other import TocTree
from sphinx.environment.collectors.toctree import TocTreeCollector
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

import literate

FOLDER = "book"                 # under docs/: made by the build, never kept


def read_chapters(env):
    """Return the book's chapters as ``literate`` reads them."""
    try:
        return literate.read(Path(env.srcdir).parent)
    except LookupError as error:
        raise ExtensionError(str(error)) from None


def write_stubs(app):
    """Write one file for each chapter, holding nothing but ``.. chapter::``.

    Sphinx wants a file for every page.  The text itself is read from nn.py,
    so that a warning names the line of nn.py that it is about.  What is there
    already stays, since another form of the book may be in the making.
    """
    folder = Path(app.srcdir) / FOLDER
    folder.mkdir(exist_ok=True)
    wanted = [folder / f"{item.slug}.rst" for item in read_chapters(app)]
    for path in {*folder.glob("*.rst")} - {*wanted}:
        path.unlink(missing_ok=True)
    for path in wanted:
        if not path.exists():
            path.write_text(f".. chapter:: {path.stem}\n", "utf-8")


class Chapter(SphinxDirective):
    """Put a chapter of nn.py here, linked where it names papers and code.

    In a docstring ``softmax`` reads better than a role does, and it can be a
    link in the book all the same.  So can "Polyak 1964".
    """

    required_arguments = 1

    def run(self):
        docs, chapters = Path(self.env.srcdir), read_chapters(self.env)
        rows = next(item.rows for item in chapters
                    if item.slug == self.arguments[0])
        names = {name for item in chapters for row in item.rows for name in
                 re.findall(r"^ *\.\. py:\w+:: ([\w.]+)", row.text)}
        papers = re.findall(
            r"\.\. _([\w-]+):\n\n\*\*(.*) (\d+)\.\*\*",
            (docs / "bibliography.rst").read_text("utf-8"))
        links = {r"``([\w.]+)(?:\(\))?``": lambda found: (
            f":py:obj:`{found[1]}`" if found[1] in names else found[0])} | {
            rf"(?<!`)({who}|{who.split(',')[0]} et al\.) \(?{year}":
            rf":ref:`\g<0> <{label}>`"
            for label, who, year in papers}
        texts = [row.text for row in rows]
        for pattern, link in links.items():
            texts = [re.sub(pattern, link, text) for text in texts]
        self.env.ref_context["py:module"] = "nn"
        self.content_offset = 0
        self.content = StringList(
            texts, items=[(str(docs.parent / row.path), row.line - 1)
                          for row in rows])
        return self.parse_content_to_nodes(allow_section_headings=True)


class Chapters(TocTree):
    """List the chapters of nn.py, in its order, part by part."""

    def run(self):
        parts = {}
        for item in read_chapters(self.env):
            parts.setdefault(item.part, []).append(f"{FOLDER}/{item.slug}")
        for line in self.content:
            page, _, slug = line.partition(" after ")
            found = [pages for pages in parts.values()
                     if f"{FOLDER}/{slug}" in pages]
            if not found:
                raise self.error(f"there is no chapter {slug!r} for {page} to "
                                 f"follow, only {[*parts.values()]}")
            found[0].insert(found[0].index(f"{FOLDER}/{slug}") + 1, page)
        out = []
        for part, pages in parts.items():
            self.options["caption"] = part or "The program"
            self.content = StringList(pages)
            out += super().run()
        return out


def count_on(app, env):
    """Number the chapters of a part on from those of the part before."""
    before = 0
    for toctree in env.get_doctree("index").findall(addnodes.toctree):
        pages = toctree["includefiles"] if toctree.get("numbered") else []
        for page in pages:
            numbers = env.toc_secnumbers[page]
            for anchor, (first, *rest) in numbers.items():
                numbers[anchor] = first + before, *rest
            for node in [env.titles[page],
                         *env.tocs[page].findall(nodes.reference)]:
                if node.get("secnumber"):
                    node["secnumber"] = [node["secnumber"][0] + before,
                                         *node["secnumber"][1:]]
        before += len(pages)
    return TocTreeCollector().assign_figure_numbers(env)


def tell_apart(app, doctree):
    """Name sections that share a title by their pages: on one page all meet."""
    folder, _, page = app.env.docname.rpartition("/")
    for section in doctree.findall(nodes.section):
        name = section["ids"][0]
        if name == "exercises" or folder != "book" \
                and f"book/{name}" in app.env.found_docs:
            section["ids"] = [f"{name}-{page}"]


def shorten_links(app, doctree, page):
    """Mend the links of the single page: Sphinx 9.0 gives some two targets."""
    for link in doctree.findall(nodes.reference):
        if link.get("refuri", "").startswith("#document-"):
            link["refuri"] = "#" + link["refuri"].rpartition("#")[2]


class fold(nodes.General, nodes.Element):
    """A block that can be closed; the first child is what stays in sight."""


class summary(nodes.Part, nodes.TextElement):
    """What is seen of a fold that is closed."""


class Fold(SphinxDirective):
    """Put the content into a fold."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self):
        title = self.arguments[0] if self.arguments else "Answer"
        if self.name == "folded":               # a name and what it is for
            title = re.sub(r"^(\S+)", r":code:`\1`", title)
        return [fold("", summary("", "", *self.parse_inline(title)[0]),
                     *self.parse_content_to_nodes(), classes=[self.name])]


def visit_fold(self, node):
    """Open a fold; how a figure was drawn is for the screen alone."""
    on_screen = self.builder.name == "html"
    if not on_screen and "drawing" in node["classes"]:
        raise nodes.SkipNode
    state = {} if on_screen else {"open": "open"}
    self.body.append(self.starttag(node, "details", **state))


def setup(app):
    """Tell Sphinx what this extension adds."""
    app.add_node(fold, html=(visit_fold, lambda self, node: self.body.append(
        "</details>\n")))
    app.add_node(summary, html=(
        lambda self, node: self.body.append("<summary>"),
        lambda self, node: self.body.append("</summary>\n")))
    for name, kind in (("chapter", Chapter), ("chapters", Chapters),
                       ("answer", Fold), ("aside", Fold), ("folded", Fold)):
        app.add_directive(name, kind)
    app.connect("builder-inited", write_stubs)
    # Pages are made of many files, so each build reads all of them anew.  It
    # forgets them all first, or what has moved would seem to be there twice.
    app.connect("env-get-outdated", lambda app, env, *_: env.found_docs)
    app.connect("env-before-read-docs", lambda app, env, names: [
        env.clear_doc(name) for name in names] and None)
    app.connect("env-get-updated", count_on, priority=900)
    app.connect("doctree-read", tell_apart, priority=100)
    app.connect("doctree-resolved", shorten_links)
    return {"version": "2", "parallel_read_safe": False}
