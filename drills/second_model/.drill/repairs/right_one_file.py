"""Move the garden's function into its model, so that only the field has a module."""

from changed_copy import changed_copy

function = 'def petal_length_cm(rows):\n    return rows["petal_length"]\n'
with changed_copy("garden", "garden") as folder:
    (folder / "features.py").unlink()
    model = folder / "model.py"
    text = model.read_text().replace("from features import petal_length_cm\n", f"\n\n{function}")
    model.write_text(text)
