"""Generated people: names, phones, PANs, addresses and bank accounts that belong to nobody."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from faker import Faker

from customers.services import CustomerData

_STATES = ("MH", "KA", "TN", "DL", "UP", "GJ", "WB", "TS", "RJ", "KL", "MP", "HR", "PB", "BR", "AP")
_CITIES = {
    "MH": ("Pune", "411001"),
    "KA": ("Bengaluru", "560001"),
    "TN": ("Chennai", "600001"),
    "DL": ("New Delhi", "110001"),
    "UP": ("Lucknow", "226001"),
    "GJ": ("Surat", "395003"),
    "WB": ("Kolkata", "700001"),
    "TS": ("Hyderabad", "500001"),
    "RJ": ("Jaipur", "302001"),
    "KL": ("Kochi", "682001"),
    "MP": ("Indore", "452001"),
    "HR": ("Gurugram", "122001"),
    "PB": ("Ludhiana", "141001"),
    "BR": ("Patna", "800001"),
    "AP": ("Vijayawada", "520001"),
}
_BANKS = ("HDFC0", "ICIC0", "SBIN0", "UTIB0", "KKBK0")
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A generated customer with an address and a bank account."""

    customer: CustomerData
    street: str
    city: str
    pin_code: str
    account_number: str
    ifsc: str


def generate_people(*, count: int, rng: Random, today: date) -> Iterator[Person]:
    """Yield people with distinct phones and PANs; the same `rng` state gives the same people."""
    faker = Faker("en_IN")
    faker.seed_instance(rng.getrandbits(64))
    for serial in range(count):
        state = rng.choice(_STATES)
        city, pin_code = _CITIES[state]
        first, last = faker.first_name(), faker.last_name()
        yield Person(
            customer=CustomerData(
                full_name=f"{first} {last}",
                phone=f"{rng.choice('6789')}{rng.randrange(1000):03d}{serial:06d}",
                state_code=state,
                pan=_pan(rng=rng, serial=serial, initial=last[0].upper()),
                email=f"borrower{serial}@example.com",
                birth_date=today - timedelta(days=rng.randrange(22 * 365, 58 * 365)),
            ),
            street=f"{rng.randrange(1, 400)}, {faker.street_name()}",
            city=city,
            pin_code=pin_code,
            account_number=f"{rng.randrange(10**5):05d}{serial:08d}",
            ifsc=f"{rng.choice(_BANKS)}{rng.randrange(10**6):06d}",
        )


def _pan(*, rng: Random, serial: int, initial: str) -> str:
    """Build a PAN of a person (fourth letter P); the serial keeps it unique."""
    head = "".join(rng.choice(_LETTERS) for _ in range(3))
    fifth = initial if initial in _LETTERS else "A"
    return f"{head}P{fifth}{serial % 10_000:04d}{_LETTERS[serial // 10_000 % len(_LETTERS)]}"
