"""`python3 -m host COMMAND`: the Makefile calls this. An old Python can parse this file, and gets a message."""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "The lab needs Python 3.11 or newer; your python3 is %d.%d. Name another one: make PYTHON=python3.12 demo"
        % sys.version_info[:2]
    )

from host.commands import main

main()
