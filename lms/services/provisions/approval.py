"""Posting and reversal of a run as kinds of approval: shown before, done after, in the maker's name."""

from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth.models import User

from core.approvals.registry import ApprovalKind, Lock, Payload, register
from core.business_date import business_date
from core.money import format_rupees
from core.rehearsal import rehearse
from lms.locks import provision_runs_for_update
from lms.models import ProvisionPosting, ProvisionRun
from lms.services.provisions.held import provisions_held
from lms.services.provisions.posting import accounts_prepare, provision_run_post, provision_run_reverse

POST: Final = "lms.provision_run"
REVERSE: Final = "lms.provision_run_reversal"


def provision_approvals_register() -> None:
    """Make both acts known to maker and checker."""
    for code, title in ((POST, "Post provisions"), (REVERSE, "Reverse provisions")):
        register(
            ApprovalKind(
                code=code,
                title=title,
                make_permission="lms.run_provisions",
                check_permission="lms.approve_provisions",
                describe=_describe,
                subject=lambda payload: (ProvisionRun._meta.label_lower, int(payload["run_id"])),
                effect=_effect,
                version=_version,
                execute=_execute,
                prepare=_prepare,
            )
        )


def provision_payload(*, run: ProvisionRun, reason: str, is_reversal: bool = False) -> dict[str, Any]:
    """Write the posting or the reversal of a run as the data of a request."""
    return {"run_id": run.pk, "reason": reason, "is_reversal": is_reversal}


def _describe(payload: Payload) -> str:
    run = ProvisionRun.objects.get(pk=payload["run_id"])
    total = sum(row[5] for row in run.totals), sum(row[6] for row in run.totals)
    return (
        f"{'Reverse' if payload['is_reversal'] else 'Post'} provisions of {run.month_end:%d %b %Y}, run {run.number}: "
        f"norms {format_rupees(total[0])}, expected loss {format_rupees(total[1])}"
    )


def _effect(payload: Payload, actor: User) -> dict[str, Any]:
    """Do it in a rehearsal, and show what each balance moves by."""

    def act() -> dict[str, Any]:
        run = _run(payload, actor)
        rows = run.postings.filter(is_reversal=payload["is_reversal"]).select_related("journal")
        lines = [line for row in rows.order_by("product_code", "head") for line in _lines(row)]
        return {"postings": lines, "value_date": run.month_end.isoformat(), "booked_on": str(run.posted_on)}

    return rehearse(act)


def _lines(row: ProvisionPosting) -> list[Mapping[str, Any]]:
    return [
        {
            "account": account.code,
            "name": account.name,
            "debit_paise": transfer.amount_paise if account == transfer.debit_account else 0,
            "credit_paise": transfer.amount_paise if account == transfer.credit_account else 0,
        }
        for transfer in row.journal.transfers.select_related("debit_account", "credit_account").order_by("leg")
        for account in (transfer.debit_account, transfer.credit_account)
    ]


def _version(payload: Payload) -> str:
    """Name what the effect follows from: the state of the run, what is posted, and the day of booking."""
    run = ProvisionRun.objects.get(pk=payload["run_id"])
    last = ProvisionRun.objects.order_by("-pk").values_list("pk", flat=True).first()
    return f"{run.state}:{last}:{sum(provisions_held().values())}:{business_date().isoformat()}"[:64]


def _prepare(payload: Payload) -> Lock:
    accounts_prepare(run_id=int(payload["run_id"]))
    return lambda: list(provision_runs_for_update())


def _execute(payload: Payload, maker: User, _key: str) -> ProvisionRun:
    return _run(payload, maker)


def _run(payload: Payload, actor: User) -> ProvisionRun:
    act = provision_run_reverse if payload["is_reversal"] else provision_run_post
    return act(run_id=int(payload["run_id"]), reason=str(payload["reason"]), actor=actor)
