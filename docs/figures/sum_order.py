"""How much does the order of the terms change a sum?"""
import math

import numpy as np

from docs.figures._style import panels


def draw():
    figure, axes = panels(size=(6.4, 3.2))
    rng = np.random.default_rng(0)
    x = rng.random(4096)
    exact = math.fsum(x)
    unit = np.spacing(exact)
    running, folded = [], []
    for _ in range(800):
        y = rng.permutation(x)
        running.append((np.cumsum(y)[-1] - exact) / unit)
        while len(y) > 1:                       # the second half on the first
            y = y[:len(y) // 2] + y[len(y) // 2:]
        folded.append((y[0] - exact) / unit)
    most = math.ceil(max(map(abs, running)))
    edges = np.arange(-most - 0.5, most + 1)
    axes.hist(running, edges, color="C1", alpha=0.55, hatch="///",
              edgecolor="C1", label="one after the other")
    axes.hist(folded, edges, histtype="step", color="C0", linewidth=1.8,
              label="folded")
    axes.set(xlabel="error, in units of the sum's last bit",
             ylabel="shuffled orders", yscale="log")
    axes.legend()
    return figure
