"""The alias must lead to the model of release 2026-11."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
import judging

from lab.checks.registry import start_check

name = "drill_more_mistakes"
client = start_check()
released = judging.run_named(client, name, "four columns")
refused = judging.run_named(client, name, "tuned")
version = judging.champion(client, name)
label = judging.label(version)

if version.run_id == refused.info.run_id:
    sys.exit(
        f"{label} was refused by the gate, and was never released. A high metric alone is no "
        "release.\nRead the tags of each version."
    )
if version.run_id != released.info.run_id:
    release = version.tags.get("release", "2026-11")
    standing = "not the model of release 2026-11" if release == "2026-11" else f"release {release}"
    sys.exit(
        f"{label} is {standing}.\nJonas wants release 2026-11 back, which he had until yesterday."
    )
judging.load(version)
print(f"ok  {label} is the model of release 2026-11")
print("ok  it loads")
