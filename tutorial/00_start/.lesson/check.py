"""Check lesson 00's exercise: load the model by its alias and let it name nine flowers."""

# %% Imports
import sys
import tempfile

from lab.checks.flowers import clear_flowers
from lab.checks.model import error_with_type, load
from lab.checks.registry import download, latest_champion, start_check

run_it = "python tutorial/00_start/exercise.py"
client = start_check()

# %% An alias with another spelling
for registered in client.search_registered_models("name = 'iris_start_mine'"):
    for alias in registered.aliases:
        if alias != "champion" and alias.lower() == "champion":
            sys.exit(
                f"iris_start_mine has the alias {alias}. Aliases are case-sensitive, so "
                "@champion does not find it.\n"
                f"Write champion in small letters, then run your exercise again: {run_it}"
            )

# %% The latest version has the alias, and it loads
champion = latest_champion(client, "iris_start_mine", run_it)
scratch = tempfile.TemporaryDirectory()
model = load(download(champion, scratch.name, run_it), champion, run_it)

# %% It names the species of nine flowers
flowers, species = clear_flowers(3)
try:
    answers = list(model.predict(flowers))
except (Exception, SystemExit) as error:
    sys.exit(
        f"{champion} loads, but it cannot predict for nine flowers: {error_with_type(error)}\n"
        f"Train it on iris.data, as the lesson does, then run your exercise again: {run_it}"
    )
right = sum(answer == name for answer, name in zip(answers, species, strict=False))
if right < len(flowers):
    sys.exit(
        f"{champion} names {right} of 9 flowers right. It answers {answers[0]!r} for a setosa.\n"
        f"Train it on the names of the species, as the lesson does, then run your exercise again: {run_it}"
    )

# %% Passed
print(f"ok  {champion} is the version that you registered last")
print("ok  it loads, and it names the species of nine flowers")
