"""One step by hand, as a circuit: numbers forward, slopes back."""
import numpy as np

from docs.figures._style import panels

X, Y = np.array([[1.0], [-1.0]]), np.array([[1.0], [0.0]])
W1, B1, W2, B2 = 0.5, 0.0, 2.0, -0.5
VALUE, SLOPE = "C0", "C1"


def walk():
    """Values and slopes by name: rows under one another, by plain NumPy."""
    Z1 = X * W1 + B1
    A1 = np.tanh(Z1)
    Z2 = A1 * W2 + B2
    P = 1 / (1 + np.exp(-Z2))
    L = -np.mean(Y * np.log(P) + (1 - Y) * np.log(1 - P))
    D2 = (P - Y) / len(X)
    back = D2 * W2
    D1 = back * (1 - A1**2)
    return {"X": (X, None), "W1": (W1, (X * D1).sum()), "b1": (B1, D1.sum()),
            "Z1": (Z1, D1), "A1": (A1, back), "W2": (W2, (A1 * D2).sum()),
            "b2": (B2, D2.sum()), "Z2": (Z2, D2), "P": (P, None), "L": (L, 1)}


def column(numbers):
    """Numbers one below the other; four digits, or as they are if short."""
    return "\n".join((f"{x:g}" if x == round(x, 1) else f"{x:.4f}")
                     .replace("-", "−") for x in np.ravel(numbers))


def draw():
    figure, axes = panels(size=(6.4, 4.4))
    places = {"X": (0, 0), "W1": (1.5, 2), "b1": (3, 2), "Z1": (3, 0),
              "A1": (4.5, 0), "W2": (6, 2), "b2": (7.5, 2), "Z2": (7.5, 0),
              "P": (9.4, 0), "L": (10.9, 0)}
    nodes = {(1.5, 0): "×", (6, 0): "×"}
    arrow = {"arrowstyle": "->", "color": "#555555", "shrinkA": 13,
             "shrinkB": 13}
    for start, stop in ((0, 1.5), (1.5, 3), (3, 4.5), (4.5, 6), (6, 7.5),
                        (7.5, 9.4), (9.4, 10.9)):
        axes.annotate("", (stop, 0), (start, 0), arrowprops=arrow)
    for x in (1.5, 3, 6, 7.5):
        axes.annotate("", (x, 0), (x, 2), arrowprops=arrow)
    for (x, y), sign in nodes.items():
        axes.text(x, y, sign, ha="center", va="center", fontsize=13,
                  bbox={"boxstyle": "circle", "facecolor": "white"})
    for name, (value, slope) in walk().items():
        x, y = places[name]
        label = f"${name[0]}_{name[1]}$" if name[1:] else f"${name}$"
        axes.text(x, y, label, ha="center", va="center", fontsize=11,
                  bbox={"boxstyle": "round,pad=0.35", "facecolor": "white",
                        "edgecolor": "#555555"})
        beside = 0.1 if name[0] == "Z" else 0       # of the arrow from above
        axes.text(x + beside, y + 0.42, column(value), color=VALUE,
                  ha="left" if beside else "center", va="bottom", fontsize=9)
        if slope is not None:
            axes.text(x + 0.1 * (y > 0), y - 0.42, column(slope), va="top",
                      ha="left" if y else "center", color=SLOPE, fontsize=9,
                      style="italic", weight="bold")
    for x, label in ((3.75, "tanh"), (8.5, r"$\sigma$"),
                     (10.15, r"$-\log$")):
        axes.text(x, 0.16, label, ha="center", fontsize=9)
    for start, stop, low, text in ((0, 1.5, -0.45, "X again"),
                                   (4.5, 6, -1.15, "$A_1$ again")):
        axes.annotate("", (stop + 0.1, -2), (start, low), arrowprops={
            "arrowstyle": "->", "linestyle": "--", "color": SLOPE,
            "connectionstyle": "arc3,rad=0.35"})
        axes.text(stop + 0.2, -2, f"{text}: times\nthe slope in "
                  f"$Z_{1 if stop < 2 else 2}$, summed,\nis the slope in "
                  f"$W_{1 if stop < 2 else 2}$", va="center", fontsize=9,
                  color=SLOPE)
    axes.text(-0.5, 3.05, "values, forward", color=VALUE, fontsize=10)
    axes.text(3.2, 3.05, "slopes of the loss, back", color=SLOPE, fontsize=10,
              style="italic", weight="bold")
    axes.set(xlim=(-0.6, 11.5), ylim=(-2.7, 3.4))
    axes.axis("off")
    return figure
