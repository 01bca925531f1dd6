"""Amounts in words, counted in lakh and crore, in English and in Hindi."""

from typing import Final

from lms.models.document import DocumentLanguage


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_ENGLISH_ONES: Final = _listed(
    "Zero One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve Thirteen Fourteen Fifteen Sixteen "
    "Seventeen Eighteen Nineteen"
)
_ENGLISH_TENS: Final = _listed(". . Twenty Thirty Forty Fifty Sixty Seventy Eighty Ninety")
# Hindi has a word of its own for every number below a hundred.
_HINDI: Final = _listed(
    "शून्य एक दो तीन चार पाँच छह सात आठ नौ "
    "दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस "
    "बीस इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस "
    "तीस इकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस उनतालीस "
    "चालीस इकतालीस बयालीस तैंतालीस चौवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास "
    "पचास इक्यावन बावन तिरपन चौवन पचपन छप्पन सत्तावन अट्ठावन उनसठ "
    "साठ इकसठ बासठ तिरसठ चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर "
    "सत्तर इकहत्तर बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उनासी "
    "अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सत्तासी अट्ठासी नवासी "
    "नब्बे इक्यानवे बानवे तिरानवे चौरानवे पचानवे छियानवे सत्तानवे अट्ठानवे निन्यानवे"
)
_SCALES: Final = (
    (10_000_000, "Crore", "करोड़"),
    (100_000, "Lakh", "लाख"),
    (1_000, "Thousand", "हज़ार"),
    (100, "Hundred", "सौ"),
)


def amount_in_words(*, paise: int, language: DocumentLanguage) -> str:
    """Write an amount in words, as on a cheque.

    Args:
        paise: the amount, zero or more.

    Raises:
        ValueError: the amount is below zero.

    Source: regulation 14 (lakh and crore; "Twelve Lakh Thirty-Four Thousand Five Hundred Sixty-Seven").
    """
    rupees, fraction = divmod(paise, 100)
    if language is DocumentLanguage.HI:
        text = f"{number_in_words(number=rupees, language=language)} {'रुपया' if rupees == 1 else 'रुपये'}"
        part = f" और {_below_hundred(fraction, language)} {'पैसा' if fraction == 1 else 'पैसे'}" if fraction else ""
        return f"{text}{part} मात्र"
    part = f" and {_below_hundred(fraction, language)} Paise" if fraction else ""
    return f"Rupees {number_in_words(number=rupees, language=language)}{part} Only"


def number_in_words(*, number: int, language: DocumentLanguage) -> str:
    """Write a whole number in words; a hundred crore and more as so many crore.

    Raises:
        ValueError: the number is below zero.
    """
    if number < 0:
        raise ValueError("Amounts in words are of zero or more.")
    if number < 100:
        return _below_hundred(number, language)
    parts = []
    for size, english, hindi in _SCALES:
        count, number = divmod(number, size)
        if count:
            scale = hindi if language is DocumentLanguage.HI else english
            parts.append(f"{number_in_words(number=count, language=language)} {scale}")
    if number:
        parts.append(_below_hundred(number, language))
    return " ".join(parts)


def _below_hundred(number: int, language: DocumentLanguage) -> str:
    if language is DocumentLanguage.HI:
        return _HINDI[number]
    if number < 20:
        return _ENGLISH_ONES[number]
    tens, ones = divmod(number, 10)
    return f"{_ENGLISH_TENS[tens]}-{_ENGLISH_ONES[ones]}" if ones else _ENGLISH_TENS[tens]
