"""Which regions does the network give to the three clusters?"""
import experiments
import nn
from docs.figures._style import panels, scatter, shade


def draw():
    figure, axes = panels(size=(6.4, 4.6))
    problem = experiments.toy_problem(0)
    network = nn.Network(hidden_size=8, activation="tanh", batch_size=None,
                         optimizer=nn.SGD(0.1, momentum=0.9),
                         epochs=100).fit(*problem.part(problem.train))
    shade(axes, network, problem.X.min(axis=0) - 0.5,
          problem.X.max(axis=0) + 0.5)
    scatter(axes, *problem.part(problem.test))
    axes.set(xlabel="first feature", ylabel="second feature")
    figure.legend(*axes.get_legend_handles_labels(),
                  loc="outside lower center", ncols=3)
    return figure
