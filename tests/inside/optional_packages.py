"""Print which large packages the trainer has, and the bytes of XGBoost: python -m tests.inside.optional_packages"""

from importlib.metadata import distribution
from importlib.util import find_spec

print([name for name in ("torch", "tensorflow", "pyspark", "jupyterlab") if find_spec(name)])
files = distribution("xgboost-cpu").files
print(sum(file.locate().stat().st_size for file in files if file.locate().exists()))
