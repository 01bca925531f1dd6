"""What taking money at the counter, or the bank's word about a cheque, would do to a loan."""

from collections.abc import Callable
from dataclasses import replace

from lms.acts.submitting import loans_lock
from lms.services.effects import Effect, effect_of
from payments.services.deposits import CounterOrder, counter_take
from payments.services.incoming import payment_lock, put_on_loan


def counter_effect(*, order: CounterOrder) -> Effect:
    """Tell where money that lies on the counter would go; a cheque as if it had cleared today.

    Raises:
        The refusals of `counter_take`, and for a cheque those of `receipt_post`.
    """

    def act() -> None:
        taken = counter_take(order=replace(order, idempotency_key=f"{order.idempotency_key}:effect"))
        if order.cheque is not None:
            payment = payment_lock(payment_id=taken.payment_id)
            assert payment.loan is not None  # noqa: S101  # taken for one
            put_on_loan(payment=payment, loan=payment.loan, came_from=None, source="PERSON", actor=order.actor)

    return loan_effect(loan_id=order.loan_id, act=act)


def loan_effect(*, loan_id: int, act: Callable[[], object]) -> Effect:
    """Tell what an act of payments would do to a loan, by doing it and taking it back.

    Raises:
        What the act itself would be refused for.
    """
    return effect_of(loan_ids=[loan_id], act=act, lock=loans_lock(loan_ids=[loan_id]))
