"""How does the loss fall in each of the four regimes?"""
import experiments
import nn
from docs.figures._style import panels

REGIMES = {
    "full batch": (nn.SGD(0.3), None, "-"),
    "mini-batches of 16": (nn.SGD(0.3), 16, "--"),
    "stochastic": (nn.SGD(0.3), 1, ":"),
    "Adam, mini-batches of 16": (nn.Adam(0.01), 16, "-."),
}


def draw():
    figure, axes = panels(size=(6.4, 4.2))
    problem = experiments.iris_problem(0)
    X, y = problem.part(problem.train)
    for name, (optimizer, batch_size, style) in REGIMES.items():
        losses = []

        def note(network, epoch, loss):
            losses.append(network.evaluate(X, y)["loss"])

        nn.Network(hidden_size=16, activation="tanh", optimizer=optimizer,
                   batch_size=batch_size, epochs=60).fit(X, y, callback=note)
        axes.plot(range(1, 61), losses, style, label=name)
    axes.set(xlabel="epoch", ylabel="loss of all training rows",
             yscale="log")
    axes.set_yticks([0.02, 0.05, 0.1, 0.2, 0.5],
                    ["0.02", "0.05", "0.1", "0.2", "0.5"])
    axes.minorticks_off()
    figure.legend(loc="outside upper center", ncols=2)
    return figure
