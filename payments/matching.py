"""Which loan a payment of unknown purpose may be for: every hint that the payment gives, and how much each is worth."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core.business_date import business_date
from customers.models import BankAccount, Customer
from customers.selectors import customers_search
from lms.engine.state import LoanStatus
from lms.models import Loan
from payments.models import IncomingPayment, PaymentPayer, PaymentState
from payments.names import Degree, Degrees, name_fit
from payments.services.payees import degrees_of
from payments.services.vendors import parameters_on

_LOAN_NUMBER: Final = re.compile(r"\bL\d{6,}\b", re.IGNORECASE)
_SHOWN: Final = 5
_CANDIDATES: Final = 20
_CLOSED: Final = (LoanStatus.CLOSED,)
# What a hint is worth; two weak ones do not outweigh the number of the loan itself.
_NUMBER, _ASKED, _SAME_PAYER, _ACCOUNT, _PHONE, _AMOUNT = 60, 60, 40, 40, 35, 20
_NAME: Final = {Degree.COMPLETE: 30, Degree.HIGH: 25, Degree.MODERATE: 12, Degree.LOW: 4, Degree.NONE: 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A loan that a payment may be for, and why; the highest score is the likeliest."""

    loan: Loan
    customer: Customer
    causes: tuple[str, ...]
    score: int

    @property
    def tone(self) -> str:
        """Return the colour of the score."""
        return "green" if self.score >= _NUMBER else "amber" if self.score >= _PHONE else "grey"


class _Found:
    """Hints by loan, as they are gathered."""

    def __init__(self) -> None:
        self.by_loan: defaultdict[int, dict[str, int]] = defaultdict(dict)

    def add(self, loans: Iterable[int], cause: str, worth: int) -> None:
        for loan_id in loans:
            self.by_loan[loan_id][cause] = worth


def suggestions_for(*, payment: IncomingPayment) -> tuple[Suggestion, ...]:
    """Return the loans that a payment in suspense may be for, the likeliest first, five at most.

    A fixed number of queries, whatever the size of the book: each hint is looked up by an index.

    Raises:
        ParametersMissing: no scores of names are in force.
    """
    payer = PaymentPayer.objects.filter(payment=payment).first() or PaymentPayer()
    found = _Found()
    _by_number(found, payment, payer)
    _by_what_was_asked(found, payment)
    _by_earlier_payments(found, payer)
    _by_person(found, payer)
    by_amount = Loan.objects.filter(instalment_paise=payment.amount_paise, status=LoanStatus.ACTIVE)
    if not found.by_loan:
        found.add(by_amount.values_list("pk", flat=True)[:_CANDIDATES], "the amount is its instalment", _AMOUNT)
    keys = list(found.by_loan)[: 2 * _CANDIDATES]
    loans = Loan.objects.filter(pk__in=keys).exclude(status__in=_CLOSED).select_related("customer")
    degrees = degrees_of(parameters=parameters_on(day=business_date()))
    rated = [_rated(loan, (payment, payer), found.by_loan[loan.pk], degrees) for loan in loans]
    return tuple(sorted(rated, key=lambda row: (-row.score, row.loan.pk))[:_SHOWN])


def _by_number(found: _Found, payment: IncomingPayment, payer: PaymentPayer) -> None:
    written = f"{payer.narration} {payment.order_reference} {payment.utr}"
    numbers = {number.upper() for number in _LOAN_NUMBER.findall(written)}
    if numbers:
        loans = Loan.objects.filter(number__in=numbers).values_list("pk", flat=True)
        found.add(loans, "its number stands in the narration", _NUMBER)


def _by_what_was_asked(found: _Found, payment: IncomingPayment) -> None:
    if payment.link is not None:
        found.add([payment.link.loan_id], "it was asked for by a link of this loan", _ASKED)
    if payment.virtual_account is not None:
        found.add([payment.virtual_account.loan_id], "it came on the account of this loan", _ASKED)


def _by_earlier_payments(found: _Found, payer: PaymentPayer) -> None:
    for column, value in (("vpa_index", payer.vpa_index), ("account_index", payer.account_index)):
        if value:
            earlier = IncomingPayment.objects.filter(**{f"payer__{column}": value}, state=PaymentState.APPLIED)
            loans = earlier.order_by("-pk").values_list("loan_id", flat=True)[:_CANDIDATES]
            found.add([key for key in loans if key is not None], "the same payer has paid this loan", _SAME_PAYER)


def _by_person(found: _Found, payer: PaymentPayer) -> None:
    if payer.account_index:
        owners = BankAccount.objects.filter(account_index=payer.account_index).values_list("customer_id", flat=True)
        found.add(_loans_of(owners[:_CANDIDATES]), "it came from the borrower's own account", _ACCOUNT)
    if payer.phone:
        called = Customer.objects.filter(phone=payer.phone).values_list("pk", flat=True)
        found.add(_loans_of(called[:_CANDIDATES]), "the payer has the borrower's phone", _PHONE)
    if payer.name:
        named = [customer.pk for customer in customers_search(text=payer.name, limit=_CANDIDATES)]
        found.add(_loans_of(named), "", 0)


def _loans_of(customer_ids: Iterable[int]) -> list[int]:
    loans = Loan.objects.filter(customer_id__in=list(customer_ids)).exclude(status__in=_CLOSED)
    return list(loans.order_by("-pk").values_list("pk", flat=True)[:_CANDIDATES])


def _rated(
    loan: Loan, paid: tuple[IncomingPayment, PaymentPayer], hints: dict[str, int], degrees: Degrees
) -> Suggestion:
    payment, payer = paid
    causes = {cause: worth for cause, worth in hints.items() if cause}
    if payment.amount_paise in (loan.instalment_paise, loan.overdue_paise, loan.next_due_paise):
        causes["the amount is its instalment or what is due"] = _AMOUNT
        causes.pop("the amount is its instalment", None)
    if payer.name:
        fit = name_fit(ours=loan.customer.full_name, theirs=payer.name)
        degree = degrees.of(fit.score)
        if _NAME[degree]:
            causes[f"the names fit: {degree.lower()} ({fit.score})"] = _NAME[degree]
    return Suggestion(loan=loan, customer=loan.customer, causes=tuple(causes), score=sum(causes.values()))
