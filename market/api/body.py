"""How a request's body is read: JSON of UTF-8 text, every name once, no NaN, not too deep, no text a database refuses.

The shapes in `schemas/` say what a body means; here only what is no body at all is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, NoReturn

from flask import Request, request
from flask_smorest import Blueprint
from marshmallow import Schema
from webargs.flaskparser import FlaskParser, is_json_request
from werkzeug.exceptions import UnsupportedMediaType

from market.core.errors import InvalidInput

DEEPEST = 16
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NO_BRACKETS = bytes(each for each in range(256) if each not in b"[]{}")
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


class MalformedBody(InvalidInput):
    """The body is no JSON, or JSON that two readers could read differently."""

    code = "malformed_body"
    status = 400
    title_en = "The body cannot be read"
    title_zh = "无法读取请求内容"


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise MalformedBody(f"the name {_shown(twice)} stands there twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise MalformedBody(f"{name} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_each_name_once, parse_constant=_no_constant)


def parse(body: bytes) -> Any:
    """The value of a JSON text. Errors: MalformedBody; InvalidInput for a text that cannot be kept."""
    if not _surely_flat(body) and _depth(body) > DEEPEST:
        raise MalformedBody(f"the body is nested deeper than {DEEPEST}")
    try:
        value = _DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        raise MalformedBody("the body is not UTF-8") from error
    except ValueError as error:  # also a number of too many digits
        raise MalformedBody(f"the body is not JSON: {error}") from error
    if b"\\u" in body:  # the only way in for a character that cannot be written
        for path, text in _texts(value, ""):
            if _UNWRITABLE.search(text):
                raise InvalidInput("must not contain NUL or half of a character", pointer=path or "/")
    return value


def _surely_flat(body: bytes) -> bool:
    """Whether taking innermost pairs of brackets away DEEPEST times leaves none: quick, even for a batch of orders."""
    brackets = body.translate(None, _NO_BRACKETS)
    for _ in range(DEEPEST):
        if not brackets:
            return True
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
    return not brackets


def _depth(body: bytes) -> int:
    """How deep arrays and objects are nested, brackets in strings not counted."""
    depth = deepest = 0
    for character in _QUOTED.sub(b"", body):
        if character in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in b"]}":
            depth -= 1
    return deepest


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text in a value with its pointer; names are texts too."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _texts(each, f"{path}/{index}")
    elif isinstance(value, dict):
        for name, each in value.items():
            yield path, name
            yield from _texts(each, f"{path}/{_shown(name)}")


def _shown(name: str) -> str:
    """A name as a step of a pointer, and fit to be written."""
    return _UNWRITABLE.sub("\ufffd", name).replace("~", "~0").replace("/", "~1")


class Parser(FlaskParser):
    """Reads arguments strictly, and never tells a body of the wrong kind from a missing one by luck."""

    def load_json(self, req: Request, schema: Schema) -> Any:
        """The body, or {} where there is none. Errors: UnsupportedMediaType, MalformedBody, InvalidInput."""
        body = req.get_data(cache=True)
        if not is_json_request(req):
            if body:
                raise UnsupportedMediaType("send application/json")
            return {}
        return parse(body) if body.strip() else {}

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        """The query. Errors: InvalidInput for a text that cannot be kept."""
        refuse_unwritable_query()
        return super().load_querystring(req, schema)


def refuse_unwritable_query() -> None:
    """Refuses a query with NUL in it, which the database would not take. Errors: InvalidInput."""
    if b"%00" in request.query_string:
        name = next((each for each, text in request.args.items(multi=True) if "\x00" in each + text), "")
        raise InvalidInput("must not contain NUL", pointer="/" + _shown(name))


class StrictBlueprint(Blueprint):
    """A group of routes whose arguments are read strictly."""

    ARGUMENTS_PARSER = Parser()

    def arguments(
        self, schema: type[Schema] | Schema, *, plain: Callable[[Any], Any] | None = None, **options: Any
    ) -> Any:
        """As flask-smorest's, with one instance of the shape for all requests: making one costs more than an order.

        `plain` reads a parsed body that is plainly right faster than the shape, or answers None, and the shape reads.
        """
        documented = super().arguments(schema() if isinstance(schema, type) else schema, **options)
        if plain is None:
            return documented

        def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
            by_shape = documented(view)

            @wraps(by_shape)
            def read(*arguments: Any, **named: Any) -> Any:
                body = request.get_data(cache=True)
                found = plain(parse(body)) if body and is_json_request(request) else None
                return by_shape(*arguments, **named) if found is None else view(found, *arguments, **named)

            return read

        return decorate
