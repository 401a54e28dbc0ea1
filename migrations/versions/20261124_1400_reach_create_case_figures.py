"""Monthly fraud cases

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_figures",
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("region_path", sa.String(length=200), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=True),
        sa.Column("filed", sa.Integer(), nullable=True),
        sa.Column("loss_fen", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("loaded_by", sa.String(length=40), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("year BETWEEN 2000 AND 2100", name=op.f("ck_case_figures_year")),
        sa.CheckConstraint("month BETWEEN 1 AND 12", name=op.f("ck_case_figures_month")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_case_figures_revision")),
        sa.CheckConstraint(
            "reports BETWEEN 0 AND 10000000 AND reports = CAST(reports AS BIGINT)", name=op.f("ck_case_figures_reports")
        ),
        sa.CheckConstraint(
            "filed BETWEEN 0 AND 10000000 AND filed = CAST(filed AS BIGINT)", name=op.f("ck_case_figures_filed")
        ),
        sa.CheckConstraint(
            "loss_fen BETWEEN 0 AND 100000000000000 AND loss_fen = CAST(loss_fen AS BIGINT)",
            name=op.f("ck_case_figures_loss_fen"),
        ),
        sa.CheckConstraint(
            "revision > 1 OR reports IS NOT NULL OR filed IS NOT NULL OR loss_fen IS NOT NULL",
            name=op.f("ck_case_figures_says_something"),
        ),
        sa.CheckConstraint("source <> ''", name=op.f("ck_case_figures_source")),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_case_figures_region_id")),
        sa.PrimaryKeyConstraint("region_id", "year", "month", "revision", name=op.f("pk_case_figures")),
    )
    op.create_index(op.f("ix_case_figures_region_path"), "case_figures", ["region_path"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_case_figures_region_path"), table_name="case_figures")
    op.drop_table("case_figures")
