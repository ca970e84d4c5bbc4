"""Train a good model, but log no data set.

The check must say: has no data set for training
"""

from unlogged_rows import promote_without_rows

promote_without_rows({})
