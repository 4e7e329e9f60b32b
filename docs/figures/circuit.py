"""One step by hand, as a circuit: numbers forward, slopes back."""
import numpy as np

from docs.figures._style import panels

X1 = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
Y = np.array([[0], [1], [1], [0]])
M1, M2 = np.array([[2, 2], [2, 2], [-1, -3]]), np.array([[1], [-2], [-0.5]])
VALUE, SLOPE = "C0", "C1"


def walk():
    """Values and slopes by name, by plain NumPy."""
    Z1 = X1 @ M1
    A = np.hstack([np.maximum(Z1, 0), np.ones((4, 1))])
    Z2 = A @ M2
    P = 1 / (1 + np.exp(-Z2))
    L = -np.mean(np.log(np.where(Y, P, 1 - P)))
    D2 = (P - Y) / 4
    D1 = (D2 @ M2[:-1].T) * (Z1 > 0)
    return {"X_1": (X1, None), "M_1": (M1, X1.T @ D1), "Z_1": (Z1, D1),
            "A": (A, None), "M_2": (M2, A.T @ D2), "Z_2": (Z2, D2),
            "P": (P, None), "L": (np.array([[L]]), None)}


def table(numbers):
    """Numbers in rows and columns; as they are if short, or four digits."""
    cells = [[(f"{x + 0.0:g}" if x == round(x, 1) else f"{x:.4f}")
              .replace("-", "−") for x in row] for row in numbers]
    width = max(len(cell) for row in cells for cell in row)
    return "\n".join(" ".join(cell.rjust(width) for cell in row)
                     for row in cells)


def draw():
    # In points, from top to bottom, so that a phone can show it too.
    figure, axes = panels(size=(5.4, 6.4))
    places = {"X_1": (95, 400), "M_1": (262, 350), "Z_1": (95, 296),
              "A": (95, 226), "M_2": (262, 177), "Z_2": (95, 126),
              "P": (95, 58), "L": (95, 4)}
    numbers = {"va": "center", "family": "monospace", "fontsize": 10.5}
    arrow = {"arrowstyle": "->", "color": "#555555"}
    for start, stop, label in (
            (387, 363, ""), (337, 310, ""), (282, 240, "relu"),
            (213, 190, ""), (164, 140, ""), (112, 72, r"$\sigma$"),
            (44, 18, r"$-\log$")):
        axes.annotate("", (95, stop), (95, start), arrowprops=arrow)
        axes.text(101, (start + stop) / 2, label, va="center", fontsize=11)
    for y in (350, 177):
        axes.annotate("", (109, y), (205, y), arrowprops=arrow)
        axes.text(95, y, "×", ha="center", va="center", fontsize=13,
                  bbox={"boxstyle": "circle", "facecolor": "white"})
    for name, (value, slope) in walk().items():
        x, y = places[name]
        axes.text(x, y, f"${name}$", ha="center", va="center", fontsize=12,
                  bbox={"boxstyle": "round,pad=0.35", "facecolor": "white",
                        "edgecolor": "#555555"})
        room = 30 if len(name) > 3 else 20
        axes.text(x - room, y, table(value), color=VALUE, ha="right",
                  **numbers)
        if slope is not None:
            axes.text(x + room, y, table(slope), color=SLOPE, weight="bold",
                      **numbers)
    for y, text in ((400, "$X_1$ again: $X_1^T D_1 = G_1$"),
                    (226, "$A$ again: $A^T D_2 = G_2$")):
        axes.annotate("", (315, y - 26), (113, y), arrowprops={
            "arrowstyle": "->", "linestyle": "--", "color": SLOPE,
            "connectionstyle": "angle,angleA=0,angleB=90,rad=8"})
        axes.text(135, y + 6, text, va="bottom", fontsize=11, color=SLOPE)
    axes.text(0, 440, "values, forward", color=VALUE)
    axes.text(175, 440, "slopes of the loss, back", color=SLOPE,
              weight="bold")
    axes.set(xlim=(-5, 375), ylim=(-8, 452))
    axes.axis("off")
    return figure
