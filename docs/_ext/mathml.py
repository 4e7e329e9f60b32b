r"""Typeset mathematics as MathML: no script, no request, the same in EPUB.

The translator from TeX is the one that docutils, which Sphinx stands on,
brings along.  What it cannot translate is a warning, so that ``-W`` stops.

An equation is cut at each \qquad, so that a phone may break it there: no
browser breaks lines within a formula, but it wraps several of them.
"""
import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

# Room that the translator does not see to: some between "log" and what it is
# taken of, none inside the bars of |x|, none between "max" and its bracket.
ROOM = {r"\\(log(_2)?|sin|tanh|operatorname{\w+}) ": r"\g<0>\\,",
        r"\|(.+?)\|": r"\\left|\1\\right|",
        r"\\max": r"\\operatorname{max}"}


def translate(node, tex):
    """Return the MathML of TeX that stands in a node."""
    for written, meant in ROOM.items():
        tex = re.sub(written, meant, tex)
    try:
        mathml = tex2mathml(tex, as_block=isinstance(node, nodes.math_block))
    except (ValueError, SyntaxError) as error:      # MathError is a ValueError
        logging.getLogger(__name__).warning(
            "cannot typeset %r: %s", tex, error, location=node)
        return ""
    mathml = mathml.replace("&ApplyFunction;", "\u2061")  # no entity of XML's
    return re.sub(r">\s+<", "><", mathml)               # spaces would be seen


def visit_inline(self, node):
    """Write a formula within a line."""
    formula = translate(node, node.astext())
    self.body.append(f'<span class="math">{formula}</span>')
    raise nodes.SkipNode


def visit_block(self, node):
    """Write a displayed equation with its number and a link to itself."""
    is_wrapped = "math-wrapper" in node.parent.get("classes", [])
    bearer = nodes.Element() if is_wrapped else node    # furo's wraps have ids
    self.body += [self.starttag(bearer, "div", CLASS="math equation"),
                  '<div class="formula" tabindex="0">',
                  *(translate(node, tex)
                    for tex in node.astext().split(r"\qquad")), "</div>"]
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", inline_renderers=(visit_inline, None),
                               block_renderers=(visit_block, None))
