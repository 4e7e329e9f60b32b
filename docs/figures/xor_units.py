"""What does each hidden unit of the network for exclusive or see?"""
import numpy as np

import nn
from docs.figures._style import SIDES, panels, scatter

X, Y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])


def draw():
    figure, axes = panels(2, 4, (6.4, 3.6), sharex=True, sharey=True)
    network = nn.Network(hidden_size=8, activation="tanh", epochs=300,
                         optimizer=nn.SGD(0.5, momentum=0.9)).fit(X, Y)
    W1, b1, W2, _ = network.params_.values()
    side = np.linspace(-0.5, 1.5, 81)
    plane = np.stack(np.meshgrid(side, side), axis=-1)
    A1 = np.tanh(plane @ W1 + b1)
    for j, axis in enumerate(axes.flat):
        shown = axis.imshow(A1[..., j], extent=(-0.5, 1.5) * 2, cmap=SIDES,
                            origin="lower", vmin=-1, vmax=1)
        axis.contour(side, side, A1[..., j], [0], colors="black",
                     linewidths=1)
        scatter(axis, X, Y, 30)
        axis.set(xticks=[0, 1], yticks=[0, 1])
        weight = round(W2[j, 0], 1) + 0.0       # +0.0 for one of -0.0
        axis.set_title(f"unit {j + 1}, × {weight:+.1f}".replace("-", "−"),
                       fontsize=10)
        axis.grid(False)
    figure.colorbar(shown, ax=axes, label="activation", shrink=0.8)
    return figure
