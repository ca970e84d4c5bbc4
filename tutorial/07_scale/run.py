# %% [markdown]
"""
# 07 Past one machine

This lesson is optional. One plain Python process on one machine scored our tables of up to ten
million rows six to eight times faster than the lab's small Spark cluster. Spark is a program that
splits a large table into parts and works on several parts at a time, if you like on several
machines. Read on if your data are on such a cluster already, or if you must decide whether you need
one. Otherwise skip this lesson.

You have measured a million flowers, and Spark shall name the species of each with your registered
model.

**You will be able to**

- score a table on Spark with a registered model,
- hand over the columns so that the answers are right,
- say when a cluster is worth its price.

**You need** [lesson 03](../03_models_pyfunc/README.md) and basic Python, but no Spark. **Time**: 10
minutes to read, 10 for the exercise.
"""

# %% [markdown]
"""
## 1. Register a model

Spark will find the model by its address, like Ada in lesson 03. So you log it with a
[signature](../words.md#signature), register it and give the new version the
[alias](../words.md#alias) `champion`.
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

A Spark job has two kinds of processes. Your script is the **driver**: it says what to do. The
**workers** do it, each on some parts of the table. In the stack, they run in two containers.
Without Docker, Spark does everything in one process on your machine, `local[*]`.

The rows are random flowers, measured to a tenth of a centimetre. The workers write them to
**Parquet**, a file format for tables. Such a table is a folder, and each part is a file in it.
"""

# %%
spark = (
    SparkSession.builder.appName("07_scale")
    # The stack's shell sets this variable to the address of its Spark cluster.
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

`spark_udf` turns a model into a function that Spark can call for columns of a table, a
"user-defined function". The driver downloads the model once, and Spark takes it to the workers.
Two arguments matter:

- `result_type` is Spark's type for an answer: `string` for a name, `long` for a whole number,
  `double` for a decimal number, `array<double>` for a list of such numbers.
- `env_manager="local"` tells MLflow that the workers have the model's packages. In its warning
  below, MLflow reminds you that it installs nothing then.

First you try the function on the 150 flowers of iris. The pipeline's own predictions are in the
column `expected`.
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
`sf.struct` packs several columns into one, and each keeps its name. All four measurements are
numbers of the same type, `double`.

**Predict:** which of the four calls give the right answers?
"""

# %%
answers = table.select("expected", *[call.alias(name) for name, call in calls.items()]).collect()
for name in calls:
    right = sum(row[name] == row["expected"] for row in answers)
    print(f"{name:20}{right:4} of {len(answers)} answers are right")

# %% [markdown]
"""
Without columns, the function takes the columns that the signature names. A struct carries the
names, too. But if you list columns, only their position counts, and a wrong order gives wrong
answers without any error. So call the function without columns, or with a struct.

## 4. Score the million rows

`select` says what the new table contains. Take the `id` along: without it, nobody knows whose
answer is whose.
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
Every row is there once. But are the answers right? Load the same model without Spark, and compare a
sample: every thousandth row.
"""

# %%
model = mlflow.pyfunc.load_model(uri)
sample = pd.read_parquet(output / "rows.parquet").query("id % 1000 == 0")
same = model.predict(sample[columns]) == scored["species"][sample["id"]]
print(f"The model gives the same answer for {same.sum():,} of {len(sample):,} rows.")

# %% [markdown]
"""
## Your turn

The script `tutorial/07_scale/exercise.py` is a nightly job that a colleague wrote. For 20,000
flowers it asks a model how probable each of the three species is. It ends without an error, but its
result is useless: nobody can tell which row belongs to which flower, only one of three numbers is
left, and even this number is wrong. Change the last part of the script, headed *Score*, so that the
result has

- the `id` of each row,
- in the column `probabilities` a list of three numbers, as `load_model` and `predict` would give.

Type these commands in the shell that you get with `make shell-07` in a terminal, in the lab's
folder. It has Spark, and the shell that `make shell` opens may lack it:

    python tutorial/07_scale/exercise.py
    lab check 7

You have passed when the answer begins with `07_scale: passed`. Then go on with step 5. If you are
stuck, type:

    lab hint 7

## 5. Do the same without Spark

Do you need Spark for this? One plain Python process can read one file after another. It never has
more than one file in memory, so the table may be larger than the memory.

**Predict:** which is faster?
"""

# %%
plain = output / "plain.parquet"
plain.mkdir(exist_ok=True)
start = time.perf_counter()
for number, file in enumerate(files):
    part = pd.read_parquet(file)
    part = part[["id"]].assign(species=model.predict(part[columns]))
    part.to_parquet(plain / f"part-{number}.parquet", index=False)
plain_seconds = time.perf_counter() - start

again = pd.read_parquet(plain).sort_values("id", ignore_index=True)
print(f"Same species for {(again['species'] == scored['species']).sum():,} rows")
print(f"Spark:             {spark_seconds:.1f} s")
print(f"One plain process: {plain_seconds:.1f} s")
spark.stop()

# %% [markdown]
"""
The plain process wins clearly. Spark must plan the job, and it must pass every row from Java, in
which it is written, to Python and back. The time for its start, some seconds, is not even
counted.

## 6. Decide whether you need a cluster

Some reasons for a cluster are better than others:

- **"The table is larger than my memory."** This is no reason: see step 5.
- **"One process is too slow."** First use all cores of your machine: let Python's `multiprocessing`
  score several files at a time. If that is still too slow, use the cores of more machines.
- **"The model is slow."** Then a cluster helps sooner. The work that Spark adds for a row stays the
  same, so it matters less.
- **"The data are on the cluster already."** This is the best reason. A model has a few megabytes,
  so take the model to the data.

A cluster also survives the loss of a machine. `lab run 7 lost_worker` kills a worker in the middle
of a job, and still every row is scored once. It needs the stack's cluster.

## Go further

- `lab run 7 lost_worker`: a worker dies, [explained](REFERENCE.md#when-a-worker-dies).
- `lab run 7 result_types`: what each `result_type` makes of the answers, and
  [where they silently change](REFERENCE.md#result-types).
- `examples/07_scale/score_parquet.py`: [the same as a nightly job](REFERENCE.md#a-nightly-job),
  which checks everything first and replaces an old result only if all went well.
- [How to use a cluster of your own](REFERENCE.md#your-own-cluster), and
  [what we measured](REFERENCE.md#what-it-costs).

The [reference](REFERENCE.md) also has [the errors that people
meet](REFERENCE.md#when-it-goes-wrong).
"""
