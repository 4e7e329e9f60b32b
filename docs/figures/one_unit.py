"""What does one unit make of a plane?"""
import numpy as np

from docs.figures._style import panels

W, B = np.array([1.5, 1.0]), -0.5


def draw():
    figure, (left, right) = panels(1, 2, (6.4, 3.2))
    side = np.linspace(-3, 3, 61)
    x, y = np.meshgrid(side, side)
    z = W[0] * x + W[1] * y + B
    lines = left.contour(x, y, z, range(-8, 9, 2), cmap="PuOr", vmin=-8,
                         vmax=8, linewidths=1)
    left.clabel(lines, fontsize=8)
    left.contour(x, y, z, [0], colors="black", linewidths=2)
    foot = -B * W / (W @ W)             # the point of the border nearest to 0
    left.annotate("", foot + W, foot, arrowprops={"arrowstyle": "->",
                                                  "color": "C1", "lw": 2})
    left.text(*(foot + W + 0.1), "weights", color="C1")
    left.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal",
             title="the sum $z$")
    left.grid(False)
    right.remove()
    solid = figure.add_subplot(1, 2, 2, projection="3d")
    solid.plot_surface(x, y, np.tanh(z), cmap="PuOr", vmin=-1, vmax=1,
                       rcount=31, ccount=31, linewidth=0)
    solid.contour(x, y, np.tanh(z), [0], colors="black", linewidths=2)
    solid.set(xlabel="$x_1$", ylabel="$x_2$", zlabel="tanh $z$",
              title="the bend", zticks=[-1, 0, 1])
    solid.view_init(28, -115)
    return figure
