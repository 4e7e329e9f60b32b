"""How do two units with a bend solve exclusive or?"""
import numpy as np

from docs.figures._style import SIDES, panels, scatter

X, Y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])


def draw():
    figure, axes = panels(1, 3, (6.4, 3.3), sharex=True, sharey=True)
    side = np.linspace(-0.5, 1.5, 161)
    x1, x2 = np.meshgrid(side, side)
    a1 = np.maximum(2 * x1 + 2 * x2 - 1, 0)
    a2 = np.maximum(2 * x1 + 2 * x2 - 3, 0)
    z = a1 - 3 * a2 - 0.5
    for axis, shown, title, border in zip(
            axes, (a1, a2, z), ("first unit, $a_1$", "second unit, $a_2$",
                                "$z = a_1 - 3\\,a_2 - 0.5$"),
            (1e-9, 1e-9, 0)):
        axis.imshow(np.clip(shown, -3, 3), extent=(-0.5, 1.5) * 2,
                    cmap=SIDES, origin="lower", vmin=-3, vmax=3)
        axis.contour(side, side, shown, [border], colors="black",
                     linewidths=1)
        scatter(axis, X, Y, 50)
        axis.set(xticks=[0, 1], yticks=[0, 1])
        axis.set_title(title, fontsize=11)
        axis.grid(False)
    figure.legend(*axes[0].get_legend_handles_labels(), title="wanted",
                  loc="outside lower center", ncols=2)
    return figure
