"""The words after `lab`: a lesson's number alone shows that lesson, and a typing error gets the nearest command."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    # Typer has a copy of Click of its own, with no public name.
    from typer._click.core import Command, Context

# A lesson's number, the name of its folder, or the path of its folder, which the Tab key completes.
LESSON = re.compile(r"\d+|(.*/)?\d\d_\w+/?")


class LabGroup(TyperGroup):
    """The group of all commands of `lab`."""

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, Command | None, list[str]]:
        """Return the command that the words mean, and the words that are left for it."""
        word = args[0]
        if LESSON.fullmatch(word):
            args = ["lesson", *args]
        elif not word.startswith("-") and word not in self.commands:
            print(self.unknown(word), file=sys.stderr)
            raise typer.Exit(2)
        return super().resolve_command(ctx, args)

    def unknown(self, word: str) -> str:
        """Return the message about a word that is not a command."""
        names = [name for name, command in self.commands.items() if not command.hidden]
        return f"`lab` has no command {word!r}.{did_you_mean('lab', word, names)} `lab help` lists the commands."


def did_you_mean(command: str, word: str, names: Iterable[str]) -> str:
    """Return a sentence with the names that are like the word, with a space before it. Return "" if none is."""
    near = [f"`{command} {name}`" for name in difflib.get_close_matches(word, list(names))]
    return f" Did you mean {' or '.join(near)}?" if near else ""
