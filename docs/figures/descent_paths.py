"""How do the optimizers move on a bowl and in a ravine?"""
import numpy as np

import nn
from docs.figures._style import panels

SURFACES = {"bowl": np.array([1.0, 1.0]), "ravine": np.array([1.0, 25.0])}
OPTIMIZERS = {
    "plain": nn.SGD(0.07),
    "momentum": nn.SGD(0.03, momentum=0.7),
    "Nesterov": nn.SGD(0.03, momentum=0.7, nesterov=True),
    "Adam": nn.Adam(0.25, beta1=0.8, beta2=0.95),
}


def path(optimizer, steepness, steps=40):
    """Points of a walk down ``steepness @ theta**2 / 2``."""
    theta = np.array([-4.0, 1.5])
    state, points = optimizer.start(theta), [theta.copy()]
    for _ in range(steps):
        optimizer.step(theta, steepness * theta, state)
        points.append(theta.copy())
    return np.array(points)


def draw():
    figure, axes = panels(2, 4, (6.4, 3.5), sharex=True, sharey=True)
    grid = np.stack(np.meshgrid(np.linspace(-4.6, 1.4, 90),
                                np.linspace(-3, 3, 90)), axis=-1)
    for row, (surface, steepness) in zip(axes, SURFACES.items()):
        height = (steepness * grid**2).sum(axis=-1) / 2
        for axis, (name, optimizer) in zip(row, OPTIMIZERS.items()):
            axis.contour(*np.moveaxis(grid, -1, 0), height, 9,
                         colors="#bbbbbb", linewidths=0.7)
            axis.plot(*path(optimizer, steepness).T, "C0.-", linewidth=1,
                      markersize=4)
            axis.plot(0, 0, "C1*", markersize=9)
            axis.grid(False)
            axis.set(xticks=[], yticks=[], aspect="equal")
            if surface == "bowl":
                axis.set_title(name)
        row[0].set_ylabel(surface)
    return figure
