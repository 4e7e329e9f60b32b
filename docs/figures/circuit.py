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
    figure, axes = panels(size=(6.4, 4.9))
    places = {"X_1": (0, 0), "M_1": (1.55, 3.1), "Z_1": (3.1, 0),
              "A": (5.2, 0), "M_2": (6.6, 3.1), "Z_2": (8, 0), "P": (9.7, 0),
              "L": (11.2, 0)}
    arrow = {"arrowstyle": "->", "color": "#555555"}
    for start, stop in ((0.4, 1.3), (1.8, 2.35), (3.85, 4.85), (5.55, 6.35),
                        (6.85, 7.55), (8.45, 9.35), (10.05, 10.85)):
        axes.annotate("", (stop, 0), (start, 0), arrowprops=arrow)
    for x in (1.55, 6.6):
        axes.annotate("", (x, 0.3), (x, 1.9), arrowprops=arrow)
        axes.text(x, 0, "×", ha="center", va="center", fontsize=13,
                  bbox={"boxstyle": "circle", "facecolor": "white"})
    for name, (value, slope) in walk().items():
        x, y = places[name]
        axes.text(x, y, f"${name}$", ha="center", va="center", fontsize=11,
                  bbox={"boxstyle": "round,pad=0.35", "facecolor": "white",
                        "edgecolor": "#555555"})
        axes.text(x, y + 0.42, table(value), color=VALUE, ha="center",
                  va="bottom", fontsize=8, family="monospace")
        if slope is not None:
            axes.text(x, y - 0.42, table(slope), va="top", ha="center",
                      color=SLOPE, fontsize=8, family="monospace",
                      weight="bold")
    for x, label in ((4.35, "relu"), (8.9, r"$\sigma$"),
                     (10.45, r"$-\log$")):
        axes.text(x, 0.14, label, ha="center", fontsize=9)
    for start, stop, text in (
            (0, 1.25, "$X_1$ again:\n$X_1^T D_1 = G_1$,\nbelow $M_1$"),
            (5.2, 6.3, "$A$ again:\n$A^T D_2 = G_2$,\nbelow $M_2$")):
        axes.annotate("", (stop, -2.5), (start, -0.4), arrowprops={
            "arrowstyle": "->", "linestyle": "--", "color": SLOPE,
            "connectionstyle": "arc3,rad=0.3"})
        axes.text(stop + 0.1, -2.5, text, va="center", fontsize=9,
                  color=SLOPE)
    axes.text(-0.5, 4.75, "values, forward", color=VALUE, fontsize=10)
    axes.text(3.0, 4.75, "slopes of the loss, back", color=SLOPE, fontsize=10,
              weight="bold")
    axes.set(xlim=(-0.7, 11.8), ylim=(-3.2, 5.1))
    axes.axis("off")
    return figure
