"""The bytes of bureau files: written part by part, read as a stream, made again to compare."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.core.files.storage import default_storage

from lms.bureau.entries import Entry, Member
from lms.bureau.layouts import LAYOUTS
from lms.bureau.records import entries_rebuild
from lms.bureau.writing import entry_text, header_text
from lms.errors.bureau import BureauFileChanged, BureauSubmissionNotReady
from lms.models import BureauChunk, BureauCycle, BureauRecord, BureauSubmission

_BLOCK: Final = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMeasure:
    """The size of a file and the hash of its bytes."""

    sha256: str
    size_bytes: int


def members_of(*, cycle: BureauCycle) -> dict[str, Member]:
    """Return who reports to each bureau of a cycle, by bureau."""
    return {submission.bureau: _member(submission, cycle) for submission in cycle.submissions.order_by("bureau")}


def chunk_texts(*, cycle: BureauCycle, entries: Sequence[Entry], members: dict[str, Member]) -> dict[str, bytes]:
    """Return a part of the file of each bureau."""
    layout = LAYOUTS[cycle.layout]
    return {
        bureau: "".join(entry_text(layout=layout, entry=entry, member=member) for entry in entries).encode("ascii")
        for bureau, member in members.items()
    }


def chunk_hash(content: bytes) -> str:
    """Return the hash of a part."""
    return hashlib.sha256(content).hexdigest()


def file_stream(*, submission: BureauSubmission) -> Iterator[bytes]:
    """Yield the file of a bureau; a part that is not stored any more is made again.

    Raises:
        BureauSubmissionNotReady: the cycle is not built.
    """
    if submission.cycle.state != BureauCycle.State.BUILT:
        raise BureauSubmissionNotReady(bureau=submission.get_bureau_display(), state="not built", act="read")
    return _whole(submission, (block for chunk in _chunks(submission) for block in _stored(submission, chunk)))


def file_rebuild(*, submission: BureauSubmission) -> Iterator[bytes]:
    """Yield the file of a bureau worked out anew from the book as known at the cut-off; nothing stored is read."""
    return _whole(submission, (_made(submission, chunk) for chunk in _chunks(submission)))


def file_verify(*, submission: BureauSubmission) -> FileMeasure:
    """Make a file again and compare it with the hash that was kept.

    Raises:
        BureauFileChanged: it differs.
    """
    measure = _measured(file_rebuild(submission=submission))
    if measure.sha256 != submission.sha256:
        raise BureauFileChanged(bureau=submission.get_bureau_display(), reference_date=submission.cycle.reference_date)
    return measure


def file_measure(*, submission: BureauSubmission) -> FileMeasure:
    """Return size and hash of a file from its stored parts."""
    return _measured(
        _whole(submission, (block for chunk in _chunks(submission) for block in _stored(submission, chunk)))
    )


def _measured(blocks: Iterable[bytes]) -> FileMeasure:
    digest, size = hashlib.sha256(), 0
    for block in blocks:
        digest.update(block)
        size += len(block)
    return FileMeasure(sha256=digest.hexdigest(), size_bytes=size)


def _whole(submission: BureauSubmission, body: Iterable[bytes]) -> Iterator[bytes]:
    layout = LAYOUTS[submission.cycle.layout]
    yield header_text(layout=layout, member=_member(submission, submission.cycle)).encode("ascii")
    yield from body
    yield layout.trailer.encode("ascii")


def _chunks(submission: BureauSubmission) -> Iterator[BureauChunk]:
    return BureauChunk.objects.filter(cycle=submission.cycle_id).order_by("number").iterator()


def _stored(submission: BureauSubmission, chunk: BureauChunk) -> Iterator[bytes]:
    name = chunk.files.get(submission.bureau, "")
    if not name or not default_storage.exists(name):
        yield _made(submission, chunk)
        return
    with default_storage.open(name) as part:
        while block := part.read(_BLOCK):
            yield block


def _made(submission: BureauSubmission, chunk: BureauChunk) -> bytes:
    records = list(BureauRecord.objects.filter(chunk=chunk).order_by("pk"))
    entries = entries_rebuild(cycle=submission.cycle, records=records)
    members = {submission.bureau: _member(submission, submission.cycle)}
    return chunk_texts(cycle=submission.cycle, entries=entries, members=members)[submission.bureau]


def _member(submission: BureauSubmission, cycle: BureauCycle) -> Member:
    return Member(code=submission.member_code, name=submission.member_name, reported_on=cycle.reference_date)
