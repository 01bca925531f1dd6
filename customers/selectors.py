"""Questions about customers."""

import re
from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from core.fields import blind_index
from customers.models import BankAccount, Customer, CustomerField, CustomerNameToken
from customers.name_index import starts_with, words_like
from customers.values import ACCOUNT_PURPOSE, PAN_PURPOSE, is_pan, name_tokens

_MOST_WORDS = 4
_FEWEST_DIGITS = 3
_POOL = 200


def customers_search(*, text: str, limit: int = 20) -> list[Customer]:
    """Find customers by whatever staff type into the search box.

    Args:
        text: a customer number or its beginning; a PAN in full; a phone number in full (also with +91 or a leading
            0), its beginning or its last digits, three at least; or words of a name, each in full, begun, or with one
            typing error. Typing errors count only when the words as typed find nobody.
        limit: how many customers at most.

    Returns:
        Best matches first: exact numbers, PANs and phones before beginnings, full words of a name before begun ones.
        Who was merged into another customer is found as that one.
    """
    wanted = text.strip()
    if not wanted:
        return []
    if is_pan(wanted):
        return _standing(list(Customer.objects.filter(pan_index=blind_index(wanted, purpose=PAN_PURPOSE))[:limit]))
    found: dict[int, Customer] = {}
    for query in (*_by_number(wanted), *_by_phone(wanted)):
        for customer in query[: limit - len(found)]:
            found.setdefault(customer.pk, customer)
        if len(found) >= limit:
            break
    return _standing(list(found.values()) or _by_name(wanted, limit))[:limit]


def family_ids(*, customer_id: int) -> tuple[int, ...]:
    """Return the keys of a customer and of every duplicate that was merged into it, directly or through another."""
    found = [customer_id]
    waiting = [customer_id]
    while waiting:
        waiting = list(Customer.objects.filter(merged_into__in=waiting).order_by("pk").values_list("pk", flat=True))
        found += waiting
    return tuple(found)


def family_of(*, customer: Customer) -> list[Customer]:
    """Return the duplicates that were merged into a customer, oldest first."""
    others = [key for key in family_ids(customer_id=customer.pk) if key != customer.pk]
    return list(Customer.objects.filter(pk__in=others).order_by("pk")) if others else []


def survivor_of(*, customer: Customer) -> Customer:
    """Return the customer whom a duplicate leads to; the customer itself where it was never merged."""
    found = customer
    while found.merged_into_id is not None:
        found = Customer.objects.get(pk=found.merged_into_id)
    return found


def state_code_on(*, customer: Customer, on_date: date) -> str:
    """Return the state that a customer lived in on a day, by the history of moves: two letters."""
    moves = customer.changes.filter(field=CustomerField.STATE_CODE)
    before = moves.filter(effective_from__lte=on_date).order_by("-effective_from", "-pk").first()
    if before is not None:
        return before.new_value
    after = moves.order_by("effective_from", "pk").first()
    return customer.state_code if after is None else after.old_value


def customer_by_number(*, number: str) -> Customer | None:
    """Return the customer with a number, or None."""
    return Customer.objects.filter(number=number.strip()).first()


def customers_by_numbers(*, numbers: Iterable[str]) -> dict[str, int]:
    """Return the keys of the customers that have one of these numbers, by number; a few hundred at a time."""
    return dict(Customer.objects.filter(number__in=list(numbers)).values_list("number", "pk"))


def customer_by_pan(*, pan: str) -> Customer | None:
    """Return the customer with a PAN, or None."""
    return Customer.objects.filter(pan_index=blind_index(pan, purpose=PAN_PURPOSE)).first()


def bank_accounts_by_number(*, account_number: str) -> QuerySet[BankAccount]:
    """Return the bank accounts with a number, of whichever customer and branch."""
    index = blind_index("".join(account_number.split()), purpose=ACCOUNT_PURPOSE)
    return BankAccount.objects.filter(account_index=index).select_related("customer").order_by("pk")


def _standing(found: Sequence[Customer]) -> list[Customer]:
    """Put survivors in the place of duplicates, each once."""
    standing: dict[int, Customer] = {}
    for customer in found:
        survivor = survivor_of(customer=customer)
        standing.setdefault(survivor.pk, survivor)
    return list(standing.values())


def _by_number(text: str) -> list[QuerySet[Customer]]:
    """Return exact match, then beginnings; only for what looks like a number, that is, has a digit."""
    if " " in text or not any(character.isdigit() for character in text):
        return []
    number = text.upper()
    queries = [Customer.objects.filter(number=number)]
    if not text.isdigit():
        queries.append(Customer.objects.filter(starts_with("number", number)).order_by("number"))
    return queries


def _by_phone(text: str) -> list[QuerySet[Customer]]:
    """Return exact match for ten digits, otherwise beginnings, then endings."""
    digits = re.sub(r"[\s()-]", "", text)
    digits = re.sub(r"^(\+91|91(?=[6-9][0-9]{9}$)|0)", "", digits)
    if not re.fullmatch(r"[0-9]+", digits) or not _FEWEST_DIGITS <= len(digits) <= 10:
        return []
    if len(digits) == 10:
        return [Customer.objects.filter(phone=digits)]
    return [
        Customer.objects.filter(starts_with("phone", digits)),
        Customer.objects.filter(starts_with("phone_reversed", digits[::-1])),
    ]


def _by_name(text: str, limit: int) -> list[Customer]:
    # The longest word is looked up first: it fits the fewest names.
    words = tuple(sorted(name_tokens(text)[:_MOST_WORDS], key=len, reverse=True))
    if not words:
        return []
    pool = _with_words([starts_with("token", word) for word in words])
    if not pool:
        pool = _with_words([starts_with("token", word) | Q(token__in=words_like(word)) for word in words])
    return sorted(pool, key=lambda customer: _distance(customer, words))[:limit]


def _with_words(conditions: list[Q]) -> list[Customer]:
    """Return customers whose names fulfil every condition; the first one is looked up, the others are checked."""
    first, *others = conditions
    tokens = CustomerNameToken.objects.filter(first)
    for condition in others:
        tokens = tokens.filter(Exists(CustomerNameToken.objects.filter(condition, customer=OuterRef("customer"))))
    keys = set(tokens.values_list("customer", flat=True)[:_POOL])
    return list(Customer.objects.filter(pk__in=keys))


def _distance(customer: Customer, words: tuple[str, ...]) -> tuple[int, int, str, int]:
    """Sort key: words of the search that are not whole words of the name, length of the name, the name."""
    tokens = name_tokens(customer.full_name)
    return sum(word not in tokens for word in words), len(tokens), customer.full_name.casefold(), customer.pk
