"""Bases of the endpoints: what is read, what is listed page by page, and what is done once."""

import hashlib
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.views import APIView

from core.api.paging import KeyCursorPagination
from core.failpoints import failpoint
from core.idempotency.services import Answer, request_key, request_once, request_replay

Form = TypeVar("Form", bound=Serializer[Any])
KEY_HEADER = "Idempotency-Key"
REPLAY_HEADER = "Idempotent-Replayed"
_SERVICE_KEY_LENGTH = 40


@method_decorator([cache_control(private=True, no_cache=True), conditional_page], name="dispatch")
class StaffView(APIView):
    """An endpoint for the tools of staff; its answers carry an ETag, and may be kept by the caller alone."""

    permissions: ClassVar[tuple[str, ...]] = ()
    write_permissions: ClassVar[tuple[str, ...] | None] = None
    is_question: ClassVar[bool] = False
    # Names in the query that choose the page.
    page_names: ClassVar[tuple[str, ...]] = ()

    def query(self, form: type[Form]) -> Form:
        """Return the checked query of the address.

        Raises:
            ValidationError: a value is not of its form, or a name means nothing here.
        """
        # As a plain dictionary: in the framework's own, an empty text would pass for a value that was not given.
        return self._checked(form, self.request.query_params.dict(), self.page_names)

    def asked(self, form: type[Serializer[Any]]) -> dict[str, Any]:
        """Return what the query of the address asks for; see `query`."""
        return dict(self.query(form).validated_data)

    def sent(self, form: type[Serializer[Any]]) -> dict[str, Any]:
        """Return what the body says.

        Raises:
            ValidationError: a value is missing or not of its form, or a name means nothing here.
        """
        return dict(self._checked(form, self.request.data, ()).validated_data)

    def actor(self) -> User:
        """Return who acts; the permission lets nobody else through."""
        user = self.request.user
        assert isinstance(user, User)  # noqa: S101  # see StaffPermission
        return user

    def _checked(self, form: type[Form], data: Any, others: tuple[str, ...]) -> Form:
        serializer = form(data=data, context={"request": self.request})
        unknown = sorted(set(data) - set(serializer.fields) - set(others)) if isinstance(data, dict) else []
        if unknown:
            # A misspelt filter would otherwise answer with everything, a misspelt option do something else.
            raise ValidationError({name[:60]: ["This name means nothing here."] for name in unknown})
        serializer.is_valid(raise_exception=True)
        return serializer


class PagedView(StaffView):
    """A list that is read page by page."""

    pagination_class: ClassVar[type[KeyCursorPagination]] = KeyCursorPagination
    page_names = ("cursor", "limit")

    def page(self, rows: QuerySet[Any], form: type[BaseSerializer[Any]]) -> Response:
        """Answer with the page that the cursor names."""
        paginator = self.pagination_class()
        found = paginator.paginate_queryset(rows, self.request, view=self)
        return paginator.get_paginated_response(form(found, many=True).data)


class KeyedView(StaffView):
    """An endpoint that writes: it wants a key, and what comes twice under it is done once."""

    is_keyed: ClassVar[bool] = True

    def key(self) -> str:
        """Return the key of the request.

        Raises:
            IdempotencyKeyMissing: there is none that can be kept.
        """
        return request_key(self.request.headers.get(KEY_HEADER))

    def scope(self) -> str:
        """Return whose keys these are: those of two users do not meet."""
        return f"staff:{self.actor().pk}"

    def content(self) -> dict[str, object]:
        """Return everything that makes a repeat the same request."""
        return {"method": self.request.method, "path": self.request.path, "body": self.request.data}

    def service_key(self) -> str:
        """Return the key for the services, which outlives the kept answer: the same for every repeat."""
        digest = hashlib.sha256(f"{self.scope()}|{self.key()}".encode()).hexdigest()
        return f"api:{digest[:_SERVICE_KEY_LENGTH]}"

    def earlier(self) -> Response | None:
        """Return what a repeat gets, for a view that looks before it reads or checks anything else; None for no repeat.

        Raises:
            RequestKeyReused, RequestInProgress: as for `request_once`.
        """
        answer = request_replay(scope=self.scope(), key=self.key(), content=self.content())
        return None if answer is None else answered(answer)

    def once(self, act: Callable[[], Answer]) -> Response:
        """Do an act and keep its answer in one transaction, or give the answer that was kept."""

        def done() -> Answer:
            answer = act()
            failpoint("request.before_commit")
            return answer

        answer = request_once(scope=self.scope(), key=self.key(), content=self.content(), act=done, owner=self.actor())
        failpoint("request.before_answer")
        return answered(answer)


class NowhereView(StaffView):
    """What every address of the API that does not exist answers."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let log-in come first, and then say that there is nothing, whatever the method is."""
        super().initial(request, *args, **kwargs)
        raise NotFound


def answered(answer: Answer) -> Response:
    """Turn an answer into a response; where it leads somewhere, the Location header says so too."""
    headers = {REPLAY_HEADER: "true"} if answer.is_replay else {}
    if isinstance(answer.body, dict) and answer.body.get("address"):
        headers["Location"] = answer.body["address"]
    return Response(answer.body, status=answer.status_code, headers=headers)
