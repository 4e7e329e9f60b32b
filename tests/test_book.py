"""The book of nn.py keeps its promises to the reader.

Nothing here needs Sphinx but the last tests, which are skipped without it.
"""

import ast
import doctest
import html.parser
import inspect
import itertools
import math
import re
import sys

import numpy as np
import pytest

import nn
from helpers import ROOT

sys.path.insert(0, str(ROOT / "docs" / "_ext"))
import literate

SOURCE = (ROOT / "nn.py").read_text("utf-8")
BOOK = literate.read(ROOT)
FREE = ("preface", "notation")          # may name what is still to come
FIGURES = ROOT / "docs" / "figures"
BUILT = ROOT / "docs" / "_build" / "html"


def pages():
    """All texts of the book as lists of rows: the chapters, the pages."""
    for chapter in BOOK:
        yield chapter.rows
    for path in sorted(ROOT.glob("docs/**/*.rst")):
        name = path.relative_to(ROOT).as_posix()
        if name.split("/")[1] not in ("_build", "book", "inserts",
                                      "exercises"):
            lines = path.read_text("utf-8").splitlines()
            yield [literate.Row(name, n, text)
                   for n, text in enumerate(lines, 1)]


def sections(rows):
    """Cut rows at their titles."""
    cuts = [0, *(row for row in range(1, len(rows))
                 if literate.is_title(rows, row)), len(rows)]
    return [rows[start:stop] for start, stop in itertools.pairwise(cuts)]


def directives(rows, name):
    """The (row, argument, options, content) of each directive of a name."""
    for i, row in enumerate(rows):
        match = re.match(rf"( *)\.\. {name}::(.*)", row.text)
        if not match:
            continue
        indent = match[1] + " "
        body = [item.text.strip() for item in itertools.takewhile(
            lambda item: not item.text.strip()
            or item.text.startswith(indent), rows[i + 1:])]
        head = list(itertools.takewhile(bool, body))
        options, key = {}, None
        for text in head:
            option = re.match(r":([\w-]+):(.*)", text)
            if option:
                key = option[1]
                options[key] = option[2].strip()
            elif key:
                options[key] += " " + text
        yield row, match[2].strip(), options, body[len(head):]


def at(row):
    return f"{row.path}:{row.line}"


# Equations
# ---------

def test_every_equation_has_a_label_of_its_own():
    found = [(at(row), options.get("label"))
             for rows in pages()
             for row, _, options, _ in directives(rows, "math")]
    assert found
    assert not [where for where, label in found if not label]
    labels = [label for _, label in found]
    assert len(set(labels)) == len(labels)


def test_every_equation_is_checked_by_an_example_in_its_section():
    untested = []
    for section in itertools.chain.from_iterable(map(sections, pages())):
        for row, _, options, _ in directives(section, "math"):
            after = section[section.index(row):]
            if not any(item.text.lstrip().startswith(">>>")
                       for item in after):
                untested.append(f"{at(row)} {options.get('label')}")
    assert not untested


def test_every_reference_to_an_equation_leads_to_one():
    labels = {options.get("label") for rows in pages()
              for _, _, options, _ in directives(rows, "math")}
    used = {label for rows in pages() for row in rows
            for label in re.findall(r":eq:`([^`]+)`", row.text)}
    assert used <= labels


def test_every_formula_can_be_typeset():
    latex2mathml = pytest.importorskip("docutils.utils.math.latex2mathml")
    formulas = []
    for rows in pages():
        text = "\n".join(row.text for row in rows)
        formulas += re.findall(r":math:`([^`]+)`", text)
        formulas += [" ".join([argument, *content]) for _, argument, _, content
                     in directives(rows, "math")]
    assert len(formulas) > 50
    for formula in formulas:
        latex2mathml.tex2mathml(re.sub(r"\s+", " ", formula).strip())


# The program in the book
# -----------------------

def test_the_pieces_joined_are_the_module():
    assert "".join(piece.text for piece in literate.split(SOURCE)) == SOURCE


def test_every_line_of_code_is_listed_once():
    code = [n for piece in literate.split(SOURCE) if piece.kind == "code"
            for n, line in enumerate(piece.text.splitlines(), piece.line)
            if line.strip()]
    listed = []
    for chapter in BOOK:
        for _, spans, _, _ in directives(chapter.rows, "listing"):
            for span in spans.split():
                first, last = map(int, span.split("-"))
                listed += range(first, last + 1)
    lines = SOURCE.splitlines()
    assert [n for n in sorted(listed) if lines[n - 1].strip()] == code


def test_every_line_of_prose_is_read_once():
    prose = [n for piece in literate.split(SOURCE) if piece.kind == "prose"
             for n, line in enumerate(piece.text.splitlines(), piece.line)
             if line.strip()]
    read = {row.line for chapter in BOOK for row in chapter.rows
            if row.path == "nn.py"}
    assert set(prose) <= read


def heads():
    """Where each public definition is introduced: (chapter, row, name)."""
    for number, chapter in enumerate(BOOK):
        for row, text in enumerate(chapter.rows):
            match = re.match(r"\.\. py:\w+:: ([\w.]+)", text.text)
            if match:
                yield number, row, match[1]


def test_every_public_name_is_introduced_once():
    names = [name for _, _, name in heads()]
    assert len(names) == len(set(names))
    methods = {f"{name}.{member}" for name in ("Network", "SGD", "Adam")
               for member, value in vars(getattr(nn, name)).items()
               if callable(value) and not member.startswith("_")}
    assert {*nn.__all__, *methods, "Network.load"} <= set(names)


# No forward reference
# --------------------

def test_no_public_name_is_mentioned_before_it_is_introduced():
    introduced = {name: (number, row) for number, row, name in heads()
                  if name.split(".")[0] in nn.__all__}
    for name in list(introduced):       # ``fit`` is short for Network.fit
        if name.startswith("Network."):
            introduced[name.split(".")[1]] = introduced["Network"]
    early = []
    for number, chapter in enumerate(BOOK):
        for i, row in enumerate(chapter.rows):
            for name in re.findall(r"`[~.]?(?:nn\.)?([A-Za-z_][\w.]*)\W",
                                   row.text):
                if introduced.get(name, (0, 0)) > (number, i) \
                        and chapter.slug not in FREE:
                    early.append(f"{at(row)} {name}")
    assert not early


def test_examples_use_only_names_of_their_chapter_and_those_before():
    where = {}
    for number, chapter in enumerate(BOOK):
        for _, spans, _, _ in directives(chapter.rows, "listing"):
            for span in spans.split():
                first, last = map(int, span.split("-"))
                where.update(dict.fromkeys(range(first, last + 1), number))
    tree = ast.parse(SOURCE)
    defined = {}
    for node in tree.body:
        names = [node.name] if hasattr(node, "name") else [
            target.id for target in [*getattr(node, "targets", []),
                                     getattr(node, "target", None)]
            if isinstance(target, ast.Name)]
        if names:
            defined.update(dict.fromkeys(names, where[node.lineno]))
    early = []
    for number, chapter in enumerate(BOOK):
        text = "\n".join(row.text for row in chapter.rows)
        for example in doctest.DocTestParser().get_examples(text):
            row = chapter.rows[example.lineno]
            used = {node.id for node in ast.walk(ast.parse(example.source))
                    if isinstance(node, ast.Name)}
            early += [f"{at(row)} {name}" for name in used
                      if defined.get(name, 0) > number
                      and chapter.slug not in FREE]
    assert not early


# Figures
# -------

def test_every_figure_says_what_it_shows():
    poor = []
    for rows in pages():
        for kind in ("drawn", "figure", "image"):
            for row, name, options, content in directives(rows, kind):
                if len(options.get("alt", "")) < 20:
                    poor.append(f"{at(row)} {name}: no alt text")
                if kind == "drawn" and not any(content):
                    poor.append(f"{at(row)} {name}: no caption")
    assert not poor


def test_every_figure_is_shown_and_every_shown_figure_is_there():
    shown = [name for rows in pages()
             for _, name, _, _ in directives(rows, "drawn")]
    there = {path.stem for path in FIGURES.glob("*.py")
             if not path.stem.startswith("_")}
    assert len(set(shown)) == len(shown)
    assert set(shown) == there


# Notation
# --------

def notation():
    """The rows of the table in Notation: symbol, names, shape."""
    rows = next(item.rows for item in BOOK if item.slug == "notation")
    rules = [i for i, row in enumerate(rows)
             if re.fullmatch(r"(=+ +)+=+ *", row.text)]
    starts = [match.start() for match in
              re.finditer("=+", rows[rules[0]].text)]
    for row in rows[rules[1] + 1:rules[2]]:
        cells = [row.text[i:j].strip() for i, j in
                 zip(starts, [*starts[1:], None], strict=True)]
        yield row, re.findall(r"``(.+?)``", cells[1]), cells[2]


def locals_of(function, *arguments):
    """The local variables of a function at its end, by name."""
    found = {}

    def watch(frame, event, argument):
        if event == "return" and frame.f_code is function.__code__:
            found.update(frame.f_locals)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        function(*arguments)
    finally:
        sys.setprofile(before)
    return found


def a_live_network():
    """Sizes, and by the names of the notation what a network works with."""
    sizes = {"n": 7, "d": 4, "h": 5, "k": 3}
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(7, 4)), np.arange(7) % 3
    sgd = nn.SGD(momentum=0.5)
    network = nn.Network(hidden_size=5, optimizer=sgd, epochs=2).fit(X, y)
    t = nn._indices(y, network.classes_, len(X))
    Y = np.eye(3)[t]
    live = {"X": X, "y": y, "t": t, "targets": t,
            "params_": network.params_, "theta": nn._flat(network.params_),
            "learning_rate": sgd.learning_rate, "momentum": sgd.momentum}
    live["loss"], gradients = network.loss_and_gradients(X, y)
    live["gradient"] = nn._flat(gradients)
    for optimizer in (sgd, nn.Adam()):
        live.update(optimizer.start(live["theta"]))
    live["Z1"] = X @ network.params_["W1"] + network.params_["b1"]
    live.update(locals_of(nn._backward, X, Y, network.params_, "tanh"))
    live["logits"] = live["Z2"]
    live["P"] = nn._probabilities(live["Z2"], nn._NUMPY)
    sizes["p"] = len(live["theta"])
    return sizes, live


def test_the_notation_table_tells_the_shapes_of_a_live_network():
    sizes, live = a_live_network()
    table = list(notation())
    assert len(table) > 15
    for row, names, shape in table:
        wanted = eval(shape, {}, sizes)
        for name in names:
            assert np.shape(eval(name, {}, live)) == wanted, (at(row), name)


def test_the_notation_is_that_of_the_equations():
    sizes, live = a_live_network()
    params = live["params_"]
    assert np.allclose(live["A1"], np.tanh(live["Z1"]))
    assert np.allclose(live["Z2"], live["A1"] @ params["W2"] + params["b2"])
    assert np.allclose(live["P"], nn.softmax(live["Z2"]))
    assert np.allclose(live["D2"], (live["P"] - live["Y"]) / sizes["n"])
    assert np.allclose(nn._views(live["gradient"], (4, 5, 3))["W1"],
                       live["X"].T @ live["D1"])
    assert math.prod(params["W1"].shape) == 20


# Exercises
# ---------

WITHOUT = ("preface", "licence")         # nothing there to practise


def exercises():
    """What stands under "Exercises" in each chapter, and on two pages."""
    for chapter in BOOK:
        if chapter.slug not in WITHOUT:
            yield chapter.slug, chapter.rows
    for rows in pages():
        if rows[0].path in ("docs/hand.rst", "docs/experiments.rst"):
            yield rows[0].path, rows


@pytest.mark.parametrize("where, rows", [*exercises()])
def test_each_chapter_ends_in_exercises_with_answers_that_run(where, rows):
    last = sections(rows)[-1]
    texts = [row.text for row in last]
    assert texts[0] == "Exercises"
    questions = [text for text in texts if re.match(r"\d+\. \*\*", text)]
    answers = list(directives(last, "answer"))
    assert 2 <= len(questions) == len(answers)
    assert all(any(line.startswith(">>>") for line in content)
               for _, _, _, content in answers)


# The reader's machinery
# ----------------------

def test_the_examples_of_the_reading_code():
    results = doctest.testmod(literate)
    assert results.attempted and not results.failed


def test_an_equation_may_be_broken_between_its_statements():
    pytest.importorskip("sphinx")
    import mathml
    results = doctest.testmod(mathml)
    assert results.attempted and not results.failed
    for tex in (r"a \left[ b \qquad c \right]", r"{a \qquad b}",
                r"\begin{cases} a \qquad b \end{cases}", r"a \quad b"):
        assert mathml.statements(tex) == [tex]


def test_an_insert_without_a_section_is_an_error(tmp_path):
    (tmp_path / "nn.py").write_text("'''Hi.'''\n\n# One\n# ===\n#\n# Text.\n")
    inserts = tmp_path / "docs" / "inserts"
    inserts.mkdir(parents=True)
    (inserts / "one.rst").write_text("More.\n")
    _, one = literate.read(tmp_path)
    assert literate.Row("docs/inserts/one.rst", 1, "More.") in one.rows
    (inserts / "two.rst").write_text("Lost.\n")
    with pytest.raises(LookupError, match=r"two\.rst .* one of preface, one"):
        literate.read(tmp_path)


def test_exercises_stand_at_the_end_of_their_chapter(tmp_path):
    (tmp_path / "nn.py").write_text("# One\n# ===\n#\n# A\n# ---\n# Text.\n"
                                    "\n# Two\n# ===\n")
    exercises = tmp_path / "docs" / "exercises"
    exercises.mkdir(parents=True)
    (exercises / "one.rst").write_text("1. Try.\n")
    one, _ = literate.read(tmp_path)
    texts = [row.text for row in one.rows if row.text]
    assert texts[-3:] == ["Exercises", "---------", "1. Try."]
    assert literate.section_slugs(one) == ["one", "a", "exercises"]


# The built site
# --------------

class Requests(html.parser.HTMLParser):
    """Collects what a page would fetch by itself from elsewhere."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        fetches = {"src", "srcset", "data", "poster"}
        if tag in ("link", "use", "image"):
            fetches |= {"href", "xlink:href"}
        self.found += [
            f"<{tag} {name}={value}>" for name, value in attrs
            if (name in fetches and is_external(value))
            or (name == "style" and re.search(REMOTE, value or ""))]


REMOTE = re.compile(r"""(url\(|@import)\s*["']?\s*(https?:)?//""")


def is_external(value):
    return re.match(r"\s*(https?:|ftp:)?//", value or "") is not None


def is_fresh(built):
    """Whether a form was built after everything that it is made of."""
    sources = [ROOT / "nn.py", ROOT / "experiments.py", *(
        path for path in ROOT.glob("docs/**/*")
        if path.relative_to(ROOT).parts[1] not in ("_build", "book"))]
    return built.exists() and built.stat().st_mtime > max(
        path.stat().st_mtime for path in sources if path.is_file()
        and "__pycache__" not in path.parts)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if is_fresh(BUILT / "index.html"):
        return BUILT
    for name in ("sphinx", "furo", "matplotlib"):
        pytest.importorskip(name)
    import subprocess
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", "-d",
         str(folder / "doctrees"), str(ROOT / "docs"), str(folder / "html")],
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "html"


def test_no_page_asks_another_machine_for_anything(site):
    found = {}
    for path in sorted(site.rglob("*.html")):
        page = Requests()
        page.feed(path.read_text("utf-8"))
        found[path.name] = page.found
    for path in sorted(site.rglob("*.css")):
        found[path.name] = REMOTE.findall(path.read_text("utf-8"))
    assert len(found) > 10
    assert not {name: what for name, what in found.items() if what}


def test_every_picture_on_the_site_has_alt_text(site):
    for path in sorted(site.rglob("*.html")):
        for image in re.findall(r"<img\b[^>]*>", path.read_text("utf-8")):
            assert re.search(r'\balt="[^"]{3,}"', image), (path.name, image)


@pytest.mark.parametrize("form, ending", [
    ("singlehtml", "index.html"), ("epub", "*.xhtml")])
def test_the_other_forms_ask_for_nothing_and_describe_their_pictures(
        form, ending):
    built = ROOT / "docs" / "_build" / form
    there = sorted(built.rglob(ending))
    if not there or not is_fresh(there[0]):
        pytest.skip("make docs builds it")
    for path in there:
        text, page = path.read_text("utf-8"), Requests()
        page.feed(text)
        assert not page.found, path.name
        assert all(re.search(r'\balt="[^"]{3,}"', image)
                   for image in re.findall(r"<img\b[^>]*>", text)), path.name
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert len(ids) == len(set(ids)), path.name


def test_the_site_has_every_public_name(site):
    text = "".join(path.read_text("utf-8")
                   for path in (site / "book").glob("*.html"))
    for name in nn.__all__:
        assert f'id="nn.{name}"' in text
    assert inspect.getdoc(nn.Network).split(".")[0] in text
