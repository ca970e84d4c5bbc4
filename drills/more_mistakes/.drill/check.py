"""Check that the alias leads to the model of release 2026-11."""

import sys

from lab.checks.registry import start_check
from lab.drilling import judging

name = "drill_more_mistakes"
client = start_check()
released = judging.run_named(client, name, "four columns")
refused = judging.run_named(client, name, "tuned")
champion = judging.find_champion(client, name)
run_id = champion.version.run_id

if run_id == refused.info.run_id:
    sys.exit(
        f"{champion} was refused by the gate, so it was never released. A high metric alone does not make a release.\n"
        "Read the tags of each version."
    )
if run_id != released.info.run_id:
    release = champion.version.tags.get("release", "2026-11")
    problem = "not the model of release 2026-11" if release == "2026-11" else f"release {release}"
    sys.exit(
        f"{champion} is {problem}.\nJonas needs release 2026-11, which he had until yesterday."
    )
judging.load(champion)
print(f"ok  {champion} is the model of release 2026-11")
print("ok  it loads")
