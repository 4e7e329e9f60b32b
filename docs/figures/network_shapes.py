"""What shape has each array on the way forward and back?"""
from docs.figures._style import panels

SHAPES = {"X": "nd", "Z1": "nh", "A1": "nh", "Z2": "nk", "P": "nk",
          "D1": "nh", "D2": "nk", "W1": "dh", "b1": "h", "W2": "hk",
          "b2": "k"}
FORWARD = {"X": 0, "Z1": 2, "A1": 4, "Z2": 6, "P": 8}
BACKWARD = {"D1": 2, "D2": 6}
STEPS = {(0, 2): "$X W_1 + b_1$", (2, 4): "$f$", (4, 6): "$A_1 W_2 + b_2$",
         (6, 8): "softmax"}


def label(name):
    """A symbol and its shape, as text for the figure."""
    symbol = f"${name[0]}_{name[1]}$" if name[1:] else f"${name}$"
    shape = SHAPES[name]
    return f"{symbol}\n({', '.join(shape)}{',' * (len(shape) == 1)})"


def draw():
    figure, axes = panels(size=(6.4, 4.2))
    box = {"boxstyle": "round,pad=0.4", "linewidth": 1.2}
    for names, y, colour in ((FORWARD, 2, "C0"), (BACKWARD, 0, "C1")):
        for name, x in names.items():
            axes.text(x, y, label(name), ha="center", va="center", bbox={
                **box, "facecolor": "white", "edgecolor": colour})
    for (start, stop), text in STEPS.items():
        axes.annotate("", (stop - 0.55, 2), (start + 0.55, 2),
                      arrowprops={"arrowstyle": "->", "color": "C0"})
        axes.text((start + stop) / 2, 2.62, text, ha="center", fontsize=11)
    for start, stop in (((8, 1.4), (6.6, 0)), ((5.4, 0), (2.6, 0))):
        axes.annotate("", stop, start, arrowprops={
            "arrowstyle": "->", "color": "C1"})
    axes.text(4, 0.2, "$(D_2 W_2^T) \\odot f'$", ha="center", fontsize=11)
    axes.text(7.75, 0.55, "$(P - Y)/n$", ha="left", fontsize=11)
    for x, weights, biases, product in ((2, "W1", "b1", "X^T D_1"),
                                        (6, "W2", "b2", "A_1^T D_2")):
        axes.annotate("", (x, -1.4), (x, -0.6), arrowprops={
            "arrowstyle": "->", "color": "C1"})
        for y, name, formula in ((-1.75, weights, f"${product}$"),
                                 (-2.4, biases, "sum of rows")):
            axes.text(x, y, f"{formula}, for " + label(name).replace(
                "\n", " "), ha="center", va="center", fontsize=11)
    axes.set(xlim=(-0.8, 9.6), ylim=(-2.7, 3.1))
    axes.axis("off")
    return figure
