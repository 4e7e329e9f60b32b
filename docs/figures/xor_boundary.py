"""How does XOR's boundary bend as training goes on?"""
import experiments
import nn
from docs.figures._style import panels, scatter, shade

EPOCHS = 0, 2, 5, 10, 20, 300


def draw():
    figure, axes = panels(2, 3, (6.4, 4.6), sharex=True, sharey=True)
    X, y = experiments.xor_data()
    network = nn.Network(hidden_size=8, activation="tanh", batch_size=None,
                         optimizer=nn.SGD(0.5, momentum=0.9))
    done = 0
    for axis, epoch in zip(axes.flat, EPOCHS):
        network.partial_fit(X, y, epochs=epoch - done)
        done = epoch
        shade(axis, network, (-0.5, -0.5), (1.5, 1.5))
        scatter(axis, X, y, 70)
        axis.set(title=f"after {epoch} epochs", xticks=[0, 1], yticks=[0, 1],
                 aspect="equal")
    figure.legend(*axes[0, 0].get_legend_handles_labels(),
                  loc="outside lower center", ncols=2, title="wanted")
    return figure
