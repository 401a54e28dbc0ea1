"""Read one tally of a batch, and say everything that is wrong with it: one bad line never spoils its neighbours."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.canonical import canonical
from quizsvc.materials.rules import LARGEST_QUANTITY, Material
from quizsvc.outreach.rules import SETTINGS, Handout, Sent, Visit
from quizsvc.regions.rules import Region

LARGEST_REVISION = 1_000_000
MOST_PEOPLE = 100_000
MOST_HANDOUTS = 20
LONGEST_NOTE, LONGEST_CONTENT = 200, 8_000
EARLIEST_YEAR = 2000
KNOWN = {
    "id",
    "revision",
    "void",
    "campaign",
    "region",
    "setting",
    "occurred_at",
    "households",
    "people",
    "handouts",
    "note",
}
KNOWN_OF_HANDOUT = {"material", "quantity", "pack"}
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

MISSING = "Missing data for required field."
UNKNOWN = "Unknown field."
NOT_TEXT, NOT_WHOLE, NOT_LIST = "Not a valid string.", "Not a valid integer.", "Not a valid list."
NOT_MAPPING, NOT_ID, NOT_YES_NO = "Not a valid mapping type.", "Not a valid UUID.", "Not a valid boolean."
NOT_A_TIME, NO_OFFSET = "Not a valid datetime.", "Not a valid aware datetime."


@dataclass(frozen=True)
class Places:
    """What the codes in a batch stand for."""

    campaigns: Mapping[str, Campaign]
    regions: Mapping[str, Region]
    materials: Mapping[str, Material]


class Notes:
    """What is wrong with one tally, by field."""

    def __init__(self) -> None:
        self.faults: dict[str, list[str]] = {}

    def add(self, where: str, what: str) -> None:
        self.faults.setdefault(where, []).append(what)

    def strange(self, raw: Mapping[str, Any], known: set[str], *, at: str = "") -> None:
        """Fields that nobody asked for."""
        for name in raw.keys() - known:
            self.add(f"{at}{name[:40]}", UNKNOWN)

    def text(self, raw: Mapping[str, Any], name: str, *, at: str = "") -> str | None:
        value = raw.get(name)
        if isinstance(value, str):
            return value
        self.add(f"{at}{name}", MISSING if value is None else NOT_TEXT)
        return None

    def whole(self, raw: Mapping[str, Any], name: str, *, least: int, most: int, at: str = "") -> int | None:
        """A whole number as JSON writes it: no text, no fraction, no yes or no."""
        value = raw.get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            self.add(f"{at}{name}", MISSING if value is None else NOT_WHOLE)
        elif not least <= value <= most:
            self.add(f"{at}{name}", f"Must be greater than or equal to {least} and less than or equal to {most}.")
        else:
            return value
        return None

    def moment(self, raw: Mapping[str, Any], name: str) -> datetime | None:
        said = self.text(raw, name)
        try:
            found = None if said is None else datetime.fromisoformat(said)
        except ValueError:
            self.add(name, NOT_A_TIME)
            return None
        if found is not None and found.tzinfo is None:
            self.add(name, NO_OFFSET)
        elif found is not None and not EARLIEST_YEAR <= found.year < 9999:
            self.add(name, "Invalid value.")
        else:
            return found
        return None


def codes_in(batch: Iterable[Any]) -> tuple[set[str], set[str], set[str]]:
    """The campaigns, regions and materials that a batch speaks of, whatever else is in it."""
    campaigns: set[str] = set()
    regions: set[str] = set()
    materials: set[str] = set()
    for raw in batch:
        if isinstance(raw, dict):
            campaigns |= _texts([raw.get("campaign")])
            regions |= _texts([raw.get("region")])
            handouts = raw.get("handouts")
            for one in handouts[:MOST_HANDOUTS] if isinstance(handouts, list) else ():
                materials |= _texts([one.get("material")] if isinstance(one, dict) else [])
    return campaigns, regions, materials


def _texts(values: Iterable[Any]) -> set[str]:
    return {value for value in values if isinstance(value, str) and len(value) <= 40 and not CONTROL.search(value)}


def read_name(raw: Any) -> Sent:
    """The id, revision and content of a tally: all that it takes to know whether it came before."""
    notes = Notes()
    if not isinstance(raw, dict):
        return Sent(None, None, faults={"": [NOT_MAPPING]})
    said = notes.text(raw, "id")
    tally_id: UUID | None = None
    try:
        tally_id = None if said is None else UUID(said)
    except ValueError:
        notes.add("id", NOT_ID)
    revision = notes.whole(raw, "revision", least=1, most=LARGEST_REVISION)
    return Sent(tally_id, revision, canonical(_without_nulls(raw)), faults=notes.faults)


def read_tally(raw: Mapping[str, Any], named: Sent, places: Places) -> Sent:
    """The whole of a tally that has a name. A void one says nothing of a visit that anybody would read."""
    notes = Notes()
    notes.strange(raw, KNOWN)
    void = raw.get("void")
    if void is not None and not isinstance(void, bool):
        notes.add("void", NOT_YES_NO)
    if len(named.content) > LONGEST_CONTENT:
        notes.add("", f"Longer than maximum length {LONGEST_CONTENT}.")
    visit = None if void is True else _read_visit(raw, places, notes)
    if notes.faults:
        return Sent(named.id, named.revision, named.content, faults=notes.faults)
    return Sent(named.id, named.revision, named.content, void is True, visit)


def _read_visit(raw: Mapping[str, Any], places: Places, notes: Notes) -> Visit | None:
    campaign = places.campaigns.get(slug) if (slug := notes.text(raw, "campaign")) is not None else None
    if slug is not None and campaign is None:
        notes.add("campaign", "No such campaign.")
    region = places.regions.get(code) if (code := notes.text(raw, "region")) is not None else None
    if code is not None and region is None:
        notes.add("region", "No such region.")
    setting = notes.text(raw, "setting")
    if setting is not None and setting not in SETTINGS:
        notes.add("setting", f"Must be one of: {', '.join(SETTINGS)}.")
    occurred_at = notes.moment(raw, "occurred_at")
    households = notes.whole(raw, "households", least=0, most=MOST_PEOPLE)
    people = notes.whole(raw, "people", least=0, most=MOST_PEOPLE)
    _read_note(raw, notes)
    handouts = _read_handouts(raw, places, notes)
    if campaign is None or region is None or occurred_at is None or setting is None or households is None:
        return None
    return None if people is None else Visit(campaign, region, occurred_at, setting, households, people, handouts)


def _read_note(raw: Mapping[str, Any], notes: Notes) -> None:
    if raw.get("note") is not None and (note := notes.text(raw, "note")) is not None:
        if len(note) > LONGEST_NOTE:
            notes.add("note", f"Longer than maximum length {LONGEST_NOTE}.")
        elif CONTROL.search(note):
            notes.add("note", NOT_TEXT)


def _read_handouts(raw: Mapping[str, Any], places: Places, notes: Notes) -> list[Handout]:
    listed = raw.get("handouts")
    if not isinstance(listed, list):
        notes.add("handouts", MISSING if listed is None else NOT_LIST)
        return []
    if len(listed) > MOST_HANDOUTS:
        notes.add("handouts", f"Longer than maximum length {MOST_HANDOUTS}.")
        return []
    read = [_read_handout(one, places, notes, at=f"handouts.{n}.") for n, one in enumerate(listed)]
    return [one for one in read if one is not None]


def _read_handout(raw: Any, places: Places, notes: Notes, *, at: str) -> Handout | None:
    if not isinstance(raw, dict):
        notes.add(at.rstrip("."), NOT_MAPPING)
        return None
    notes.strange(raw, KNOWN_OF_HANDOUT, at=at)
    code = notes.text(raw, "material", at=at)
    material = None if code is None else places.materials.get(code)
    if code is not None and material is None:
        notes.add(f"{at}material", "No such material.")
    pack = None if raw.get("pack") is None else notes.text(raw, "pack", at=at)
    factor: int | None = 1
    if pack is not None and material is not None:
        factor = next((one.factor for one in material.packs if one.name == pack), None)
        if factor is None:
            notes.add(f"{at}pack", "No such pack.")
    quantity = notes.whole(raw, "quantity", least=1, most=LARGEST_QUANTITY // (factor or 1), at=at)
    if material is None or factor is None or quantity is None:
        return None
    return Handout(material.code, quantity * factor, pack, factor)


def _without_nulls(value: Any) -> Any:
    """What is null is absent."""
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value
