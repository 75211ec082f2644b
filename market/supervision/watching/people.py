"""Who is there, how they belong together, and what some of them knew before the others."""

from __future__ import annotations

from typing import Any

import psycopg

from market.core import clock
from market.supervision.surveillance.evidence import Announcement, Party
from market.supervision.watching.window import Window

KINDS = {
    "person": "farm", "household": "farm", "association": "association", "enterprise": "works",
    "service_firm": "firm", "verifier": "firm", "bank": "supplier", "public_body": "supplier",
}  # fmt: skip

# A mark is as it was recorded last before the window's end. Without one, the device is the place and program that most
# sign-ins of the window came from. The clerk is who held a mandate to trade last.
_PARTIES_SQL = """
WITH marks AS (
  SELECT participant_id, jsonb_object_agg(kind, encode(digest, 'hex')) AS known FROM (
    SELECT DISTINCT ON (participant_id, kind) participant_id, kind, digest, ended_at FROM party_marks
     WHERE recorded_at < %(until)s ORDER BY participant_id, kind, id DESC) AS last
   WHERE ended_at IS NULL OR ended_at >= %(until)s GROUP BY 1),
devices AS (
  SELECT u.participant_id, mode() WITHIN GROUP (ORDER BY s.address || ' ' || s.program) AS place
    FROM sign_ins s JOIN users u ON u.id = s.user_id
   WHERE u.participant_id IS NOT NULL AND s.at >= %(since)s AND s.at < %(until)s AND s.address IS NOT NULL
     AND s.program IS NOT NULL GROUP BY 1),
clerks AS (
  SELECT DISTINCT ON (participant_id) participant_id, clerk_user_id FROM mandates
   WHERE scope = 'trade' AND valid_from < %(until)s AND valid_to > %(since)s
     AND (revoked_at IS NULL OR revoked_at > %(since)s) ORDER BY participant_id, id DESC),
places AS (
  SELECT DISTINCT ON (w.participant_id) w.participant_id, z.code
    FROM water_accounts w JOIN zones z ON z.id = w.township_zone_id ORDER BY w.participant_id, w.id)
SELECT p.id, coalesce(p.owner_group_id, p.id), p.kind, coalesce(z.code, ''), coalesce(m.known, '{}'),
       coalesce(encode(sha256(convert_to(d.place, 'UTF8')), 'hex'), ''), coalesce(c.clerk_user_id::text, '')
  FROM participants p
  LEFT JOIN marks m ON m.participant_id = p.id
  LEFT JOIN devices d ON d.participant_id = p.id
  LEFT JOIN clerks c ON c.participant_id = p.id
  LEFT JOIN places z ON z.participant_id = p.id
 WHERE p.status <> 'applied' AND p.status <> 'refused'
 ORDER BY p.id
"""

# Recorded decisions with who knew them; and announcements of water, public as they are made: they explain a move.
_NEWS_SQL = """
SELECT d.id, d.decided_at, coalesce(d.published_at, %(until)s),
       ARRAY (SELECT p.code FROM products p WHERE p.id = ANY (d.product_ids) ORDER BY p.id), d.moves, d.insider_ids
  FROM price_decisions d
 WHERE d.decided_at < %(until)s AND (d.published_at IS NULL OR d.published_at >= %(since)s)
UNION ALL
SELECT -a.id, a.announced_at, a.announced_at,
       ARRAY (SELECT p.code FROM products p WHERE (p.source, p.water_year, p.tenure)
              = (a.source, a.water_year, 'allocation')), 'down', ARRAY[]::bigint[]
  FROM announcements a WHERE a.announced_at >= %(since)s AND a.announced_at < %(until)s
 ORDER BY 2, 1
"""


def parties(connection: psycopg.Connection[Any], window: Window) -> tuple[Party, ...]:
    """Every participant with what is declared and known of it at the window's end."""
    asked = {"since": window.since, "until": window.until}
    return tuple(
        Party(number, owner, KINDS[kind], zone, **({"device": device} | known), clerk=clerk)
        for number, owner, kind, zone, known, device, clerk in connection.execute(_PARTIES_SQL, asked)
    )


def announcements(connection: psycopg.Connection[Any], window: Window) -> tuple[Announcement, ...]:
    """What was decided and published in the window, or decided and not published until its end."""
    asked = {"since": window.since, "until": window.until}
    legal = clock.LEGAL_ZONE  # an alert tells the two instants in words
    return tuple(
        Announcement(
            number,
            decided.astimezone(legal),
            published.astimezone(legal),
            tuple(products),
            moves,
            tuple(insiders),
        )
        for number, decided, published, products, moves, insiders in connection.execute(_NEWS_SQL, asked)
    )
