"""The commands `lab drill …`. They call lab/drill_production.py and lab/drill_state.py.

`lab drill NAME` is the hidden command `start`. A drill cannot have the name of another command.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
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
from lab.words import did_you_mean

if TYPE_CHECKING:
    from typer._click.core import Command, Context

console = Console(highlight=False)


class DrillGroup(TyperGroup):
    """The commands `lab drill …`. A word that is not a command is the name of a drill."""

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, Command | None, list[str]]:
        """Return the command that the words name, and the words that remain for the command."""
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
    """Find and repair a fault in a small production system.

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
def start(context: typer.Context, name: str) -> None:
    """Start a drill from the beginning. `lab drill NAME` does the same."""
    with user_errors():
        root = lab_root()
        known = drills(root)
        try:
            chosen = find(name, known)
        except LabError as error:
            # The word may be a command with a typing error.
            commands = [word for word in commands_of(context) if word != "start"]
            names = [*commands, *(drill.name for drill in known)]
            raise LabError(f"{error}{did_you_mean('lab drill', name, names)}") from None
        begin(chosen, drill_state.read(root))


def commands_of(context: typer.Context) -> list[str]:
    """Return the names of the commands `lab drill …`."""
    group = context.parent.command if context.parent else None
    return list(group.commands) if isinstance(group, DrillGroup) else []


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
        show_markdown(chosen.found)
        console.print(f"\n{what_next(drills(chosen.root), state)}")


@drill_app.command()
def hint(
    number: Annotated[
        int,
        typer.Argument(
            min=1,
            max=3,
            metavar="NUMBER",
            help="Hint 1 is a question, hint 2 a pointer, and hint 3 nearly the solution.",
        ),
    ] = 1,
) -> None:
    """Show a hint for the drill that is going on."""
    with user_errors():
        chosen, _ = going_on()
        show_markdown(chosen.hints[number - 1])
        if number < len(chosen.hints):
            console.print(f"[dim]For the next hint, type: lab drill hint {number + 1}[/dim]")


@drill_app.command()
def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="A drill. Without a name, the drill that you solved last."
        ),
    ] = "",
) -> None:
    """Print again how to find the cause of a drill that you have solved or given up."""
    with user_errors():
        root = lab_root()
        state = drill_state.read(root)
        ended = [*state.given_up, *state.solved]
        # Without a name, explain the current drill, or the drill that the learner solved or gave up last.
        name = name or state.name or (ended[-1] if ended else "")
        if not name:
            raise LabError("You have solved no drill yet. To start the first one: lab drill")
        chosen = find(name, drills(root))
        if chosen.name not in ended:
            raise LabError(
                f"You have not solved {chosen.name}. Solve it first, or give up with `lab drill stop`. "
                f"After that, `lab drill explain {chosen.name}` prints how to find the cause."
            )
        console.print(f"[bold]Drill {chosen.name}: how to find the cause[/bold]\n")
        show_markdown(chosen.found)


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
            console.print("There is nothing to stop: no drill is going on.")
            return
        given_up = state.going_on
        state.give_up()
        end(root, state)
        console.print("Everything that the drill created is deleted.")
        if given_up:
            console.print(f"To read how to find the cause: lab drill explain {given_up}")


def show_markdown(text: str) -> None:
    """Print Markdown as a terminal can show it."""
    # Slow to import, and most commands of `lab` do not need it.
    from rich.markdown import Markdown

    console.print(Markdown(text))


def going_on() -> tuple[Drill, State]:
    """Return the drill that the learner has yet to solve. Raises LabError if no drill is going on."""
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
        "You have solved every drill. To repeat a drill, type its name, as in: "
        f"lab drill {known[0].name if known else 'NAME'}"
    )


def what_next(known: list[Drill], state: State) -> str:
    """Return what the learner can type after a drill."""
    left = [candidate.name for candidate in known if candidate.name not in state.solved]
    if left:
        return f"The next drill, {left[0]}: lab drill"
    return "You have solved every drill. To delete what the last drill created: lab drill stop"


def begin(chosen: Drill, state: State) -> None:
    """End the previous drill, set up the chosen drill, and print its report."""
    overview.require_server()
    if state.name and state.name != chosen.name:
        unsolved = state.going_on
        end(chosen.root, state)
        if unsolved:
            console.print(f"The drill {unsolved}, which was going on, has been ended.\n")
    # If the setup is interrupted, the next command knows what to delete.
    state.prepare(chosen.name)
    drill_state.save(chosen.root, state)
    drill_production.set_up(chosen, console)
    state.start()
    drill_state.save(chosen.root, state)
    show_symptom(chosen)


def end(root: Path, state: State) -> None:
    """Delete the production of the drill in `state`, and remember that no production exists."""
    for candidate in drills(root):
        if candidate.name == state.name:
            overview.require_server()
            drill_production.remove(candidate, console)
    state.stop()
    drill_state.save(root, state)


def show_symptom(chosen: Drill) -> None:
    """Print the report of the colleague, and the commands of the drill."""
    console.print(f"[bold]Drill {chosen.name}: {escape(chosen.title)}[/bold]\n")
    show_markdown(chosen.symptom)
    console.print("\n[bold]What you can type[/bold]")
    model = re.search(r"models:/\w+@\w+", chosen.symptom)
    address = model[0] if model else f"models:/{chosen.experiment}@champion"
    rows = [
        (f"lab trace {address}", "how MLflow finds the model"),
        (f"lab lineage {address}", "where the model comes from"),
        ("lab drill check", "to check your repair"),
        ("lab drill hint", "if you are stuck"),
        ("lab drill", "to read this report again"),
        ("lab drill stop", "to give up, and to delete what the drill created"),
    ]
    for command, meaning in rows[:2]:
        console.print(f"  {command}\n      {meaning}", soft_wrap=True)
    for command, meaning in rows[2:]:
        console.print(f"  {command:<20}{meaning}")


def show_list(known: list[Drill], state: State) -> None:
    """Print all drills with their levels. For a solved drill, print how long the learner needed."""
    table = Table("drill", "level", "", box=None, pad_edge=False)
    # A title that is too long for the terminal ends with "…".
    table.add_column("the report", no_wrap=True, overflow="ellipsis")
    for listed in known:
        is_going_on, solved = listed.name == state.going_on, state.solved.get(listed.name)
        status = "[yellow]going on[/yellow]" if is_going_on else "not yet"
        if solved is not None:
            again = " [yellow](going on again)[/yellow]" if is_going_on else ""
            status = f"[green]{duration(solved)}[/green]{again}"
        table.add_row(listed.name, str(listed.level), status, escape(listed.title))
    console.print(table)
    console.print("\nTo start a drill, type its name, as in: lab drill " + known[0].name)
