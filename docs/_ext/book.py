"""Sphinx directives that show nn.py as a book; ``literate`` does the reading.

``.. chapters::``
    In the index: the table of contents, one entry for each chapter of nn.py.
``.. listing:: 10-12 20-31``
    Lines of nn.py, as code.  Written by ``literate``, never by hand.
``.. answer::``
    The answer to an exercise: folded on screen, open in print and EPUB.
"""
import re
import textwrap
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.directives.other import TocTree
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

import literate

FOLDER = "book"                 # under docs/: made by the build, never kept


def source_path(env):
    """Return the path of the module that the book is about."""
    return Path(env.srcdir).parent / "nn.py"


def read_chapters(env):
    """Return the book's chapters as ``literate`` reads them."""
    try:
        return literate.read(source_path(env).parent)
    except LookupError as error:
        raise ExtensionError(str(error)) from None


def write_stubs(app):
    """Write one file for each chapter, holding nothing but ``.. chapter::``.

    Sphinx wants a file for every page.  The text itself is read from nn.py,
    so that a warning names the line of nn.py that it is about.
    """
    folder = Path(app.srcdir) / FOLDER
    folder.mkdir(exist_ok=True)
    wanted = {f"{item.slug}.rst": item.slug for item in read_chapters(app)}
    for path in folder.glob("*.rst"):
        if path.name not in wanted:
            path.unlink()
    for name, slug in wanted.items():
        if not (folder / name).exists():
            (folder / name).write_text(f".. chapter:: {slug}\n", "utf-8")


def chapter_pages(app, env, added, changed, removed):
    """Read all chapters anew in each build: they are made of many files."""
    return {f"{FOLDER}/{item.slug}" for item in read_chapters(app)}


class Chapter(SphinxDirective):
    """Put a chapter of nn.py here."""

    required_arguments = 1

    def run(self):
        path = source_path(self.env)
        self.env.ref_context["py:module"] = path.stem
        chapter = next(item for item in read_chapters(self.env)
                       if item.slug == self.arguments[0])
        self.content_offset = 0
        self.content = StringList(
            [row.text for row in chapter.rows],
            items=[(str(path.parent / row.path), row.line - 1)
                   for row in chapter.rows])
        return self.parse_content_to_nodes(allow_section_headings=True)


def tell_exercises_apart(app, doctree):
    """Name the exercises' sections by their pages: on one page all meet."""
    for section in doctree.findall(nodes.section):
        if section["ids"] == ["exercises"]:
            page = app.env.docname.rpartition("/")[2]
            section["ids"] = [f"exercises-{page}"]


class Chapters(TocTree):
    """List the chapters of nn.py, in its order, as a table of contents."""

    def run(self):
        self.env.note_dependency(str(source_path(self.env)))
        self.content = StringList(
            [f"{FOLDER}/{item.slug}" for item in read_chapters(self.env)])
        return super().run()


class Listing(SphinxDirective):
    """Show lines of nn.py as code, and say which lines they are."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"names": str.split}

    def run(self):
        path = source_path(self.env)
        spans = [tuple(map(int, span.split("-")))
                 for span in self.arguments[0].split()]
        lines = path.read_text("utf-8").splitlines(keepends=True)
        code = "".join("".join(lines[first - 1:last]) for first, last in spans)
        code = textwrap.dedent(code).rstrip()
        first, last = spans[0][0], spans[-1][1]
        block = nodes.literal_block(code, code, language="python")
        where = f"line {first}" if first == last else f"lines {first}–{last}"
        note = nodes.paragraph(classes=["lines"])
        note += nodes.reference("", f"{path.name}, {where}", internal=True,
                                refid=f"line-{first}")
        self.set_source_info(block)
        self.note_names(path.stem, f"line-{first}")
        return [nodes.container("", block, note, ids=[f"line-{first}"],
                                classes=["listing"])]

    def note_names(self, module, target):
        """Let :func:`_name` lead here, for names without a signature."""
        for name in self.options.get("names", []):
            if not literate.is_public(name):
                self.env.get_domain("py").note_object(
                    f"{module}.{name}", "function", target, aliased=True)


class answer(nodes.General, nodes.Element):
    """The answer to an exercise."""


class Answer(SphinxDirective):
    """Fold the content away under the word Answer."""

    has_content = True

    def run(self):
        return [answer("", *self.parse_content_to_nodes())]


def visit_answer(self, node):
    """Open a fold on a page for the screen, a plain block elsewhere."""
    if self.builder.name == "html":
        self.body.append('<details class="answer"><summary>Answer</summary>\n')
    else:
        self.body.append('<div class="answer"><p class="answer-title">'
                         'Answer</p>\n')


def depart_answer(self, node):
    """Close what visit_answer opened."""
    self.body.append(
        "</details>\n" if self.builder.name == "html" else "</div>\n")


def link_literals(app, doctree):
    """Make each ``name`` of the module in the text a link to its definition.

    In a docstring ``softmax`` reads better than a role does, and it can be a
    link in the book all the same.
    """
    module, source = source_path(app).stem, source_path(app).read_text("utf-8")
    names = {piece.name for piece in literate.split(source)} - {""}
    for literal in list(doctree.findall(nodes.literal)):
        match = re.fullmatch(r"([\w.]+)(\(.*\))?", literal.astext())
        name = match[1] if match else ""
        inside = {id_ for desc in _ancestors(literal, addnodes.desc)
                  for id_ in desc[0]["ids"]}
        plain = literal["classes"] == [] and isinstance(
            literal.parent, (nodes.paragraph, nodes.entry, nodes.caption))
        if plain and name in names and f"{module}.{name}" not in inside:
            literal.replace_self(addnodes.pending_xref(
                "", literal.deepcopy(), refdomain="py", reftype="obj",
                reftarget=name, refexplicit=False, refwarn=False,
                refdoc=app.env.docname, **{"py:module": module}))


def link_papers(app, doctree):
    """Make "Polyak 1964" in the text a link to its entry in the bibliography.

    The names are those that the bibliography has in bold, behind a label.
    """
    page = (Path(app.srcdir) / "bibliography.rst").read_text("utf-8")
    labels = {re.sub(r"\W+", " ", name): label for label, name in re.findall(
        r"\.\. _([\w-]+):\n\n\*\*(.*?)\.?\*\*", page)}
    pattern = "|".join(re.escape(name).replace(r"\ ", r"[,\s]+\(?") + r"\)?"
                       for name in labels)
    for text in list(doctree.findall(nodes.Text)):
        if app.env.docname == "bibliography" or not isinstance(
                text.parent, nodes.paragraph):
            continue
        parts = re.split(f"({pattern})", text.astext())
        for i, name in enumerate(parts):
            parts[i] = nodes.Text(name)
            if i % 2:
                known = " ".join(re.findall(r"\w+", name))
                whole = name.endswith(")") and "(" not in name
                parts[i] = addnodes.pending_xref(
                    "", nodes.inline("", name[:-1] if whole else name),
                    refdomain="std", reftype="ref", reftarget=labels[known],
                    refexplicit=True, refwarn=True, refdoc=app.env.docname)
                parts[i] = [parts[i], *([nodes.Text(")")] if whole else [])]
        if len(parts) > 1:
            text.parent.replace(text, [
                one for part in parts
                for one in (part if isinstance(part, list) else [part])])


def _ancestors(node, kind):
    """Yield the nodes of one kind that a node stands in."""
    while node := node.parent:
        if isinstance(node, kind):
            yield node


def let_keys_scroll(app, pagename, templatename, context, doctree):
    """Let the keyboard scroll code that is wider than the screen."""
    if "body" in context and app.builder.name in {"html", "singlehtml"}:
        context["body"] = context["body"].replace(
            "<pre>", '<pre tabindex="0">').replace(
            '<div class="formula">', '<div class="formula" tabindex="0">')


def level_captions(app, pagename, templatename, context, doctree):
    """Give the captions of contents the level that ARIA wants of headings."""
    for part in ("body", "furo_navigation_tree"):
        if part in context:
            context[part] = context[part].replace(
                'role="heading">', 'role="heading" aria-level="2">')


def shorten_links(app, pagename, templatename, context, doctree):
    """Mend the links of the single page: Sphinx 9.0 gives some two targets."""
    if app.builder.name == "singlehtml" and "body" in context:
        context["body"] = re.sub(r'href="#document-[^"#]*#', 'href="#',
                                 context["body"])


def setup(app):
    """Tell Sphinx what this extension adds."""
    visitors = (visit_answer, depart_answer)
    app.add_node(answer, html=visitors, epub=visitors)
    for name, kind in (("chapter", Chapter), ("chapters", Chapters),
                       ("listing", Listing),
                       ("answer", Answer)):
        app.add_directive(name, kind)
    app.connect("builder-inited", write_stubs)
    app.connect("env-get-outdated", chapter_pages)
    app.connect("html-page-context", let_keys_scroll)
    app.connect("doctree-read", tell_exercises_apart, priority=100)
    app.connect("doctree-read", link_literals)
    app.connect("doctree-read", link_papers)
    app.connect("html-page-context", level_captions, priority=900)
    app.connect("html-page-context", shorten_links)
    return {"version": "1", "parallel_read_safe": False}
