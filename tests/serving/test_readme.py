"""The commands of lesson 05's reference that run the service on its own."""

import os
import re

from tests.support.labs import ROOT, run
from tests.support.readmes import fenced
from tests.support.services import SCRIPT

REFERENCE = ROOT / "tutorial" / "05_serving" / "REFERENCE.md"
# What starts the service, as the fixture does.
STARTS = {
    "stack": "docker compose --profile serving up --build --wait",
    "embedded": f"LAB_WEBHOOK_SECRET=one-of-your-own python {SCRIPT}",
}


def test_each_command_after_the_one_that_starts_the_service_works(lab, service):
    [block] = [block for block in fenced(REFERENCE, "text") if block.words == [lab.mode]]
    starts, *commands = block.text.replace("\\\n", "").splitlines()
    assert starts == STARTS[lab.mode]
    assert len(commands) >= 2
    for command in commands:
        # The service of the tests has an address and a secret of its own.
        typed = re.sub(r"(http://127\.0\.0\.1|localhost):8080", service.url, command)
        typed = typed.replace("one-of-your-own", service.secret)
        if inner := re.fullmatch("docker compose exec trainer (.*)", typed):
            ran = lab.run(*inner[1].split())
        elif lab.mode == "stack":
            typed = typed.replace("curl ", "curl --fail --noproxy '*' ")
            ran = run(["bash", "-c", typed], env=dict(os.environ))
        else:
            ran = lab.run("bash", "-c", typed, LAB_SERVING_URL=service.url)
        assert ran.returncode == 0, f"$ {typed}\n{ran.stdout}\n{ran.stderr}"
