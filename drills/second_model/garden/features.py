"""The petal length of flowers from the garden, which is measured in centimetres."""

import pandas as pd


def petal_length_cm(rows: pd.DataFrame) -> pd.Series:
    """Return the petal length in centimetres."""
    return rows["petal_length"]
