"""Shapes of events, of webhook endpoints with their deliveries, and of external ids."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import PublicId
from market.api.schemas.registry import text
from market.participants.external_models import KINDS, LONGEST
from market.webhooks import topics
from market.webhooks.models import DELIVERY_STATES, DISABLED_BECAUSE, ENDPOINT_STATES, LONGEST_URL

EVENT_TYPE = r"^[a-z_]{1,40}(\.[a-z_]{1,40}){2}\Z"
MOST_TYPES = 400
EXTERNAL_ID = r"^[!-~]{1,128}\Z"


class EventTypeOut(Schema):
    """A type of events. `audience`: `own` (those whom it concerns are told) or `public` (every participant)."""

    type = fields.String(required=True)
    description_zh = fields.String(required=True)
    description_en = fields.String(required=True)
    audience = fields.String(required=True, validate=validate.OneOf((topics.OWN, topics.PUBLIC)))


class EventTypeList(Schema):
    """Every type, by name."""

    data = fields.List(fields.Nested(EventTypeOut), required=True)


class EventsQuery(Schema):
    """Which events: of one type, or of all."""

    type = fields.String(load_default=None, validate=validate.Regexp(EVENT_TYPE))


class EventOut(Schema):
    """An event: `data` names what it is about by its ids, and nothing else. `type`, `timestamp` and `data` are what is
    sent to endpoints, with `id` as webhook-id.
    """

    id = PublicId("evn", required=True)
    type = fields.String(required=True)
    timestamp = fields.String(required=True, metadata={"format": "date-time"})
    data = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class EventPage(Schema):
    """A page of events, in the order in which they became visible."""

    data = fields.List(fields.Nested(EventOut), required=True)
    has_more = fields.Boolean(required=True)


class EndpointIn(Schema):
    """An endpoint: `types` null or left out is all types, also those that are added later."""

    url = fields.String(required=True, validate=validate.Length(8, LONGEST_URL))
    types = fields.List(
        fields.String(validate=validate.Regexp(EVENT_TYPE)), load_default=None, allow_none=True,
        validate=validate.Length(1, MOST_TYPES),
    )  # fmt: skip
    description = fields.String(load_default="", validate=text(200, 0))


class EndpointReason(Schema):
    """Why an endpoint is disabled."""

    reason = fields.String(required=True, validate=text(200))


class EndpointOut(Schema):
    """An endpoint. `failing_since`: nothing has arrived there since then; after five days it is disabled."""

    id = PublicId("whe", required=True)
    participant_id = PublicId("par", required=True)
    url = fields.String(required=True)
    types = fields.List(fields.String(), required=True, allow_none=True)
    description = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(ENDPOINT_STATES))
    disabled_because = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(DISABLED_BECAUSE)
    )
    disabled_reason = fields.String(required=True, allow_none=True)
    failing_since = fields.AwareDateTime(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)


class EndpointWithSecret(EndpointOut):
    """An endpoint and the secret that signs what is sent there, which is shown this once."""

    secret = fields.String(required=True)


class EndpointPage(Schema):
    """A page of endpoints, by id."""

    data = fields.List(fields.Nested(EndpointOut), required=True)
    has_more = fields.Boolean(required=True)


class WebhookDeliveriesQuery(Schema):
    """Which deliveries, and in which order: `newest_first`, or by id."""

    status = fields.String(load_default=None, validate=validate.OneOf(DELIVERY_STATES))
    newest_first = fields.Boolean(load_default=False)


class WebhookDeliveryOut(Schema):
    """An event on its way to an endpoint. `attempts` counts all tries, also those before it was sent anew."""

    id = PublicId("whd", required=True)
    event_id = PublicId("evn", required=True)
    type = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(DELIVERY_STATES))
    attempts = fields.Integer(required=True)
    next_try_at = fields.AwareDateTime(required=True, allow_none=True)
    delivered_at = fields.AwareDateTime(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)


class WebhookDeliveryPage(Schema):
    """A page of deliveries, by id."""

    data = fields.List(fields.Nested(WebhookDeliveryOut), required=True)
    has_more = fields.Boolean(required=True)


class AttemptOut(Schema):
    """One try: what the receiver answered, the beginning of it, or what went wrong. `finished_at` null: cut off."""

    number = fields.Integer(required=True)
    started_at = fields.AwareDateTime(required=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)
    took_ms = fields.Integer(required=True, allow_none=True)
    status_code = fields.Integer(required=True, allow_none=True)
    problem = fields.String(required=True, allow_none=True)
    answer = fields.String(required=True, allow_none=True)


class WebhookDeliveryWithAttempts(WebhookDeliveryOut):
    """A delivery with every try."""

    tries = fields.List(fields.Nested(AttemptOut), required=True)


class ExternalIdIn(Schema):
    """One's own id for a thing: one that it had before is replaced."""

    object_id = fields.String(required=True, validate=validate.Regexp(r"^[a-z]{3}_[0-9A-HJKMNP-TV-Z]{26}\Z"))
    external_id = fields.String(required=True, validate=validate.Regexp(EXTERNAL_ID))


class ExternalIdsQuery(Schema):
    """Which external ids: of a kind, one, or that of one thing."""

    kind = fields.String(load_default=None, validate=validate.OneOf(tuple(KINDS)))
    external_id = fields.String(load_default=None, validate=validate.Length(1, LONGEST))
    object_id = fields.String(
        load_default=None, validate=validate.Regexp(r"^[a-z]{3}_[0-9A-HJKMNP-TV-Z]{26}\Z")
    )


class ExternalIdOut(Schema):
    """What a participant's programs call a thing."""

    id = PublicId("xid", required=True)
    participant_id = PublicId("par", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(tuple(KINDS)))
    object_id = fields.String(required=True)
    external_id = fields.String(required=True)
    set_at = fields.AwareDateTime(required=True)


class ExternalIdRemoval(Schema):
    """What is to be forgotten, as it was read."""

    external_id = fields.String(required=True, validate=validate.Regexp(EXTERNAL_ID))


class ExternalIdRemoved(Schema):
    """What was forgotten."""

    id = PublicId("xid", required=True)


class ExternalIdPage(Schema):
    """A page of external ids, by id."""

    data = fields.List(fields.Nested(ExternalIdOut), required=True)
    has_more = fields.Boolean(required=True)
