"""Typeset mathematics as MathML: no script, no request, the same in EPUB.

The translator from TeX is the one that docutils, which Sphinx stands on,
brings along.  What it cannot translate is a warning, so that ``-W`` stops.
"""
import html
import re

from docutils import nodes
from docutils.utils.math import latex2mathml
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

# Room that the translator forgets: some between "log" and what it is taken
# of, unless that is in brackets; none inside the bars of |x|, and none
# between "max" and its bracket.
SPACING = {
    r"(<mo>&ApplyFunction;</mo>|<msub><mi>log</mi><mn>2</mn></msub>)"
    r"(?!<mo[^>]*>[('])": r'\1<mspace width="0.1667em"></mspace>',
    r'<mo stretchy="false">\|</mo>':
    '<mo stretchy="false" lspace="0" rspace="0">|</mo>',
    "<mo>max</mo>": '<mo lspace="0" rspace="0">max</mo>',
}


def translate(node, tex, as_block):
    """Return the MathML of TeX that stands in a node."""
    try:
        mathml = latex2mathml.tex2mathml(tex, as_block=as_block)
    except (ValueError, SyntaxError) as error:      # MathError is a ValueError
        logging.getLogger(__name__).warning(
            "cannot typeset %r: %s", tex, error, location=node)
        return ""
    mathml = re.sub(r">\s+<", "><", mathml)         # spaces would be seen
    for pattern, spaced in SPACING.items():
        mathml = re.sub(pattern, spaced, mathml)
    return re.sub(r"&(?!(?:amp|lt|gt|quot);)\w+;",  # XML knows only these
                  lambda match: html.unescape(match[0]), mathml)


def statements(tex):
    r"""Cut an equation at each \qquad, so that a phone may break it there.

    No browser breaks lines within a formula, but it wraps several of them.

    >>> statements(r"a = b \qquad \text{with } c \leftarrow d")
    ['a = b', '\\text{with } c \\leftarrow d']
    >>> [len(statements(tex)) for tex in (
    ...     r"a \left[ b \qquad c \right]", r"{a \qquad b}", r"a \quad b",
    ...     r"\begin{cases} a \qquad b \end{cases}")]
    [1, 1, 1, 1]
    """
    parts = re.split(r"\s*\\qquad\s*", tex)
    pairs = ("{", "}"), (r"\\left\b", r"\\right\b"), (r"\\begin", r"\\end")
    is_whole = all(len(re.findall(one, part)) == len(re.findall(other, part))
                   for part in parts for one, other in pairs)
    return parts if is_whole else [tex]


def visit_inline(self, node):
    """Write a formula within a line."""
    formula = translate(node, node.astext(), as_block=False)
    self.body.append(f'<span class="math">{formula}</span>')
    raise nodes.SkipNode


def visit_block(self, node):
    """Write a displayed equation with its number and a link to itself."""
    is_wrapped = "math-wrapper" in node.parent.get("classes", [])
    bearer = nodes.Element() if is_wrapped else node    # furo's wraps have ids
    parts = [translate(node, tex, True) for tex in statements(node.astext())]
    self.body += [self.starttag(bearer, "div", CLASS="math equation"),
                  f'<div class="formula" tabindex="0">{"".join(parts)}</div>']
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app):
    """Tell Sphinx what this extension adds."""
    app.add_html_math_renderer("mathml", inline_renderers=(visit_inline, None),
                               block_renderers=(visit_block, None))
    return {"version": "2", "parallel_read_safe": True}
