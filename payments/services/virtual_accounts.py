"""An account number of each loan's own: opened, closed, and who may pay into it."""

from datetime import UTC, datetime
from typing import Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from ulid import ULID

from core import audit
from core.clock import database_now
from core.fields import blind_index
from core.sagas.models import Saga
from core.sagas.services import saga_start
from core.transactions import run_in_transaction
from customers.values import ACCOUNT_PURPOSE, clean_account_number, clean_ifsc
from lms.services.checks import reason_check
from payments.account_errors import PayerGone, PayerKnown, VirtualAccountClosed, VirtualAccountNotOpen
from payments.locks import virtual_accounts_for_update
from payments.models import AccountState, AllowedPayer, VirtualAccount
from payments.services.links import loan_running
from payments.vendors.answers import AccountNews, payer_known
from payments.vendors.heard import PaymentHeard

ACCOUNT_SAGA: Final = "payments.virtual_account"
CLOSE_SAGA: Final = "payments.virtual_account_close"
PAYER_SAGA: Final = "payments.virtual_account_payer"
_LAST: Final = 4
# A rail proves the bank, not the branch: the first letters of the code name it.
_BANK_LETTERS: Final = 4


def virtual_account_request(*, loan_id: int, actor: User | None = None) -> VirtualAccount:
    """Give a loan an account number of its own; the second call returns the first one's.

    One that could not be opened is tried again.

    Raises:
        VirtualAccountClosed: the loan had one that was closed.
        LoanTakesNoPayment, LoanUnknown: the loan does not run.
    """

    def request() -> VirtualAccount:
        loan = loan_running(loan_id=loan_id)
        account = virtual_accounts_for_update().filter(loan=loan).first()
        if account is not None and account.state in (AccountState.CLOSING, AccountState.CLOSED):
            raise VirtualAccountClosed(loan=loan.number)
        if account is not None and account.state != AccountState.FAILED:
            return account
        if account is None:
            account = VirtualAccount.objects.create(loan=loan, our_reference=str(ULID()), requested_at=database_now())
        else:
            account.our_reference, account.vendor, account.problem = str(ULID()), None, ""
            account.state = AccountState.OPENING
        account.saga_id = _saga(account, ACCOUNT_SAGA).pk
        account.save()
        audit.record(actor=actor, action="payments.virtual_account_request", obj=account, detail={"loan": loan.number})
        return account

    return run_in_transaction(request)


def virtual_account_opened(*, account_id: int, news: AccountNews) -> VirtualAccount:
    """Write down the number of a virtual account."""

    def opened() -> VirtualAccount:
        account = virtual_accounts_for_update().get(pk=account_id)
        account.vendor_reference, account.account_number = news.vendor_reference, news.account_number
        account.ifsc, account.state = news.ifsc, AccountState.OPEN
        account.save()
        for payer in account.payers.all():
            _told(payer, news)
            # Listed, or taken back, while the gateway was opening it.
            if payer.is_live is not None and not payer.vendor_reference:
                _payer_saga(account, payer, "allow")
            elif payer.is_live is None and payer.vendor_reference:
                _payer_saga(account, payer, "remove")
        return account

    return run_in_transaction(opened)


def payer_told(*, payer_id: int, news: AccountNews) -> bool:
    """Write down that the gateway knows who may pay, and forget the number; tell whether it does know."""

    def told() -> bool:
        payer = AllowedPayer.objects.select_related("account").get(pk=payer_id)
        account = virtual_accounts_for_update().get(pk=payer.account_id)
        payer.refresh_from_db()
        _told(payer, news)
        if payer.is_live is None and payer.vendor_reference:
            # The right was taken back while the gateway was being told of it.
            _payer_saga(account, payer, "remove after all")
        return bool(payer.vendor_reference)

    return run_in_transaction(told)


def virtual_account_close(*, account_id: int, reason: str, actor: User | None = None) -> VirtualAccount:
    """Close an account, and start the saga that tells the vendor; a repeat changes nothing.

    Raises:
        VirtualAccountNotOpen: it takes no credits yet, or never did.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)

    def close() -> VirtualAccount:
        account = virtual_accounts_for_update().get(pk=account_id)
        if account.state in (AccountState.CLOSING, AccountState.CLOSED):
            return account
        if account.state != AccountState.OPEN:
            raise VirtualAccountNotOpen(state=account.get_state_display())
        account.state = AccountState.CLOSING
        account.save(update_fields=["state"])
        _saga(account, CLOSE_SAGA)
        audit.record(actor=actor, action="payments.virtual_account_close", obj=account, reason=reason)
        return account

    return run_in_transaction(close)


def virtual_account_closed(*, account_id: int) -> None:
    """Write down that the vendor has closed an account: what is paid into it from now on waits in suspense."""

    def closed() -> None:
        account = virtual_accounts_for_update().get(pk=account_id)
        account.state, account.closed_at = AccountState.CLOSED, database_now()
        account.save(update_fields=["state", "closed_at"])
        account.payers.update(account_number="")

    run_in_transaction(closed)


def payer_allow(
    *, account_id: int, label: str, account_number: str, ifsc: str, actor: User | None = None
) -> AllowedPayer:
    """Let an account pay into a virtual account; from the first one on, credits of others wait in suspense.

    Raises:
        VirtualAccountNotOpen: it takes no credits.
        PayerKnown: it may pay already.
        AccountNumberInvalid, IfscInvalid: the number or the code cannot be.
    """
    number, code = clean_account_number(account_number), clean_ifsc(ifsc)

    def allow() -> AllowedPayer:
        account = virtual_accounts_for_update().get(pk=account_id)
        if account.state not in (AccountState.OPEN, AccountState.OPENING):
            raise VirtualAccountNotOpen(state=account.get_state_display())
        try:
            with transaction.atomic():
                payer = AllowedPayer.objects.create(
                    account=account,
                    label=label.strip()[:80],
                    account_index=blind_index(number, purpose=ACCOUNT_PURPOSE),
                    last_digits=number[-_LAST:],
                    ifsc=code,
                    account_number=number,
                    added_by=actor,
                    added_at=database_now(),
                )
        except IntegrityError as error:
            raise PayerKnown(last_digits=number[-_LAST:]) from error
        if account.state == AccountState.OPEN:
            _payer_saga(account, payer, "allow")
        audit.record(actor=actor, action="payments.payer_allow", obj=payer, detail={"account": account.our_reference})
        return payer

    return run_in_transaction(allow)


def payer_remove(*, payer_id: int, reason: str, actor: User | None = None) -> None:
    """Take the right to pay into a virtual account back; the row stays.

    Raises:
        PayerGone: it has none any more.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)

    def remove() -> None:
        payer = AllowedPayer.objects.get(pk=payer_id)
        account = virtual_accounts_for_update().get(pk=payer.account_id)
        ended = AllowedPayer.objects.filter(pk=payer_id, is_live=True).update(is_live=None, ended_at=database_now())
        if not ended:
            raise PayerGone()
        payer.refresh_from_db()
        if account.state == AccountState.OPEN:
            _payer_saga(account, payer, "remove")
        audit.record(actor=actor, action="payments.payer_remove", obj=payer, reason=reason)

    run_in_transaction(remove)


def credit_refusal(*, account: VirtualAccount | None, heard: PaymentHeard) -> str:
    """Return why a credit does not go on the loan of its account; empty when it does.

    Money that was paid before the account was closed is the loan's, whenever it is told.
    """
    if account is None:
        return ""
    if account.closed_at is not None:
        paid_at = datetime.fromtimestamp(heard.paid_epoch, tz=UTC) if heard.paid_epoch else None
        if paid_at is None or paid_at > account.closed_at:
            closed = timezone.localtime(account.closed_at)
            return f"Paid into account {account.account_number}, closed on {closed:%d %b %Y}: ask who has paid it"
    if _may_pay(account, heard):
        return ""
    return f"Paid into account {account.account_number} by an account that may not pay into it: ask whose it is"


def _may_pay(account: VirtualAccount, heard: PaymentHeard) -> bool:
    payers = list(account.payers.filter(is_live=True))
    if not payers:
        return True
    index = blind_index("".join(heard.payer_account.split()), purpose=ACCOUNT_PURPOSE) if heard.payer_account else ""
    bank = heard.payer_ifsc[:_BANK_LETTERS].upper()
    return any((payer.account_index, payer.ifsc[:_BANK_LETTERS]) == (index, bank) for payer in payers)


def _told(payer: AllowedPayer, news: AccountNews) -> None:
    """Take over how the gateway knows a payer, in the caller's transaction; what it knows we need not keep."""
    known = payer_known(news, account_number=payer.account_number, ifsc=payer.ifsc) if payer.account_number else None
    if known is not None:
        payer.vendor_reference, payer.account_number = known.vendor_reference, ""
        payer.save(update_fields=["vendor_reference", "account_number"])


def _payer_saga(account: VirtualAccount, payer: AllowedPayer, what: str) -> None:
    saga_start(
        kind=PAYER_SAGA,
        intent_key=f"{account.our_reference}:{payer.pk}:{what}",
        context={"payer_id": payer.pk},
        subject_type="payments.virtualaccount",
        subject_id=account.pk,
    )


def _saga(account: VirtualAccount, kind: str) -> Saga:
    return saga_start(
        kind=kind,
        intent_key=account.our_reference,
        context={"account_id": account.pk},
        subject_type="payments.virtualaccount",
        subject_id=account.pk,
    )
