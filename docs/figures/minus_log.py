"""What does a wrong answer cost?"""
import numpy as np

from docs.figures._style import panels


def draw():
    figure, axes = panels()
    p = np.linspace(0.002, 1, 500)
    axes.plot(p, -np.log(p))
    for x, text, offset, side in ((0.01, "sure and wrong", (12, 0), "left"),
                                  (0.5, "undecided", (0, 54), "center"),
                                  (0.9, "sure and right", (32, 30), "right")):
        axes.plot(x, -np.log(x), "C1o")
        axes.annotate(f"{text}: −log {x:g} = {-np.log(x):.2f}",
                      (x, -np.log(x)), offset, textcoords="offset points",
                      ha=side, va="center",
                      arrowprops={"arrowstyle": "-", "color": "#999999"})
    axes.set(xlabel="probability that the right class was given, p",
             ylabel="loss, −log p", xlim=(0, 1.02), ylim=(0, 6))
    return figure
