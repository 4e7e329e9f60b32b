"""What do the three activations and their slopes look like?"""
import numpy as np

import nn
from docs.figures._style import panels

FUNCTIONS = {
    "sigmoid": (nn.sigmoid, lambda a: a * (1 - a)),
    "tanh": (nn.tanh, lambda a: 1 - a**2),
    "relu": (nn.relu, lambda a: a > 0),         # whose jump is no line
}


def draw():
    figure, axes = panels(1, 3, (6.4, 2.9), sharey=True)
    z = np.linspace(-4, 4, 401)
    for axis, (name, (activate, slope)) in zip(
            axes, FUNCTIONS.items()):
        a = activate(z)
        s = np.where((name == "relu") & (z == 0), np.nan, slope(a))
        axis.plot(z, a, label="activation")
        axis.plot(z, s, "--", label="its slope")
        axis.set(title=name, xlabel="z", ylim=(-1.1, 2.1))
    figure.legend(*axes[0].get_legend_handles_labels(),
                  loc="outside lower center", ncols=2)
    return figure
