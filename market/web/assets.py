"""Styles and scripts: our own from `static/`, plotly's from its installed wheel; named by their content, so that a
browser keeps them for ever.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Response

from market.api.http import answer_with
from market.core.errors import NotFound

blp = Blueprint("assets", __name__)

STATIC = Path(__file__).parent / "static"
PLOTLY = "plotly.min.js"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".json": "application/json"}
_FOR_EVER = [("Cache-Control", "public, max-age=31536000, immutable"), ("X-Content-Type-Options", "nosniff")]


@lru_cache(maxsize=64)
def _content(name: str) -> bytes | None:
    """What a file holds; None where there is no such file of ours."""
    if name == PLOTLY:
        found = find_spec("plotly")  # its script is all that is wanted: importing the package takes its time
        assert found is not None and found.origin is not None
        return (Path(found.origin).parent / "package_data" / PLOTLY).read_bytes()
    path = STATIC / name
    known = path.suffix in _TYPES and path.is_file() and path.resolve().is_relative_to(STATIC.resolve())
    return path.read_bytes() if known else None


@lru_cache(maxsize=64)
def address(name: str) -> str:
    """Where a file of ours is, by its present content. Errors: NotFound."""
    content = _content(name)
    if content is None:
        raise NotFound(f"there is no {name}")
    return f"/assets/{hashlib.sha256(content).hexdigest()[:16]}/{name}"


def style() -> str:
    """The text of the one stylesheet."""
    return (_content("karez.css") or b"").decode()


@blp.get("/assets/<string:fingerprint>/<path:name>")
def file(fingerprint: str, name: str) -> Response:
    """A style or script of ours; the fingerprint is of its content. Errors: NotFound."""
    content = _content(name)
    if content is None or address(name) != f"/assets/{fingerprint}/{name}":
        raise NotFound("there is no such file")
    answer_with(_FOR_EVER)
    return Response(content, content_type=f"{_TYPES[Path(name).suffix]}; charset=utf-8")
