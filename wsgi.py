"""The web application, for a WSGI server: `granian --interface wsgi wsgi:app`."""

from market.app import create_app
from market.core.leash import tie_if_asked

tie_if_asked()
app = create_app()
