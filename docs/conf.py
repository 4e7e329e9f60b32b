"""How Sphinx builds the book of nn.py."""
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

import nn  # noqa: E402
import running  # noqa: E402

project = "nn.py"
author = "the authors of nn.py"
project_copyright = "the authors of nn.py, MIT licence"
version = release = nn.__version__
language = "en"
description = ("How a neural network works, told by a program: derive "
               "backpropagation in an evening, and run every line.")

extensions = ["sphinx.ext.doctest", "book", "mathml", "running", "epub"]
exclude_patterns = ["_build", "_static", "figures", "README.md"]
nitpicky = True
nitpick_ignore = [              # types of others, that have no page here
    ("py:class", "ArrayLike"),
    ("py:class", "os.PathLike"),
    ("py:class", "Array"),      # found from Sphinx 8.2 on
    ("py:class", "Callback"),
]
default_role = "py:obj"         # `x` must name something, or it is a warning
add_module_names = False
numfig = True                   # with the chapter's number, as equations
math_eqref_format = "equation {number}"
smartquotes = False             # quotes in the book are those of nn.py
toc_object_entries_show_parents = "hide"
pygments_style = "a11y-high-contrast-light"     # furo's, for the EPUB too

# Examples see what a reader of the chapter has: nn's names, and np.
doctest_global_setup = """
import numpy as np, nn
globals().update({**vars(nn), "__name__": "nn"})
"""
doctest_default_flags = 0
doctest_show_successes = False

html_theme = "furo"
html_title = f"nn.py {version}"
html_baseurl = os.environ.get("BOOK_URL", "")   # where it will be published
html_favicon = "_static/icon.svg"
html_context = {"description": description}
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_search_scorer = str(HERE / "_ext" / "scorer.js")
html_show_search_summary = False        # pages opened as files cannot fetch
html_show_sourcelink = False
html_show_copyright = False
html_domain_indices = False
html_theme_options = {
    "light_css_variables": {"font-stack--headings": "inherit"},
    "footer_icons": [],
}
templates_path = ["_templates"]

epub_basename = "nn"
epub_title = "nn.py: a neural network in one file"
epub_description = description
epub_contributor = author
epub_publisher = author
epub_copyright = project_copyright
epub_identifier = epub_uid = "uuid-6f1d3c52-7a0e-4b8e-9d53-1f0c2b7a9e41"
epub_cover = ("_static/_cover.png", "epub-cover.html")
epub_show_urls = "no"
epub_use_index = True
epub_exclude_files = [".buildinfo.bak", "_static/single.css",
                      "epub-cover.xhtml"]      # which Sphinx then puts first
epub_tocdepth = 2


def draw_static(app):
    """Draw the cover, and the picture that is shown where a page is shared."""
    for name in ("_cover.png", "_preview.png"):
        app.config.html_static_path.append(str(running.picture(app, name)))


def setup(app):
    """Draw what counts as static; style the single page for printing."""
    app.connect("builder-inited", draw_static)
    app.connect("builder-inited", lambda app: app.builder.name == "singlehtml"
                and app.add_css_file("single.css"))
