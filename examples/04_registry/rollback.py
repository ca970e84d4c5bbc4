# %% [markdown]
"""
Roll back: make the previous champion of an environment the champion again.

What to look at: a tag of the champion names the version that it replaced. The script writes the
reason down, and then one call moves the alias. A second call changes nothing: it goes neither back
to the broken version nor one version further. To go further, name the version to leave with --from.
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
    description="Make the version champion again that the champion has replaced.",
    epilog="Exit code 0: it is champion again. 1: nothing was changed, and stderr says why.",
)
parser.add_argument(
    "target",
    nargs="?",
    default="iris_clf_prod",
    help="the environment's registered model (default: %(default)s)",
)
parser.add_argument("--from", dest="leave", help="the version to leave (default: the champion)")
parser.add_argument("--why", default="no reason given", help="written on that version")
arguments = parser.parse_args()
target = arguments.target

# Without an address MLflow would quietly write to a file mlflow.db in this folder.
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

# %% Was it rolled back to already?
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
        f"{target} is rolled back already, from version {left[0].version} to {champion.version}, "
        f"{left[0].tags['rolled_back']}\nTo leave version {champion.version} too: --from {champion.version}"
    )
    sys.exit()
if arguments.leave not in (None, champion.version):
    sys.exit(
        f"The champion of {target} is version {champion.version}, not {arguments.leave}: "
        "nothing to roll back."
    )

# %% What was before
before = champion.tags.get("replaces")
if before is None:
    sys.exit(
        f"{target} version {champion.version} has no tag replaces, so nothing says what was before. "
        "Set the alias yourself: MlflowClient().set_registered_model_alias()."
    )
if before == "none":
    sys.exit(f"{target} version {champion.version} is its first champion: nothing to roll back to.")
try:
    earlier = client.get_model_version(target, before)
except MlflowException as error:
    if error.error_code != "RESOURCE_DOES_NOT_EXIST":
        raise
    sys.exit(f"{target} version {before}, the champion before, was deleted: promote another one.")
if "rolled_back" in earlier.tags:
    sys.exit(
        f"{target} version {before}, the champion before, was itself rolled back, "
        f"{earlier.tags['rolled_back']}. Promote another one."
    )

# %% The trace first, so that an interrupted call can be repeated; then the call that moves the alias
now = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M:%S} UTC"
trace = f"{now} by {getpass.getuser()}: {arguments.why}"
try:
    client.set_model_version_tag(target, champion.version, "rolled_back", trace)
except MlflowException:
    # Of two calls that set a tag at once, the server answers one with its database's error.
    if "rolled_back" not in client.get_model_version(target, champion.version).tags:
        raise
client.set_registered_model_alias(target, "champion", before)
print(f"models:/{target}@champion is version {before} again, no longer {champion.version}")
