"""Read a Python module as a book: its prose, its definitions, its sections.

The rules of reading, all of them:

* The module docstring is prose, and comes first.  A comment block in column 0
  between definitions is prose.  So is one in column 4 between the methods of
  a public class.  Every other comment belongs to the code around it.
* A public function, class or method is shown as its signature, its docstring
  and its source without the docstring.  Private code is shown as source.
* Statements with no prose between them (imports, constants) stand together.
* A title underlined by ``#`` begins a part, one underlined by ``=`` a chapter,
  one underlined by ``-`` a section.  What a part says before its first chapter
  is read in that chapter.
* A private definition with a docstring is folded: what is seen of it is its
  name and what it is for.  It stays open if a comment's prose names it.

Prose is reStructuredText.  This file needs only the standard library, so that
the tests can read the module without Sphinx; ``book.py`` shows it to Sphinx.
"""
import ast
import itertools
import re
from typing import NamedTuple


class Piece(NamedTuple):
    """A run of whole lines of the module that are read in the same way."""

    kind: str                   # "prose", "docstring" or "code"
    name: str                   # "softmax", "Network.fit", or ""
    node: object                # the syntax tree that it is part of, or None
    line: int                   # the number of its first line, from 1
    text: str                   # its lines exactly as they are in the file


class Row(NamedTuple):
    """A line of reStructuredText, and where it was read."""

    line: int                   # its number there, from 1
    text: str
    path: str = "nn.py"


# Splitting the source
# --------------------

def split(source):
    """Cut a module into pieces that, joined, are its source again.

    >>> pieces = split("# Why.\\n\\ndef f(z):\\n    '''Do.'''\\n    pass\\n")
    >>> [(piece.kind, piece.name, piece.line) for piece in pieces[:3]]
    [('prose', '', 1), ('code', 'f', 3), ('docstring', 'f', 4)]
    """
    lines = source.splitlines(keepends=True)
    labels = {number: ("prose", "", None) for number, line in
              enumerate(lines, 1) if re.match("(    )?#", line)}
    labels |= _labels(ast.parse(source))        # a comment in code is code
    label, labelled = ("code", "", None), []
    for number, line in enumerate(lines, 1):
        label = labels.get(number, label)       # a blank line stays with
        labelled.append((label, number, line))  # what stands above it
    runs = (list(run) for _, run in
            itertools.groupby(labelled, lambda item: item[0]))
    return [Piece(*run[0][0], run[0][1], "".join(item[2] for item in run))
            for run in runs]


def _labels(parent, prefix=""):
    """Yield (line number, (kind, name, node)) for a module's or class's body.

    Statements that are not definitions carry the name and node of the parent.
    """
    for node in parent.body:
        is_part = not hasattr(node, "name")
        label = ("docstring" if node is docstring(parent) else "code",
                 prefix[:-1] if is_part else prefix + node.name,
                 parent if is_part else node)
        last, doc = node.end_lineno, docstring(node)
        is_open_class = isinstance(node, ast.ClassDef) and is_public(node.name)
        if is_open_class:
            last = _first_line(node.body[0]) - 1
        yield from ((n, label) for n in range(_first_line(node), last + 1))
        if is_open_class:
            yield from _labels(node, label[1] + ".")
        elif doc and is_public(node.name):
            yield from ((n, ("docstring", *label[1:]))
                        for n in range(doc.lineno, doc.end_lineno + 1))


def _first_line(node):
    """Return the number of a statement's first line, decorators included."""
    return min(part.lineno for part in
               [node, *getattr(node, "decorator_list", [])])


def docstring(node):
    """Return the statement that is the docstring of a definition, or None."""
    has_one = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) \
        and ast.get_docstring(node) is not None
    return node.body[0] if has_one else None


def is_public(name):
    """Tell whether no part of a dotted name begins with an underscore.

    >>> is_public("Network.fit"), is_public("Network._step")
    (True, False)
    """
    return "._" not in f".{name}"


# Laying out the text
# -------------------

def layout(source):
    """Return the module as reStructuredText: a list of Row."""
    rows, pieces = [], split(source)
    named = re.findall(r"``(\w+)", "".join(
        piece.text for piece in pieces if piece.kind == "prose"))
    for _, group in itertools.groupby(pieces, lambda piece: (
            piece.node is None, piece.name)):
        group = list(group)
        first, indent = group[0], ""
        if hasattr(first.node, "name") and is_public(first.name) \
                and first.line == _first_line(first.node):
            rows += [Row(first.line, text) for text in _head(first)]
            indent = "   "
        for piece in group:
            if piece.kind == "docstring":
                text = ast.get_docstring(piece.node)
            else:
                text = re.sub(r"(?m)^ *# ?", "", piece.text.rstrip())
            if piece.kind != "code":
                rows += [Row(number, indent + text) for number, text in
                         enumerate([*text.split("\n"), ""], piece.line)]
        code = [piece for piece in group if piece.kind == "code"]
        rows += [Row(first.line, text)
                 for text in code and _listing(code, named)]
    return rows


def _head(piece):
    """Return the directive that introduces a public definition."""
    _, name, node, *_ = piece
    if isinstance(node, ast.ClassDef):
        kind = "exception" if name.endswith("Error") else "class"
        taken = ", ".join(ast.unparse(field) for field in node.body
                          if isinstance(field, ast.AnnAssign))
    else:
        kind = "method" if "." in name else "function"
        taken = re.sub(r"^(self|cls)\b[^,]*(, )?", "", ast.unparse(node.args))
    shown = f"({taken})" if taken or kind in ("function", "method") else ""
    marks = [f"   :{mark.id}:" for mark in node.decorator_list
             if getattr(mark, "id", "") in ("classmethod", "staticmethod")]
    return [f".. py:{kind}:: {name}{shown}", *marks, ""]


def _listing(code, named):
    """Return the directives that show pieces of code, and give each name
    that has no signature a place to lead to."""
    first, lines = code[0], [piece.text.rstrip().count("\n") for piece in code]
    spans = [f"{piece.line}-{piece.line + n}" for piece, n in zip(code, lines)]
    names = re.findall(r"(?m)^(\w+)(?:: .*)? = ", "".join(
        piece.text for piece in code if isinstance(piece.node, ast.Module)))
    shown = ".. container:: listing"
    if not is_public(first.name):
        names = [first.name]
        if docstring(first.node) and first.name not in named:
            summary = ast.get_docstring(first.node).partition("\n")[0]
            summary = re.sub(r"([|*_\\])", r"\\\1", summary)  # no markup
            shown = f".. folded:: :code:`{first.name}` {summary}"
    places = [f"   .. py:data:: {name}\n      :no-typesetting:\n"
              "      :no-index-entry:\n" for name in names]
    return [shown, "", *"\n".join(places).split("\n"),
            "   .. literalinclude:: /../nn.py",
            f"      :lines: {', '.join(spans)}", "      :dedent:", "",
            "   .. rst-class:: lines", "",
            f"   nn.py, from line {first.line}", ""]


# Dividing it into sections
# -------------------------

def read(source):
    """Return the sections of a module: a dict from each title to its rows.

    >>> list(read("'''Hello.'''\\n# Part\\n# ####\\n#\\n# One\\n# ===\\n"))
    ['Preface', 'One']
    """
    rows = [Row(1, text) for text in ("Preface", "=======", "")]
    book, before = {}, []
    for title, below, *text in sections(rows + layout(source)):
        if below.text.startswith("#"):
            before = text                       # what a part says first
        else:
            book[title.text] = [title, below, *before, *text]
            before = []
    return book


def sections(rows):
    """Cut rows in front of each title."""
    cuts = [0, *(row for row in range(1, len(rows)) if is_title(rows, row)),
            len(rows)]
    return [rows[start:stop] for start, stop in itertools.pairwise(cuts)]


def is_title(rows, row):
    """Tell whether a row is a title: a mark that is repeated underlines it."""
    if row + 1 == len(rows) or row and rows[row - 1].text.strip():
        return False
    title, below = rows[row].text, rows[row + 1].text
    return re.match(r"\w", title) is not None \
        and re.fullmatch(r"([#=-])\1{2,}", below) is not None
