"""Lists as JSON or, where it is asked for, as CSV: the same fields and the same texts, one row a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from flask import Response, current_app, request
from marshmallow import Schema

from market.api.body import StrictBlueprint
from market.core.sheets.texts import safe

CSV = "text/csv"
JSON = "application/json"
MORE = "Karez-Has-More"
"""The header of a CSV answer that stands for the field `has_more`."""
View = TypeVar("View")

_DOCUMENTED = {
    "headers": {
        MORE: {
            "description": "With CSV: whether there are more rows, as has_more in JSON.",
            "schema": {"type": "string", "enum": ["true", "false"]},
        }
    },
    "content": {
        CSV: {
            "schema": {
                "type": "string",
                "description": "A line of names, then a line for each member of data, with its texts.",
            }
        }
    },
}


def also_csv(blp: StrictBlueprint) -> Any:
    """Says in the document that a route answers CSV too; it must answer by `answer`."""
    return blp.doc(responses={200: _DOCUMENTED})


def answer(
    shape: type[Schema], rows: Sequence[Mapping[str, Any]], *, name: str, has_more: bool = False,
    facts: Mapping[str, Any] | None = None,
) -> Any:  # fmt: skip
    """The rows for a list shape whose `data` are of `shape`, with `facts` beside them; or a CSV file called `name`.

    A list within a row becomes one text with spaces; no cell is one that a table takes for a formula.
    """
    if not wants_csv():
        return {"data": rows, "has_more": has_more, **(facts or {})}
    made = shape()
    out = io.StringIO()
    lines = csv.DictWriter(out, list(made.dump_fields), lineterminator="\r\n")
    lines.writeheader()
    lines.writerows({key: _text(value) for key, value in line.items()} for line in made.dump(rows, many=True))
    response: Response = current_app.response_class(out.getvalue(), content_type=f"{CSV}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.headers[MORE] = _text(has_more)
    response.headers["Vary"] = "Accept"
    return response


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        value = " ".join(value)
    return safe(value) if isinstance(value, str) else value


def wants_csv() -> bool:
    """Whether `format`, or without it the header Accept, asks for CSV."""
    asked = request.args.get("format")
    if asked is not None:
        return asked == "csv"
    return request.accept_mimetypes.best_match([JSON, CSV], default=JSON) == CSV
