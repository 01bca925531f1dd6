"""Documents of the demo: the lender's name on paper, and some of a loan that is paid up and of one that runs."""

from datetime import date

from django.contrib.auth.models import User

from core.errors import KistError
from lms.documents.cases import Subject
from lms.documents.issuing import document_issue
from lms.documents.jobs import document_job_create, document_job_run
from lms.documents.lender import LenderData, lender_profile_publish
from lms.engine.state import LoanStatus
from lms.models import Loan
from lms.models.document import DocumentKind, DocumentLanguage

_LENDER = LenderData(
    name="Kist Demo Finance Private Limited",
    address="12 Demo Road, Pune 411001, Maharashtra",
    registration_number="N-00.00000",
    company_number="U65999MH2020PTC000000",
    phone="020 0000 0000",
    email="care@demo.example",
    grievance_officer="Nodal officer, 020 0000 0001, grievance@demo.example",
    site="http://127.0.0.1:8000",
)
_OF_A_RUNNING_LOAN = (DocumentKind.SCHEDULE, DocumentKind.STATEMENT, DocumentKind.FORECLOSURE)
_IN_A_JOB = 40


def lender_name(*, today: date) -> None:
    """Publish how the demo lender is named."""
    lender_profile_publish(effective_from=today, lender=_LENDER, reason="Opening of the demo lender")


def documents_fill(*, actor: User) -> int:
    """Issue some documents in both languages, and a small job; return how many."""
    running = Loan.objects.filter(status=LoanStatus.ACTIVE).order_by("pk").first()
    paid = Loan.objects.filter(status=LoanStatus.CLOSED).order_by("pk").first()
    wanted = [(running, kind) for kind in _OF_A_RUNNING_LOAN] + [(paid, DocumentKind.NO_DUES)]
    issued = sum(
        _issued(loan, kind, language, actor)
        for loan, kind in wanted
        if loan is not None
        for language in DocumentLanguage
    )
    job = document_job_create(
        kind=DocumentKind.NO_DUES,
        language=DocumentLanguage.HI,
        subject=Subject(),
        product_code=paid.product_code if paid else "",
        idempotency_key="demo:no-dues",
        actor=actor,
        chunk_loans=_IN_A_JOB,
    )
    return issued + document_job_run(job_id=job.pk).documents_done


def _issued(loan: Loan, kind: DocumentKind, language: DocumentLanguage, actor: User) -> int:
    try:
        document_issue(
            loan_id=loan.pk,
            kind=kind,
            language=language,
            subject=Subject(),
            idempotency_key=f"demo:{loan.pk}:{kind.value}:{language.value}",
            actor=actor,
        )
    except KistError:
        # A loan of the demo may have nothing to say of this kind; the others have.
        return 0
    return 1
