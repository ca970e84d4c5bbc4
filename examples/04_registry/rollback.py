# %% [markdown]
"""
Roll back: make the previous champion of an environment the champion again.

What to look at: a tag of the champion has the number of the version that it replaced. The script
records the reason, and then one call moves the alias. A second call changes nothing: it neither goes
back to the broken version nor one version further. To go further back, name the version that you want
to leave with --from.
"""

# %% Imports
import argparse
import datetime
import getpass
import os
import sys

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

parser = argparse.ArgumentParser(
    description="Make the previous champion of an environment the champion again.",
    epilog="Exit code 0: it is champion again. 1: nothing was changed, and stderr says why.",
)
parser.add_argument(
    "target",
    nargs="?",
    default="iris_prod",
    help="the environment's registered model (default: %(default)s)",
)
parser.add_argument("--from", dest="leave", help="the version to leave (default: the champion)")
parser.add_argument("--why", default="no reason given", help="written to a tag of that version")
arguments = parser.parse_args()
target = arguments.target

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = MlflowClient()

# %% The champion
try:
    champion = client.get_model_version_by_alias(target, "champion")
except MlflowException as error:
    # The server does not find it. Any other error, such as no answer, is not caused by the argument.
    if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
        raise
    sys.exit(f"{target!r} has no champion to roll back: {error.message.partition(': ')[2]}")

# %% Was it already rolled back?
left = [
    version
    for version in client.search_model_versions(
        f"name = '{target}' and tags.replaces = '{champion.version}'",
        order_by=["version_number DESC"],
    )
    if "rolled_back" in version.tags and arguments.leave in (None, version.version)
]
if left:
    print(
        f"{target} is already rolled back, from version {left[0].version} to {champion.version}, "
        f"{left[0].tags['rolled_back']}\nTo leave version {champion.version} too: --from {champion.version}"
    )
    sys.exit()
if arguments.leave not in (None, champion.version):
    sys.exit(
        f"The champion of {target} is version {champion.version}, not {arguments.leave}, so nothing was "
        "rolled back."
    )

# %% The previous champion
previous = champion.tags.get("replaces")
if previous is None:
    sys.exit(
        f"{target} version {champion.version} has no tag replaces, so its previous champion is unknown. "
        "Set the alias yourself: MlflowClient().set_registered_model_alias()."
    )
if previous == "none":
    sys.exit(
        f"{target} version {champion.version} is its first champion. There is no version to roll back to."
    )
try:
    previous_version = client.get_model_version(target, previous)
except MlflowException as error:
    if error.error_code != "RESOURCE_DOES_NOT_EXIST":
        raise
    sys.exit(
        f"{target} version {previous}, the previous champion, was deleted. Promote another version."
    )
if "rolled_back" in previous_version.tags:
    sys.exit(
        f"{target} version {previous}, the previous champion, was rolled back too, "
        f"{previous_version.tags['rolled_back']}. Promote another version."
    )

# %% Record the reason first, so that an interrupted call can be repeated. Then move the alias
now = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M:%S} UTC"
reason = f"{now} by {getpass.getuser()}: {arguments.why}"
try:
    client.set_model_version_tag(target, champion.version, "rolled_back", reason)
except MlflowException:
    # If two calls set a new tag at the same moment, one of them gets an error of the database.
    if "rolled_back" not in client.get_model_version(target, champion.version).tags:
        raise
client.set_registered_model_alias(target, "champion", previous)
print(f"models:/{target}@champion is version {previous} again, no longer {champion.version}")
