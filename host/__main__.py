"""`python3 -m host COMMAND`: what the Makefile calls. Parses on old Pythons, so that it can refuse them."""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "The lab needs Python 3.11 or newer; python3 here is %d.%d. Name another one: make PYTHON=python3.12 demo"
        % sys.version_info[:2]
    )

from host.commands import main

main()
