"""The archive of a matter: everything of its file as one JSON text, hashed when the file is closed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import psycopg

from ledger.arrays import Bigints

_ARCHIVED_SQL = """
UPDATE desk_reviews r
   SET status = 'closed', outcome = d.closing ->> 'outcome', closed_at = (d.closing ->> 'closed_at')::timestamptz,
       decided_by = (d.closing ->> 'decided_by')::bigint, decided_for = (d.closing ->> 'decided_for')::bigint,
       archive = convert_to(d.text, 'UTF8'), archive_sha256 = sha256(convert_to(d.text, 'UTF8'))
  FROM (
    SELECT o.id, c.closing, jsonb_build_object(
      'format', 'karez-desk-review', 'version', 1,
      'review', (to_jsonb(o) - ARRAY['archive', 'archive_sha256', 'terms']) || c.closing,
      'rule', o.terms::jsonb,
      'steps', (SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.id), '[]') FROM desk_review_steps s
                 WHERE s.review_id = o.id),
      'hearings', (SELECT coalesce(jsonb_agg(to_jsonb(h) ORDER BY h.id), '[]') FROM review_hearings h
                    WHERE h.review_id = o.id),
      'objections', (SELECT coalesce(jsonb_agg(to_jsonb(b) ORDER BY b.id), '[]') FROM review_objections b
                      WHERE b.review_id = o.id),
      'notices', (SELECT coalesce(jsonb_agg(to_jsonb(n) ORDER BY n.id), '[]') FROM notices n
                   WHERE n.review_id = o.id),
      'subject', CASE o.kind
        WHEN 'instruction' THEN (SELECT to_jsonb(x) FROM instructions x WHERE x.id = o.reference)
        WHEN 'call' THEN (SELECT to_jsonb(x) - 'record' FROM calls x WHERE x.id = o.reference)
        WHEN 'programme' THEN (SELECT to_jsonb(x) FROM programmes x WHERE x.id = o.reference)
        WHEN 'entitlement' THEN (SELECT to_jsonb(x) FROM entitlements x WHERE x.id = o.reference)
        WHEN 'negotiation' THEN (SELECT to_jsonb(x) FROM negotiations x WHERE x.id = o.reference)
        WHEN 'firm' THEN (SELECT to_jsonb(x) FROM firms x WHERE x.id = o.reference)
        WHEN 'complaint' THEN (SELECT to_jsonb(x) FROM complaints x WHERE x.id = o.reference)
        WHEN 'renewal' THEN (SELECT to_jsonb(x) FROM entitlements x WHERE x.id = o.reference)
        WHEN 'participant' THEN (
          SELECT to_jsonb(x) - ARRAY['identifier_hash', 'identifier_masked', 'contact', 'name']
            FROM participants x WHERE x.id = o.reference)
        WHEN 'pledge' THEN (SELECT to_jsonb(x) FROM pledges x WHERE x.id = o.reference)
        WHEN 'firm_qualification' THEN (SELECT to_jsonb(x) FROM firm_qualifications x WHERE x.id = o.reference)
        WHEN 'saving_report' THEN (
          SELECT to_jsonb(x) FROM report_disputes x WHERE x.report_id = o.reference ORDER BY x.id DESC LIMIT 1)
        WHEN 'claw_back' THEN (SELECT to_jsonb(x) FROM report_claw_backs x WHERE x.id = o.reference)
        WHEN 'refund' THEN (
          SELECT to_jsonb(x) FROM delivery_refunds x WHERE x.delivery_id = o.reference ORDER BY x.id DESC LIMIT 1)
      END,
      'papers', CASE o.kind
        WHEN 'entitlement' THEN (
          SELECT jsonb_build_object(
            'steps', (SELECT jsonb_agg(to_jsonb(s) ORDER BY s.id) FROM entitlement_steps s
                       WHERE s.entitlement_id = o.reference),
            'objections', (SELECT jsonb_agg(to_jsonb(b) ORDER BY b.id) FROM objections b
                            WHERE b.entitlement_id = o.reference),
            'documents', (SELECT jsonb_agg(jsonb_build_object('id', p.id, 'sha256', encode(p.sha256, 'hex'))
                                           ORDER BY p.id)
                            FROM entitlement_documents p WHERE p.entitlement_id = o.reference)))
        WHEN 'negotiation' THEN (
          SELECT jsonb_agg(to_jsonb(b) ORDER BY b.id) FROM negotiation_objections b
           WHERE b.negotiation_id = o.reference) END
    )::text AS text
      FROM desk_reviews o CROSS JOIN (SELECT %(closing)s::jsonb AS closing) c
     WHERE o.id = ANY (%(ids)s::bigint[]) AND o.status = 'open') AS d
 WHERE r.id = d.id
RETURNING r.id, encode(r.archive_sha256, 'hex')
"""


def close(
    connection: psycopg.Connection[Any], review_ids: Iterable[int], closing: dict[str, Any]
) -> dict[int, str]:
    """Closes open files with this outcome (`outcome`, `closed_at`, maybe `decided_by`, `decided_for`).

    Everything of them must be written before. Returns the SHA-256 of each archive.
    """
    wanted = {"ids": Bigints(review_ids), "closing": msgspec.json.encode(closing).decode()}
    return dict(connection.execute(_ARCHIVED_SQL, wanted).fetchall())
