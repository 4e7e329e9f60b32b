"""What does a network look like, drawn as circles and lines?"""
import numpy as np

from docs.figures._style import panels

NETWORKS = {"exclusive or: 2-8-1": (2, 8, 1), "iris: 4-16-3": (4, 16, 3)}
LAYERS = "features", "hidden units", "outputs"


def draw():
    figure, axes = panels(1, 2, (6.4, 4.6), sharex=True, sharey=True)
    for axis, (title, sizes) in zip(axes, NETWORKS.items()):
        columns = [(np.arange(size) - (size - 1) / 2) * -min(1, 8 / size)
                   for size in sizes]
        for x, (left, right) in enumerate(zip(columns, columns[1:])):
            for start in left:
                for stop in right:
                    axis.plot([x, x + 1], [start, stop], color="#999999",
                              linewidth=0.6, zorder=1)
            axis.text(x + 0.5, -4.6, f"$W_{x + 1}$: {sizes[x]} × "
                      f"{sizes[x + 1]}\n= {sizes[x] * sizes[x + 1]} weights\n"
                      f"and {sizes[x + 1]} bias" + "es" * (len(right) > 1),
                      ha="center", va="top", fontsize=10)
        for x, ys in enumerate(columns):
            axis.scatter(np.full(len(ys), x), ys, 110, color=f"C{x}",
                         marker="so^"[x], edgecolor="white", zorder=2)
            axis.text(x, 4.25, f"{len(ys)} {LAYERS[x]}"
                      .replace("1 outputs", "1 output").replace(" ", "\n", 1),
                      ha="center", va="bottom", fontsize=10)
        axis.set(xlim=(-0.4, 2.4), ylim=(-6.6, 5.4))
        axis.set_title(title)
        axis.axis("off")
    return figure
