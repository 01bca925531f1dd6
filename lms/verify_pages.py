"""The public page that verifies documents: no log-in, nothing personal, nothing kept."""

from csp.constants import NONE, SELF
from csp.decorators import csp
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from lms.documents.verifying import FILE_MAX_BYTES, Verdict, document_verify, file_verify

# Unlike the staff's pages this one runs no script at all.
_POLICY = {
    "default-src": [NONE],
    "style-src": [SELF],
    "img-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}


class VerifyForm(forms.Form):
    """A number with its code, or a file."""

    number = forms.CharField(label="Document number", max_length=40, required=False)
    code = forms.CharField(label="Verification code", max_length=40, required=False)
    file = forms.FileField(label="Or the PDF file", required=False)

    def clean(self) -> dict[str, object]:
        """Ask for one of the two."""
        values = super().clean() or {}
        sent = values.get("file")
        if sent is not None and sent.size > FILE_MAX_BYTES:
            raise forms.ValidationError("The file is larger than any document of ours.")
        if not self.errors and sent is None and not (values.get("number") and values.get("code")):
            raise forms.ValidationError("Enter the number and the code that stand on the document, or choose its file.")
        return values


@never_cache
@csp(_POLICY)
@require_http_methods(["GET", "HEAD", "POST"])
def verify_page(request: HttpRequest) -> HttpResponse:
    """Ask for a number and its code, or for the file, and say whether the document is genuine."""
    form = VerifyForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return _shown(request, form=VerifyForm(), verdict=None)
    if not form.is_valid():
        return _shown(request, form=form, verdict=None, status=422)
    sent = form.cleaned_data["file"]
    if sent is not None:
        return _shown(request, form=VerifyForm(), verdict=file_verify(content=sent.read()), is_file=True)
    verdict = document_verify(number=form.cleaned_data["number"], code=form.cleaned_data["code"])
    return _shown(request, form=VerifyForm(), verdict=verdict)


@never_cache
@csp(_POLICY)  # type: ignore[arg-type]  # its types know views without arguments only
@require_safe
def verify_document_page(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Say whether the document of a scanned code is genuine: one look-up, and 404 for whoever guesses."""
    return _shown(request, form=VerifyForm(), verdict=document_verify(number=number[:40], code=code[:40]))


def _shown(
    request: HttpRequest, *, form: VerifyForm, verdict: Verdict | None, status: int = 200, is_file: bool = False
) -> HttpResponse:
    is_unknown = verdict is Verdict.UNKNOWN
    response = render(
        request,
        "lms/document_verify.html",
        {"form": form, "verdict": verdict.value if verdict else "", "is_file": is_file},
        status=404 if is_unknown else status,
    )
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
