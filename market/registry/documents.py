"""Documents of a right: handed in as PDF, PNG or JPEG, kept as they are, with their SHA-256."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from market.core import audit, clock
from market.core.db import raw
from market.registry import steps
from market.registry.errors import EntitlementState
from market.registry.life_errors import DocumentExists, DocumentSize, DocumentType, TooManyDocuments
from market.registry.life_models import MOST_BYTES, EntitlementDocument
from market.registry.models import Entitlement

MOST_DOCUMENTS = 20
_ENDED = ("refused", "withdrawn", "replaced", "cancelled", "expired")
_BEGINNINGS = {
    "application/pdf": b"%PDF-",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
}
"""What a file of each type begins with."""


def hand_in(
    session: Session, *, actor: audit.Actor, entitlement_id: int, name: str, media_type: str, content: bytes
) -> EntitlementDocument:
    """Keeps a document of a right that has not ended.

    Errors: NotFound, EntitlementState, DocumentSize, DocumentType (by its content), TooManyDocuments, DocumentExists.
    """
    if not 0 < len(content) <= MOST_BYTES:
        raise DocumentSize(
            f"it has {len(content)} bytes",
            pointer="/content",
            limit=str(MOST_BYTES),
            available=str(MOST_BYTES),
        )
    beginning = _BEGINNINGS.get(media_type)
    if beginning is None or not content.startswith(beginning):
        raise DocumentType(f"the content is not {media_type}", pointer="/content")
    right = steps.locked(session, entitlement_id)
    if right.status in _ENDED:
        raise EntitlementState(f"it is {right.status}")
    digest = hashlib.sha256(content).digest()
    known = [each.sha256 for each in of_right(session, entitlement_id=right.id)]
    if digest in known:
        raise DocumentExists("its SHA-256 is that of a document handed in before")
    if len(known) >= MOST_DOCUMENTS:
        raise TooManyDocuments(limit=str(MOST_DOCUMENTS), available="0")
    document = EntitlementDocument(
        entitlement_id=right.id,
        name=name,
        media_type=media_type,
        size_bytes=len(content),
        sha256=digest,
        content=content,
        handed_in_by=actor.user_id,
        handed_in_at=clock.now(),
    )
    session.add(document)
    connection = raw(session)
    detail: dict[str, Any] = {
        "document_id": document.id,
        "sha256": digest.hex(),
    }  # its name may name a person
    subject = ("entitlement", right.id)
    audit.record(
        connection, actor=actor, action="entitlement.document_handed_in", subject=subject, detail=detail
    )
    return document


def of_right(session: Session, *, entitlement_id: int) -> list[EntitlementDocument]:
    """The documents of a right by id, their content unread; at most MOST_DOCUMENTS."""
    statement = select(EntitlementDocument).where(EntitlementDocument.entitlement_id == entitlement_id)
    unread = defer(EntitlementDocument.content)
    return list(session.scalars(statement.order_by(EntitlementDocument.id).options(unread)))


def holder_of(session: Session, document: EntitlementDocument) -> int:
    """The participant whose right a document is of."""
    return session.scalars(
        select(Entitlement.participant_id).where(Entitlement.id == document.entitlement_id)
    ).one()
