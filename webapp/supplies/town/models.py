"""What waits on an officer's desk. Not a projection; thrown away after."""

from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kernel.base.db import PRIVATE, Base

_Id = String(36)


class SiteDraft(Base):
    """An uploaded list of evacuation sites that waits for its preview to be confirmed."""

    __tablename__ = "supplies_site_drafts"
    __table_args__ = PRIVATE
    id: Mapped[str] = mapped_column(_Id, primary_key=True)
    log: Mapped[str] = mapped_column(String(16))
    filename: Mapped[str] = mapped_column(String(200))
    layout: Mapped[str] = mapped_column(String(16))
    uploaded_by: Mapped[str] = mapped_column(_Id)
    uploaded_at: Mapped[int]
    rows: Mapped[int]
    sites: Mapped[list[Any]] = mapped_column(JSON)
    problems: Mapped[list[Any]] = mapped_column(JSON)
