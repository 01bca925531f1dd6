"""Entry point of the web server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

site = get_wsgi_application()

from payments.webhooks.doorway import webhooks_first  # noqa: E402  # it needs the models, which are there from here on

# Vendors are no people: what they tell is answered before anything that is made for browsers (decision 0046).
application = webhooks_first(site)
