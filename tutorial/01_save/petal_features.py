"""A feature that the model computes from its input. The lesson saves this module with the model."""

import pandas as pd


def add_petal_area(flowers: pd.DataFrame) -> pd.DataFrame:
    """Return the flowers with one more column: petal length times petal width."""
    area = flowers["petal length (cm)"] * flowers["petal width (cm)"]
    return flowers.assign(**{"petal area (cm2)": area})
