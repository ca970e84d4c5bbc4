"""The screen of `lab watch`: the status, the verdict, what changed, and the last lines of the exercise's output."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from lab.lessons import Lesson
from lab.overview import mark
from lab.verdict import Verdict

# A screen with fewer lines shows only what matters most.
MIN_HEIGHT = 12
KEYS = "h hint   s solution   n next lesson   r run again   q quit"


@dataclass
class State:
    """What the screen shows."""

    lesson: Lesson
    # What happens now, for example "Running …".
    status: str = ""
    verdict: Verdict | None = None
    # What to do next.
    advice: str = ""
    # The number of the hint that is shown, from 1. Without one, 0.
    hint: int = 0
    # Pairs of a label and a text. None before the exercise has run.
    changes: list[tuple[str, str]] | None = None
    output: list[str] = field(default_factory=list)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the screen. The output of the exercise gets the lines that are left, and shows its end."""
        height = options.height or console.height
        top = Group(*self.parts(is_roomy=height >= MIN_HEIGHT))
        yield top
        left = height - len(console.render_lines(top, options, pad=False))
        printed = Text.from_ansi("\n".join(self.output)).wrap(console, options.max_width)
        if self.output and left > 2:
            yield Text("\nOutput of the exercise", style="bold")
            yield from list(printed)[2 - left :]

    def parts(self, is_roomy: bool) -> Iterator[RenderableType]:
        """Yield the parts above the output. Without room, leave out the title and the keys."""
        lesson = self.lesson
        if is_roomy:
            title = escape(lesson.title)
            yield Text.from_markup(f"[bold]Lesson {lesson.short_number}, {title}[/bold]")
            yield Text(f"{KEYS}\n", style="dim")
        if self.status:
            yield Text(self.status)
        if self.verdict:
            yield Text.from_markup(f"[bold]{mark(self.verdict)}[/bold]")
            yield Text(self.verdict.text)
        if self.advice:
            yield Text(self.advice)
        if self.hint:
            yield Text(f"\n{lesson.hints[self.hint - 1]}", style="cyan")
        if self.changes is not None:
            yield Text("\nWhat this run changed", style="bold")
            yield table(self.changes) if self.changes else "Nothing changed on the server."


def table(changes: list[tuple[str, str]]) -> Table:
    """Return what changed as a table without lines."""
    grid = Table.grid(padding=(0, 2))
    for label, text in changes:
        grid.add_row(label, escape(text))
    return grid
