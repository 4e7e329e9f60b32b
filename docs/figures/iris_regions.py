"""Which petals does the network give to which species?"""
import experiments
import nn
from docs.figures._style import panels, scatter, shade


def draw():
    figure, axes = panels(size=(6.4, 4.0))
    X, y = experiments.iris_data()
    X = X[:, 2:]
    mean, deviation = X.mean(axis=0), X.std(axis=0)
    network = nn.Network(hidden_size=16, activation="tanh", batch_size=None,
                         optimizer=nn.SGD(0.1, momentum=0.9), epochs=200)
    network.fit((X - mean) / deviation, y)
    shade(axes, network, (0.5, -0.1), (7.4, 2.8),
          lambda points: (points - mean) / deviation)
    scatter(axes, X, y, 24)
    axes.set(xlabel="petal length, cm", ylabel="petal width, cm")
    figure.legend(*axes.get_legend_handles_labels(),
                  loc="outside lower center", ncols=3)
    return figure
