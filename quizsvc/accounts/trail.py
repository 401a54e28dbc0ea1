"""Who came in, and who was turned away: written to the audit log, never with a password."""

from datetime import datetime

from quizsvc.accounts import service, store

NO_SUCH_NAME = "-"  # what was typed in a name's place may be a password


def note_sign_in(name: str, *, address: str, now: datetime) -> None:
    """Write down that a staff member signed in."""
    service.audit(name, act="staff.sign_in", subject=name, after={"address": address}, now=now)


def note_refusal(name: str, *, address: str, now: datetime) -> None:
    """Write down that a sign-in was refused; the name only if somebody has it."""
    subject = NO_SUCH_NAME if store.find_staff(name) is None else name
    service.audit(service.SYSTEM, act="staff.sign_in_refused", subject=subject, after={"address": address}, now=now)
