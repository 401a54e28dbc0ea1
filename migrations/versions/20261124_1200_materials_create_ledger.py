"""The material ledger

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "materials",
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("unit", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_materials")),
    )
    op.create_table(
        "holders",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("may_overdraw", sa.Boolean(), nullable=False),
        sa.Column("region_id", sa.Uuid(), nullable=True),
        sa.Column("region_path", sa.String(length=200), nullable=True),
        sa.Column("volunteer_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(kind = 'volunteer') = (volunteer_id IS NOT NULL)", name=op.f("ck_holders_volunteer")),
        sa.CheckConstraint(
            "(kind IN ('store', 'volunteer')) = (region_id IS NOT NULL)", name=op.f("ck_holders_region")
        ),
        sa.CheckConstraint(
            "kind IN ('supplier', 'store', 'volunteer', 'public', 'lost')", name=op.f("ck_holders_kind")
        ),
        sa.CheckConstraint("may_overdraw = (kind = 'volunteer')", name=op.f("ck_holders_may_overdraw")),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_holders_region_id")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_holders")),
        sa.UniqueConstraint("name", "may_overdraw", name=op.f("uq_holders_name_may_overdraw")),
        sa.UniqueConstraint("volunteer_id", name=op.f("uq_holders_volunteer_id")),
    )
    op.create_index(op.f("ix_holders_region_path"), "holders", ["region_path"], unique=False)
    op.create_table(
        "packs",
        sa.Column("material", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("factor", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "factor BETWEEN 1 AND 100000 AND factor = CAST(factor AS INTEGER)", name=op.f("ck_packs_factor")
        ),
        sa.ForeignKeyConstraint(["material"], ["materials.code"], name=op.f("fk_packs_material")),
        sa.PrimaryKeyConstraint("material", "name", name=op.f("pk_packs")),
    )
    op.create_table(
        "balances",
        sa.Column("material", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=60), nullable=False),
        sa.Column("may_overdraw", sa.Boolean(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("quantity >= 0 OR may_overdraw", name=op.f("ck_balances_store_not_below_zero")),
        sa.ForeignKeyConstraint(
            ["holder", "may_overdraw"],
            ["holders.name", "holders.may_overdraw"],
            name=op.f("fk_balances_holder_may_overdraw"),
        ),
        sa.ForeignKeyConstraint(["material"], ["materials.code"], name=op.f("fk_balances_material")),
        sa.PrimaryKeyConstraint("material", "holder", name=op.f("pk_balances")),
    )
    op.create_table(
        "movements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.String(length=8), nullable=False),
        sa.Column("material", sa.String(length=32), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("pack", sa.String(length=20), nullable=True),
        sa.Column("factor", sa.Integer(), nullable=False),
        sa.Column("giver", sa.String(length=60), nullable=True),
        sa.Column("taker", sa.String(length=60), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_by", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("ref", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=True),
        sa.Column("reverses", sa.Uuid(), nullable=True),
        sa.Column("reverses_act", sa.String(length=8), nullable=True),
        sa.Column("belongs_to", sa.Uuid(), nullable=True),
        sa.Column("overdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(act = 'count') = (counted IS NOT NULL OR belongs_to IS NOT NULL)", name=op.f("ck_movements_count")
        ),
        sa.CheckConstraint(
            "(act = 'count') = (giver IS NULL OR taker IS NULL)", name=op.f("ck_movements_count_has_one_end")
        ),
        sa.CheckConstraint("(act = 'reversal') = (reverses IS NOT NULL)", name=op.f("ck_movements_reversal")),
        sa.CheckConstraint(
            "act IN ('receive', 'issue', 'return', 'transfer', 'hand_out', 'loss', 'count', 'reversal')",
            name=op.f("ck_movements_act"),
        ),
        sa.CheckConstraint("counted IS NULL OR (act = 'count' AND counted >= 0)", name=op.f("ck_movements_counted")),
        sa.CheckConstraint(
            "quantity >= (CASE WHEN counted IS NULL THEN 1 ELSE 0 END) AND (quantity <= 10000000 OR act = 'count') AND quantity = CAST(quantity AS BIGINT)",
            name=op.f("ck_movements_quantity"),
        ),
        sa.CheckConstraint("reverses_act NOT IN ('count', 'reversal')", name=op.f("ck_movements_irreversible")),
        sa.CheckConstraint("(reverses IS NULL) = (reverses_act IS NULL)", name=op.f("ck_movements_reverses_act")),
        sa.CheckConstraint(
            "factor BETWEEN 1 AND 100000 AND (pack IS NOT NULL OR factor = 1)", name=op.f("ck_movements_factor")
        ),
        sa.CheckConstraint("giver IS NOT NULL OR taker IS NOT NULL", name=op.f("ck_movements_one_end")),
        sa.CheckConstraint("giver IS NULL OR taker IS NULL OR giver <> taker", name=op.f("ck_movements_ends")),
        sa.ForeignKeyConstraint(["belongs_to"], ["movements.id"], name=op.f("fk_movements_belongs_to")),
        sa.ForeignKeyConstraint(["giver"], ["holders.name"], name=op.f("fk_movements_giver")),
        sa.ForeignKeyConstraint(["material"], ["materials.code"], name=op.f("fk_movements_material")),
        sa.ForeignKeyConstraint(
            ["reverses", "reverses_act"],
            ["movements.id", "movements.act"],
            name=op.f("fk_movements_reverses_reverses_act"),
        ),
        sa.ForeignKeyConstraint(["taker"], ["holders.name"], name=op.f("fk_movements_taker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_movements")),
        sa.UniqueConstraint("id", "act", name=op.f("uq_movements_id_act")),
        sa.UniqueConstraint("reverses", name=op.f("uq_movements_reverses")),
    )
    op.create_index("ix_movements_giver", "movements", ["material", "giver", "occurred_at"], unique=False)
    op.create_index("ix_movements_taker", "movements", ["material", "taker", "occurred_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_movements_taker", table_name="movements")
    op.drop_index("ix_movements_giver", table_name="movements")
    op.drop_table("movements")
    op.drop_table("balances")
    op.drop_table("packs")
    op.drop_index(op.f("ix_holders_region_path"), table_name="holders")
    op.drop_table("holders")
    op.drop_table("materials")
