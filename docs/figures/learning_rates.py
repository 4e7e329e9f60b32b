"""What does a learning rate too small, right or too large look like?"""
import numpy as np

import experiments
import nn
from docs.figures._style import panels

RATES = {"too small": (0.05, 0.002), "right": (0.7, 0.3),
         "too large": (2.06, 40.0)}
MARKS = dict(zip(RATES, "os^"))


def walk(rate, steps=8):
    """Steps down the parabola theta**2 / 2."""
    theta, sgd = np.array([1.0]), nn.SGD(rate)
    state, points = sgd.start(theta), [1.0]
    for _ in range(steps):
        sgd.step(theta, theta.copy(), state)
        points.append(theta.item())
    return np.array(points)


def draw():
    figure, (left, right) = panels(1, 2)
    theta = np.linspace(-1.75, 1.75, 101)
    left.plot(theta, theta**2 / 2, color="#999999")
    problem = experiments.iris_problem(0)
    for name, (slow, rate) in RATES.items():
        points = walk(slow)
        left.plot(points, points**2 / 2, MARKS[name] + "-", label=name,
                  markersize=5, linewidth=1)
        network = nn.Network(hidden_size=16, activation="tanh", epochs=120,
                             batch_size=None, optimizer=nn.SGD(rate))
        network.fit(*problem.part(problem.train))
        right.plot(network.loss_curve_, MARKS[name] + "-", markevery=15,
                   markersize=5)
    left.set(title="eight steps on a parabola", xlabel="parameter",
             ylabel="loss")
    right.set(title="iris, full batch", xlabel="epoch", yscale="log")
    figure.legend(*left.get_legend_handles_labels(),
                  loc="outside lower center", ncols=3)
    return figure
