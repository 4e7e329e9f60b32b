"""What several figures share; colours and fonts are set by the build."""
import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.figure import Figure

COLOURS = "C0", "C1", "C2"
MARKS = "os^"
# From orange below zero to purple above it.  The darkest ends are left out:
# a dark page turns figures round, and they would glare.
SIDES = ListedColormap(colormaps["PuOr"](np.linspace(0.12, 0.88, 255)))


def panels(rows=1, columns=1, size=(6.4, 3.4), **options):
    """Return a figure and its axes, without touching pyplot."""
    figure = Figure(figsize=size)
    return figure, figure.subplots(rows, columns, **options)


def shade(axes, network, low, high, change=None):
    """Colour a rectangle by the probabilities that the network gives.

    ``change`` turns points of the picture into what the network was fed.
    """
    n = 160
    across, up = (np.linspace(a, b, n) for a, b in zip(low, high))
    points = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    P = network.predict_proba(points if change is None else change(points))
    light = 1 - 0.45 * (1 - np.array([to_rgb(c) for c in COLOURS]))
    axes.imshow((P @ light[:P.shape[1]]).reshape(n, n, 3), origin="lower",
                extent=(low[0], high[0], low[1], high[1]), aspect="auto",
                interpolation="bilinear")
    for j in range(P.shape[1] - (P.shape[1] == 2)):
        ahead = P[:, j] - np.delete(P, j, axis=1).max(axis=1)
        axes.contour(across, up, ahead.reshape(n, n), [0], colors="black",
                     linewidths=0.8)
    axes.grid(False)


def scatter(axes, X, y, size=28):
    """Draw points, each class with its own colour and mark."""
    for label, colour, mark in zip(np.unique(y), COLOURS, MARKS):
        axes.scatter(*X[y == label].T, size, color=colour, marker=mark,
                     edgecolor="white", linewidth=0.6, label=str(label))
