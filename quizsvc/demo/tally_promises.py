"""What a volunteer's phone is promised, as functions of answers: each tells what was broken, or nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence

from quizsvc.demo.books import Said
from quizsvc.demo.promises import Json

REJECTED_REASONS = {"bad_shape", "id_taken"}
HELD_REASONS = {"no_assignment", "outside_campaign", "too_late", "clock_ahead"}


def faults_of_bootstrap(content: Json, *, slug: str) -> Iterable[str]:
    """Who has an assignment in a campaign's region is told of both, of places, materials and settings."""
    if slug not in {one["slug"] for one in content["campaigns"]}:
        yield f"bootstrap names no campaign {slug}"
    for name in ("assignments", "regions", "materials", "settings"):
        if not content[name]:
            yield f"bootstrap without {name}"


def faults_of_batch(batch: Sequence[Said], answer: Json, *, maybe_before: bool) -> Iterable[str]:
    """One result each in the order sent, with the word that was promised; refusals carry why.

    `maybe_before`: an answer was lost, so what counts or is held may have arrived then, and is a duplicate now.
    """
    results = answer["results"]
    named = [(one["id"], one["revision"]) for one in results]
    if named != [said.key for said in batch]:
        yield f"{len(results)} results for {len(batch)} tallies, or in another order"
        return
    for said, result in zip(batch, results, strict=True):
        expected = {said.status} | ({"duplicate"} if maybe_before and said.status in {"created", "held"} else set())
        if result["status"] not in expected:
            yield f"a tally that has to be {said.status} is {result['status']} ({result.get('reason')})"
        elif result["status"] == "rejected" and (result["reason"] not in REJECTED_REASONS or not result["fields"]):
            yield "a rejected tally is not told why"
        elif result["status"] == "held" and result["reason"] not in HELD_REASONS:
            yield f"a held tally is told {result['reason']}"


def faults_of_own_totals(content: Json, *, slug: str, known: Counter[str]) -> Iterable[str]:
    """The own page shows what the volunteer knows, to the piece, each setting apart and their sum."""
    told = told_totals(content, slug=slug)
    for name in sorted(known | told):
        if known[name] != told[name]:
            yield f"own totals: {known[name]} {name} known, {told[name]} told"
    for campaign in content["campaigns"]:
        for name in ("tallies", "households", "people"):
            if campaign[name] != sum(one[name] for one in campaign["settings"]):
                yield f"the settings' {name} do not add up"


def told_totals(content: Json, *, slug: str) -> Counter[str]:
    """A campaign's totals on the own page, as `Books.totals` names them."""
    found: Counter[str] = Counter()
    for campaign in content["campaigns"]:
        if campaign["slug"] == slug:
            found.update({name: campaign[name] for name in ("tallies", "households", "people", "voided", "held")})
            found.update({one["material"]: one["quantity"] for one in campaign["handed_out"]})
    return +found


def faults_of_own_stock(content: Json, *, known: Counter[str]) -> Iterable[str]:
    """Nothing was issued to who has just joined, so that the ledger has taken from them what they handed out."""
    on_hand = Counter({one["material"]["code"]: -one["on_hand"] for one in content["stock"]})
    materials = {one["material"]["code"] for one in content["stock"]} | {
        name for name in known if name not in {"tallies", "households", "people", "voided", "held"}
    }
    for code in sorted(materials):
        if on_hand[code] != known[code]:
            yield f"own stock: {known[code]} {code} handed out, {on_hand[code]} gone"
    if any(one["overdrawn"] != (one["on_hand"] < 0) for one in content["stock"]):
        yield "a stock below zero that is not shown as overdrawn"
