# SPDX-License-Identifier: Apache-2.0
"""The Schema Registry that the tests use answers as its clients expect."""

import json
import urllib.error
import urllib.request

import pytest

AVRO = json.dumps({"type": "record", "name": "listen", "fields": [{"name": "ts", "type": "long"}]})


def call(url: str, body: dict | None = None) -> dict:
    request = urllib.request.Request(
        url, None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/vnd.schemaregistry.v1+json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_a_schema_is_registered_once_and_found_by_its_id(registry):
    first = call(f"{registry.url}/subjects/fixture-value/versions", {"schema": AVRO})
    assert call(f"{registry.url}/subjects/fixture-value/versions", {"schema": AVRO}) == first
    found = call(f"{registry.url}/schemas/ids/{first['id']}")
    assert json.loads(found["schema"]) == json.loads(AVRO)


def test_an_unknown_id_has_its_error_code(registry):
    with pytest.raises(urllib.error.HTTPError) as refused:
        call(f"{registry.url}/schemas/ids/999999")
    assert refused.value.code == 404
    assert json.load(refused.value)["error_code"] == 40403
