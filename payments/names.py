"""How well two names of persons fit, as banks and customers write them; an arithmetic on words, without a database."""

import enum
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

_TITLES: Final = frozenset(
    {"mr", "mrs", "ms", "miss", "dr", "shri", "shree", "smt", "prof", "adv", "m/s", "mx", "late"}
)
# Names as well as titles: left out only in front of a whole name.
_TITLES_IN_FRONT: Final = frozenset({"sri", "kumari", "km", "kum"})
# What follows names a father or a husband, not the holder.
_RELATIVE: Final = frozenset({"s/o", "d/o", "w/o", "c/o", "h/o"})
_ABBREVIATIONS: Final = {
    "md": "mohammad",
    "mohd": "mohammad",
    "mohammed": "mohammad",
    "mohamed": "mohammad",
    "muhammad": "mohammad",
    "muhammed": "mohammad",
    "kr": "kumar",
    "sk": "sheikh",
    "shaikh": "sheikh",
    "shaik": "sheikh",
}
# One sound, several ways to write it in Latin letters. Whether a name ends in a vowel is left alone: Ram is not Rama.
_SOUNDS: Final = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"ksh|x", "ks"),
        (r"ph", "f"),
        (r"([bdgjkptc])h", r"\1"),
        (r"sh", "s"),
        (r"ow|ou|au", "o"),
        (r"ee|ie|ea", "i"),
        (r"oo", "u"),
        (r"y", "i"),
        (r"w", "v"),
        (r"z", "j"),
        (r"q", "k"),
        (r"(.)\1+", r"\1"),
    )
)
_INITIAL: Final = (95, 90)
_OTHER_ORDER_STRICT: Final = 83
_SAME_SOUND: Final = (97, 92)
_LESS_PER_MISSING_WORD: Final = 15
# Words that are less alike than this are not one word misspelt.
_LIKENESS: Final = 75
_LEAST_COMMON_WORDS: Final = 2


class Degree(enum.StrEnum):
    """How well two names fit, in the words of the verification services."""

    COMPLETE = "COMPLETE"
    HIGH = "HIGH"
    MODERATE = "MODERATE"
    LOW = "LOW"
    NONE = "NONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Degrees:
    """The least score of each degree from 0 to 100; below the last there is none."""

    complete: int
    high: int
    moderate: int
    low: int

    def of(self, score: int) -> Degree:
        """Return the degree that a score has."""
        steps = (
            (self.complete, Degree.COMPLETE),
            (self.high, Degree.HIGH),
            (self.moderate, Degree.MODERATE),
            (self.low, Degree.LOW),
        )
        return next((degree for least, degree in steps if score >= least), Degree.NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameFit:
    """Two scores from 0 to 100, and whether they may decide alone.

    `score` forgives what banks do to names: titles, order, initials, a middle name left out. `strict_score` does not.
    `is_doubtful` tells that a person has to look however high the scores are: a word that is alike but not the same
    (Anita, Ankita), or fewer than two whole words in common. `is_comparable` is False for no name at all, and for one
    in letters that cannot be read here: that says nothing about the person.
    """

    score: int
    strict_score: int
    is_doubtful: bool
    is_comparable: bool = True


_SAME: Final = NameFit(score=100, strict_score=100, is_doubtful=False)


@dataclass(frozen=True, slots=True)
class _Pair:
    score: float
    strict: float
    is_whole: bool = False
    is_alike: bool = False


def name_fit(*, ours: str, theirs: str) -> NameFit:
    """Compare a customer's name with the one that a bank tells.

    Source: the published examples of name match services, see tests/payments/test_names.py.
    """
    mine, other = _words(ours), _words(theirs)
    if not mine or not other:
        return NameFit(score=0, strict_score=0, is_doubtful=True, is_comparable=False)
    if "".join(mine) == "".join(other):
        return _SAME
    text, other_text = " ".join(mine), " ".join(other)
    as_written = _as_written(*sorted((text, other_text), key=lambda name: (len(name), name)))
    short, long = sorted((mine, other), key=len)
    pairs, places = _pairs(short, long)
    whole = sum(pair.is_whole for pair in pairs)
    if not whole or len(pairs) < len(short):
        return _fit(as_written, is_doubtful=not whole or any(pair.is_alike for pair in pairs))
    missing = len(long) - len(short)
    score = min(100 - _LESS_PER_MISSING_WORD * missing, *(pair.score for pair in pairs))
    strict = min(pair.strict for pair in pairs)
    if missing:
        strict = min(strict, as_written[1])
    if places != sorted(places):
        strict = min(strict, _OTHER_ORDER_STRICT)
    if missing and whole < _LEAST_COMMON_WORDS:
        score = min(score, as_written[0])
    is_doubtful = any(pair.is_alike for pair in pairs) or (len(long) > 1 and whole < _LEAST_COMMON_WORDS)
    return _fit((score, strict), is_doubtful=is_doubtful)


def _fit(scores: tuple[float, float], *, is_doubtful: bool) -> NameFit:
    # Rounded down, so that nothing reaches a threshold by rounding.
    return NameFit(score=int(scores[0]), strict_score=int(min(scores)), is_doubtful=is_doubtful)


def _as_written(short: str, long: str) -> tuple[float, float]:
    """Compare two names letter by letter; in one order, because the first measure depends on it."""
    blocks = SequenceMatcher(None, long, short, autojunk=False)
    return 100 * blocks.ratio(), 100 * Levenshtein.normalized_similarity(short, long)


@lru_cache(maxsize=10_000)
def _words(name: str) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower().replace("'", "")
    words = [word for word in re.split(r"[^a-z/]+", plain) if word.strip("/")]
    relative = next((place for place, word in enumerate(words) if word in _RELATIVE), len(words))
    words = [word for word in words[:relative] if word not in _TITLES]
    if len(words) > _LEAST_COMMON_WORDS and words[0] in _TITLES_IN_FRONT:
        words = words[1:]
    return tuple(_ABBREVIATIONS.get(word, word) for word in words)


def _pairs(short: Sequence[str], long: Sequence[str]) -> tuple[list[_Pair], list[int]]:
    """Give each word of the shorter name its word of the longer one, the surest first; in the order of the shorter."""
    found: dict[int, tuple[_Pair, int]] = {}
    taken: set[int] = set()
    for compare in (_same, _same_sound, _initial, _alike):
        for place, word in enumerate(short):
            if place in found:
                continue
            for other_place, other in enumerate(long):
                if other_place not in taken and (pair := compare(word, other)):
                    found[place] = (pair, other_place)
                    taken.add(other_place)
                    break
    return [found[place][0] for place in sorted(found)], [found[place][1] for place in sorted(found)]


def _same(word: str, other: str) -> _Pair | None:
    return _Pair(100, 100, is_whole=len(word) > 1) if word == other else None


def _same_sound(word: str, other: str) -> _Pair | None:
    if min(len(word), len(other)) > 1 and _sound(word) == _sound(other):
        return _Pair(*_SAME_SOUND, is_whole=True)
    return None


def _initial(word: str, other: str) -> _Pair | None:
    is_initial = min(len(word), len(other)) == 1 and word[0] == other[0]
    return _Pair(*_INITIAL) if is_initial else None


def _alike(word: str, other: str) -> _Pair | None:
    score = fuzz.ratio(word, other)
    if score < _LIKENESS:
        return None
    return _Pair(score, 100 * Levenshtein.normalized_similarity(word, other), is_alike=True)


def _sound(word: str) -> str:
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return word
