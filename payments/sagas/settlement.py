"""Learn what a settlement is made of, and look again for as long as it does not add up."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from core.business_date import business_date
from core.sagas.definitions import Done, Outcome, Park, SagaKind, Step, StepRun, Wait
from payments.errors import AmountDiffers, WebhookUnreadable
from payments.models import Settlement, SettlementStanding
from payments.protocol import SIX_HOURS
from payments.sagas.collect import QUEUE, vendor_again
from payments.services.rules import rules_on
from payments.services.settlement_parts import SETTLEMENT_SAGA, settlement_parts_told
from payments.services.vendors import collect_client_of
from payments.vendors.errors import VendorError
from payments.vendors.heard import PartHeard

_HOUR: Final = timedelta(hours=1)


def report_read(run: StepRun) -> Outcome:
    """Read the gateway's report; what does not add up is read again, and after some days a person looks."""
    settlement = Settlement.objects.select_related("vendor").get(pk=run.context["settlement_id"])
    if settlement.standing == SettlementStanding.EXPLAINED:
        return Done()
    try:
        heard = collect_client_of(vendor=settlement.vendor).settlement_parts(
            vendor_reference=settlement.vendor_reference, utr=settlement.utr, told_on=settlement.booked_on
        )
        told = settlement_parts_told(settlement_id=settlement.pk, heard=heard) if heard else settlement
    except VendorError as error:
        return vendor_again(error)
    except (WebhookUnreadable, AmountDiffers) as error:
        return Park(error.message)
    return Done({"parts": len(heard)}) if told.standing == SettlementStanding.EXPLAINED else _later(settlement, heard)


def _later(settlement: Settlement, heard: Sequence[PartHeard]) -> Outcome:
    today = business_date()
    if (today - settlement.booked_on).days > rules_on(day=today).settlement_late_days:
        return Park("It does not add up to its parts: see its page for what differs, then ask the gateway")
    if not heard:
        return Wait(_HOUR, "The report has no line of it yet")
    return Wait(SIX_HOURS, "It does not add up yet")


SETTLEMENT: Final = SagaKind(
    code=SETTLEMENT_SAGA,
    title="Parts of a settlement",
    queue=QUEUE,
    steps=(Step(name="report", title="Read the gateway's report", execute=report_read, max_attempts=60),),
)
