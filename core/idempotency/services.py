"""Let a request happen once, whoever repeats it and however many come at the same moment."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, OperationalError, transaction

from core.clock import database_now
from core.fields import keyed_hash
from core.idempotency.errors import IdempotencyKeyMissing, RequestInProgress, RequestKeyReused
from core.idempotency.models import IdempotencyKey, IdempotencyState
from core.prepared import PreparedQuery
from core.transactions import is_conflict, run_in_transaction

KEY_LENGTH = 64
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_DELETED_AT_ONCE = 1_000
_PURPOSE = "core.idempotency"
_ROW: PreparedQuery[IdempotencyKey] = PreparedQuery(
    lambda scope, key: IdempotencyKey.objects.filter(scope=scope).filter(key=key).order_by()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request is answered: an HTTP status and a body that JSON can carry; whether an earlier one had it too."""

    status_code: int
    body: Any
    is_replay: bool = False


def request_key(value: str | None) -> str:
    """Return the key of a request as it is kept.

    Raises:
        IdempotencyKeyMissing: there is none, or it has characters or a length that are not kept.
    """
    key = (value or "").strip()
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyMissing(most=KEY_LENGTH)
    return key


def request_hash(*, content: Mapping[str, object]) -> str:
    """Return the fingerprint of a request: equal content in any order of its names has the same one.

    It has a key, because a request may carry what is kept encrypted elsewhere.
    """
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return keyed_hash(canonical, purpose=_PURPOSE)


def request_once(
    *,
    scope: str,
    key: str,
    content: Mapping[str, object],
    act: Callable[[], Answer],
    owner: User | None = None,
    now: datetime | None = None,
) -> Answer:
    """Do what a request asks for and keep the answer, in one transaction; a repeat gets that answer.

    The key is inserted before anything else: its unique index is the wall that a second caller stands at until the
    first has ended. What the act refuses leaves nothing, not even the key, and may be asked for again under it.

    Args:
        scope: whose keys these are, such as `staff:7`; keys of two scopes do not meet.
        key: names the request within the scope; made by the caller, see `request_key`.
        content: everything that makes a repeat the same request.
        act: the use case. It runs again when the database asks for it, and does nothing outside the database.
        owner: who asks.
        now: the instant; that of the database's clock when not given.

    Returns:
        The answer of the act, or that of the first request with `is_replay`.

    Raises:
        RequestKeyReused: the key was used for other content.
        RequestInProgress: the first request has not ended, and did not end while this one waited.
        KistError: what the act refuses.

    Source: design 7; money 6, G2.
    """
    row = IdempotencyKey(scope=scope, key=key, request_hash=request_hash(content=content), owner=owner)

    def run() -> Answer:
        row.pk = None
        row.created_at = now or database_now()
        row.expires_at = row.created_at + timedelta(days=settings.IDEMPOTENCY_DAYS)
        if not _claim(row):
            return _replay(row, _earlier(scope, key))
        answer = act()
        row.state, row.status_code, row.body = IdempotencyState.DONE, answer.status_code, answer.body
        row.save(update_fields=["state", "status_code", "body"])
        return answer

    # A look first: most repeats come long after the first request, and need no transaction and no lock.
    earlier = _earlier(scope, key)
    return run_in_transaction(run) if earlier is None else _replay(row, earlier)


def request_answer_keep(
    *, scope: str, key: str, content: Mapping[str, object], answer: Answer, owner: User | None = None
) -> Answer:
    """Keep the answer to a request whose parts were each done once in transactions of their own.

    Returns:
        The answer; that of another caller who kept his before.

    Raises:
        RequestKeyReused: the key was used for other content.
    """
    return request_once(scope=scope, key=key, content=content, act=lambda: answer, owner=owner)


def request_replay(*, scope: str, key: str, content: Mapping[str, object]) -> Answer | None:
    """Return what was answered to an earlier request with the key; None when there was none.

    Raises:
        RequestKeyReused, RequestInProgress: as for `request_once`.
    """
    earlier = _earlier(scope, key)
    if earlier is None:
        return None
    return _replay(IdempotencyKey(scope=scope, key=key, request_hash=request_hash(content=content)), earlier)


def requests_expire(*, now: datetime) -> int:
    """Forget the keys whose time is over, a batch at a time; return how many."""
    total = 0
    while True:
        due = IdempotencyKey.objects.filter(expires_at__lte=now).order_by("expires_at")
        keys = list(due.values_list("pk", flat=True)[:_DELETED_AT_ONCE])
        if not keys:
            return total
        total += IdempotencyKey.objects.filter(pk__in=keys).delete()[0]


def _claim(row: IdempotencyKey) -> bool:
    """Insert the key; false when it is there already."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return False
    except OperationalError as error:
        # Waited too long for the first caller, or was chosen to give way to another one who waits: both are told to
        # come again, because a repeat here would only queue up behind the others once more.
        if is_conflict(error):
            raise RequestInProgress(key=row.key) from error
        raise
    return True


def _earlier(scope: str, key: str) -> IdempotencyKey | None:
    return next(iter(_ROW.rows(scope, key)), None)


def _replay(row: IdempotencyKey, earlier: IdempotencyKey | None) -> Answer:
    # Nothing is seen of a row that was collided with when the snapshot is older than it: come again.
    if earlier is None:
        raise RequestInProgress(key=row.key)
    if earlier.request_hash != row.request_hash:
        raise RequestKeyReused(key=row.key)
    if earlier.state != IdempotencyState.DONE or earlier.status_code is None:
        raise RequestInProgress(key=row.key)
    return Answer(status_code=earlier.status_code, body=earlier.body, is_replay=True)
