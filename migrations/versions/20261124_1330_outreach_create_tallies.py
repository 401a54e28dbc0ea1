"""Volunteers, assignments and tallies

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "volunteers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("openid_hash", sa.String(length=64), nullable=True),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('volunteer', 'grid-worker', 'building-head')", name=op.f("ck_volunteers_kind")),
        sa.CheckConstraint("(openid_hash IS NULL) = (bound_at IS NULL)", name=op.f("ck_volunteers_bound")),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_volunteers_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volunteers")),
        sa.UniqueConstraint("code", name=op.f("uq_volunteers_code")),
        sa.UniqueConstraint("openid_hash", name=op.f("uq_volunteers_openid_hash")),
    )
    op.create_table(
        "assignments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("volunteer_id", sa.Uuid(), nullable=False),
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assigned_by", sa.String(length=40), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(length=40), nullable=True),
        sa.CheckConstraint("(ends_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_assignments_ended_by")),
        sa.CheckConstraint("ends_at >= starts_at", name=op.f("ck_assignments_ends_at")),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_assignments_region_id")),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteers.id"], name=op.f("fk_assignments_volunteer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.create_index("ix_assignments_volunteer", ["volunteer_id", "starts_at"], unique=False)
        batch_op.create_index(
            "uq_assignments_open",
            ["volunteer_id", "region_id"],
            unique=True,
            sqlite_where=sa.text("ends_at IS NULL"),
            postgresql_where=sa.text("ends_at IS NULL"),
        )

    op.create_table(
        "invitations",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("volunteer_id", sa.Uuid(), nullable=True),
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('volunteer', 'grid-worker', 'building-head')", name=op.f("ck_invitations_kind")),
        sa.CheckConstraint("uses_left >= 0", name=op.f("ck_invitations_uses_left")),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_invitations_region_id")),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteers.id"], name=op.f("fk_invitations_volunteer_id")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_invitations")),
    )
    op.create_table(
        "tallies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("volunteer_id", sa.Uuid(), nullable=False),
        sa.Column("voided", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteers.id"], name=op.f("fk_tallies_volunteer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tallies")),
    )
    with op.batch_alter_table("tallies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tallies_volunteer_id"), ["volunteer_id"], unique=False)

    op.create_table(
        "tally_revisions",
        sa.Column("tally_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("region_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("setting", sa.String(length=12), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("likeness", sa.String(length=32), nullable=True),
        sa.Column("looks_like", sa.Uuid(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock_skew", sa.Integer(), nullable=False),
        sa.Column("entered_by", sa.String(length=40), nullable=True),
        sa.CheckConstraint(
            "NOT in_force OR (state = 'counted' AND NOT void)", name=op.f("ck_tally_revisions_in_force")
        ),
        sa.CheckConstraint(
            "setting IN ('household', 'shop', 'stall', 'talk')", name=op.f("ck_tally_revisions_setting")
        ),
        sa.CheckConstraint("state IN ('counted', 'held', 'refused')", name=op.f("ck_tally_revisions_state")),
        sa.CheckConstraint("households >= 0 AND people >= 0", name=op.f("ck_tally_revisions_counts")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_tally_revisions_revision")),
        sa.CheckConstraint(
            "void OR (campaign_id IS NOT NULL AND region_id IS NOT NULL AND occurred_at IS NOT NULL AND setting IS NOT NULL AND households IS NOT NULL AND people IS NOT NULL)",
            name=op.f("ck_tally_revisions_whole"),
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_tally_revisions_campaign_id")),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_tally_revisions_region_id")),
        sa.ForeignKeyConstraint(["tally_id"], ["tallies.id"], name=op.f("fk_tally_revisions_tally_id")),
        sa.PrimaryKeyConstraint("tally_id", "revision", name=op.f("pk_tally_revisions")),
    )
    with op.batch_alter_table("tally_revisions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_tally_revisions_campaign",
            ["campaign_id", "occurred_at"],
            unique=False,
            sqlite_where=sa.text("in_force"),
            postgresql_where=sa.text("in_force"),
        )
        batch_op.create_index("ix_tally_revisions_likeness", ["likeness", "occurred_at"], unique=False)
        batch_op.create_index(
            "uq_tally_revisions_in_force",
            ["tally_id"],
            unique=True,
            sqlite_where=sa.text("in_force"),
            postgresql_where=sa.text("in_force"),
        )

    op.create_table(
        "handouts",
        sa.Column("tally_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("material", sa.String(length=32), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("pack", sa.String(length=20), nullable=True),
        sa.Column("factor", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity >= 1 AND factor >= 1", name=op.f("ck_handouts_quantity")),
        sa.ForeignKeyConstraint(["material"], ["materials.code"], name=op.f("fk_handouts_material")),
        sa.ForeignKeyConstraint(
            ["tally_id", "revision"],
            ["tally_revisions.tally_id", "tally_revisions.revision"],
            name=op.f("fk_handouts_tally_id_revision"),
        ),
        sa.PrimaryKeyConstraint("tally_id", "revision", "no", name=op.f("pk_handouts")),
    )
    op.create_table(
        "held_tallies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tally_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("region_path", sa.String(length=200), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.String(length=8), nullable=True),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.CheckConstraint("decision IN ('count', 'refuse')", name=op.f("ck_held_tallies_decision")),
        sa.CheckConstraint(
            "reason IN ('no_assignment', 'outside_campaign', 'too_late', 'clock_ahead')",
            name=op.f("ck_held_tallies_reason"),
        ),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_held_tallies_decided_at")),
        sa.CheckConstraint("(decision IS NULL) = (decided_by IS NULL)", name=op.f("ck_held_tallies_decided_by")),
        sa.ForeignKeyConstraint(
            ["tally_id", "revision"],
            ["tally_revisions.tally_id", "tally_revisions.revision"],
            name=op.f("fk_held_tallies_tally_id_revision"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_tallies")),
        sa.UniqueConstraint("tally_id", "revision", name=op.f("uq_held_tallies_tally_id_revision")),
    )
    with op.batch_alter_table("held_tallies", schema=None) as batch_op:
        batch_op.create_index("ix_held_tallies_waiting", ["decision", "id"], unique=False)

    with op.batch_alter_table("holders", schema=None) as batch_op:
        batch_op.create_foreign_key(batch_op.f("fk_holders_volunteer_id"), "volunteers", ["volunteer_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("holders", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_holders_volunteer_id"), type_="foreignkey")

    with op.batch_alter_table("held_tallies", schema=None) as batch_op:
        batch_op.drop_index("ix_held_tallies_waiting")

    op.drop_table("held_tallies")
    op.drop_table("handouts")
    with op.batch_alter_table("tally_revisions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_tally_revisions_in_force", sqlite_where=sa.text("in_force"), postgresql_where=sa.text("in_force")
        )
        batch_op.drop_index("ix_tally_revisions_likeness")
        batch_op.drop_index(
            "ix_tally_revisions_campaign", sqlite_where=sa.text("in_force"), postgresql_where=sa.text("in_force")
        )

    op.drop_table("tally_revisions")
    with op.batch_alter_table("tallies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tallies_volunteer_id"))

    op.drop_table("tallies")
    op.drop_table("invitations")
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_assignments_open", sqlite_where=sa.text("ends_at IS NULL"), postgresql_where=sa.text("ends_at IS NULL")
        )
        batch_op.drop_index("ix_assignments_volunteer")

    op.drop_table("assignments")
    op.drop_table("volunteers")
