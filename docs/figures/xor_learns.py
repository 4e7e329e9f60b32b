"""How does a network learn exclusive or?"""
import numpy as np

import nn
from docs.figures._style import panels, scatter, shade

X, Y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])


def draw(size=(6.4, 2.7), epochs=(0, 10, 300), mark=50):
    figure, axes = panels(1, len(epochs), size, sharex=True, sharey=True)
    for axis, epoch in zip(np.ravel(axes), epochs):
        network = nn.Network(hidden_size=8, activation="tanh", epochs=epoch,
                             optimizer=nn.SGD(0.5, momentum=0.9)).fit(X, Y)
        shade(axis, network, (-0.5, -0.5), (1.5, 1.5))
        scatter(axis, X, Y, mark)
        axis.set(title=f"after {epoch} epochs", xticks=[0, 1], yticks=[0, 1],
                 aspect="equal")
    return figure
