"""Read a Python module as a book: its prose, its definitions, its chapters.

The rules of reading, all of them:

* The module docstring is prose, and comes first.  A comment block in column 0
  between definitions is prose.  So is one in column 4 between the methods of
  a public class.  Every other comment belongs to the code around it.
* A public function, class or method is shown as its signature, its docstring
  and its source without the docstring.  Private code is shown as source.
* Statements with no prose between them (imports, constants) stand together.
* A title underlined by ``=`` begins a chapter, one underlined by ``-`` a
  section.  docs/inserts/TITLE.rst is read at the end of the section with that
  title, docs/exercises/TITLE.rst at the end of the chapter.

Prose is reStructuredText.  This file needs only the standard library, so that
the tests can read the module without Sphinx; ``book.py`` shows it to Sphinx.
"""
import ast
import inspect
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


class Chapter(NamedTuple):
    """A chapter: its title, its file name, its reStructuredText by line."""

    title: str
    slug: str
    rows: list                  # of Row


class Row(NamedTuple):
    """A line of a chapter, and where it was read."""

    path: str                   # "nn.py", "docs/inserts/first-weights.rst"
    line: int                   # its number there, from 1
    text: str


# Splitting the source
# --------------------

def split(source):
    """Cut a module into pieces that, joined, are its source again.

    >>> pieces = split("# Why.\\n\\ndef f(z):\\n    '''Do.'''\\n    pass\\n")
    >>> [(piece.kind, piece.name, piece.line) for piece in pieces[:3]]
    [('prose', '', 1), ('code', 'f', 3), ('docstring', 'f', 4)]
    """
    lines = source.splitlines(keepends=True)
    labels = dict(_labels(ast.parse(source), lines, range(len(lines))))
    label, labelled = ("code", "", None), []
    for number, line in enumerate(lines, 1):
        label = labels.get(number, label)       # a blank line stays with
        labelled.append((label, number, line))  # what stands above it
    runs = (list(run) for _, run in
            itertools.groupby(labelled, lambda item: item[0]))
    return [Piece(*run[0][0], run[0][1], "".join(item[2] for item in run))
            for run in runs]


def _labels(parent, lines, rows, prefix="", indent=""):
    """Yield (line number, (kind, name, node)) for a module's or class's body.

    Statements that are not definitions carry the name and node of the parent.
    """
    for row in rows:
        if lines[row].startswith(indent + "#"):
            yield row + 1, ("prose", "", None)
    for node in parent.body:
        name, is_part = prefix[:-1], not hasattr(node, "name")
        kind = "docstring" if node is docstring(parent) else "code"
        label = kind, name if is_part else prefix + node.name, \
            parent if is_part else node
        first, last = _first_line(node), node.end_lineno
        is_open_class = isinstance(node, ast.ClassDef) and is_public(node.name)
        if is_open_class:
            last = _first_line(node.body[0]) - 1
        yield from ((n, label) for n in range(first, last + 1))
        if is_open_class:
            yield from _labels(node, lines, range(last, node.end_lineno),
                               label[1] + ".", indent + "    ")
        elif not is_part and is_public(node.name) and docstring(node):
            doc = docstring(node)
            yield from ((n, ("docstring", *label[1:]))
                        for n in range(doc.lineno, doc.end_lineno + 1))


def _first_line(node):
    """Return the number of a statement's first line, decorators included."""
    return min([node.lineno] + [decorator.lineno for decorator in
                                getattr(node, "decorator_list", [])])


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
    return not any(part.startswith("_") for part in name.split("."))


# Laying out the text
# -------------------

def prose(piece):
    """Return prose or a docstring as a list of (line number, text)."""
    if piece.kind == "docstring":
        text = inspect.cleandoc(piece.node.body[0].value.value)
    else:
        text = re.sub(r"(?m)^ *# ?", "", piece.text.rstrip())
    return list(enumerate(text.split("\n"), piece.line))


def layout(source):
    """Return the module as reStructuredText: a list of (line number, text)."""
    lines, out = source.splitlines(keepends=True), []
    for _, group in itertools.groupby(split(source), _reading_group):
        group = list(group)
        is_head = hasattr(group[0].node, "name") \
            and group[0].line == _first_line(group[0].node)
        if is_head and is_public(group[0].name):
            out += [(group[0].line, text) for text in _head(group[0], lines)]
        for piece in group:
            if piece.kind == "docstring" and is_head:
                out += [(number, "   " + text)
                        for number, text in prose(piece)]
            elif piece.kind != "code":
                out += prose(piece)
        out += [(group[0].line, text) for text in _listing(group, is_head)]
    return out


def _reading_group(piece):
    """Tell which pieces are read together: a class with its __init__."""
    return piece.node is None, piece.name.removesuffix(".__init__")


def _head(piece, lines):
    """Return the directive that introduces a public definition."""
    name, node = piece.name, piece.node
    marks = {ast.unparse(mark) for mark in node.decorator_list}
    if isinstance(node, ast.ClassDef):
        kind = "exception" if name.endswith("Error") else "class"
        inits = [item for item in node.body
                 if getattr(item, "name", "") == "__init__"]
        parameters = _parameters(inits[0], lines, skip=1) if inits \
            else _fields(node) if "dataclass" in marks else ""
    elif "property" in marks:
        kind, parameters = "property", ""
    else:
        kind = "method" if "." in name else "function"
        is_bound = kind == "method" and "staticmethod" not in marks
        parameters = _parameters(node, lines, skip=int(is_bound))
    options = [f"   :{mark}:" for mark in ("classmethod", "staticmethod")
               if mark in marks]
    return [f".. py:{kind}:: {name}{parameters}", *options, ""]


def _parameters(node, lines, skip):
    """Return a function's parameters as they are written, on one line."""
    head = "".join(lines[node.lineno - 1:node.body[0].lineno - 1])
    inside = re.sub(r"\s+", " ", re.search(r"\((.*)\)", head, re.S)[1])
    return f"({', '.join(inside.strip(' ,').split(', ')[skip:])})"


def _fields(node):
    """Return the fields of a dataclass as the parameters that they become."""
    fields = [ast.unparse(item).replace("=", " = ").replace("  ", " ")
              for item in node.body if isinstance(item, ast.AnnAssign)]
    return f"({', '.join(fields)})"


def _listing(group, is_head):
    """Return the directive that shows the code of a group of pieces."""
    code = [piece for piece in group if piece.kind == "code"]
    if not code:
        return [""]
    names = [group[0].name] if is_head else \
        [name for piece in code for name in _assigned(piece)]
    heads = [] if is_head else \
        [f".. py:data:: {name}" for name in names if is_public(name)]
    spans = [f"{piece.line}-{piece.line + piece.text.rstrip().count(chr(10))}"
             for piece in code]
    names = [f"   :names: {' '.join(names)}"] if names else []
    return ["", *heads, "", f".. listing:: {' '.join(spans)}", *names, ""]


def _assigned(piece):
    """Return the names that a piece's plain statements assign, in order."""
    last = piece.line + piece.text.count("\n")
    return [target.id for statement in getattr(piece.node, "body", [])
            if piece.line <= statement.lineno < last
            for target in getattr(statement, "targets", [])
            if isinstance(target, ast.Name)]


# Dividing it into chapters
# -------------------------

def read(root):
    """Return the chapters of root/nn.py with the inserts and exercises.

    Raises LookupError for an insert or exercises that belong nowhere.
    """
    book = chapters((root / "nn.py").read_text("utf-8"))
    for path in sorted(root.glob("docs/inserts/*.rst")):
        _put(_find(book, path, section_slugs), path, root)
    for path in sorted(root.glob("docs/exercises/*.rst")):
        _put(_find(book, path, lambda chapter: [chapter.slug]), path, root,
             ["Exercises", "---------", ""])
    return book


def _find(book, path, slugs):
    """Return the one chapter with the slug that a file is named after."""
    found = [chapter for chapter in book for slug in slugs(chapter)
             if slug == path.stem]
    if len(found) != 1:
        known = ", ".join(slug for chapter in book for slug in slugs(chapter))
        raise LookupError(f"docs/{path.parent.name}/{path.name} belongs to "
                          f"{len(found)} titles of nn.py; name it after one "
                          f"of {known}")
    return found[0]


def _put(chapter, path, root, title=()):
    """Put a file into a chapter: under a title of its own, or at the end of
    the section that it is named after."""
    name, rows = path.relative_to(root).as_posix(), chapter.rows
    lines = path.read_text("utf-8").splitlines()
    new = [Row(name, 1, text) for text in ["", *title]]
    new += [Row(name, n, text) for n, text in enumerate(lines, 1)]
    new += [Row(name, len(lines), "")]
    starts = [row for row in range(len(rows)) if is_title(rows, row)]
    ends = dict(zip(section_slugs(chapter), starts[1:] + [len(rows)]))
    at = len(rows) if title else ends[path.stem]
    rows[at:at] = new


def section_slugs(chapter):
    """Return the slug of each title in a chapter, its own first."""
    return [slug(chapter.rows[row].text) for row in range(len(chapter.rows))
            if is_title(chapter.rows, row)]


def chapters(source, preface="Preface"):
    """Return the chapters: the text, cut where a title has ``=`` under it.

    >>> source = "'''Hello.'''\\n# One\\n# ===\\n"
    >>> [chapter.slug for chapter in chapters(source)]
    ['preface', 'one']
    """
    rows = [Row("nn.py", *line) for line in layout(source)]
    starts = [row for row in range(len(rows)) if is_title(rows, row, "=")]
    if 0 not in starts:
        head = [preface, "=" * len(preface), ""]
        rows = [Row("nn.py", 1, text) for text in head] + rows
        starts = [0] + [row + len(head) for row in starts]
    return [Chapter(rows[start].text, slug(rows[start].text), rows[start:stop])
            for start, stop in zip(starts, starts[1:] + [len(rows)])]


def is_title(rows, row, marks="=-"):
    """Tell whether a row is a title, underlined by one of the marks."""
    if row + 1 == len(rows) or row and rows[row - 1].text.strip():
        return False
    title, below = rows[row].text, rows[row + 1].text
    return re.match(r"\w", title) is not None \
        and re.fullmatch(f"([{marks}])\\1{{2,}}", below) is not None


def slug(title):
    """Return a title as a file name.

    >>> slug("Checking the gradient: numbers, not faith")
    'checking-the-gradient-numbers-not-faith'
    """
    return re.sub(r"\W+", "-", title.lower()).strip("-")
