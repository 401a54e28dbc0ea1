"""Amendments, and withdrawn versions

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign_amendments",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("drafted_by", sa.String(length=40), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("trim(reason) <> ''", name=op.f("ck_campaign_amendments_reason")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_amendments_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_campaign_amendments")),
    )
    with op.batch_alter_table("campaign_versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("withdrawn_reason", sa.Text(), nullable=True))
        batch_op.create_check_constraint(
            batch_op.f("ck_campaign_versions_withdrawn"), "(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)"
        )


def downgrade() -> None:
    with op.batch_alter_table("campaign_versions", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_campaign_versions_withdrawn"), type_="check")
        batch_op.drop_column("withdrawn_reason")
        batch_op.drop_column("withdrawn_at")

    op.drop_table("campaign_amendments")
