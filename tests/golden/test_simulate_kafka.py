# SPDX-License-Identifier: Apache-2.0
"""What `simulate --kafka` says about options that cannot work, and the schemas it prints."""

import json

import pytest

TOPICS = ["listen_events", "page_view_events", "auth_events", "status_change_events"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "--out or --kafka is required"),
        (("--out", "logs", "--kafka", "localhost:1"), "--out excludes --kafka"),
        (("--out", "logs", "--partitions", "3"), "--partitions requires --kafka"),
        (("--kafka", "localhost:1", "--format", "single"), "--format single has none"),
        (("--kafka", "localhost:1", "--checkpoint", "state"), "--checkpoint needs files to go on with, not --kafka"),
        (("--kafka", "localhost:1", "--encoding", "avro"), "--encoding avro needs a --schema-registry"),
        (("--kafka", "localhost:1", "--schema-registry", "localhost:8081"), "http"),
        (("--kafka", "localhost:1", "--kafka-property", "sasl.password=hush"), "sasl.password is a secret"),
        (("--kafka", "localhost:1", "--kafka-property", "acks=1"), "acks is set by bassline itself"),
        (
            ("--kafka", "localhost:1", "--schema-registry", "http://h:1", "--extended"),
            "--extended adds fields that the registered schemas lack",
        ),
    ],
)
def test_wrong_use_is_told_with_its_fix(bassline, arguments, message):
    done = bassline("simulate", *arguments, check=False)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert done.stdout == ""


def test_a_password_in_a_url_is_refused_and_not_repeated(bassline):
    done = bassline("simulate", "--kafka", "localhost:1", "--schema-registry", "http://ann:hush@h:1", check=False)
    assert done.returncode == 2
    assert "must not hold a user or password" in done.stderr
    assert "hush" not in done.stderr


def test_schemas_are_printed_a_line_a_topic(bassline):
    avro = [json.loads(line) for line in bassline("simulate", "--print-schema", "avro").stdout.splitlines()]
    assert [schema["name"] for schema in avro] == TOPICS
    plain = [json.loads(line) for line in bassline("simulate", "--print-schema", "json").stdout.splitlines()]
    assert [schema["title"] for schema in plain] == TOPICS
    for record, schema in zip(avro, plain):
        assert [field["name"] for field in record["fields"]] == list(schema["properties"])
