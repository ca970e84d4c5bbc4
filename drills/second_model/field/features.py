"""The petal length of flowers from the field, which is measured in inches."""

import pandas as pd


def petal_length_cm(rows: pd.DataFrame) -> pd.Series:
    """Return the petal length in centimetres."""
    return rows["petal_length"] * 2.54
