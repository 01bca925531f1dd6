"""Open links and virtual accounts at a vendor, and ask what became of them for as long as nobody tells."""

import random
from datetime import datetime, timedelta
from typing import Final

from core.clock import database_now
from core.sagas.definitions import Done, Failed, Outcome, Park, SagaKind, Step, StepRun, Wait
from core.sagas.models import Saga, SagaState
from lms.engine.state import LoanStatus
from payments.errors import AmountDiffers, NoVendorAvailable, WebhookUnreadable
from payments.models import AccountState, AllowedPayer, LinkForm, LinkState, Operation, PaymentLink, VirtualAccount
from payments.protocol import SIX_HOURS, STANDARD_LADDER
from payments.services.incoming import payment_told
from payments.services.links import (
    COLLECT_SAGA,
    link_expire,
    link_failed,
    link_opened,
    link_told,
)
from payments.services.vendors import collect_client_of, vendor_choose
from payments.services.virtual_accounts import (
    ACCOUNT_SAGA,
    CLOSE_SAGA,
    PAYER_SAGA,
    payer_told,
    virtual_account_closed,
    virtual_account_opened,
)
from payments.vendors.answers import LinkNews, LinkOrder, Payer
from payments.vendors.errors import VendorAway, VendorDuplicate, VendorError, VendorNotFound, VendorRefused
from payments.vendors.heard import Heard, LinkHeard, PaymentHeard

QUEUE: Final = "pay.collect"
# After a link has expired, a payment begun in time may still come in.
_GRACE: Final = timedelta(hours=1)
_TEN_MINUTES: Final = timedelta(minutes=10)
_DONE: Final = (LinkState.PAID, LinkState.CANCELLED, LinkState.EXPIRED, LinkState.FAILED)


def link_open(run: StepRun) -> Outcome:
    """Open a link: the vendor is written down before it is asked, and asked for the link before it is asked again."""
    link = PaymentLink.objects.select_related("vendor").get(pk=run.context["link_id"])
    if link.state != LinkState.OPENING:
        return Done()
    was_asked = link.vendor is not None
    if link.vendor is None:
        try:
            link.vendor = vendor_choose(
                operation=Operation.COLLECT, rail="", amount_paise=link.amount_paise, now=database_now()
            )
        except NoVendorAvailable as error:
            return Wait(timedelta(seconds=random.uniform(20, 60)), error.message)
        link.save(update_fields=["vendor"])
    client = collect_client_of(vendor=link.vendor)
    is_order = link.form == LinkForm.ORDER
    try:
        news = client.link_find(our_reference=link.our_reference, is_order=is_order) if was_asked else None
        news = news or client.link_open(_order(link))
    except VendorRefused as error:
        return Failed(error.reason)
    except VendorError as error:
        return vendor_again(error)
    return _opened(link, news)


def link_follow(run: StepRun) -> Outcome:
    """Ask what became of a link, less and less often; webhooks wake this step, and are not needed."""
    link = PaymentLink.objects.select_related("vendor").get(pk=run.context["link_id"])
    if link.state in _DONE:
        return Done({"state": link.state})
    now = database_now()
    if link.looks == 0 and link.changed_at + STANDARD_LADDER[0] > now:
        return Wait(link.changed_at + STANDARD_LADDER[0] - now, "Waits for the payment")
    PaymentLink.objects.filter(pk=link.pk).update(looks=link.looks + 1)
    assert link.vendor is not None  # noqa: S101  # the step before has opened it
    try:
        heard = collect_client_of(vendor=link.vendor).link_look(
            our_reference=link.our_reference,
            vendor_reference=link.vendor_reference,
            is_order=link.form == LinkForm.ORDER,
        )
        state = _learn(link, heard)
    except VendorError as error:
        return vendor_again(error)
    except (AmountDiffers, WebhookUnreadable) as error:
        return Park(error.message)
    if state not in _DONE and now > link.expires_at + _GRACE:
        link_expire(link_id=link.pk)
        state = LinkState.EXPIRED
    return Done({"state": state}) if state in _DONE else Wait(_pause(link, now), "Waits for the payment")


def _pause(link: PaymentLink, now: datetime) -> timedelta:
    """Return how long to wait: longer each time, but not past the end of the link."""
    looks = link.looks + 1
    pause = STANDARD_LADDER[looks] if looks < len(STANDARD_LADDER) else SIX_HOURS
    return min(pause, max(link.expires_at + 1.1 * _GRACE - now, STANDARD_LADDER[0]))


def link_ended(saga_id: int, state: str) -> None:
    """Tell a link that could not be opened."""
    if state == SagaState.COMPENSATED:
        saga = Saga.objects.get(pk=saga_id)
        link_failed(link_id=saga.context["link_id"], problem=saga.problem)


def account_open(run: StepRun) -> Outcome:
    """Open a virtual account: asked for by our reference before it is asked for again."""
    account = VirtualAccount.objects.select_related("vendor", "loan").get(pk=run.context["account_id"])
    if account.state != AccountState.OPENING:
        return Done()
    was_asked = account.vendor is not None
    if account.vendor is None:
        try:
            account.vendor = vendor_choose(
                operation=Operation.VIRTUAL_ACCOUNT, rail="", amount_paise=1, now=database_now()
            )
        except NoVendorAvailable as error:
            return Wait(timedelta(seconds=random.uniform(20, 60)), error.message)
        account.save(update_fields=["vendor"])
    client = collect_client_of(vendor=account.vendor)
    try:
        news = client.account_find(our_reference=account.our_reference) if was_asked else None
        news = news or client.account_open(
            our_reference=account.our_reference,
            description=f"Loan {account.loan.number}",
            payers=_payers(account),
        )
    except VendorRefused as error:
        return Failed(error.reason)
    except VendorError as error:
        return vendor_again(error)
    virtual_account_opened(account_id=account.pk, news=news)
    return Done()


def account_follow(run: StepRun) -> Outcome:
    """Ask every six hours what was credited to a virtual account, for as long as the loan runs."""
    account = VirtualAccount.objects.select_related("vendor", "loan").get(pk=run.context["account_id"])
    assert account.vendor is not None  # noqa: S101  # the step before has opened it
    try:
        heard = collect_client_of(vendor=account.vendor).account_look(
            vendor_reference=account.vendor_reference, has_payers=account.payers.filter(is_live=True).exists()
        )
    except VendorError as error:
        return vendor_again(error)
    except WebhookUnreadable as error:
        return Park(error.message)
    for payment in heard:
        if isinstance(payment, PaymentHeard):
            payment_told(vendor=account.vendor, heard=payment, source="LOOK")
    account.refresh_from_db(fields=["state"])
    if account.loan.status == LoanStatus.ACTIVE and account.state != AccountState.CLOSED:
        return Wait(SIX_HOURS, "Takes credits for as long as the loan runs")
    return Done()


def payer_tell(run: StepRun) -> Outcome:
    """Tell the gateway who may pay into an account, or no longer; it may be told again."""
    payer = AllowedPayer.objects.select_related("account__vendor").get(pk=run.context["payer_id"])
    account = payer.account
    assert account.vendor is not None  # noqa: S101  # only an open one is told
    if account.state != AccountState.OPEN or (payer.is_live is None and not payer.vendor_reference):
        return Done()
    if payer.is_live and (missing := _untellable(account)):
        return Park(
            f"The gateway was told nothing, it would send back what {missing} pays: list that account anew first"
        )
    client = collect_client_of(vendor=account.vendor)
    try:
        if payer.is_live is None:
            client.payer_remove(vendor_reference=account.vendor_reference, payer_reference=payer.vendor_reference)
        elif not payer.vendor_reference:
            named = Payer(account_number=payer.account_number, ifsc=payer.ifsc)
            news = client.payer_add(vendor_reference=account.vendor_reference, payer=named)
            if not payer_told(payer_id=payer.pk, news=news):
                return Wait(_TEN_MINUTES, "The gateway took it, and does not list it yet")
    except VendorRefused as error:
        return Park(f"The gateway does not take {payer} over, and sends back what it pays: {error.reason}")
    except VendorError as error:
        return vendor_again(error)
    return Done()


def _payers(account: VirtualAccount) -> list[Payer]:
    """Return who may pay, as the gateway is told: all of them or nobody, because it sends back what others pay."""
    if _untellable(account):
        return []
    live = account.payers.filter(is_live=True).order_by("pk")
    return [Payer(account_number=payer.account_number, ifsc=payer.ifsc) for payer in live]


def _untellable(account: VirtualAccount) -> AllowedPayer | None:
    """Return a payer whose number was not kept when it was listed, and of whom the gateway does not know."""
    live = account.payers.filter(is_live=True).order_by("pk")
    return next((payer for payer in live if not payer.account_number and not payer.vendor_reference), None)


def account_close(run: StepRun) -> Outcome:
    """Close a virtual account at the vendor; it may be asked again."""
    account = VirtualAccount.objects.select_related("vendor").get(pk=run.context["account_id"])
    if account.state == AccountState.CLOSED:
        return Done()
    assert account.vendor is not None  # noqa: S101  # only an open one is closed
    try:
        collect_client_of(vendor=account.vendor).account_close(vendor_reference=account.vendor_reference)
    except VendorRefused as error:
        return Park(error.reason)
    except VendorError as error:
        return vendor_again(error)
    virtual_account_closed(account_id=account.pk)
    return Done()


def account_ended(saga_id: int, state: str) -> None:
    """Tell a virtual account that could not be opened."""
    if state == SagaState.COMPENSATED:
        saga = Saga.objects.get(pk=saga_id)
        accounts = VirtualAccount.objects.filter(pk=saga.context["account_id"])
        accounts.update(state=AccountState.FAILED, problem=saga.problem)


def _order(link: PaymentLink) -> LinkOrder:
    return LinkOrder(
        our_reference=link.our_reference,
        amount_paise=link.amount_paise,
        description=link.description,
        expires_epoch=int(link.expires_at.timestamp()),
        is_order=link.form == LinkForm.ORDER,
    )


def _opened(link: PaymentLink, news: LinkNews) -> Outcome:
    opened = link_opened(link_id=link.pk, news=news)
    return Done({"address": opened.address})


def _learn(link: PaymentLink, heard: tuple[Heard, ...]) -> str:
    assert link.vendor is not None  # noqa: S101  # it was asked just now
    for news in heard:
        if isinstance(news, PaymentHeard):
            payment_told(vendor=link.vendor, heard=news, source="LOOK")
        elif isinstance(news, LinkHeard):
            link_told(vendor=link.vendor, heard=news)
    link.refresh_from_db()
    return link.state


def vendor_again(error: VendorError) -> Outcome:
    """Wait, then ask again: nothing of ours is at stake, and what the vendor has made is found by our reference."""
    if isinstance(error, VendorAway):
        return Wait(timedelta(seconds=error.retry_seconds * random.uniform(1, 2)), error.reason)
    seconds = 60 if isinstance(error, VendorNotFound) else 10
    if isinstance(error, VendorDuplicate):
        seconds = 1
    return Wait(timedelta(seconds=seconds * random.uniform(1, 2)), error.reason)


COLLECT: Final = SagaKind(
    code=COLLECT_SAGA,
    title="Payment by link or order",
    queue=QUEUE,
    on_end=link_ended,
    steps=(
        Step(name="open", title="Open it at the vendor", execute=link_open, max_attempts=20),
        Step(name="follow", title="Follow it until it is paid", execute=link_follow, max_attempts=30),
    ),
)
VIRTUAL_ACCOUNT: Final = SagaKind(
    code=ACCOUNT_SAGA,
    title="Virtual account of a loan",
    queue=QUEUE,
    on_end=account_ended,
    steps=(
        Step(name="open", title="Open it at the vendor", execute=account_open, max_attempts=20),
        Step(name="follow", title="Look for credits", execute=account_follow, max_attempts=30),
    ),
)
ACCOUNT_CLOSE: Final = SagaKind(
    code=CLOSE_SAGA,
    title="Closing of a virtual account",
    queue=QUEUE,
    steps=(Step(name="close", title="Close it at the vendor", execute=account_close, max_attempts=20),),
)
ACCOUNT_PAYER: Final = SagaKind(
    code=PAYER_SAGA,
    title="Who may pay into a virtual account",
    queue=QUEUE,
    steps=(Step(name="tell", title="Tell the gateway", execute=payer_tell, max_attempts=20),),
)
