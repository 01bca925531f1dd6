"""What a payment says of its payer, encrypted; by it money in suspense finds its loan."""

from django.db import models

from core.fields import EncryptedTextField
from payments.models.incoming import IncomingPayment


class PaymentPayer(models.Model):
    """Name, phone, address or account of a payer, and what they wrote; as told when the money was taken."""

    payment = models.OneToOneField(IncomingPayment, on_delete=models.PROTECT, related_name="payer")
    name = EncryptedTextField(blank=True)
    phone = EncryptedTextField(blank=True)
    vpa = EncryptedTextField(blank=True)
    narration = EncryptedTextField(blank=True)
    # Blind indexes: by them payments of one UPI address or account are found without reading any.
    vpa_index = models.CharField(max_length=64, blank=True, db_index=True)
    account_index = models.CharField(max_length=64, blank=True, db_index=True)

    def __str__(self) -> str:
        return f"payer of {self.payment_id}"
