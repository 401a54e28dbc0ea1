"""Closing draw and blocks

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blocks",
        sa.Column("limit_key", sa.String(length=64), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("blocked_by", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_blocks_campaign_id")),
        sa.PrimaryKeyConstraint("limit_key", name=op.f("pk_blocks")),
    )
    with op.batch_alter_table("blocks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_blocks_campaign_id"), ["campaign_id"], unique=False)

    op.create_table(
        "closing_seeds",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("sealed_seed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_closing_seeds_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_closing_seeds")),
    )
    op.create_table(
        "closing_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("limit_key", sa.String(length=64), nullable=False),
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("region_id", sa.Uuid(), nullable=True),
        sa.Column("alias", sa.String(length=22), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("prize", sa.String(length=32), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("position >= 1", name=op.f("ck_closing_entries_position")),
        sa.CheckConstraint("prize IS NULL OR position IS NOT NULL", name=op.f("ck_closing_entries_prize")),
        sa.CheckConstraint("(position IS NULL) = (drawn_at IS NULL)", name=op.f("ck_closing_entries_drawn")),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_closing_entries_citizen_id")),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_closing_entries_region_id")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_closing_entries_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closing_entries")),
        sa.UniqueConstraint("alias", name=op.f("uq_closing_entries_alias")),
        sa.UniqueConstraint("round_id", "limit_key", name=op.f("uq_closing_entries_round_id_limit_key")),
        sa.UniqueConstraint("round_id", "position", name=op.f("uq_closing_entries_round_id_position")),
    )
    with op.batch_alter_table("closing_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_closing_entries_citizen_id"), ["citizen_id"], unique=False)

    with op.batch_alter_table("awards", schema=None) as batch_op:
        batch_op.add_column(sa.Column("entry_id", sa.Uuid(), nullable=True))
        batch_op.alter_column("ticket_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.create_unique_constraint(batch_op.f("uq_awards_entry_id"), ["entry_id"])
        batch_op.create_foreign_key(batch_op.f("fk_awards_entry_id"), "closing_entries", ["entry_id"], ["id"])
        batch_op.create_check_constraint(batch_op.f("ck_awards_origin"), "(ticket_id IS NULL) <> (entry_id IS NULL)")

    with op.batch_alter_table("rounds", schema=None) as batch_op:
        batch_op.add_column(sa.Column("list_hash", sa.String(length=64), nullable=True))
        batch_op.create_check_constraint(batch_op.f("ck_rounds_closing_draw"), "list_hash IS NULL OR state <> 'open'")


def downgrade() -> None:
    with op.batch_alter_table("rounds", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_rounds_closing_draw"), type_="check")
        batch_op.drop_column("list_hash")

    op.execute("DELETE FROM awards WHERE ticket_id IS NULL")
    with op.batch_alter_table("awards", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_awards_origin"), type_="check")
        batch_op.drop_constraint(batch_op.f("fk_awards_entry_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_awards_entry_id"), type_="unique")
        batch_op.alter_column("ticket_id", existing_type=sa.Uuid(), nullable=False)
        batch_op.drop_column("entry_id")

    with op.batch_alter_table("closing_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_closing_entries_citizen_id"))

    op.drop_table("closing_entries")
    op.drop_table("closing_seeds")
    with op.batch_alter_table("blocks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_blocks_campaign_id"))

    op.drop_table("blocks")
