"""Pictures of web pages and of a terminal: taken so that two labs give the same one, and compared."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib
from PIL import Image, ImageChops
from playwright.sync_api import Locator

from host.settings import ROOT

# The one font that is wherever matplotlib is, so that a picture does not depend on the machine's.
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
# Ids, times, how long something took or how large it is, numbers of experiments and versions, names
# that MLflow gives to runs: as in the READMEs, an ellipsis stands for what varies.
VARIES = "|".join(
    [
        r"(m-)?[0-9a-f]{32}",
        r"\d{1,2}/\d{1,2}/\d{4}, \d\d:\d\d:\d\d( [AP]M)?",
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC",
        r"^\d+(\.\d+)?(ms|s|min|KB)$",
        r"(?<=mlflow-artifacts:/)\d+",
        r"(?<=^Version )\d+$",
        r"(?<=^v)\d+$",
        r"^[a-z]+-[a-z]+-\d+$",
    ]
)
REPLACE = """
(body, pattern) => {
  // A text that React made of several, as "v" and "1", becomes one.
  body.normalize();
  const texts = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode())
    texts.currentNode.data = texts.currentNode.data.replace(new RegExp(pattern, "g"), "…");
}
"""
# How many grey levels a cell of CELL by CELL pixels must differ to count, and which share of the cells
# may: a line of text that is missing is more, what smoothing of letters changes is less.
CELL = 8
LEVELS = 12
SHARE = 0.001


def style() -> str:
    """Return a style sheet with the font in it, for all but icons."""
    faces = [("DejaVuSans.ttf", "1 500"), ("DejaVuSans-Bold.ttf", "501 999")]
    sources = [
        f"@font-face {{ font-family: picture; font-weight: {weight}; src: url(data:font/ttf;base64,"
        f"{base64.b64encode((FONTS / file).read_bytes()).decode()}) }}"
        for file, weight in faces
    ]
    fonts = "*:not(i) { font-family: picture !important }"
    # It lies upon whatever is at the bottom right.
    assistant = "button:has(.assistant-fab-label) { display: none !important }"
    return "\n".join([*sources, fonts, assistant])


def take(parts: Sequence[Locator], varies: Sequence[Locator]) -> Image.Image:
    """Return a picture of the rectangle that holds all parts of their page, with … for what varies."""
    page = parts[0].page
    for part in parts:
        part.wait_for()
    # Nothing is lit up because it was clicked.
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    page.add_style_tag(content=style())
    page.evaluate("document.fonts.ready")
    for locator in varies:
        locator.evaluate_all("all => all.forEach(one => one.textContent = '…')")
    page.locator("body").evaluate(REPLACE, VARIES)
    boxes = [part.bounding_box() for part in parts]
    left, top = (min(box[side] for box in boxes) for side in ("x", "y"))
    right, bottom = (
        max(box[side] + box[size] for box in boxes)
        for side, size in (("x", "width"), ("y", "height"))
    )
    clip = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    taken = page.screenshot(clip=clip, animations="disabled")
    return Image.open(io.BytesIO(taken)).convert("RGB")


def write(picture: Image.Image, file: Path) -> None:
    """Write a picture in few colours, as a page has few: a third of the bytes."""
    picture.quantize(128, dither=Image.Dither.NONE).save(file, optimize=True)


def why_out_of_date(file: Path, now: Image.Image) -> str | None:
    """Return why the picture in `file` is not of the page as it is now, None if it is."""
    if not file.exists():
        return "there is none"
    with Image.open(file) as kept:
        if max(abs(a - b) for a, b in zip(kept.size, now.size, strict=True)) > CELL:
            return f"it has {kept.width} by {kept.height} pixels, now {now.width} by {now.height}"
        share = difference(kept.convert("RGB"), now)
    return f"{share:.2%} of it looks different" if share > SHARE else None


def difference(before: Image.Image, after: Image.Image) -> float:
    """Return the share of the cells in which two pictures look different."""
    size = (min(before.width, after.width), min(before.height, after.height))
    grey = [picture.crop((0, 0, *size)).convert("L") for picture in (before, after)]
    cells = (size[0] // CELL, size[1] // CELL)
    small = [picture.resize(cells, Image.Resampling.BOX) for picture in grey]
    differs = ImageChops.difference(*small).histogram()[LEVELS:]
    return sum(differs) / (cells[0] * cells[1])


def why_picture_is_out_of_date(file: Path, now: str) -> str | None:
    """Return why the SVG in `file` differs from the one that was drawn now, None if it does not."""
    if file.exists() and file.read_text(encoding="utf-8") == now:
        return None
    name = file.relative_to(ROOT)
    return f"{name} no longer shows what the command prints. Draw it again: make screenshots"
