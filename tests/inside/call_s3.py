"""Call a method of the object store with the trainer's account: python -m tests.inside.call_s3 METHOD ARGUMENTS

ARGUMENTS is a JSON object, as '{"Bucket": "mlflow"}'.
"""

import json
import sys

from tests.inside.stored import s3_client

method, arguments = sys.argv[1:]
getattr(s3_client(), method)(**json.loads(arguments))
