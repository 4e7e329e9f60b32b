"""How does the softmax turn logits into probabilities?"""
import numpy as np

import nn
from docs.figures._style import panels

LOGITS = np.array([2.0, 1.0, -1.0])
CLASSES = "setosa", "versicolor", "virginica"


def draw():
    figure, axes = panels(1, 3, (6.4, 3.0))
    for axis, numbers, digits, title in zip(
            axes, (LOGITS, np.exp(LOGITS), nn.softmax(LOGITS)), (2, 2, 4),
            ("logits z", "exponentials e$^z$", "shared out: P")):
        bars = axis.bar(CLASSES, numbers, color=["C0", "C1", "C2"])
        axis.bar_label(bars, [f"{x:.{digits}f}".replace("-", "−")
                              for x in numbers], padding=2)
        axis.axhline(0, color="black", linewidth=0.8)
        axis.set_title(title)
        axis.margins(y=0.2)
        axis.tick_params(axis="x", rotation=30)
        axis.grid(axis="x", visible=False)
    return figure
