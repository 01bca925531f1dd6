"""The index behind the search by name: the words of each name, and the near forms of each word."""

from collections.abc import Collection, Iterable, Sequence

from django.db import connection
from django.db.models import Q

from customers.models import Customer, CustomerNameToken, NameVariant
from customers.values import name_tokens

# In shorter words one letter more or less gives another name, not a typing error.
TYPO_LENGTH = 4
_BATCH = 1_000


def names_index(*, customers: Sequence[Customer]) -> None:
    """Add customers that are not in the index yet, in the caller's transaction."""
    tokens = [(customer, token) for customer in customers for token in name_tokens(customer.full_name)]
    CustomerNameToken.objects.bulk_create(
        [CustomerNameToken(customer=customer, token=token) for customer, token in tokens], batch_size=_BATCH
    )
    _words_add({token for _, token in tokens if len(token) >= TYPO_LENGTH})


def words_like(word: str) -> list[str]:
    """Return the words of names that are one typing error away: a letter missing, extra, wrong or out of place."""
    if len(word) < TYPO_LENGTH:
        return []
    rows = NameVariant.objects.filter(variant__in=_variants(word)).values_list("word", flat=True)
    return sorted(set(rows))


def starts_with(field: str, prefix: str) -> Q:
    """Return a condition that the index on a column can answer, on every database.

    SQLite does not use an index for LIKE with an escape character, MySQL does not for LIKE BINARY.
    """
    if connection.vendor == "sqlite":
        return Q((f"{field}__gte", prefix), (f"{field}__lt", prefix + "\U0010ffff"))
    return Q((f"{field}__istartswith", prefix))


def _words_add(words: Collection[str]) -> None:
    ordered = sorted(words)
    known: set[str] = set()
    for start in range(0, len(ordered), _BATCH):
        batch = ordered[start : start + _BATCH]
        # Every word is a variant of itself, so one look-up says whether it was added before.
        known.update(NameVariant.objects.filter(variant__in=batch, word__in=batch).values_list("word", flat=True))
    NameVariant.objects.bulk_create(_rows(word for word in ordered if word not in known), _BATCH, ignore_conflicts=True)


def _rows(words: Iterable[str]) -> list[NameVariant]:
    return [NameVariant(variant=variant, word=word) for word in words for variant in _variants(word)]


def _variants(word: str) -> list[str]:
    """Return a word and its forms with one letter left out; two words that share one are a typing error apart."""
    return sorted({word, *(word[:place] + word[place + 1 :] for place in range(len(word)))})
