"""Shares hold what a person did, not what it adds: everybody is counted anew

Revision ID: 0010
Revises: 0009
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _replace(sa.Column("done", sa.Text(), nullable=False))


def downgrade() -> None:
    _replace(sa.Column("counts", sa.JSON(), nullable=False))


def _replace(column: "sa.Column[Any]") -> None:
    """A new table of shares, no counts, and a mark for everybody who did anything."""
    op.drop_table("reach_shares")
    op.create_table(
        "reach_shares",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("part", sa.Uuid(), nullable=False),
        column,
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_reach_shares_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "kind", "part", name=op.f("pk_reach_shares")),
    )
    op.execute("DELETE FROM reach_counts")
    op.execute("DELETE FROM dirty_keys")
    op.execute(
        "INSERT INTO dirty_keys (kind, whole, part, at) SELECT 'person', campaign_id, citizen_id, CURRENT_TIMESTAMP FROM ("
        " SELECT campaign_id, citizen_id FROM papers UNION SELECT campaign_id, citizen_id FROM visits"
        " UNION SELECT campaign_id, citizen_id FROM tickets UNION SELECT campaign_id, citizen_id FROM awards) people"
    )
    op.execute(
        "INSERT INTO dirty_keys (kind, whole, part, at) SELECT DISTINCT 'volunteer', r.campaign_id, t.volunteer_id,"
        " CURRENT_TIMESTAMP FROM tally_revisions r JOIN tallies t ON t.id = r.tally_id WHERE r.campaign_id IS NOT NULL"
    )
