"""Where a request comes from. A header says so only if a proxy that is trusted wrote it."""

from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network

from flask import Flask, current_app, request

EXTENSION = "quizsvc.is_trusted_proxy"
ANY = "*"


def init_addresses(app: Flask, proxies: Sequence[str]) -> None:
    """Name the proxies that are trusted: addresses, networks, or `*` for whoever connects."""
    networks = [ip_network(one, strict=False) for one in proxies if one != ANY]

    def is_trusted(address: str) -> bool:
        try:
            known = ip_address(address)
        except ValueError:  # a unix socket's peer has none
            return ANY in proxies
        return ANY in proxies or any(known in network for network in networks)

    app.extensions[EXTENSION] = is_trusted


def client_address() -> str:
    """The address of whoever asked, as the last trusted proxy on the way saw it."""
    is_trusted: Callable[[str], bool] = current_app.extensions[EXTENSION]
    address = request.remote_addr or ""
    for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        if not hop.strip() or not is_trusted(address):
            break
        address = hop.strip()
    return address


def neighbourhood(address: str) -> str:
    """What one subscriber has: an IPv4 address, or a /64 of IPv6."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    return address if known.version == 4 else str(ip_network((known, 64), strict=False))
