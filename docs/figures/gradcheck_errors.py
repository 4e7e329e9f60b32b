"""How far is the gradient from slopes measured in two ways?"""
import experiments
from docs.figures._style import panels


def draw():
    figure, axes = panels(size=(6.4, 3.4))
    options = experiments.parse(["gradcheck"])
    networks = {
        (activation, output): experiments.checked_network(
            options, activation, classes)
        for activation in experiments.ACTIVATIONS
        for output, classes in experiments.OUTPUTS.items()}
    for step, mark, name in ((1e-5, "C1s", "central differences"),
                             (None, "C0o", "complex steps")):
        table = experiments.errors_by_parameter(networks, step)
        errors = [max(error, 1e-17) for row in table.values()
                  for error in row.values()]
        axes.plot(errors, mark, label=name, markersize=5)
    axes.axhline(1e-12, color="C5", linewidth=1, linestyle=":",
                 label="allowed")
    names = [f"{activation},\n{output}" for activation, output in networks]
    axes.set(yscale="log", ylabel="worst relative error",
             xticks=[4 * i + 1.5 for i in range(len(names))],
             xticklabels=names, ylim=(3e-18, 1e-5))
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="x", visible=False)
    for i in range(1, len(names)):
        axes.axvline(4 * i - 0.5, color="#dddddd")
    figure.legend(loc="outside lower center", ncols=3)
    return figure
