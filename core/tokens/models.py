"""Tokens, of which only a fingerprint is kept."""

from django.conf import settings
from django.db import models


class ApiToken(models.Model):
    """What a tool of staff logs in with; the text itself is shown once and never stored."""

    name = models.CharField(max_length=60)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # SHA-256 of 256 random bits: there is nothing to guess, so a slow hash would only slow every request.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    # First characters, by which a person tells tokens apart.
    hint = models.CharField(max_length=12)
    is_read_only = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    # Kept to the hour, so that reading does not write every time.
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "API token"
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [
            ("issue_apitoken", "Can issue API tokens for oneself"),
            ("revoke_apitoken", "Can revoke anybody's API tokens"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"
