"""A numbered receipt for every payment on a loan: issued by a saga, because it makes a file."""

from datetime import timedelta
from typing import Final

from core.sagas.definitions import Done, Failed, Outcome, SagaKind, Step, StepRun, Wait
from core.sagas.services import saga_start
from lms.documents.cases import Subject
from lms.documents.issuing import document_issue
from lms.errors.documents import LenderProfileMissing
from lms.models.document import Document, DocumentKind, DocumentLanguage
from payments.events import PaymentReceived
from payments.models import IncomingPayment, PaymentState

RECEIPT_SAGA: Final = "payments.receipt_document"
QUEUE: Final = "pay.document"


def receipt_document_begin(event: PaymentReceived) -> None:
    """Begin to issue the receipt of a payment that has reached its loan."""
    payment = IncomingPayment.objects.filter(pk=event.payment_id, state=PaymentState.APPLIED).first()
    if payment is None or payment.fact_sequence is None:
        return
    saga_start(
        kind=RECEIPT_SAGA,
        intent_key=f"{payment.number}:{payment.turn}",
        context={"payment_id": payment.pk, "loan_id": payment.loan_id, "sequence": payment.fact_sequence},
        subject_type="payments.incoming",
        subject_id=payment.pk,
        priority=90,
    )


def receipt_issue(run: StepRun) -> Outcome:
    """Issue the receipt, once for each time that a payment is put on a loan; not of one that was taken off again."""
    payment = IncomingPayment.objects.get(pk=run.context["payment_id"])
    if (payment.loan_id, payment.fact_sequence) != (run.context["loan_id"], run.context["sequence"]):
        return Failed("The payment is on another loan by now, or on none")
    try:
        document = receipt_document_issue(payment=payment)
    except LenderProfileMissing as error:
        return Wait(timedelta(hours=1), error.message)
    return Done({"document": document.number})


def receipt_document_issue(*, payment: IncomingPayment) -> Document:
    """Issue the receipt of a payment that is on its loan, or return the one that was issued for it.

    Raises:
        LenderProfileMissing: nobody has said how the lender is named.
        The refusals of `document_issue`.
    """
    assert payment.loan_id is not None  # noqa: S101  # what is applied is on one
    assert payment.fact_sequence is not None  # noqa: S101  # and has a receipt there
    return document_issue(
        loan_id=payment.loan_id,
        kind=DocumentKind.RECEIPT,
        language=DocumentLanguage.EN,
        subject=Subject(sequence=payment.fact_sequence),
        idempotency_key=_key(payment),
    )


def receipt_document_of(*, payment: IncomingPayment) -> Document | None:
    """Return the receipt that was issued when a payment was last put on its loan; None where none was."""
    return Document.objects.filter(idempotency_key=_key(payment)).first()


def _key(payment: IncomingPayment) -> str:
    return f"payment:{payment.number}:{payment.turn}:receipt"


RECEIPT_DOCUMENT: Final = SagaKind(
    code=RECEIPT_SAGA,
    title="Receipt for a payment",
    queue=QUEUE,
    steps=(Step(name="issue", title="Issue the receipt", execute=receipt_issue),),
)
