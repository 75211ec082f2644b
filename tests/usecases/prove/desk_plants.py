"""Violations to plant in what the desks of the bureau keep."""

from __future__ import annotations

from tests.usecases.prove.plants import plant, unchecked

DECIDED = "(SELECT min(id) FROM desk_reviews WHERE kind = 'instruction' AND outcome = 'approved')"

DESKS = (
    plant("a notice that is gone", 13,
          "DELETE FROM notices WHERE id = (SELECT min(id) FROM notices WHERE desk = 'trades')"),
    plant("a decision that its matter does not show", 7,
          f"UPDATE notices SET decision = 'refused' WHERE review_id = {DECIDED}",
          f"UPDATE desk_reviews SET outcome = 'refused' WHERE id = {DECIDED}"),
    plant("two persons who were one", 13,
          unchecked("desk_reviews", "ck_desk_reviews_four_eyes"),
          f"UPDATE desk_reviews SET four_eyes = true WHERE id = {DECIDED}"),
    plant("somebody who stood aside and decided", 13,
          "INSERT INTO desk_review_steps (review_id, step, by_user) SELECT id, 'recused', decided_by FROM desk_reviews"
          f" WHERE id = {DECIDED}"),
    plant("a notice that says something else", 13,
          "UPDATE notices SET text_en = text_en || '!' WHERE id = (SELECT min(id) FROM notices)"),
)  # fmt: skip
