"""Many links of the audit trail at once are the links that one at a time would be."""

from __future__ import annotations

from market.core import audit, clock, db

ACTOR = audit.Actor(user_id=7, request_id="a\\b\tc\nd")
DETAILS = [{"text": each} for each in ("", "\\", "\\N", "a\tb", "a\nb\r", '"', "水权\u2028", "\\x00")]


def test_many_links_at_once_are_chained_and_read_back_as_they_were_given(fresh_database_url: str) -> None:
    with db.connect(fresh_database_url) as connection, clock.standing():
        for detail in DETAILS:
            audit.record(connection, actor=ACTOR, action="x.put", subject=("x", 1), detail=detail)
        audit.record_many(
            connection, actor=ACTOR, action="x.put", subject_type="x", details=((1, each) for each in DETAILS)
        )
        audit.record_many(connection, actor=ACTOR, action="x.put", subject_type="x", details=())
        audit.record(connection, actor=audit.Actor(), action="x.end", subject=("x", 1))
        assert audit.verify(connection) == []
        columns = "at, actor_user_id, participant_id, mandate_id, action, subject_type, subject_id, batch_id"
        rows = connection.execute(
            f"SELECT {columns}, request_id, detail FROM audit WHERE action = 'x.put' ORDER BY seq"
        ).fetchall()
    assert rows[: len(DETAILS)] == rows[len(DETAILS) :]
