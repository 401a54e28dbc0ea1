"""Paper forms that were typed into a table: taken in as tallies, all or nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.accounts import volunteers
from quizsvc.accounts.rules import Staff
from quizsvc.kit.crypto import keys
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.outreach import rules, service
from quizsvc.outreach.rules import Result

MENDS: Mapping[str, str] = {
    rules.OTHER_CONTENT: "another form has this number, or it was corrected: raise its revision (修订)",
    rules.ID_TAKEN: "this form was entered for another volunteer: give it a number of its own",
}


@dataclass(frozen=True)
class Form:
    """A row of the table. `said` is the tally but for its id, which the volunteer and the form's number make."""

    where: str
    volunteer: str
    number: str
    said: Mapping[str, Any]


def load(forms: Sequence[Form], *, file: str, by: Staff, now: datetime) -> Counter[str]:
    """Enter forms as their volunteers' tallies; how many were created, duplicate or held. Safe to repeat.

    All or nothing: FileRefused names every row that is refused, and none is entered.
    """
    counts: Counter[str] = Counter()
    problems: list[Problem] = []
    for code, own in sorted(_by_volunteer(forms).items()):
        try:
            volunteer_id = volunteers.get_by_code(code).id
            for begin in range(0, len(own), rules.MOST_TALLIES):
                part = own[begin : begin + rules.MOST_TALLIES]
                tallies = [{"id": str(_id_of(form)), **form.said} for form in part]
                answer = service.enter(tallies, volunteer_id=volunteer_id, staff=by, clock=now, now=now)
                counts += Counter(one.status for one in answer.results)
                problems += _problems_in(part, answer.results, file=file)
        except volunteers.VolunteerUnknown:
            problems += [
                Problem(form.where, f"{code} is on no list", "use the number on the list", file) for form in own
            ]
        except accounts.RoleMissing:
            mend = "leave it to the clerk of their community"
            problems += [Problem(form.where, f"{code} does not serve your regions", mend, file) for form in own]
    if problems:
        raise FileRefused(problems)
    return counts


def _by_volunteer(forms: Sequence[Form]) -> dict[str, list[Form]]:
    found: dict[str, list[Form]] = defaultdict(list)
    for form in forms:
        found[form.volunteer].append(form)
    return found


def _id_of(form: Form) -> UUID:
    """One form of one volunteer is one tally, whoever loads it and however often."""
    return UUID(keys().identity_hash("form", f"{form.volunteer}|{form.number}")[:32])


def _problems_in(forms: Sequence[Form], results: Sequence[Result], *, file: str) -> Iterator[Problem]:
    for form, result in zip(forms, results, strict=True):
        if result.reason in MENDS:
            yield Problem(form.where, f"form {form.number}: {result.reason}", MENDS[str(result.reason)], file)
        for where, messages in (result.fields or {}).items():
            yield Problem(form.where, f"{where}: {' '.join(messages)}", "mend this cell", file)
