"""The life of a question

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("state", sa.String(length=8), nullable=True))
        batch_op.add_column(sa.Column("waiting", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("changed_by", sa.String(length=40), nullable=True))

    op.execute("UPDATE questions SET state = 'reviewed', changed_by = 'system'")
    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.alter_column("state", existing_type=sa.String(length=8), nullable=False)
        batch_op.alter_column("changed_by", existing_type=sa.String(length=40), nullable=False)
        batch_op.create_check_constraint(batch_op.f("ck_questions_state"), "state IN ('draft', 'reviewed', 'retired')")
        batch_op.create_check_constraint(
            batch_op.f("ck_questions_waiting"), "waiting IS NULL OR (state = 'reviewed' AND waiting > version)"
        )


def downgrade() -> None:
    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_questions_waiting"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_questions_state"), type_="check")
        batch_op.drop_column("changed_by")
        batch_op.drop_column("waiting")
        batch_op.drop_column("state")
