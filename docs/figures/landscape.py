"""What does the loss look like, and what is the way down?"""
import numpy as np

import nn
from docs.figures._style import panels

X, Y = np.array([[1.0], [-1.0]]), np.array([1, 0])
STARTS = {(-1.2, 1.48): "C0", (1.5, -0.6): "C1"}


def walk(weights, steps=60):
    """The weights and losses of 60 steps, each with a learning rate of 0.5.

    The data lie evenly about zero, so the biases stay at zero by themselves.
    """
    network = nn.Network(hidden_size=1, activation="tanh", epochs=0,
                         optimizer=nn.SGD(0.5)).fit(X, Y)
    network.params_ = {"W1": np.full((1, 1), weights[0]), "b1": np.zeros(1),
                       "W2": np.full((1, 1), weights[1]), "b2": np.zeros(1)}
    path, losses = [weights], []
    for _ in range(steps):
        loss, gradients = network.loss_and_gradients(X, Y)
        network.apply_gradients(gradients)
        losses.append(loss)
        path.append([network.params_[name].item() for name in ("W1", "W2")])
    return np.array(path), losses


def draw():
    figure, (left, right) = panels(1, 2, (6.4, 3.4), width_ratios=[1.25, 1])
    w1, w2 = np.meshgrid(np.linspace(-2.5, 2.5, 101),
                         np.linspace(-2.5, 2.5, 101))
    loss = np.log1p(np.exp(-np.tanh(w1) * w2))      # the same for both rows
    shown = left.contourf(w1, w2, loss, 14, cmap="Blues")
    left.contour(w1, w2, loss, 14, colors="white", linewidths=0.5)
    figure.colorbar(shown, ax=left, label="loss", location="left")
    for (start, colour), mark in zip(STARTS.items(), "os"):
        path, losses = walk(start)
        left.plot(*path.T, color=colour, marker=mark, markersize=3.5,
                  markeredgecolor="white", markeredgewidth=0.4)
        left.plot(*path[0], color=colour, marker=mark, markersize=9,
                  markeredgecolor="white")
        right.plot(losses, color=colour, marker=mark, markersize=3)
    left.plot(0, 0, "k+", markersize=10)
    left.set(xlabel="$W_1$", ylabel="$W_2$", aspect="equal",
             xlim=(-2.5, 2.5), ylim=(-2.5, 2.5))
    left.grid(False)
    right.set(xlabel="step", ylabel="loss", ylim=(0, None))
    return figure
