"""What do the three activations and their slopes look like?"""
import numpy as np

import nn
from docs.figures._style import panels


def draw():
    figure, axes = panels(1, 3, (6.4, 2.6), sharey=True)
    z = np.linspace(-4, 4, 401)
    for axis, (name, (activate, slope)) in zip(
            axes, nn._ACTIVATIONS.items()):
        a = activate(z, nn._NUMPY)
        s = np.array(slope(a), float)
        if name == "relu":
            s[np.argmin(abs(z))] = np.nan       # the jump is no line
        axis.plot(z, a, label="activation")
        axis.plot(z, s, "--", label="its slope")
        axis.set(title=name, xlabel="z", ylim=(-1.1, 2.1))
    figure.legend(*axes[0].get_legend_handles_labels(),
                  loc="outside lower center", ncols=2)
    return figure
