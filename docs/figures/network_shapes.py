"""What shape has each array on the way forward and back?"""
from docs.figures._style import panels

SHAPES = {"X_1": "n, d+1", "A_1": "n, h", "A": "n, h+1", "Z_2": "n, k",
          "P": "n, k", "D_1": "n, h", "D_2": "n, k"}
FORWARD = {"X_1": 0, "A_1": 2.4, "A": 4.7, "Z_2": 7.1, "P": 9.3}
BACKWARD = {"D_1": 2.4, "D_2": 7.1}
STEPS = {(0, 2.4): "$f(X_1 M_1)$", (2.4, 4.7): "ones",
         (4.7, 7.1): "$A\\, M_2$", (7.1, 9.3): "softmax"}


def draw():
    figure, axes = panels(size=(6.4, 4.0))
    box = {"boxstyle": "round,pad=0.4", "linewidth": 1.2}
    for names, y, colour in ((FORWARD, 2, "C0"), (BACKWARD, 0, "C1")):
        for name, x in names.items():
            axes.text(x, y, f"${name}$\n({SHAPES[name]})", ha="center",
                      va="center", bbox={**box, "facecolor": "white",
                                         "edgecolor": colour})
    for (start, stop), text in STEPS.items():
        axes.annotate("", (stop - 0.8, 2), (start + 0.8, 2),
                      arrowprops={"arrowstyle": "->", "color": "C0"})
        axes.text((start + stop) / 2, 2.62, text, ha="center")
    for start, stop in (((9.3, 1.4), (7.75, 0)), ((6.45, 0), (3.05, 0))):
        axes.annotate("", stop, start, arrowprops={
            "arrowstyle": "->", "color": "C1"})
    axes.text(4.75, 0.2, "$(D_2 W_2^T) \\odot f'$", ha="center")
    axes.text(8.8, 0.5, "$(P - Y)/n$", ha="left")
    for x, text in ((2.4, "$X_1^T D_1 = G_1$\nfor $M_1$ (d+1, h)"),
                    (7.1, "$A^T D_2 = G_2$\nfor $M_2$ (h+1, k)")):
        axes.annotate("", (x, -1.4), (x, -0.6), arrowprops={
            "arrowstyle": "->", "color": "C1"})
        axes.text(x, -1.85, text, ha="center", va="center")
    axes.set(xlim=(-0.8, 10.6), ylim=(-2.3, 3.1))
    axes.axis("off")
    return figure
