"""The examples in the prose run: nn.py's comments, the book's other pages.

pytest finds the examples in docstrings by itself.  Here each chapter of the
book is run as a reader meets it: from top to bottom, in one namespace that
holds what nn.py defines, with the inserts and exercises from docs/.
"""

import doctest
import sys

import numpy as np
import pytest

import nn
from helpers import ROOT

sys.path.insert(0, str(ROOT / "docs" / "_ext"))
import literate

CHAPTERS = {chapter.slug: chapter.rows for chapter in literate.read(ROOT)}
PAGES = {
    path.relative_to(ROOT).as_posix(): path
    for path in sorted(ROOT.glob("docs/**/*.rst"))
    if path.relative_to(ROOT / "docs").parts[0] not in
    ("_build", "book", "inserts", "exercises")}


def page_rows(name, path):
    """A page as rows, like those of a chapter."""
    lines = path.read_text("utf-8").splitlines()
    return [literate.Row(name, n, text) for n, text in enumerate(lines, 1)]


def failures(rows):
    """Run the examples in rows; say where each one that fails stands."""
    globs = {**vars(nn), "np": np, "nn": nn, "__name__": "nn"}
    text = "".join(row.text + "\n" for row in rows)
    test = doctest.DocTestParser().get_doctest(text, globs, "prose", None, 0)
    found = []

    class Runner(doctest.DocTestRunner):
        def report_failure(self, out, test, example, got):
            found.append((example, "gave\n" + got))

        def report_unexpected_exception(self, out, test, example, exc_info):
            found.append((example, f"raised {exc_info[1]!r}\n"))

    with np.errstate(all="warn", under="ignore"):   # as a reader has it
        Runner(verbose=False).run(test, out=lambda text: None)
    return [f"{rows[example.lineno].path}:{rows[example.lineno].line}: "
            f"{example.source}{what}instead of\n{example.want}"
            for example, what in found], len(test.examples)


@pytest.mark.parametrize("slug", CHAPTERS)
def test_the_examples_of_a_chapter(slug):
    found, _ = failures(CHAPTERS[slug])
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", PAGES)
def test_the_examples_of_a_page(name):
    found, _ = failures(page_rows(name, PAGES[name]))
    assert not found, "\n".join(found)


def test_a_wrong_example_is_reported_with_its_line():
    rows = [literate.Row("nn.py", 41, "Two and two"),
            literate.Row("nn.py", 42, ""),
            literate.Row("nn.py", 43, ">>> 2 + 2"),
            literate.Row("nn.py", 44, "5"),
            literate.Row("nn.py", 45, ">>> no_such_name")]
    found, count = failures(rows)
    assert count == 2
    assert [text.split(":")[:2] for text in found] == [["nn.py", "43"],
                                                       ["nn.py", "45"]]


def test_most_chapters_have_examples():
    without = [slug for slug in CHAPTERS if not failures(CHAPTERS[slug])[1]]
    assert set(without) <= {"notation", "licence"}
