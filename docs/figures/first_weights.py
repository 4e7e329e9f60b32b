"""What comes of first weights too small, right and too large?"""
import numpy as np

import nn
from docs.figures._style import panels

SIZES = {"hundredth": 0.01, "Glorot and Bengio": 1.0, "tenfold": 10.0}
STYLES = "-", "--", ":"


def draw():
    figure, (left, right) = panels(1, 2)
    rng = np.random.default_rng(0)
    X = 2 * rng.random((200, 16)) - 1
    y = (X @ (2 * rng.random(16) - 1) > 0).astype(int)
    for (name, size), style in zip(SIZES.items(), STYLES):
        network = nn.Network(hidden_size=16, activation="tanh", epochs=0,
                             batch_size=None, optimizer=nn.SGD(0.3)).fit(X, y)
        network.params_ = {key: size * p
                           for key, p in network.params_.items()}
        A1 = np.tanh(X @ network.params_["W1"] + network.params_["b1"])
        left.hist(A1.ravel(), np.linspace(-1, 1, 41), histtype="step",
                  linestyle=style, linewidth=1.6)
        network.partial_fit(X, y, epochs=150)
        right.plot(network.loss_curve_, style, label=name)
    left.set(title="hidden activations before training", xlabel="activation",
             ylabel="count", yscale="log")
    right.set(title="and training from there", xlabel="epoch",
              ylabel="loss", yscale="log")
    figure.legend(*right.get_legend_handles_labels(), title="first weights",
                  loc="outside lower center", ncols=3)
    return figure
