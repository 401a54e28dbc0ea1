"""Visits, shares, counts and dirty keys

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dirty_keys",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("whole", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dirty_keys")),
    )
    op.create_table(
        "reach_turn",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reach_turn")),
    )
    op.create_table(
        "reach_counts",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("metric", sa.String(length=60), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("apart", sa.String(length=60), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("n >= 0", name=op.f("ck_reach_counts_n")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_reach_counts_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "region", "metric", "day", "apart", name=op.f("pk_reach_counts")),
    )
    op.create_table(
        "reach_shares",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("part", sa.Uuid(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_reach_shares_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "kind", "part", name=op.f("pk_reach_shares")),
    )
    op.create_table(
        "visits",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("region_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_visits_campaign_id")),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_visits_citizen_id")),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_visits_region_id")),
        sa.PrimaryKeyConstraint("campaign_id", "citizen_id", "day", name=op.f("pk_visits")),
    )
    op.create_index(op.f("ix_visits_citizen_id"), "visits", ["citizen_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_visits_citizen_id"), table_name="visits")
    op.drop_table("visits")
    op.drop_table("reach_shares")
    op.drop_table("reach_counts")
    op.drop_table("reach_turn")
    op.drop_table("dirty_keys")
