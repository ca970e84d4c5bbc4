"""Print a picture of a terminal, as SVG, in which somebody has just typed `lab`.

Run it in a lab's shell: python tests/inside/picture_of_lab.py
"""

import io
import re
from typing import Any

from rich.console import CONSOLE_SVG_FORMAT, Console

from lab import cli

COLUMNS = 96
# Without the addresses of fonts on other sites. Each letter has its place in the picture, whatever the font.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
FORMAT = FORMAT.replace("Fira Code, monospace", "ui-monospace, monospace")


class Terminal(Console):
    """A console that wraps every line that is too long, as a terminal does."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as Console does."""
        super().print(*objects, **options | {"soft_wrap": False})


cli.console = Terminal(record=True, width=COLUMNS, file=io.StringIO(), highlight=False)
cli.console.print("[bold green]$[/bold green] [bold]lab[/bold]")
cli.app([], standalone_mode=False)
# The frame would cut off the lower ends of the last line's letters.
cli.console.print()
print(cli.console.export_svg(title="The lab's shell", code_format=FORMAT, unique_id="lab"))
