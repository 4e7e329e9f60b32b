"""What does one unit make of a plane?"""
import numpy as np

from docs.figures._style import SIDES, panels

W, B = np.array([1.5, 1.0]), -0.5


def draw():
    figure, (left, right) = panels(1, 2, (6.4, 3.5))
    side = np.linspace(-3, 3, 61)
    x, y = np.meshgrid(side, side)
    z = W[0] * x + W[1] * y + B
    lines = left.contour(x, y, z, [-6, -4, -2, 2, 4, 6], linewidths=1,
                         colors=["#b35806"] * 3 + ["#542788"] * 3)
    left.clabel(lines, fontsize=10, manual=[        # away from the arrow
        (-2.7, -1.5), (-1.3, -1.5), (0, -1.5), (0.1, 2.4), (1.4, 2.4),
        (2.7, 2.4)])
    left.contour(x, y, z, [0], colors="black", linewidths=2)
    foot = -B * W / (W @ W)             # the point of the border nearest to 0
    left.annotate("", foot + W, foot, arrowprops={"arrowstyle": "->",
                                                  "color": "C1", "lw": 2})
    left.text(*(foot + W + [0, 0.2]), "weights", color="C1", ha="center",
              bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
    left.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal",
             title="the sum $z$")
    left.grid(False)
    right.remove()
    solid = figure.add_subplot(1, 2, 2, projection="3d",
                               computed_zorder=False)
    solid.plot_surface(x, y, np.tanh(z), cmap=SIDES, vmin=-1, vmax=1,
                       rcount=31, ccount=31, linewidth=0, zorder=1)
    solid.contour(x, y, np.tanh(z), [0], colors="black", linewidths=2,
                  zorder=2)
    solid.set(xlabel="$x_1$", ylabel="$x_2$",
              title="the bend, tanh $z$", xticks=[-2, 0, 2], yticks=[-2, 0, 2],
              zticks=[-1, 0, 1])
    solid.view_init(28, -115)
    return figure
