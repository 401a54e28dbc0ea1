"""An independent recount by plain SQL: what the figures have to be, without a count that was kept."""

from collections.abc import Mapping
from datetime import date

from quizsvc.kit.db import db
from tests.world import World

# A day is one in Shanghai: eight hours ahead of what is stored. SQLite's own times have three decimals and round a
# day's last microsecond into the next day, so it is given whole seconds.
DAY = {
    "sqlite": "date(substr({0}, 1, 19), '+8 hours')",
    "postgresql": "to_char({0} AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')",
}


def recount(world: World, slug: str, *, first: date, last: date, under: str) -> Mapping[str, int]:
    """Figures of one campaign between two days, of what happened to people at home under a region's path."""
    day = DAY[db.engine.dialect.name]
    at_home = "(SELECT id FROM regions WHERE substr(path, 1, length(:under)) = :under)"
    values = {"slug": slug, "first": first.isoformat(), "last": last.isoformat(), "under": under}
    whole = (
        under
        == world.rows(
            "SELECT r.path FROM campaigns c JOIN regions r ON r.id = c.region_id WHERE c.slug = :slug", slug=slug
        )[0][0]
    )
    paper = (
        "FROM papers p JOIN campaigns c ON c.id = p.campaign_id AND c.slug = :slug"
        " WHERE cast(p.day AS text) BETWEEN :first AND :last" + ("" if whole else f" AND p.region_id IN {at_home}")
    )
    queries = {
        "online.participants": f"SELECT count(DISTINCT p.citizen_id) {paper}",
        "online.submitters": f"SELECT count(DISTINCT p.citizen_id) {paper} AND p.state = 'marked'",
        "online.passers": f"SELECT count(DISTINCT p.citizen_id) {paper} AND p.state = 'marked' AND p.passed",
        "online.papers": f"SELECT count(*) {paper}",
        "online.marked_papers": f"SELECT count(*) {paper} AND p.state = 'marked'",
        "online.passed_papers": f"SELECT count(*) {paper} AND p.state = 'marked' AND p.passed",
    }
    for people, events, source, moment, home in (
        (
            "online.drawers",
            "online.draws",
            "draws e JOIN tickets t ON t.id = e.ticket_id JOIN campaigns c ON c.id = t.campaign_id",
            "e.drawn_at",
            "t.region_id",
        ),
        (
            "online.winners",
            "online.awards",
            "awards e JOIN campaigns c ON c.id = e.campaign_id",
            "e.won_at",
            "e.region_id",
        ),
        (
            "online.redeemers",
            "online.redemptions",
            "awards e JOIN campaigns c ON c.id = e.campaign_id"
            " JOIN redemptions x ON x.award_id = e.id AND x.undone_at IS NULL",
            "x.redeemed_at",
            "e.region_id",
        ),
    ):
        within = "" if whole else f" AND {home} IN {at_home}"
        wanted = f"FROM {source} WHERE c.slug = :slug AND {day.format(moment)} BETWEEN :first AND :last{within}"
        queries[people] = f"SELECT count(DISTINCT e.citizen_id) {wanted}"
        queries[events] = f"SELECT count(*) {wanted}"
    reported = (
        "FROM tally_revisions r JOIN tallies t ON t.id = r.tally_id JOIN campaigns c ON c.id = r.campaign_id"
        f" WHERE r.in_force AND c.slug = :slug AND {day.format('r.occurred_at')} BETWEEN :first AND :last"
        + ("" if whole else f" AND r.region_id IN {at_home}")
    )
    for setting in ("household", "shop", "stall", "talk"):
        queries[f"offline.{setting}_tallies"] = f"SELECT count(*) {reported} AND r.setting = '{setting}'"
    queries |= {
        "offline.households": f"SELECT coalesce(sum(r.households), 0) {reported}",
        "offline.people": f"SELECT coalesce(sum(r.people), 0) {reported}",
        "offline.volunteers_active": f"SELECT count(DISTINCT t.volunteer_id) {reported}",
    }
    found = {}
    for metric, query in queries.items():
        used = {name: value for name, value in values.items() if f":{name}" in query}
        found[metric] = int(world.rows(query, **used)[0][0])
    handed_out = world.rows(
        f"SELECT h.material, sum(h.quantity) FROM handouts h JOIN (SELECT r.tally_id, r.revision {reported}) f"
        " ON f.tally_id = h.tally_id AND f.revision = h.revision GROUP BY h.material",
        **{name: value for name, value in values.items() if name != "under" or not whole},
    )
    return found | {f"offline.handed_out {code}": int(n) for code, n in handed_out}
