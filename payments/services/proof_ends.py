"""The end of a proof: what a bank says of a payout to an account counts more than the check before it."""

from collections.abc import Sequence

from django.db.models import Exists, Max, OuterRef, QuerySet

from core.business_date import business_date
from core.clock import database_now
from payments.models import AttemptState, CheckState, Operation, PaidCheck, PayeeCheck, Payout
from payments.services.attempts import AttemptMove
from payments.vendors.account_reasons import is_about_account

_FINAL = (AttemptState.FAILED, AttemptState.REVERSED)
_PROVING = (CheckState.VALID, CheckState.INVALID)


def proof_end(*, move: AttemptMove) -> PayeeCheck | None:
    """Write down that an account counts as proven no more, in the caller's transaction, which has the call locked.

    The checks before stay as they are: a new row says what the bank has said, and counts because it is later. It has
    the reference of the call, so that one call ends a proof once.

    Returns:
        The row; None when the answer is not final, says nothing about the account, or was written down before.
    """
    attempt = move.attempt
    if move.after not in _FINAL or not is_about_account(reason=attempt.reason):
        return None
    if PayeeCheck.objects.filter(our_reference=attempt.our_reference).exists():
        return None
    payout = Payout.objects.get(saga_id=attempt.saga_id)
    account = {"account_index": payout.account_index, "ifsc": payout.ifsc}
    # It counts for as long as any proof that it ends.
    last = PayeeCheck.objects.filter(**account).aggregate(last=Max("valid_until"))["last"]
    today, now = business_date(), database_now()
    check = PayeeCheck.objects.create(
        **account,
        bank_account_id=payout.bank_account_id,
        vendor=attempt.vendor,
        operation=Operation.PAYOUT,
        state=CheckState.ENDED,
        our_reference=attempt.our_reference,
        reason=attempt.reason[:120],
        asked_at=now,
        answered_at=now,
        valid_until=max(last or today, today),
    )
    # The proof that was paid for is gone: another may be paid for, unless somebody is asking just now.
    used = (
        PaidCheck.objects.filter(**account).exclude(check_made__state=CheckState.WAITING).values_list("pk", flat=True)
    )
    PaidCheck.objects.filter(pk__in=list(used)).update(taken_until=None, check_made=None)
    return check


def proofs_ended() -> QuerySet[PayeeCheck]:
    """Return ended proofs of accounts that borrowers are still paid at, which nothing has proven or refused since."""
    later = PayeeCheck.objects.filter(
        account_index=OuterRef("account_index"),
        ifsc=OuterRef("ifsc"),
        state__in=_PROVING,
        answered_at__gt=OuterRef("answered_at"),
    )
    return PayeeCheck.objects.filter(~Exists(later), state=CheckState.ENDED, bank_account__is_primary=True)


def checks_counting(*, checks: Sequence[PayeeCheck]) -> list[PayeeCheck]:
    """Return which checks of one account still count: none that was answered before its proof ended."""
    ends = [check.answered_at for check in checks if check.state == CheckState.ENDED and check.answered_at]
    if not ends:
        return list(checks)
    end = max(ends)
    return [
        check
        for check in checks
        if check.state not in (*_PROVING, CheckState.ENDED)
        or (check.answered_at is not None and check.answered_at > end)
    ]
