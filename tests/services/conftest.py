# SPDX-License-Identifier: Apache-2.0
"""One broker and one registry for all tests of this folder (of a worker), started by the first that asks."""

import logging
from pathlib import Path

import pytest
from servers import Broker, Registry
from topics import Topics
from traffic import Feeder, simulate

LONGEST_FIRST = ("test_kafka_kills", "test_verify_kafka")  # so that nothing is left to wait for at the end

logging.getLogger("kafka").setLevel(logging.CRITICAL)  # a broker that is stopped is no news here


def pytest_collection_modifyitems(items):
    names = [*LONGEST_FIRST, None]
    items.sort(key=lambda item: names.index(item.path.stem if item.path.stem in names else None))


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    with Broker(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture(scope="session")
def registry(tmp_path_factory):
    with Registry(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture
def topics(broker):
    """The four topics, empty."""
    made = Topics(broker.bootstrap).recreate()
    yield made
    made.delete()


@pytest.fixture(scope="session")
def corpus(bassline, tmp_path_factory) -> Path:
    """Records of six hours: <topic>.ndjson in a folder, some 18,000."""
    return simulate(bassline, tmp_path_factory.mktemp("corpus"), users=20_000)


@pytest.fixture(scope="session")
def feed():
    """feed(bootstrap, folder, "--rate", 500) -> Feeder; without a rate use .finish() for the counts."""
    return Feeder
