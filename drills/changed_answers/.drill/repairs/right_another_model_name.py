"""Register the new model under another name first, then copy the version, as a company with two stages does."""

from lab.drilling import files, production

name, qa_name = "drill_changed_answers", "drill_changed_answers_qa"
client = production.connect(name)
train, heldout = production.flowers()
model = production.trained_pipeline(train)
version = production.log_version(qa_name, "repair", model, train, heldout)
md5 = files.md5_of_model_file(qa_name, version)
copy = client.copy_model_version(f"models:/{qa_name}/{version}", name)
client.set_model_version_tag(name, copy.version, "md5.model.skops", md5)
production.promote(name, copy.version)
