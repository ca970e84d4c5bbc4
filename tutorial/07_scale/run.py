# %% [markdown]
"""
# 07 Past one machine

This lesson is optional. Spark is a program that splits a large table into parts and works on them
at the same time, on one machine or on a cluster of several. Read on if your tables are in a
cluster, or if you must decide whether you need one. Otherwise skip this lesson: for tables of up to
ten million rows, one plain Python process was several times faster than the lab's small
cluster.

You have a table with a million flowers. Spark names their species with your registered model.

**You will be able to**

- score a table on Spark with a registered model,
- pass the columns to the model so that its answers are right,
- decide whether you need a cluster.

**You need** [lesson 03](../03_models_pyfunc/README.md) and basic Python, but no Spark. **Time**: 10
minutes to read, 10 for the exercise.
"""

# %% [markdown]
"""
## 1. Register a model

Spark loads a model by its address, like Ada in lesson 03. So you log one with a
[signature](../words.md#signature), register it and set the [alias](../words.md#alias) `champion`.
"""

# %%
import os
import time
from pathlib import Path

import mlflow
import pandas as pd
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
from pyspark.sql import SparkSession
from pyspark.sql import functions as sf
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("07_scale")

# %%
iris = load_iris(as_frame=True)
X, y = iris.data, iris.target.map(dict(enumerate(iris.target_names)))
columns = list(X.columns)
pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
with mlflow.start_run():
    model_info = mlflow.sklearn.log_model(
        pipeline,
        name="model",
        signature=infer_signature(X, pipeline.predict(X)),
        # MLflow needs a few seconds to find the packages by itself.
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
registered = mlflow.register_model(model_info.model_uri, "iris_scale")
MlflowClient().set_registered_model_alias("iris_scale", "champion", registered.version)
uri = "models:/iris_scale@champion"
print(f"{uri} is version {registered.version}.")

# %% [markdown]
"""
## 2. Make a million rows

Your script is the **driver**: it tells Spark what to do. The **workers** do it, each on some parts
of the table. With Docker, the lab has two workers, each in a container. Without Docker, Spark does
everything on your machine, which it calls `local[*]`.

The rows are random flowers. The workers write them to **Parquet**, a file format for tables. Spark
makes a folder for the table, with one file for each part.
"""

# %%
spark = (
    SparkSession.builder.appName("07_scale")
    # With Docker, the lab sets this variable to the address of the lab's cluster.
    .master(os.environ.get("SPARK_MASTER_URL", "local[*]"))
    .getOrCreate()
)
# The lab's shell sets LAB_OUTPUT to the folder for your files. The workers see it, too.
output = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "07_scale"
output.mkdir(parents=True, exist_ok=True)

flowers = spark.range(1_000_000, numPartitions=8)  # It has one column, id.
for seed, name in enumerate(columns):
    low, high = X[name].min(), X[name].max()
    flowers = flowers.withColumn(name, sf.round(sf.rand(seed) * (high - low) + low, 1))
flowers.write.mode("overwrite").parquet(str(output / "rows.parquet"))

files = sorted((output / "rows.parquet").glob("*.parquet"))
print(f"{len(pd.read_parquet(output / 'rows.parquet')):,} rows in {len(files)} files")

# %% [markdown]
"""
## 3. Use the model as a function

`spark_udf` turns a model into a function for columns of a Spark table. The driver downloads the
model once, and Spark takes it to the workers. Two arguments matter:

- `result_type` is Spark's type for an answer: `string` for a name, `long` for a whole number,
  `double` for a decimal number, `array<double>` for a list of decimal numbers.
- `env_manager="local"` means: MLflow installs nothing, so the workers must already have the model's
  packages. MLflow warns you of this.

Try the function on the 150 iris flowers first. The column `expected` has the pipeline's own
predictions.
"""

# %%
X.assign(expected=pipeline.predict(X)).to_parquet(output / "iris.parquet", index=False)
table = spark.read.parquet(str(output / "iris.parquet"))
species_of = mlflow.pyfunc.spark_udf(spark, uri, env_manager="local", result_type="string")

backwards = columns[::-1]
calls = {
    "no columns": species_of(),
    "columns in order": species_of(*columns),
    "columns backwards": species_of(*backwards),
    "struct backwards": species_of(sf.struct(*backwards)),
}

# %% [markdown]
"""
`sf.struct` packs several columns into one, and each keeps its name. All four measurements have the type
`double`. Spark has not called the model yet: it waits until you ask for the answers.

**Predict:** which of the four calls give the right answers?
"""

# %%
answers = table.select("expected", *[call.alias(name) for name, call in calls.items()]).collect()
for name in calls:
    right = sum(row[name] == row["expected"] for row in answers)
    print(f"{name:20}{right:4} of {len(answers)} answers are right")

# %% [markdown]
"""
Without columns, the function takes the columns that the signature names. A struct has the names,
too. But if you list columns, only their position counts, and a wrong order gives wrong answers
without an error. So call the function without columns, or with a struct.

## 4. Score the million rows

`select` names the columns of the new table. One of them must be the `id`. Without it, nobody knows
which answer belongs to which flower.
"""

# %%
start = time.perf_counter()
table = spark.read.parquet(str(output / "rows.parquet"))
result = table.select("id", species_of().alias("species"))
result.write.mode("overwrite").parquet(str(output / "scored.parquet"))
spark_seconds = time.perf_counter() - start

scored = pd.read_parquet(output / "scored.parquet").sort_values("id", ignore_index=True)
print(f"{len(scored):,} rows, {scored['id'].nunique():,} different ids")
for species, count in scored["species"].value_counts().items():
    print(f"{count:9,} {species}")

# %% [markdown]
"""
Every row is there once. Step 5 checks the answers.

## Your turn

The script `tutorial/07_scale/exercise.py` is a nightly job of a colleague. For 20,000 flowers it
asks a model how probable each of the three species is. It ends without an error, but its result is
useless: the ids are missing, only one of the three numbers is left, and even this number is wrong.
Change the last part of the script, headed *Score*. The result must have

- the `id` of each row,
- in the column `probabilities` a list of the three numbers that the model predicts without Spark.

Open a shell that has Spark. Type in a terminal, in the lab's folder:

    make shell-07

In this shell, run the exercise and check it:

    python tutorial/07_scale/exercise.py
    lab check 7

You have passed when the answer begins with `07_scale: passed`. Then go on with step 5. If you are
stuck, type:

    lab hint 7

## 5. Do the same without Spark

One plain Python process can score one file after another. It reads only one file at a time, so the
table may be larger than the memory.

**Predict:** how many times faster is it?
"""

# %%
model = mlflow.pyfunc.load_model(uri)
plain = output / "plain.parquet"
plain.mkdir(exist_ok=True)
start = time.perf_counter()
for number, file in enumerate(files):
    part = pd.read_parquet(file)
    part = part[["id"]].assign(species=model.predict(part[columns]))
    part.to_parquet(plain / f"part-{number}.parquet", index=False)
plain_seconds = time.perf_counter() - start

again = pd.read_parquet(plain).sort_values("id", ignore_index=True)
same = (again["species"] == scored["species"]).sum()
print(f"Both name the same species for {same:,} rows.")
print(f"Spark:             {spark_seconds:.1f} s")
print(f"One plain process: {plain_seconds:.1f} s")
spark.stop()

# %% [markdown]
"""
The answers are the same, and the plain process is faster. Spark runs on Java, so it must pass every
row to Python and back. In [our measurements](REFERENCE.md#what-it-costs) the difference is
smaller, because there Spark's Python processes were already running.

## 6. Decide whether you need a cluster

- **"The table is larger than my memory."** This is no reason: see step 5.
- **"One process is too slow."** First use all cores of your machine: `multiprocessing` can score
  several files at a time. If that is still too slow, use more machines.
- **"The model is slow."** Then a cluster helps sooner, because Spark's extra work for each row stays
  the same.
- **"The data are on the cluster already."** This is the best reason. A model is much smaller than
  the data, so take the model to the data.

## Go further

In the shell of `make shell-07`, type:

- `lab run 7 lost_worker`: [a worker dies](REFERENCE.md#when-a-worker-dies) in the middle of a job,
  and another one takes over. This needs Docker.
- `python examples/07_scale/score_parquet.py`: [a nightly job](REFERENCE.md#a-nightly-job), which
  replaces the old result only if the new one is right.

And look up:

- [Result types](REFERENCE.md#result-types): how a wrong `result_type` silently changes answers.
- [What it costs](REFERENCE.md#what-it-costs): our measurements.
- [Your own cluster](REFERENCE.md#your-own-cluster): what to change.
- [When it goes wrong](REFERENCE.md#when-it-goes-wrong): the errors that people meet.
"""
