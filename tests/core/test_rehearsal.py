"""Acts that are tried: they run in full, and nothing of them stays."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import transaction

from core.models import BusinessDate
from core.rehearsal import rehearse

pytestmark = pytest.mark.django_db


@pytest.fixture
def told() -> list[str]:
    return []


def act(told: list[str]) -> int:
    """Write a row, in a block of its own, and leave something to the commit."""
    with transaction.atomic():
        transaction.on_commit(lambda: told.append("the world outside"))
        BusinessDate.objects.create(pk=1, date=date(2026, 3, 10))
        return BusinessDate.objects.count()


def test_act_runs_and_its_row_is_gone(told: list[str]) -> None:
    assert rehearse(lambda: act(told)) == 1

    assert not BusinessDate.objects.exists()


def test_what_the_act_leaves_to_the_commit_never_happens(
    told: list[str], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as waiting:
        rehearse(lambda: act(told))

    assert (waiting, told) == ([], [])


def test_what_the_caller_left_to_the_commit_before_still_happens(
    told: list[str], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        transaction.on_commit(lambda: told.append("the caller's own"))
        rehearse(lambda: act(told))

    assert told == ["the caller's own"]
