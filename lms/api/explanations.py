"""Endpoint that explains a figure of a loan, down to the postings."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import StaffView
from core.business_date import business_date
from ledger.selectors import journals_for
from lms.api.loans import loan_of
from lms.api.queries import FigureQuery
from lms.engine.errors import EngineRefusal
from lms.engine.explain import explain
from lms.engine.explanation import Explanation, Rule, nodes_of
from lms.errors import refusal_of
from lms.models import Loan, LoanFact
from lms.services.fact_rows import facts_known
from lms.services.facts import REFERENCE_TYPE
from lms.services.positions import terms_of

_NODES = {"type": "array", "items": {"$ref": "#/components/schemas/Explanation"}}


class InputSerializer(serializers.Serializer[Any]):
    """One value that a figure is worked out from."""

    name = serializers.CharField()
    value = serializers.CharField(allow_null=True, help_text="As text: amounts are paise, days are ISO dates.")


class ExplanationSerializer(serializers.Serializer[Any]):
    """One figure: its formula, inputs, entries, and the parts that add up to it."""

    # The framework takes declared fields out of the class, so its own `label` stays what it is.
    label = serializers.CharField()  # type: ignore[assignment]  # the answer calls it so
    amount = serializers.CharField(allow_null=True, help_text="As text: paise, days or a rate.")
    formula = serializers.CharField()
    rule = serializers.ChoiceField(
        choices=[rule.value for rule in Rule], help_text="How the amount follows from parts and inputs."
    )
    inputs = InputSerializer(many=True)
    facts = serializers.ListField(child=serializers.IntegerField(), help_text="Entries of the loan by number.")
    parts = serializers.SerializerMethodField()

    @extend_schema_field(_NODES)
    def get_parts(self, node: dict[str, Any]) -> list[Any]:
        """Return the parts, each a figure again."""
        return [ExplanationSerializer(part).data for part in node["parts"]]


class ExplainedSerializer(serializers.Serializer[Any]):
    """The tree behind a figure, and the journals of the entries in it."""

    loan = serializers.CharField()
    figure = serializers.CharField()
    explanation = ExplanationSerializer()
    journals = serializers.ListField(child=serializers.IntegerField())


class ExplainView(StaffView):
    """Explanation of a figure."""

    permissions = ("lms.view_loan",)

    @extend_schema(operation_id="loan_figure_explain", parameters=[FigureQuery], responses=ExplainedSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Explain a figure on any day, by what was known at any instant."""
        loan = loan_of(number)
        asked = self.asked(FigureQuery)
        try:
            tree = explain(
                terms=terms_of(loan=loan),
                facts=facts_known(loan_id=loan.pk, known_at=asked.get("known_at")),
                as_of=asked.get("as_of") or loan.as_of or business_date(),
                figure=asked["figure"],
            )
        except EngineRefusal as refusal:
            raise refusal_of(refusal) from refusal
        shown = {
            "loan": loan.number,
            "figure": asked["figure"],
            "explanation": _node(tree),
            "journals": _journals(loan, {sequence for node in nodes_of(tree) for sequence in node.facts}),
        }
        return Response(ExplainedSerializer(shown).data)


def _node(tree: Explanation) -> dict[str, Any]:
    return {
        "label": tree.label,
        "amount": _text(tree.amount),
        "formula": tree.formula,
        "rule": tree.rule.value,
        "inputs": [{"name": name, "value": _text(value)} for name, value in tree.inputs],
        "facts": list(tree.facts),
        "parts": [_node(part) for part in tree.parts],
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _journals(loan: Loan, sequences: set[int]) -> list[int]:
    keys = [
        f"lms.fact:{pk}"
        for pk in LoanFact.objects.filter(loan=loan, sequence__in=sequences).values_list("pk", flat=True)
    ]
    found = journals_for(reference_type=REFERENCE_TYPE, reference_id=loan.pk).filter(idempotency_key__in=keys)
    return list(found.values_list("pk", flat=True))
