from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0030_roles_loosened")]

    operations = [
        migrations.AlterField(
            model_name='productaccount',
            name='role',
            field=models.CharField(choices=[('BANK', 'Bank'), ('LOAN_PRINCIPAL', 'Loan principal'), ('INTEREST_RECEIVABLE', 'Interest receivable'), ('FEE_RECEIVABLE', 'Fees and tax receivable'), ('PENAL_RECEIVABLE', 'Penal charges receivable'), ('INTEREST_INCOME', 'Interest income'), ('FEE_INCOME', 'Fee income'), ('PENAL_INCOME', 'Penal charges income'), ('GST_PAYABLE', 'GST payable'), ('EXCESS', 'Excess money of borrowers'), ('INTEREST_SUSPENSE', 'Interest suspense of NPAs'), ('PENAL_SUSPENSE', 'Penal charges suspense of NPAs'), ('FEE_SUSPENSE', 'Fee suspense of NPAs'), ('WAIVER_EXPENSE', 'Amounts waived'), ('WRITE_OFF_EXPENSE', 'Loans written off'), ('RECOVERY_INCOME', 'Recovery of written-off loans'), ('TAKEOVER_CLEARING', 'Clearing of loans taken over'), ('LINE_COMMITMENT', 'Undrawn credit lines'), ('LINE_COMMITMENT_CONTRA', 'Undrawn credit lines, contra'), ('PERFORMING_PROVISION', 'Provision for performing loans'), ('NPA_PROVISION', 'Provision for non-performing loans'), ('PROVISION_EXPENSE', 'Provisions made')], max_length=24),
        ),
        migrations.AddConstraint(
            model_name='productaccount',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['BANK', 'LOAN_PRINCIPAL', 'INTEREST_RECEIVABLE', 'FEE_RECEIVABLE', 'PENAL_RECEIVABLE', 'INTEREST_INCOME', 'FEE_INCOME', 'PENAL_INCOME', 'GST_PAYABLE', 'EXCESS', 'INTEREST_SUSPENSE', 'PENAL_SUSPENSE', 'FEE_SUSPENSE', 'WAIVER_EXPENSE', 'WRITE_OFF_EXPENSE', 'RECOVERY_INCOME', 'TAKEOVER_CLEARING', 'LINE_COMMITMENT', 'LINE_COMMITMENT_CONTRA', 'PERFORMING_PROVISION', 'NPA_PROVISION', 'PROVISION_EXPENSE'])), name='product_account_role_is_known'),
        ),
    ]
