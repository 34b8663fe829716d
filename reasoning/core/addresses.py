"""Where a request comes from, when proxies stand in between."""

from ipaddress import ip_address


def client_address(remote: str, forwarded: str, proxies: int) -> str:
    """The address of the client in front of so many trusted proxies; ``""`` when there is none.

    Each proxy appends to ``X-Forwarded-For`` (``forwarded``) whom it was asked by; whatever stands
    further to the left was sent by the client and proves nothing. ``remote`` is who asked us.
    """
    hops = [part.strip() for part in forwarded.split(",") if part.strip()]
    told = hops[-proxies] if 0 < proxies <= len(hops) else remote
    try:
        return str(ip_address(told.strip("[]")))
    except ValueError:
        return ""
