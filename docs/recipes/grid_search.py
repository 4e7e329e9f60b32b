"""Search for good settings, with a scaler in front of the network.

    python grid_search.py
    python grid_search.py --dask local        (or a scheduler's address)

The scaler belongs inside the search: fitted beforehand on all rows, it
would tell each training part about the rows that it is tested on.
"""

import argparse
from contextlib import contextmanager, nullcontext

import joblib
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import nn

GRID = {
    "network__hidden_size": [4, 16],
    "network__optimizer__learning_rate": [0.01, 0.1, 0.3],
}


@contextmanager
def on_dask(address):
    """Let joblib hand its work to Dask, for as long as this is open."""
    from dask.distributed import Client

    cluster = {"n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1",
               "dashboard_address": "127.0.0.1:0"}
    where = cluster if address == "local" else {"address": address}
    with Client(**where) as client, joblib.parallel_config(backend="dask"):
        client.upload_file(nn.__file__)  # workers have no nn.py of their own
        yield


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--dask", metavar="ADDRESS")
    options = parser.parse_args()
    X, y = load_iris(return_X_y=True)
    pipeline = Pipeline([
        ("scale", StandardScaler()),
        ("network", nn.Network(batch_size=16, epochs=options.epochs))])
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    search = GridSearchCV(pipeline, GRID, cv=folds, n_jobs=2)
    with on_dask(options.dask) if options.dask else nullcontext():
        search.fit(X, y)
    results = search.cv_results_
    for settings, score in zip(results["params"],
                               results["mean_test_score"], strict=True):
        print(f"{score:.3f}  " + ", ".join(
            f"{name.split('__')[-1]}={value}"
            for name, value in settings.items()))
    print(f"best: {search.best_score_:.3f} with "
          f"{search.best_estimator_['network']!r}")


if __name__ == "__main__":
    main()
