"""Passkeys as browsers know them: bound to a name that the site has."""

from ipaddress import ip_address

from django.http import HttpRequest


def site_of(request: HttpRequest) -> str:
    """The relying party's id: the host that people see in the address bar."""
    host, _colon, _port = request.get_host().partition(":")
    return host


def works_here(request: HttpRequest) -> bool:
    """Whether browsers allow passkeys at this address: not at a bare number (WebAuthn, 5.1.3)."""
    try:
        ip_address(site_of(request).strip("[]"))
    except ValueError:
        return True
    return False
