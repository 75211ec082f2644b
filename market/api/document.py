"""The API's document, made when somebody asks for it: that takes seconds, and most processes never are asked."""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import Any

import msgspec
from flask import Flask, Response
from flask_smorest import Api, Blueprint

from market.api import spec


class DocumentedApi(Api):
    """Routes that are served from the start, and their document."""

    def __init__(self, app: Flask, prefixes: Collection[str]) -> None:
        """`prefixes`: of the public ids that stand in paths."""
        self._prefixes = prefixes
        self._undocumented: list[Blueprint] = []
        self._documenting = threading.Lock()
        self._served: bytes | None = None
        super().__init__(app)

    def register_blueprint(self, blp: Blueprint, **options: Any) -> None:
        """Serves a group of routes."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._app.register_blueprint(blp, **options)
        self._undocumented.append(blp)

    def document(self) -> dict[str, Any]:
        """The OpenAPI document of all routes."""
        with self._documenting:
            if self._undocumented:
                spec.prepare(self._app, self, self._prefixes)
                for each in self._undocumented:
                    each.register_views_in_doc(self, self._app, self.spec, name=each.name, parameters=None)
                    self.spec.tag({"name": each.name, "description": each.description})
                spec.finish(self._app, self)
                self._undocumented = []
            found: dict[str, Any] = self.spec.to_dict()
            return found

    def _openapi_json(self) -> Response:
        if self._served is None:
            self._served = msgspec.json.encode(self.document())
        return Response(self._served, mimetype="application/json")
