import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('lms', '0019_provisions_are_append_only'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DocumentJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('SCHEDULE', 'Repayment schedule'), ('STATEMENT', 'Statement of account'), ('RECEIPT', 'Receipt'), ('INTEREST', 'Interest certificate'), ('FORECLOSURE', 'Foreclosure letter'), ('NO_DUES', 'No-dues certificate'), ('GST_INVOICE', 'GST invoice'), ('GST_CREDIT_NOTE', 'GST credit note'), ('GST_DEBIT_NOTE', 'GST debit note')], max_length=16)),
                ('language', models.CharField(choices=[('EN', 'English'), ('HI', 'हिन्दी')], max_length=2)),
                ('subject', models.JSONField(default=dict)),
                ('product_code', models.CharField(blank=True, max_length=20)),
                ('state', models.CharField(choices=[('RUNNING', 'Running'), ('DONE', 'Done')], default='RUNNING', max_length=8)),
                ('loans_total', models.PositiveIntegerField()),
                ('chunks_total', models.PositiveIntegerField()),
                ('chunks_done', models.PositiveIntegerField(default=0)),
                ('documents_done', models.PositiveIntegerField(default=0)),
                ('refused', models.PositiveIntegerField(default=0)),
                ('idempotency_key', models.CharField(max_length=96, unique=True)),
                ('content_hash', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pk'],
                'permissions': [('run_documentjob', 'Can issue documents for many loans at once')],
            },
        ),
        migrations.CreateModel(
            name='DocumentJobChunk',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('first_loan_id', models.BigIntegerField()),
                ('last_loan_id', models.BigIntegerField()),
                ('state', models.CharField(choices=[('PENDING', 'Pending'), ('DONE', 'Done')], default='PENDING', max_length=8)),
                ('lease_until', models.DateTimeField(null=True)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('documents', models.PositiveIntegerField(default=0)),
                ('problems', models.JSONField(default=list)),
                ('file', models.FileField(blank=True, upload_to='documents/')),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='chunks', to='lms.documentjob')),
            ],
            options={
                'ordering': ['job', 'number'],
            },
        ),
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=40, unique=True)),
                ('kind', models.CharField(choices=[('SCHEDULE', 'Repayment schedule'), ('STATEMENT', 'Statement of account'), ('RECEIPT', 'Receipt'), ('INTEREST', 'Interest certificate'), ('FORECLOSURE', 'Foreclosure letter'), ('NO_DUES', 'No-dues certificate'), ('GST_INVOICE', 'GST invoice'), ('GST_CREDIT_NOTE', 'GST credit note'), ('GST_DEBIT_NOTE', 'GST debit note')], max_length=16)),
                ('financial_year', models.CharField(max_length=7)),
                ('serial', models.PositiveIntegerField()),
                ('language', models.CharField(choices=[('EN', 'English'), ('HI', 'हिन्दी')], max_length=2)),
                ('subject', models.JSONField()),
                ('as_of', models.DateField()),
                ('fact_count', models.PositiveIntegerField()),
                ('known_at', models.DateTimeField()),
                ('figures', models.JSONField()),
                ('content', models.JSONField()),
                ('content_hash', models.CharField(max_length=64)),
                ('page_form', models.PositiveSmallIntegerField()),
                ('renderer', models.CharField(max_length=40)),
                ('pdf_sha256', models.CharField(db_index=True, max_length=64, null=True)),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('withdrawn_reason', models.CharField(max_length=200, null=True)),
                ('idempotency_key', models.CharField(max_length=96, unique=True)),
                ('request_hash', models.CharField(max_length=64)),
                ('issued_on', models.DateField()),
                ('issued_at', models.DateTimeField(auto_now_add=True)),
                ('issued_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('loan', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='lms.loan')),
                ('supersedes', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='superseded_by', to='lms.document')),
                ('job_chunk', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='issued', to='lms.documentjobchunk')),
            ],
            options={
                'ordering': ['-pk'],
                'permissions': [('issue_document', 'Can issue a document'), ('download_document', 'Can download a document, with the personal data in it')],
            },
        ),
        migrations.CreateModel(
            name='LenderProfile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('effective_from', models.DateField(unique=True)),
                ('name', models.CharField(max_length=160)),
                ('address', models.CharField(max_length=300)),
                ('registration_number', models.CharField(max_length=60)),
                ('company_number', models.CharField(blank=True, max_length=21)),
                ('phone', models.CharField(max_length=30)),
                ('email', models.EmailField(max_length=254)),
                ('grievance_officer', models.CharField(max_length=120)),
                ('site', models.CharField(max_length=120)),
                ('published_at', models.DateTimeField(auto_now_add=True)),
                ('published_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-effective_from'],
                'permissions': [('publish_lenderprofile', 'Can publish how the lender is named on documents')],
            },
        ),
        migrations.AddConstraint(
            model_name='documentjobchunk',
            constraint=models.UniqueConstraint(fields=('job', 'number'), name='one_document_chunk_per_number'),
        ),
        migrations.AddConstraint(
            model_name='documentjobchunk',
            constraint=models.CheckConstraint(condition=models.Q(('first_loan_id__lte', models.F('last_loan_id'))), name='document_chunk_range_in_order'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['loan', '-id'], name='document_loan'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.UniqueConstraint(fields=('kind', 'financial_year', 'serial'), name='one_document_per_serial'),
        ),
    ]
