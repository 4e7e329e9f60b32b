"""Where does a loss that is written down literally break?"""
import numpy as np

import nn
from docs.figures._style import panels


def naive(z, t):
    """The loss of one row of logits, exactly as its formula reads."""
    e = np.exp(z)
    return -np.log(e[t] / e.sum())


def draw():
    figure, (wrong, right) = panels(1, 2)
    for axis, margins in ((wrong, np.linspace(0, 1000, 401)),
                          (right, np.linspace(-60, 0, 601))):
        rows = np.stack([np.zeros_like(margins), margins], axis=1)
        with np.errstate(all="ignore"):
            literal = np.array([naive(row, 0) for row in rows])
        literal[literal == 0] = np.nan          # no place on a log scale
        exact = [nn.cross_entropy(row[None], [0]) for row in rows]
        axis.plot(margins, exact, label="nn.cross_entropy", linewidth=5,
                  alpha=0.35)
        axis.plot(margins, literal, label="the formula, literally")
        last = np.flatnonzero(np.isfinite(literal))[-1 if margins[-1] else 0]
        axis.plot(margins[last], literal[last], "C1X", markersize=9)
        axis.set(xlabel="wrong logit minus right logit", ylabel="loss")
        axis.annotate("infinite\nfrom here on" if margins[-1]
                      else "0 from\nhere on", (margins[last], literal[last]),
                      xytext=(-12, 0),
                      ha="right", va="center",
                      textcoords="offset points")
    wrong.set_title("sure and wrong")
    right.set(title="sure and right", yscale="log")
    right.invert_xaxis()
    figure.legend(*wrong.get_legend_handles_labels(),
                  loc="outside lower center", ncols=2)
    return figure
