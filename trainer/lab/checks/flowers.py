"""Flowers that are in no data set, in centimetres, each of which is clearly of one species."""

import pandas as pd

COLUMNS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
SPECIES = {
    "setosa": [
        [5.05, 3.45, 1.45, 0.25],
        [4.85, 3.25, 1.40, 0.20],
        [5.30, 3.65, 1.55, 0.30],
        [4.95, 3.35, 1.50, 0.20],
    ],
    "versicolor": [
        [5.95, 2.85, 4.25, 1.30],
        [5.60, 2.75, 4.05, 1.20],
        [6.20, 2.90, 4.35, 1.35],
        [5.75, 2.80, 4.15, 1.25],
    ],
    "virginica": [
        [6.65, 3.05, 5.65, 2.15],
        [6.40, 2.95, 5.55, 2.05],
        [6.90, 3.10, 5.85, 2.25],
        [6.75, 3.00, 5.75, 2.20],
    ],
}


def clear_flowers(of_each: int) -> tuple[pd.DataFrame, list[str]]:
    """Return `of_each` flowers of each species, four at the most, and the name of each one's species."""
    rows = [row for flowers in SPECIES.values() for row in flowers[:of_each]]
    names = [name for name in SPECIES for _ in range(of_each)]
    return pd.DataFrame(rows, columns=COLUMNS), names
