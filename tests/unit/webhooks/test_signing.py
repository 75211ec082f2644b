"""Signatures by Standard Webhooks, against its published example; secrets at rest."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from market.core.config import Settings
from market.webhooks import sealing, signing

# Of the specification's reference libraries (standard-webhooks; the same in those of svix).
SECRET, NUMBER, AT = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
BODY = b'{"test": 2432232314}'
DUE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_example_is_signed_as_published() -> None:
    assert signing.sign(SECRET, NUMBER, AT, BODY) == DUE
    other = signing.new_secret()
    assert signing.headers([other, SECRET], NUMBER, AT, BODY) == {
        "webhook-id": NUMBER,
        "webhook-timestamp": "1614265330",
        "webhook-signature": f"{signing.sign(other, NUMBER, AT, BODY)} {DUE}",
    }


def test_a_secret_is_long_random_and_of_the_specified_form() -> None:
    made = {signing.new_secret() for _ in range(20)}
    assert len(made) == 20
    assert {len(base64.b64decode(each.removeprefix("whsec_"), validate=True)) for each in made} == {32}


def test_a_secret_at_rest_opens_only_for_its_endpoint_and_with_the_installation_s_key(tmp_path: Path) -> None:
    ours = Settings(data_dir=tmp_path, secret_key="one key of tests " * 3)
    theirs = Settings(data_dir=tmp_path, secret_key="another key of tests " * 3)
    sealed = sealing.seal(ours, 7, SECRET)
    assert SECRET.encode() not in sealed and sealed != sealing.seal(ours, 7, SECRET)
    assert sealing.unseal(ours, 7, sealed) == SECRET
    for settings, endpoint in ((ours, 8), (theirs, 7)):
        with pytest.raises(InvalidTag):
            sealing.unseal(settings, endpoint, sealed)
