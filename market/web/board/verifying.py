"""The way to the check of a certificate, by the code that is printed on it."""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import Blueprint, Response, redirect, request

from market.core import ids
from market.core.errors import UnknownId
from market.web.pages import page

blp = Blueprint("board_verifying", __name__, template_folder="../templates")

_BLANKS = re.compile(r"\s+")


@blp.get("/verify")
def form() -> Response:
    """Where a code, or the address that the printed square leads to, is typed; leads on to what the certificate says.

    A number alone leads nowhere: numbers follow one another, and whoever counts must not read all rights (0042).
    """
    typed = _BLANKS.sub("", request.args.get("code", ""))
    code = typed.rstrip("/").rpartition("/")[2]
    if code and _is_code(code):
        answer = redirect(f"/verify/{quote(code)}", 303)
        assert isinstance(answer, Response)
        return answer
    shown = page("board/verify.html", typed=typed, wrong=bool(typed))
    shown.status_code = 422 if typed else 200
    return shown


def _is_code(text: str) -> bool:
    try:
        ids.parse("ver", text)
    except UnknownId:
        return False
    return True
