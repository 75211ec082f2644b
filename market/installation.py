"""Installing a county pack whole: zones and books, then years and limits, then products, in one transaction."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from market.core import audit, db
from market.county import install as county
from market.county import loader, shipped
from market.county.pack import Pack
from market.registry import install as registry
from market.trading import products


def run(url: str, file: Path | None = None) -> bool:
    """Installs the pack of a YAML file, or the one that comes with the product; False when it is in force already.

    Errors: PackError (names the line), and the refusals of each part.
    """
    text = shipped.dated(file.read_text(encoding="utf-8")) if file is not None else shipped.text_of()
    with db.transaction(url) as session:
        return install(session, pack=loader.load(text), actor=audit.Actor())


def install(session: Session, *, pack: Pack, actor: audit.Actor) -> bool:
    """Installs a checked pack; False, and nothing changed, when it is the one in force."""
    before = county.in_force_before(session)
    if not county.install(session, pack, actor):
        return False
    registry.install(session, pack, actor, before=before)
    products.install(session, pack=pack, actor=actor)
    return True
