"""Loads every slice's tables, for Alembic and for tests."""

import quizsvc.accounts.models
import quizsvc.campaigns.models
import quizsvc.kit.jobs
import quizsvc.lottery.models
import quizsvc.materials.models
import quizsvc.outreach.models
import quizsvc.quiz.models
import quizsvc.reach.models
import quizsvc.regions.models  # noqa: F401
from quizsvc.kit.db import Base

metadata = Base.metadata
