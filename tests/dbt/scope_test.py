# SPDX-License-Identifier: Apache-2.0
"""Incremental builds end in the same tables as one build of everything."""

import datetime
import random

import pytest
from dbt_project import log_folder
from manifest_runner import built_in_parts, events_of

def step(day, item, session=5, user=None, agent=None):
    """A page view of a single stream at noon of a November day; without an agent it hides its user and device."""
    at = datetime.datetime(2018, 11, day, 12, item, tzinfo=datetime.UTC)
    row = {
        "ts": int(at.timestamp() * 1000),
        "event_at": at,
        "sessionId": session,
        "itemInSession": item,
        "userId": user,
        "registration": user and 1541016707796,
        "userAgent": agent,
        "page": "Home",
        "method": "GET",
        "status": 200,
        "level": "free",
        "auth": "Logged In" if user else "Logged Out",
        "input_format": "single",
        "source": "log",
        "source_partition": 0,
        "source_offset": day * 100 + item,
        "ingested_at": at,
        "chain": "files",
    }
    return "page_view_events", row


FIRST = [step(1, item, user="1", agent="UA-X") for item in range(2)]
BETWEEN, AFTER = ([[step(day, 0, session=50 + day, user="3", agent="UA-Z")] for day in days] for days in ((4, 7), (14, 17)))


def differing_tables(one, other):
    assert one.tables() == other.tables()
    return [table for table in one.tables() if one.rows(table) != other.rows(table)]


def by_day(events):
    days = {}
    for event in events:
        days.setdefault(event[1]["event_at"].date(), []).append(event)
    return [days[day] for day in sorted(days)]


# November 2018 is loaded so by the native runtime, in tests/models.
@pytest.mark.parametrize("log", ["eventsim_single_stream", pytest.param("eventsim", marks=pytest.mark.long)])
def test_a_log_loaded_day_by_day_equals_one_load(manifest, whole, log):
    days, scopes = built_in_parts(manifest, by_day(events_of(log_folder(log))))
    assert differing_tables(days, whole(log)) == []
    # The last days are built without reading the first ones.
    assert max(len(scope) for scope in scopes) <= 5


@pytest.mark.parametrize("seed", range(2))
def test_rows_that_arrive_in_any_order_equal_one_load(manifest, whole, seed):
    log = "eventsim_single_stream" if seed % 2 else "eventsim"
    events = events_of(log_folder(log))
    source = random.Random(seed)
    parts = [[], [], [], []]
    for event in events:
        late = source.random() < 0.02
        parts[source.randrange(1, 4) if late else 0].append(event)
    pieces, _ = built_in_parts(manifest, parts)
    assert differing_tables(pieces, whole(log)) == [], f"seed {seed}"


@pytest.mark.parametrize(
    ("parts", "sessions"),
    [
        # Hidden rows come ten days after the steps that show their device, with others of another device.
        ([FIRST, *BETWEEN, [step(11, 0), step(11, 1), step(11, 2, user="2", agent="UA-Y")]], 5),
        # A late row shows a device to hidden rows that were published five days after it.
        ([[step(11, 0), step(11, 1), step(11, 2, user="2", agent="UA-Y")], *AFTER, [step(6, 0, user="1", agent="UA-X")]], 5),
        # A late hidden row takes its device from rows published before and after it.
        ([FIRST, [step(11, 0, user="2", agent="UA-Y"), step(11, 1)], *AFTER, [step(9, 0)]], 5),
    ],
)
def test_hidden_devices_of_a_session_id_that_is_used_again_after_days_are_found(manifest, parts, sessions):
    pieces, _ = built_in_parts(manifest, parts)
    at_once, _ = built_in_parts(manifest, [[event for part in parts for event in part]])
    assert differing_tables(pieces, at_once) == []
    assert len(pieces.rows("int_sessions")) == sessions


def odd_sessions(source, hides_devices):
    """Steps of few session ids over days: used again, over midnights, from two devices, some hidden, some delivered twice."""
    events = []
    devices = [("1", "UA-X"), ("1", "UA-X"), ("1", "UA-X"), ("2", "UA-Y")]
    if hides_devices:
        devices += [(None, None)]
    for session in (5, 6, 7):
        at = datetime.datetime(2018, 11, 1, source.randrange(24), tzinfo=datetime.UTC)
        for item in range(source.randrange(25, 45)):
            at += datetime.timedelta(minutes=source.choice([1, 3, 3, 60, 200, 340, 365, 500, 700]), milliseconds=item)
            user, agent = source.choice(devices)
            page = source.choice(["Home", "NextSong", "NextSong", "Logout", "Submit Upgrade", "Login"])
            song = page == "NextSong"
            names = {"artist": f"A{item % 3}", "song": f"S{item % 5}", "duration": 180.5} if song else {}
            row = step(1, 0, session, user, agent)[1] | names | {
                "ts": int(at.timestamp() * 1000), "event_at": at, "itemInSession": item, "page": page,
                "level": source.choice(["free", "free", "paid"]), "source_offset": 1000 * session + item,
                "artist_utf8": names.get("artist"), "song_utf8": names.get("song"),
            }  # fmt: skip
            events += [("page_view_events", row)] * (2 if source.random() < 0.05 else 1)
            if song:
                events.append(("listen_events", row))
            if page == "Submit Upgrade":
                events.append(("status_change_events", row))
    return sorted(events, key=lambda event: event[1]["ts"])


@pytest.mark.parametrize("seed", range(2, 5))
def test_odd_sessions_that_arrive_in_pieces_some_late_equal_one_load(manifest, seed):
    source = random.Random(seed)
    events = odd_sessions(source, hides_devices=seed % 3 == 2)
    cuts = sorted(source.sample(range(len(events)), 5))
    parts = [[] for _ in range(6)]
    for number, event in enumerate(events):
        on_time = sum(number >= cut for cut in cuts)
        parts[source.randrange(on_time, 6) if source.random() < 0.1 else on_time].append(event)
    pieces, _ = built_in_parts(manifest, [part for part in parts if part])
    at_once, _ = built_in_parts(manifest, [events])
    assert differing_tables(pieces, at_once) == [], f"seed {seed}"


def test_what_arrives_at_noon_writes_its_date_alone(manifest, whole):
    """However many sessions of that date began the day before: they are read, their other dates stay as they are."""
    complete = events_of(log_folder("eventsim_single_stream"))
    days = sorted({event[1]["event_at"].date() for event in complete})
    noon = datetime.datetime.combine(days[4], datetime.time(12), datetime.UTC)
    parts = [[], [], []]
    for event in complete:
        at = event[1]["event_at"]
        parts[0 if at < noon else 1 if at < noon + datetime.timedelta(minutes=20) else 2].append(event)
    pieces, scopes = built_in_parts(manifest, parts)
    assert scopes[1] == {days[3]: False, days[4]: True}
    assert differing_tables(pieces, whole("eventsim_single_stream")) == []


def test_a_second_full_build_changes_nothing(manifest):
    runtime, _ = built_in_parts(manifest, [events_of(log_folder("golden"))])
    before = {table: runtime.rows(table) for table in runtime.tables()}
    runtime.build(is_full=True)
    assert {table: runtime.rows(table) for table in runtime.tables()} == before


def test_a_late_row_rewrites_its_sessions_dates_only(manifest, whole):
    complete = events_of(log_folder("golden"))
    missing = [event for event in complete if event[1]["sessionId"] == 101 and event[1]["itemInSession"] == 3]
    rest = [event for event in complete if event not in missing]
    pieces, scopes = built_in_parts(manifest, [rest, missing])
    assert differing_tables(pieces, whole("golden")) == []
    assert len(scopes[0]) == 2
