"""The commands `lab drill …`: a thin layer over lab/drill_production.py and lab/drill_state.py.

`lab drill NAME` is the hidden command `start`. The words of the other commands cannot be the name of a drill.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from lab import drill_production, drill_services, drill_state, overview
from lab.drill import Drill, drills, find
from lab.drill_state import State
from lab.errors import LabError
from lab.last_run import duration
from lab.lessons import lab_root
from lab.user_errors import user_errors

if TYPE_CHECKING:
    from typer._click.core import Command, Context

console = Console(highlight=False)


class DrillGroup(TyperGroup):
    """The group of the commands `lab drill …`. Any other word is the name of a drill."""

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, Command | None, list[str]]:
        """Return the command that the words mean, and the words that are left for it."""
        if not args[0].startswith("-") and args[0] not in self.commands:
            args = ["start", *args]
        return super().resolve_command(ctx, args)


drill_app = typer.Typer(cls=DrillGroup, subcommand_metavar="[NAME | COMMAND]")


@drill_app.callback(invoke_without_command=True)
def drill(
    context: typer.Context,
    list_all: Annotated[
        bool, typer.Option("--list", help="List all drills, and which ones you have solved.")
    ] = False,
) -> None:
    """Find out what is wrong in a small production, and repair it.

    `lab drill` starts the first drill that you have not solved, or shows the report of the drill that is going on.
    `lab drill NAME` starts the drill of this name from the beginning.
    """
    if context.invoked_subcommand is not None:
        return
    with user_errors():
        root = lab_root()
        state, known = drill_state.read(root), drills(root)
        if list_all:
            show_list(known, state)
        elif state.going_on:
            show_symptom(find(state.going_on, known))
        else:
            begin(next_drill(known, state), state)


@drill_app.command(hidden=True)
def start(name: str) -> None:
    """Start a drill from the beginning. `lab drill NAME` does the same."""
    with user_errors():
        root = lab_root()
        begin(find(name, drills(root)), drill_state.read(root))


@drill_app.command()
def check() -> None:
    """Check whether the production works again. If it does, read how to find the cause."""
    with user_errors():
        chosen, state = going_on()
        verdict = drill_production.check(chosen, console)
        passed = "[green]solved[/green]" if verdict.passed else "[yellow]not yet[/yellow]"
        console.print(f"{chosen.name}: {passed}")
        console.print(escape(verdict.text))
        if not verdict.passed:
            console.print("[dim]For a hint, type: lab drill hint[/dim]")
            raise typer.Exit(1)
        seconds = state.solve()
        drill_state.save(chosen.root, state)
        drill_services.stop(chosen, console)
        console.print(f"\nYou needed {duration(seconds)}. This is how to find the cause:\n")
        console.print(Markdown(chosen.found))
        console.print(f"\n{what_next(drills(chosen.root), state)}")


@drill_app.command()
def hint(
    grade: Annotated[
        int,
        typer.Argument(min=1, max=3, help="1 is a question, 2 a pointer, 3 nearly the answer."),
    ] = 1,
) -> None:
    """Show a hint for the drill that is going on."""
    with user_errors():
        chosen, _ = going_on()
        console.print(Markdown(chosen.hints[grade - 1]))
        if grade < len(chosen.hints):
            console.print(f"[dim]For the next hint, type: lab drill hint {grade + 1}[/dim]")


@drill_app.command()
def restart() -> None:
    """Restart the service of the drill that is going on, if the drill has one."""
    with user_errors():
        chosen, _ = going_on()
        if not chosen.services:
            raise LabError(f"The drill {chosen.name} has no service to restart.")
        drill_services.start(chosen, console)
        console.print("The service runs again.")


@drill_app.command()
def stop() -> None:
    """End the drill, and delete everything that it created."""
    with user_errors():
        root = lab_root()
        state = drill_state.read(root)
        if state.name is None:
            console.print("There is nothing to stop: no drill has been started.")
            return
        end(root, state)
        console.print("Everything that the drill created is deleted.")


def going_on() -> tuple[Drill, State]:
    """Return the drill that waits for its repair. Raises LabError if there is none."""
    root = lab_root()
    state = drill_state.read(root)
    if state.going_on:
        return find(state.going_on, drills(root)), state
    solved = f"You have solved {state.name}. " if state.name in state.solved else ""
    raise LabError(f"{solved}No drill is going on. To start the next one: lab drill")


def next_drill(known: list[Drill], state: State) -> Drill:
    """Return the first drill that the learner has not solved. Raises LabError if there is none."""
    for candidate in known:
        if candidate.name not in state.solved:
            return candidate
    raise LabError(
        "You have solved every drill. To do one again, name it, as in: "
        f"lab drill {known[0].name if known else 'NAME'}"
    )


def what_next(known: list[Drill], state: State) -> str:
    """Return what to type after a drill."""
    left = [candidate.name for candidate in known if candidate.name not in state.solved]
    if left:
        return f"The next drill, {left[0]}: lab drill"
    return "You have solved every drill. To delete what the last one created: lab drill stop"


def begin(chosen: Drill, state: State) -> None:
    """End the previous drill, set this one up, and show its symptom."""
    overview.require_server()
    if state.name and state.name != chosen.name:
        end(chosen.root, state)
    # If the setup is interrupted, the next command knows what to delete.
    state.prepare(chosen.name)
    drill_state.save(chosen.root, state)
    drill_production.set_up(chosen, console)
    state.start()
    drill_state.save(chosen.root, state)
    show_symptom(chosen)


def end(root: Path, state: State) -> None:
    """Delete the production of the drill in `state`, and note that it is gone."""
    for candidate in drills(root):
        if candidate.name == state.name:
            overview.require_server()
            drill_production.remove(candidate, console)
    state.stop()
    drill_state.save(root, state)


def show_symptom(chosen: Drill) -> None:
    """Print the report of the colleague, and the commands of the drill."""
    console.print(f"[bold]Drill {chosen.name}: {escape(chosen.title)}[/bold]\n")
    console.print(Markdown(chosen.symptom))
    console.print("\n[bold]What you can type[/bold]")
    model = re.search(r"models:/\w+@\w+", chosen.symptom)
    address = model[0] if model else f"models:/{chosen.experiment}@champion"
    rows = [
        (f"lab trace {address}", "how MLflow finds the model"),
        (f"lab lineage {address}", "where it comes from"),
        ("lab drill check", "when you have repaired it"),
        ("lab drill hint", "if you are stuck"),
        ("lab drill", "to read this report again"),
        ("lab drill stop", "to give up, and to delete what the drill created"),
    ]
    if chosen.services:
        rows.insert(2, ("lab drill restart", "to restart the service"))
    for command, meaning in rows[:2]:
        console.print(f"  {command}\n      {meaning}", soft_wrap=True)
    for command, meaning in rows[2:]:
        console.print(f"  {command:<20}{meaning}")


def show_list(known: list[Drill], state: State) -> None:
    """Print every drill with its level, and how long the learner needed for the solved ones."""
    table = Table("drill", "level", "", "the report", box=None, pad_edge=False)
    for listed in known:
        if listed.name == state.going_on:
            standing = "[yellow]going on[/yellow]"
        elif listed.name in state.solved:
            standing = f"[green]{duration(state.solved[listed.name])}[/green]"
        else:
            standing = "not yet"
        table.add_row(listed.name, str(listed.level), standing, escape(listed.title))
    console.print(table)
    console.print("\nTo start one, type its name, as in: lab drill " + known[0].name)
