"""Time to issue one document: `python -m bench.documents` prints the median of each kind beside its bar.

Wall-clock time first, then processor time, which a busy machine does not stretch.

The loan has sixty instalments, all paid: a statement of sixty-one entries. Issuing is everything: replays, the row with
its number, the file. Uses a database of its own on the server that DATABASE_URL names, SQLite in memory without one.
"""

import statistics
import time
from dataclasses import replace
from datetime import date
from decimal import Decimal

from bench.app import own_database
from core.business_date import business_date_set
from customers.services import customer_create
from lms.documents.cases import Subject
from lms.documents.issuing import document_issue
from lms.documents.jobs import document_job_create, document_job_run
from lms.documents.lender import LenderData, lender_profile_publish
from lms.documents.rendering import pdf_render
from lms.engine.facts import Disburse, Fact, Receive
from lms.engine.schedule import build_schedule
from lms.models import Loan
from lms.models.document import Document, DocumentKind, DocumentLanguage
from lms.services.bulk import LoanDraft, loans_book_many
from lms.services.products import product_create, product_version_publish, terms_for_loan

LENT, TODAY = date(2021, 1, 1), date(2026, 4, 10)
BAR_MS = 100
REPEATS = 15
BULK = 200

# Wall-clock and processor time.
Taken = tuple[float, float]


def main() -> None:
    """Make a database, issue, print, drop the database."""
    with own_database():
        business_date_set(to=TODAY)
        lender = LenderData(
            name="Bench Finance Limited",
            address="Mumbai",
            registration_number="N-0",
            phone="0",
            email="care@bench.example",
            grievance_officer="Officer",
            site="https://bench.example",
        )
        lender_profile_publish(effective_from=TODAY, lender=lender, reason="Bench")
        loans = book()
        wanted = {
            DocumentKind.SCHEDULE: Subject(),
            DocumentKind.STATEMENT: Subject(),
            DocumentKind.RECEIPT: Subject(sequence=30),
            DocumentKind.INTEREST: Subject(year=2025),
            DocumentKind.NO_DUES: Subject(),
        }
        for kind, subject in wanted.items():
            for language in DocumentLanguage:
                report(f"{kind.label}, {language.label}", issued(loans[0], kind, language, subject))
        year = Subject(from_date=date(2025, 4, 1))
        report("Statement of the last year", issued(loans[1], DocumentKind.STATEMENT, DocumentLanguage.EN, year))
        report("of it setting the statement's pages", set_again(loans[0]))
        job = document_job_create(
            kind=DocumentKind.INTEREST,
            language=DocumentLanguage.HI,
            subject=Subject(year=2025),
            idempotency_key="bench",
        )
        begun = time.perf_counter()
        document_job_run(job_id=job.pk)
        seconds = time.perf_counter() - begun
        print(f"{'interest certificates by a job, one worker':<40} {BULK / seconds:>8,.0f} a second (no bar)")


def book() -> tuple[Loan, ...]:
    """Book loans of sixty instalments, each paid on its day."""
    version = product_version_publish(
        product=product_create(code="PL", name="Personal loan"),
        terms_template={},
        principal_min_paise=1_000_00,
        principal_max_paise=10_00_000_00,
        rate_min_pct=Decimal(0),
        rate_max_pct=Decimal(48),
        instalment_count_min=1,
        instalment_count_max=120,
        effective_from=date(2020, 1, 1),
    )
    terms = terms_for_loan(
        version=version,
        principal_paise=5_00_000_00,
        annual_rate_pct=Decimal(18),
        instalment_count=60,
        first_due_date=date(2021, 2, 5),
    )
    facts: list[Fact] = [Disburse(sequence=1, value_date=LENT, amount_paise=5_00_000_00)]
    for row in build_schedule(terms=terms, start_date=LENT):
        facts.append(
            Receive(
                sequence=row.number + 1,
                value_date=row.due_date,
                amount_paise=row.due.total,
            )
        )
    drafts = []
    for number in range(BULK):
        customer = customer_create(full_name="Asha Verma", phone=f"9{number:09d}", state_code="MH")
        drafts.append(
            LoanDraft(
                key=f"bench:{number}",
                customer_id=customer.pk,
                product_version=version,
                terms=terms,
                sanctioned_on=LENT,
                facts=tuple(replace(fact, reference=f"UTR{number:04d}{fact.sequence:04d}") for fact in facts),
            )
        )
    return loans_book_many(drafts=drafts, batch_key="bench", reason="Bench")


def issued(loan: Loan, kind: DocumentKind, language: DocumentLanguage, subject: Subject) -> Taken:
    """Return the median times of issuing; the first one warms the compiler up."""
    times = []
    for number in range(REPEATS + 1):
        begun = now()
        document_issue(
            loan_id=loan.pk,
            kind=kind,
            language=language,
            subject=subject,
            idempotency_key=f"{loan.pk}:{kind.value}:{language.value}:{number}",
        )
        times.append(since(begun))
    return medians(times[1:])


def set_again(loan: Loan) -> Taken:
    """Return the median times of setting a statement that differs each time."""
    times = []
    for document in Document.objects.filter(kind=DocumentKind.STATEMENT, loan=loan):
        begun = now()
        # The compiler remembers pages that it has set.
        pdf_render(content={**document.content, "title": f"Again {document.number}"})
        times.append(since(begun))
    return medians(times)


def now() -> Taken:
    """Read both clocks, in milliseconds."""
    return time.perf_counter() * 1e3, time.process_time() * 1e3


def since(begun: Taken) -> Taken:
    """Return how much both clocks moved."""
    wall, processor = now()
    return wall - begun[0], processor - begun[1]


def medians(times: list[Taken]) -> Taken:
    """Return the median of each clock."""
    return statistics.median(wall for wall, _ in times), statistics.median(processor for _, processor in times)


def report(name: str, taken: Taken) -> None:
    """Print one line."""
    print(f"{name:<40} {taken[0]:>8,.1f} ms  bar <= {BAR_MS}   processor {taken[1]:>6,.1f} ms")


if __name__ == "__main__":
    main()
