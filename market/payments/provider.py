"""Which payment provider this installation has: an adapter made from the settings, one a process."""

from __future__ import annotations

from functools import lru_cache

from market.core.config import Settings
from market.payments.gateway import Gateway
from market.payments.gateway_errors import NoGateway
from market.payments.stripe_http import StripeGateway


def of(settings: Settings) -> Gateway:
    """The adapter of these settings. Errors: NoGateway."""
    if settings.gateway_url is None or settings.gateway_key is None:
        raise NoGateway("set KAREZ_GATEWAY_URL and KAREZ_GATEWAY_KEY")
    return _made(settings.gateway_url, settings.gateway_key, settings.gateway_webhook_secrets)


def is_there(settings: Settings) -> bool:
    """Whether this installation has a provider."""
    return settings.gateway_url is not None and settings.gateway_key is not None


@lru_cache(maxsize=8)
def _made(url: str, key: str, secrets: str) -> Gateway:
    return StripeGateway(url, key, webhook_secrets=secrets.replace(",", " ").split())
