"""The book of nn.py keeps its promises to the reader.

Nothing here needs Sphinx but the last tests, which are skipped without it.
"""
import ast
import doctest
import itertools
import re
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import nn

sys.path.insert(0, str(Path(__file__).parents[1] / "docs" / "_ext"))
import literate

ROOT = Path(__file__).resolve().parents[1]
SOURCE = (ROOT / "nn.py").read_text("utf-8")
SECTIONS = literate.read(SOURCE)
INDEX = (ROOT / "docs/index.rst").read_text("utf-8")


def page(path):
    """The rows of a page, with the sections of nn.py in their places."""
    for n, text in enumerate(path.read_text("utf-8").splitlines(), 1):
        title = text.removeprefix(".. section:: ")
        yield from [literate.Row(n, text, path.relative_to(ROOT))] \
            if title == text else SECTIONS[title]


PAGES = {path.relative_to(ROOT / "docs").as_posix(): [*page(path)]
         for path in sorted(ROOT.glob("docs/**/*.rst"))}
BOOK = [PAGES[f"{name}.rst"] for name in re.findall("   (book/.+)", INDEX)]
FREE = 2                # preface and notation may name what is still to come


def at(row):
    """Where a row was read."""
    return f"{row.path}:{row.line}"


def directives(name, *pages):
    """The (row, argument, options, content) of each directive of a name."""
    for rows in pages or PAGES.values():
        for i, row in enumerate(rows):
            match = re.match(rf"( *)\.\. {name}::(.*)", row.text)
            if match:
                body = [item.text.strip() for item in itertools.takewhile(
                    lambda item: not item.text.strip()
                    or item.text.startswith(match[1] + " "), rows[i + 1:])]
                head = list(itertools.takewhile(bool, body))
                yield row, match[2].strip(), dict(re.findall(
                    r":([\w-]+): ?(.*?)(?=$| :[\w-]+:)", " ".join(head))), \
                    body[len(head):]


def listed(chapter):
    """The numbers of the lines of nn.py that a chapter shows as code."""
    spans = [span.split("-") for _, _, options, _ in
             directives("literalinclude", chapter)
             for span in options["lines"].split(", ")]
    return [n for first, last in spans
            for n in range(int(first), int(last) + 1)]


def heads():
    """Where each public definition is introduced: (chapter, row, name)."""
    for number, chapter in enumerate(BOOK):
        for row, text in enumerate(chapter):
            if match := re.match(r"\.\. py:\w+:: ([\w.]+)", text.text):
                yield number, row, match[1]


# Examples and equations
# ----------------------

@pytest.mark.parametrize("name", PAGES)
def test_the_examples_of_each_chapter_and_page_run_from_top_to_bottom(name):
    rows, said = PAGES[name], []
    globs = {**vars(nn), "np": np, "nn": nn, "__name__": "nn"}
    text = "".join(row.text + "\n" for row in rows)
    with np.errstate(all="warn", under="ignore"):   # as a reader has it
        results = doctest.DocTestRunner(verbose=False).run(
            doctest.DocTestParser().get_doctest(text, globs, "", None, 0),
            out=said.append)
    assert not results.failed, re.sub(
        r"Line (\d+), in", lambda line: at(rows[int(line[1]) - 1]),
        "".join(said))
    assert results.attempted or not any(directives("py:function", rows))


def test_every_equation_has_a_label_and_an_example_in_its_section():
    found = [(at(row), options.get("label"), any(
                  item.text.lstrip().startswith(">>>")
                  for item in section[section.index(row):]))
             for rows in PAGES.values() for section in literate.sections(rows)
             for row, _, options, _ in directives("math", section)]
    assert found
    assert not [each for each in found if not all(each)]


# The program in the book
# -----------------------

def test_every_line_of_the_module_is_read_once_and_in_its_order():
    code = [n for chapter in BOOK for n in listed(chapter)]
    assert code == sorted({*code})
    read = {row.line for chapter in BOOK for row in chapter
            if row.path == "nn.py" and row.text.strip()}
    left = [line.strip("# ") for n, line in
            enumerate(SOURCE.splitlines(), 1) if n not in {*code, *read}]
    parts = [line for line in left if line.strip('"')]
    assert parts == re.findall(":caption: (Part.+)", INDEX)


def test_every_public_name_is_introduced_once():
    names = [name for _, _, name in heads()]
    assert len(names) == len(set(names))
    methods = {f"{name}.{member}" for name in ("Network", "SGD", "Adam")
               for member, value in vars(getattr(nn, name)).items()
               if callable(value) and not member.startswith("_")}
    assert {*nn.__all__, *methods, "Network.load"} <= set(names)


def test_no_public_name_is_mentioned_before_it_is_introduced():
    introduced = {name: (number, row) for number, row, name in heads()
                  if name.split(".")[0] in nn.__all__}
    introduced |= {name.split(".")[1]: introduced["Network"]    # ``fit`` is
                   for name in introduced if "Network." in name}   # short
    assert not [f"{at(row)} {name}" for number, chapter in enumerate(BOOK)
                for i, row in enumerate(chapter)
                for name in re.findall(
                    r"`[~.]?(?:nn\.)?([A-Za-z_][\w.]*)\W", row.text)
                if introduced.get(name, (0, 0)) > (number, i)
                and number >= FREE]


def test_examples_use_only_names_of_their_chapter_and_those_before():
    where = {n: number for number, chapter in enumerate(BOOK)
             for n in listed(chapter)}
    defined = {getattr(item, "id", getattr(item, "name", None)):
               where.get(node.lineno, 0) for node in ast.parse(SOURCE).body
               for item in [node, *getattr(node, "targets", []),
                            getattr(node, "target", None)]}
    assert not [
        f"{at(chapter[example.lineno])} {node.id}"
        for number, chapter in enumerate(BOOK) if number >= FREE
        for example in doctest.DocTestParser().get_examples(
            "\n".join(row.text for row in chapter))
        for node in ast.walk(ast.parse(example.source))
        if isinstance(node, ast.Name) and defined.get(node.id, 0) > number]


# Figures, notation, exercises
# ----------------------------

def test_every_figure_is_shown_once_with_a_caption_and_its_finding_in_words():
    shown = list(directives("drawn"))
    there = [path.stem for path in (ROOT / "docs/figures").glob("[!_]*.py")]
    assert sorted(name for _, name, _, _ in shown) == sorted(there)
    assert not [at(row) for row, _, _, content in shown if not any(content)]
    assert not [at(row) for row, _, options, _ in [
        *shown, *directives("figure"), *directives("image")]
        if len(options.get("alt", "")) < 20]


def test_the_notation_tells_the_shapes_of_a_live_network():
    n, d, h, k = 7, 4, 5, 3
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n, d)), np.arange(n) % k
    live, sgd = {}, nn.SGD(momentum=0.5)
    watching = types.SimpleNamespace(
        start=lambda theta: sgd.start(theta) | nn.Adam().start(theta),
        step=lambda theta, gradient, state: live.update(
            theta=theta, gradient=gradient, **state))
    network = nn.Network(hidden_size=h, activation="tanh", epochs=1,
                         optimizer=watching).fit(X, y)
    params = network.params_
    X1 = np.hstack([X, np.ones((n, 1))])
    M1 = np.vstack([params["W1"], params["b1"]])
    M2 = np.vstack([params["W2"], params["b2"]])
    A1, Y = np.tanh(X1 @ M1), np.eye(k)[y]
    A = np.hstack([A1, np.ones((n, 1))])
    Z2 = A @ M2
    P = nn.softmax(Z2)
    D2 = (P - Y) / n
    G2 = A.T @ D2
    D1 = (D2 @ params["W2"].T) * (1 - A1**2)
    G1 = X1.T @ D1
    live |= {"X": X, "y": y, "t": y, "targets": y, "Y": Y, "params_": params,
             "X1": X1, "M1": M1, "A1": A1, "A": A, "M2": M2, "Z2": Z2,
             "logits": Z2, "P": P, "D2": D2, "D1": D1, "G1": G1, "G2": G2,
             "loss": nn.cross_entropy(Z2, y), **vars(sgd)}
    table = [match for row in PAGES["book/notation.rst"] if (match := re.match(
        r":math:`\S+` +(``.*``) +(\([ndhkp, +1]*\))", row.text))]
    assert len(table) > 15 and len(table) == sum(
        bool(re.match(r":math:`\S+` {2,}", row.text))
        for row in PAGES["book/notation.rst"])
    sizes = {"n": n, "d": d, "h": h, "k": k, "p": d * h + h + h * k + k}
    for row in table:
        for name in re.findall("``(.+?)``", row[1]):
            assert np.shape(eval(name, {}, live)) == eval(row[2], {}, sizes), \
                name


@pytest.mark.parametrize("rows", [
    *(rows for rows in BOOK if any(directives("(py:(?!data).*|math)", rows))),
    PAGES["hand.rst"], PAGES["experiments.rst"],
], ids=lambda rows: rows[0].text)
def test_chapters_end_in_exercises_and_in_what_to_remember(rows):
    last = literate.sections(rows)[-1]
    questions = [row for row in last if re.match(r"\d+\. \*\*", row.text)]
    answers = list(directives("answer", last))
    assert last[0].text.startswith("Exercises on ")
    assert 2 <= len(questions) == len(answers)
    assert all(any(line.startswith(">>>") for line in content)
               for _, _, _, content in answers)
    remembered = [content for _, title, _, content in
                  directives("topic", last) if title == "To remember"]
    assert [sum(line.startswith("* ") for line in content)
            for content in remembered] == [4]


def test_the_circuit_draws_what_the_program_computes():
    pytest.importorskip("matplotlib")
    sys.path.insert(0, str(ROOT))
    from docs.figures import circuit

    drawn = circuit.walk()
    M1, M2 = drawn["M_1"][0], drawn["M_2"][0]
    X, y = circuit.X1[:, :2], circuit.Y[:, 0]
    network = nn.Network(hidden_size=2, activation="relu", epochs=0).fit(X, y)
    network.params_ = {"W1": M1[:-1], "b1": M1[-1],
                       "W2": M2[:-1], "b2": M2[-1]}
    loss, slopes = network.loss_and_gradients(X, y)
    assert np.isclose(drawn["L"][0].item(), loss)
    for layer in "12":
        assert np.allclose(drawn[f"M_{layer}"][1], np.vstack(
            [slopes[f"W{layer}"], slopes[f"b{layer}"]]))


# The reader's machinery
# ----------------------

def test_the_examples_of_the_reading_code_run():
    results = doctest.testmod(literate)
    assert results.attempted and not results.failed


def test_private_code_is_folded_unless_the_prose_names_it():
    rows = literate.read(
        "'''Hi.'''\n# Part\n# ####\n# Why.\n#\n# One\n# ===\n# Of ``_b``.\n"
        "def _a():\n    '''Do it.'''\ndef _b():\n    '''Named.'''\n"
        "def _c():\n    pass\n")["One"]
    assert [row.text for row in rows[:4]] == ["One", "===", "Why.", ""]
    assert [title for _, title, _, _ in directives("folded", rows)] == [
        ":code:`_a` Do it."]


# The built book
# --------------

REMOTE = re.compile(r"""(url\(|@import)\s*["']?\s*(https?:)?//""")


def asks_elsewhere(tag):
    """Whether a page would fetch this by itself from another machine."""
    addresses = [value for name, value in tag.attrs.items()
                 if name in ("src", "srcset", "data", "poster") or (
                     "href" in name and tag.name in ("link", "use", "image"))]
    return any(re.match(r"\s*(\w+:)?//", address) for address in addresses) \
        or REMOTE.search(tag.get("style", ""))


@pytest.fixture(scope="module", params=["html", "singlehtml", "epub"])
def built(request, tmp_path_factory):
    """A form of the book; what is older than its sources is built anew."""
    soup = pytest.importorskip("bs4").BeautifulSoup
    for name in ("sphinx", "furo", "matplotlib"):
        pytest.importorskip(name)
    form = request.param
    folder = ROOT / "docs" / "_build" / form
    newest = max(path.stat().st_mtime for names in (
        "*.py", "docs/*.*", "docs/*/*.*") for path in ROOT.glob(names)
        if path.is_file())
    done = [*folder.glob("index.html"), *folder.glob("*.epub")]
    if not done or done[0].stat().st_mtime < newest:
        folder = tmp_path_factory.mktemp(form)
        subprocess.run([sys.executable, "-m", "sphinx", "-q", "-W", "-b",
                        form, "-d", str(folder) + "-doctrees",
                        str(ROOT / "docs"), str(folder)], check=True)
    return form, folder, {
        path.relative_to(folder).as_posix():
        soup(path.read_text("utf-8"), "html.parser")
        for path in folder.rglob("*html")}


def test_no_page_asks_another_machine_for_anything(built):
    _, folder, pages = built
    assert pages
    assert not [(name, tag) for name, page in pages.items()
                for tag in page.find_all(asks_elsewhere)]
    assert not [path.name for path in folder.rglob("*.css")
                if REMOTE.search(path.read_text("utf-8"))]


def test_pictures_are_described_and_links_within_a_page_lead_somewhere(built):
    everywhere = set()
    for name, page in built[2].items():
        assert not [tag for tag in page.select("img")
                    if len(tag.get("alt", "")) < 3], name
        links = {tag["href"][1:] for tag in page.select('a[href^="#"]')}
        places = [tag["id"] for tag in page.select("[id]")]
        assert len(places) == len(set(places)), name
        assert links - {""} <= set(places), name
        everywhere |= set(places)
    assert {f"nn.{name}" for name in nn.__all__} <= everywhere


def test_what_there_is_to_play_with_is_on_pages_for_the_screen_alone(built):
    form, _, pages = built
    found = [tag["id"] for page in pages.values()
             for tag in page.select(".play")]
    assert sorted(found) == ["play-iris", "play-ravine", "play-xor"] * (
        form == "html")
    for name, page in pages.items():
        scripts = len(page.select(
            '[src*="/nn.js"], [src*="/play.js"], [href*="/play.css"]'))
        assert scripts == (3 if page.select(".play") else 0), name
