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


class Row(NamedTuple):
    """A line of reStructuredText, and where it was read."""

    line: int                   # its number there, from 1
    text: str
    path: str = "nn.py"


# Splitting the source
# --------------------

def split(source):
    """Cut a module into pieces: each a name, a node and numbers of lines.

    The node is None for prose, and the module for what is no definition.

    >>> pieces = split("# Why.\\n\\ndef f(z):\\n    pass\\n\\n# So.\\n")
    >>> [(name, numbers) for name, node, numbers in pieces]
    [('', [1, 2]), ('f', [3, 4, 5]), ('', [6])]
    """
    lines = source.splitlines()
    labels = {n: ("", None) for n, line in enumerate(lines, 1)
              if re.match("(    )?#", line)}
    labels |= _labels(ast.parse(source))        # a comment in code is code
    for n in range(2, len(lines) + 1):
        labels.setdefault(n, labels[n - 1])     # a blank line goes on
    return [(*label, [*numbers]) for label, numbers in
            itertools.groupby(sorted(labels), labels.get)]


def _labels(parent, prefix=""):
    """Yield (line number, (name, node)) for a module's or class's body.

    Statements that are not definitions carry the name and node of the parent.
    """
    for node in parent.body:
        name, whole = prefix[:-1], parent
        if hasattr(node, "name"):
            name, whole = prefix + node.name, node
        last = node.end_lineno
        if isinstance(node, ast.ClassDef) and is_public(name):
            last = _first_line(node.body[0]) - 1
            yield from _labels(node, name + ".")
        yield from ((n, (name, whole))
                    for n in range(_first_line(node), last + 1))


def _first_line(node):
    """Return the number of a statement's first line, decorators included."""
    return min(part.lineno for part in
               [node, *getattr(node, "decorator_list", [])])


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
    rows, lines = [], source.splitlines()
    named = re.findall(r"``(\w+)", "".join(re.findall("(?m)^ *#.*", source)))
    for name, node, numbers in split(source):
        if node is None:
            rows += [Row(n, re.sub("^ *# ?", "", lines[n - 1]))
                     for n in numbers]
            continue
        first, indent, said = numbers[0], "", range(0)
        if hasattr(node, "name") and is_public(name) \
                and first == _first_line(node):
            rows += [Row(first, text) for text in _head(name, node)]
            indent = "   "
        doc, stands = ast.get_docstring(node), node.body[0]
        if doc and is_public(name) and stands.lineno in numbers:
            said = range(stands.lineno, stands.end_lineno + 1)
            rows += [Row(n, indent + line) for n, line in
                     enumerate([*doc.split("\n"), ""], said.start)]
        code = {n: lines[n - 1] for n in numbers
                if n not in said and lines[n - 1].strip()}
        if code:
            rows += [Row(first, text) for text in
                     _listing(name, node, code, said, named)]
    return rows


def _head(name, node):
    """Return the directive that introduces a public definition."""
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


def _listing(name, node, code, said, named):
    """Return the directives that show lines of code, before and behind what
    is said; each name that has no signature is given a place to lead to."""
    parts = [[n for n in code if n < said.start],
             [n for n in code if n >= said.stop]]
    spans = ", ".join(f"{part[0]}-{part[-1]}" for part in parts if part)
    names = [word[1] for line in code.values() if isinstance(node, ast.Module)
             and (word := re.match(r"(\w+)(: .*)? = ", line))]
    shown = ".. container:: listing"
    if not is_public(name):
        names = [name]
        summary = (ast.get_docstring(node) or "").partition("\n")[0]
        if summary and name not in named:
            summary = re.sub(r"([|*_\\])", r"\\\1", summary)   # no markup
            shown = f".. folded:: :code:`{name}` {summary}"
    places = [f"   .. py:data:: {name}\n      :no-typesetting:\n"
              "      :no-index-entry:\n" for name in names]
    return [shown, "", *"\n".join(places).split("\n"),
            "   .. literalinclude:: /../nn.py", f"      :lines: {spans}",
            "      :dedent:", "", "   .. rst-class:: lines", "",
            f"   nn.py, from line {min(code)}", ""]


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
    """Cut rows in front of each title, which a repeated mark underlines."""
    cuts = [n for n in range(1, len(rows) - 1)
            if not rows[n - 1].text.strip() and re.fullmatch(
                r"\w.*\n([#=-])\1{2,}", f"{rows[n].text}\n{rows[n + 1].text}")]
    return [rows[start:stop] for start, stop in
            itertools.pairwise([0, *cuts, len(rows)])]
