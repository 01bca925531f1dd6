"""Amounts in words: every word below a hundred, the scales, and the paise."""

import pytest

from lms.documents.texts import Wording, text_keys
from lms.documents.words import amount_in_words, number_in_words
from lms.models.document import DocumentKind, DocumentLanguage

EN, HI = DocumentLanguage.EN, DocumentLanguage.HI

# Ten in a row: a word that is missing or doubled moves all later ones.
HINDI_BELOW_A_HUNDRED = [
    "शून्य एक दो तीन चार पाँच छह सात आठ नौ",
    "दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस",
    "बीस इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस",
    "तीस इकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस उनतालीस",
    "चालीस इकतालीस बयालीस तैंतालीस चौवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास",
    "पचास इक्यावन बावन तिरपन चौवन पचपन छप्पन सत्तावन अट्ठावन उनसठ",
    "साठ इकसठ बासठ तिरसठ चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर",
    "सत्तर इकहत्तर बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उनासी",
    "अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सत्तासी अट्ठासी नवासी",
    "नब्बे इक्यानवे बानवे तिरानवे चौरानवे पचानवे छियानवे सत्तानवे अट्ठानवे निन्यानवे",
]


@pytest.mark.parametrize("tens", range(10))
def test_hindi_has_its_own_word_for_every_number_below_a_hundred(tens: int) -> None:
    written = [number_in_words(number=tens * 10 + ones, language=HI) for ones in range(10)]

    assert written == HINDI_BELOW_A_HUNDRED[tens].split()


def test_no_two_numbers_below_a_hundred_share_a_word() -> None:
    for language in DocumentLanguage:
        assert len({number_in_words(number=number, language=language) for number in range(100)}) == 100


@pytest.mark.parametrize(
    ("number", "english", "hindi"),
    [
        (0, "Zero", "शून्य"),
        (13, "Thirteen", "तेरह"),
        (40, "Forty", "चालीस"),
        (99, "Ninety-Nine", "निन्यानवे"),
        (100, "One Hundred", "एक सौ"),
        (101, "One Hundred One", "एक सौ एक"),
        (1_000, "One Thousand", "एक हज़ार"),
        (10_019, "Ten Thousand Nineteen", "दस हज़ार उन्नीस"),
        (1_00_000, "One Lakh", "एक लाख"),
        (
            12_34_567,
            "Twelve Lakh Thirty-Four Thousand Five Hundred Sixty-Seven",
            "बारह लाख चौंतीस हज़ार पाँच सौ सड़सठ",
        ),
        (1_00_00_000, "One Crore", "एक करोड़"),
        (
            99_99_99_999,
            "Ninety-Nine Crore Ninety-Nine Lakh Ninety-Nine Thousand Nine Hundred Ninety-Nine",
            "निन्यानवे करोड़ निन्यानवे लाख निन्यानवे हज़ार नौ सौ निन्यानवे",
        ),
        (123_00_00_001, "One Hundred Twenty-Three Crore One", "एक सौ तेईस करोड़ एक"),
        (1_00_000 * 1_00_00_000, "One Lakh Crore", "एक लाख करोड़"),
    ],
)
def test_numbers_are_counted_in_lakh_and_crore(number: int, english: str, hindi: str) -> None:
    assert number_in_words(number=number, language=EN) == english
    assert number_in_words(number=number, language=HI) == hindi


@pytest.mark.parametrize(
    ("paise", "english", "hindi"),
    [
        (0, "Rupees Zero Only", "शून्य रुपये मात्र"),
        (1_00, "Rupees One Only", "एक रुपया मात्र"),
        (50, "Rupees Zero and Fifty Paise Only", "शून्य रुपये और पचास पैसे मात्र"),
        (2_01, "Rupees Two and One Paise Only", "दो रुपये और एक पैसा मात्र"),
        (
            11_348_25,
            "Rupees Eleven Thousand Three Hundred Forty-Eight and Twenty-Five Paise Only",
            "ग्यारह हज़ार तीन सौ अड़तालीस रुपये और पच्चीस पैसे मात्र",
        ),
    ],
)
def test_amounts_end_like_a_cheque(paise: int, english: str, hindi: str) -> None:
    assert amount_in_words(paise=paise, language=EN) == english
    assert amount_in_words(paise=paise, language=HI) == hindi


def test_amounts_below_zero_have_no_words() -> None:
    with pytest.raises(ValueError, match="zero or more"):
        amount_in_words(paise=-1, language=EN)


def test_every_text_is_in_every_language_and_differs_where_letters_do() -> None:
    same = {key for key in text_keys() if _raw(EN, key) == _raw(HI, key)}

    assert same == {"company", "sac"}


@pytest.mark.parametrize("kind", DocumentKind)
def test_every_kind_has_a_title(kind: DocumentKind) -> None:
    assert Wording(EN)(kind.value) != Wording(HI)(kind.value)


def _raw(language: DocumentLanguage, key: str) -> str:
    places = ("number", "phone", "email", "officer", "words", "day", "first", "last", "name", "amount", "label")
    return Wording(language)(key, code="{code}", **{place: "{" + place + "}" for place in places})
