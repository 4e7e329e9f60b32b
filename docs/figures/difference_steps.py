"""How does the error of a measured slope depend on the step?"""
import numpy as np

import nn
from docs.figures._style import panels

Z, T = np.array([[0.2, -0.4, 1.0]]), [2]


def central(h):
    """The slope of the loss in the first logit, by a step to both sides."""
    rise, fall = Z + [[h, 0, 0]], Z - [[h, 0, 0]]
    return (nn.cross_entropy(rise, T) - nn.cross_entropy(fall, T)) / (2 * h)


def by_complex_step(h):
    """The same by a step into the complex plane."""
    return nn.cross_entropy(Z + [[1j * h, 0, 0]], T).imag / h


def draw():
    figure, axes = panels(size=(6.4, 3.4))
    exact, steps = nn.softmax(Z)[0, 0], np.logspace(0, -30, 121)
    for measure, mark, name in ((central, "C1s-", "central difference"),
                                (by_complex_step, "C0o-", "complex step")):
        errors = [max(abs(measure(h) / exact - 1), 5e-17) for h in steps]
        axes.plot(steps, errors, mark, label=name, markersize=3,
                  linewidth=1)
    axes.set(xscale="log", yscale="log", xlabel="step",
             ylabel="relative error")
    axes.invert_xaxis()
    axes.legend(loc="center right")
    return figure
