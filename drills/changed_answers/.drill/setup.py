"""Register two releases and a copy of the second one. Then overwrite the model file of the second one."""

from lab.drilling import files, production

name = "drill_changed_answers"
client = production.connect(name)
train, _ = production.two_releases(name)
md5 = files.md5_of_model_file(name, "2")
client.set_model_version_tag(name, "2", "md5.model.skops", md5)
# The check reads this tag. MLflow's pages do not show tags of a run whose names begin with "mlflow.".
client.set_tag(client.get_model_version(name, "2").run_id, "mlflow.drill.md5", md5)
client.copy_model_version(f"models:/{name}/2", name)

# What is wrong: somebody overwrote a file of a version, and the registry did not notice.
files.overwrite_model_file(name, "2", production.trained_pipeline(train, C=0.003))
