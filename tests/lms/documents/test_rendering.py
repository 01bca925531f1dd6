"""The file itself: archival form, fonts inside, letters that join as Hindi readers expect."""

import copy
import io

import pypdf
import pytest
import typst

from lms.documents.rendering import _FOLDER, pdf_render, png_render
from tests.lms.documents.book import pdf_text
from tests.lms.documents.golden import GOLDEN


def test_file_says_that_it_is_pdf_a_2b() -> None:
    pdf = pdf_render(content=GOLDEN)

    marks = pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"]["/Metadata"].get_data().decode()  # type: ignore[index]
    assert "<pdfaid:part>2</pdfaid:part>" in marks
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in marks


def test_every_font_is_inside_the_file() -> None:
    reader = pypdf.PdfReader(io.BytesIO(pdf_render(content=GOLDEN)))

    fonts = [font.get_object() for font in reader.pages[0]["/Resources"]["/Font"].values()]  # type: ignore[index]
    names = {str(font["/BaseFont"]).partition("+")[2].removesuffix("-Identity-H") for font in fonts}
    assert names == {"NotoSans-Regular", "NotoSans-Bold", "NotoSansDevanagari-Regular", "NotoSansDevanagari-Bold"}
    inside = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object() for font in fonts]
    assert all("/FontFile2" in font or "/FontFile3" in font for font in inside)


def test_file_carries_title_lender_and_day_and_no_clock() -> None:
    metadata = pypdf.PdfReader(io.BytesIO(pdf_render(content=GOLDEN))).metadata

    assert metadata is not None
    assert (metadata.title, metadata.author) == (
        "ऋण खाता विवरण SOA-2025-26-000001",
        "Kist Test Finance Private Limited",
    )
    assert str(metadata["/CreationDate"]).startswith("D:20260310")


@pytest.mark.parametrize(
    ("joined", "parts"),
    [
        # A conjunct is narrower than its letters side by side.
        ("क्ष", ("क", "ष")),
        ("त्र", ("त", "र")),
        ("द्ध", ("द", "ध")),
        ("श्र", ("श", "र")),
        # The letter r before a consonant is a hook above it, after it a stroke below: neither takes room.
        ("र्त", ("र", "त")),
        ("प्र", ("प", "र")),
    ],
)
def test_conjuncts_are_shaped_and_not_strung_together(joined: str, parts: tuple[str, str]) -> None:
    assert width(joined) < sum(width(part) for part in parts)


def test_short_i_stands_before_its_consonant() -> None:
    """Ink left of the letter: ि is written after its consonant and drawn before it."""
    assert width("कि") > width("क")
    assert picture("कि") != picture("िक")


@pytest.mark.parametrize("sign", ["₹", "–", "·", "क़", "ज़", "ड़", "ॐ", "।"])
def test_signs_that_documents_use_have_a_glyph(sign: str) -> None:
    assert picture(sign) != picture("\ufffe")
    assert width(sign) > 0


def test_long_table_goes_on_with_its_head_on_every_page() -> None:
    content = copy.deepcopy(GOLDEN)
    table = content["blocks"][3]
    table["rows"] = [[f"row {number}", f"{number}.00"] for number in range(1, 151)]

    text = pdf_text(pdf_render(content=content))

    assert text.count("150.00") == 1
    pages = pypdf.PdfReader(io.BytesIO(pdf_render(content=content))).pages
    assert len(pages) == 4
    assert [f"{number} / 4" in page.extract_text() for number, page in enumerate(pages, 1)] == [True] * 4
    assert len(png_render(content=content, ppi=20)) == 4


def width(text: str) -> float:
    """Return how wide a text is set, in points."""
    source = f'#context [#metadata(measure(text(font: ("Noto Sans", "Noto Sans Devanagari"), "{text}")).width.pt())<w>]'
    found = _compiler(source).query("<w>", field="value", one=True)
    return float(found)


def picture(text: str) -> bytes:
    """Return a text as a picture."""
    source = (
        "#set page(width: 40pt, height: 30pt, margin: 4pt)\n"
        f'#text(font: ("Noto Sans", "Noto Sans Devanagari"), fallback: false, "{text}")'
    )
    made = _compiler(source).compile(format="png", ppi=96)
    assert isinstance(made, bytes)
    return made


def _compiler(source: str) -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(_FOLDER / "fonts")])
    return typst.Compiler(input=source.encode(), font_paths=fonts)
