"""When a picture of a page is out of date: it is of another page, or a line of it has changed."""

from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from tests.support.labs import ROOT
from tests.support.pictures import why_out_of_date

PICTURES = sorted(ROOT.glob("tutorial/*/.lesson/*.png"))
# The height of a row in most tables, and how far lines of text are apart at least.
ROW, GAP = 33, 4


def opened(file: Path) -> Image.Image:
    with Image.open(file) as picture:
        return picture.convert("RGB")


def lines(picture: Image.Image) -> list[int]:
    """Return the heights at which lines of text begin: something dark below what is empty."""
    dark = picture.convert("L").point(lambda level: level < 128)
    inked = [dark.crop((0, y, dark.width, y + 1)).getbbox() for y in range(dark.height - ROW)]
    return [y for y in range(GAP, len(inked)) if inked[y] and not any(inked[y - GAP : y])]


@pytest.mark.parametrize("file", PICTURES, ids=lambda file: file.stem)
def test_a_picture_of_another_page_is_noticed(file):
    for other in PICTURES:
        assert (why_out_of_date(file, opened(other)) is None) == (other == file), other


@pytest.mark.parametrize("file", PICTURES, ids=lambda file: file.stem)
def test_a_row_that_is_missing_is_noticed(file):
    picture = opened(file)
    assert len(lines(picture)) > 5
    for y in lines(picture):
        without = picture.copy()
        below = picture.crop((0, y + ROW, picture.width, picture.height))
        without.paste(below, (0, y))
        assert why_out_of_date(file, without), y


@pytest.mark.parametrize("file", PICTURES, ids=lambda file: file.stem)
def test_other_smoothing_of_letters_is_no_difference(file):
    assert why_out_of_date(file, opened(file).filter(ImageFilter.GaussianBlur(0.5))) is None


@pytest.mark.parametrize("file", PICTURES, ids=lambda file: file.stem)
def test_a_picture_is_small(file):
    assert file.stat().st_size < 150_000
