"""The cover of the EPUB."""
from docs.figures.xor_learns import draw as learns


def draw():
    figure = learns(size=(10, 15), epochs=(300,), mark=400)
    figure.set_facecolor("#12395b")
    figure.get_layout_engine().set(rect=(0.1, 0.1, 0.8, 0.58))
    axis, = figure.axes
    axis.set(title="", xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    for y, text, size in ((0.86, "nn.py", 96),
                          (0.77, "a neural network in one file", 32)):
        figure.text(0.5, y, text, fontsize=size, ha="center", color="white",
                    weight="bold" if size > 50 else "normal")
    return figure
