"""Where a request comes from."""

from django.conf import settings
from django.http import HttpRequest

from reasoning.core.addresses import client_address

NOWHERE = "0.0.0.0"  # noqa: S104


def address_of(request: HttpRequest) -> str:
    """The client's address, seen past the proxies that are ours (TRUSTED_PROXIES)."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    remote = request.META.get("REMOTE_ADDR", "")
    return client_address(remote, forwarded, settings.TRUSTED_PROXIES) or NOWHERE
