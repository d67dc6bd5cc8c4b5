# SPDX-License-Identifier: Apache-2.0
"""Events that no EventSim writes and ingest takes in all the same: no row is lost, and no later build is stopped."""

import datetime

from manifest_runner import built_in_parts

START_MS = 1741132800000


def event(topic, item, ts_ms=START_MS, **fields):
    """(topic, bronze row) of an event; rows of one test differ in where they came from."""
    at = datetime.datetime.fromtimestamp(ts_ms / 1000, datetime.UTC)
    row = {
        "ts": ts_ms,
        "event_at": at,
        "sessionId": 1,
        "itemInSession": item,
        "userId": "7",
        "registration": 1741000000000,
        "userAgent": "A",
        "level": "free",
        "auth": "Logged In",
        "input_format": "topics",
        "source": "file",
        "source_partition": 0,
        "source_offset": item,
        "ingested_at": at,
        "chain": "files",
        "seq": 1,
    }
    if topic == "page_view_events":
        row |= {"page": "Home", "method": "GET", "status": 200}
    if topic == "listen_events":
        row |= {"artist": "Ann", "artist_utf8": "Ann", "song": "Song", "song_utf8": "Song", "duration": 100.0}
    return topic, row | fields


def built(manifest, events):
    return built_in_parts(manifest, [events])[0].connection


def test_a_listen_whose_names_were_trimmed_to_nothing_has_empty_names(manifest):
    blank = event("listen_events", 0, artist=" ", artist_utf8=None, song=" ", song_utf8=None)
    songs = built(manifest, [blank]).execute("select song, artist, play_count from gold.top_songs_by_play_count")
    assert songs.fetchall() == [("", "", 1)]


def test_a_listen_is_a_play_and_a_boundary_whatever_its_page_view_shows(manifest):
    events = [event("listen_events", item, START_MS + 60000 * item) for item in range(3)]
    pages = ("NextSong", "Home", "Logout")
    events += [event("page_view_events", item, START_MS + 60000 * item, page=page) for item, page in enumerate(pages)]
    plays = built(manifest, events).execute("select end_reason, listened_seconds from silver.fact_listen_events order by ts_ms")
    assert plays.fetchall() == [("skipped", 60.0), ("skipped", 60.0), ("tail", 100.0)]


def test_items_of_one_millisecond_that_share_a_step_order_stay_apart(manifest):
    items = (-2, -1, 1000000, 1000001)
    events = [event("listen_events", item) for item in items]
    events += [event("page_view_events", item, page="NextSong") for item in items if item != 1000001]
    events += [event("auth_events", item, success=True) for item in items]
    events += [event("status_change_events", item) for item in items]
    connection = built(manifest, events)
    for fact in ("fact_listen_events", "fact_auth_events", "fact_status_change_events"):
        rows = connection.execute(f"select item_in_session from silver.{fact} order by 1").fetchall()
        assert rows == [(item,) for item in items], fact
    assert connection.execute("select sum(steps), sum(plays) from intermediate.int_session_days").fetchone() == (4, 4)


def test_items_that_share_a_step_order_stay_apart_in_a_split_session(manifest):
    events = [event("page_view_events", item, userAgent=agent) for item, agent in ((1000000, "A"), (1000001, "B"))]
    pages = built(manifest, events).execute("select item_in_session, count(*) from silver.fact_page_view_events group by 1 order by 1")
    assert pages.fetchall() == [(1000000, 1), (1000001, 1)]


def test_a_login_that_came_as_single_stream_and_as_topics_is_one(manifest):
    times = [(item, START_MS + 1000 * item) for item in range(4)]
    pages = ("Login", "Home", "Login", "Home")
    single = [event("page_view_events", item, at, page=pages[item], input_format="single") for item, at in times]
    topics = [event("page_view_events", item, at, page=pages[item], source_partition=1) for item, at in times]
    topics += [event("auth_events", 1, times[1][1], success=False, source_partition=1)]
    runtime, _ = built_in_parts(manifest, [single, topics])
    logins = runtime.connection.execute("select item_in_session, is_success from silver.fact_auth_events order by 1")
    assert logins.fetchall() == [(1, False), (3, True)]


def test_kafka_topics_that_feed_one_event_topic_share_partitions_and_offsets_and_lose_no_event(manifest):
    def record(chain, item, offset):
        return event("page_view_events", item, chain=chain, source="kafka", source_offset=offset)

    events = [record("kafka-eu-0", 0, 1), record("kafka-eu-0", 0, 2), record("kafka-us-0", 1, 1), record("kafka-us-0", 2, 2)]
    connection = built(manifest, events)
    pages = connection.execute("select item_in_session from silver.fact_page_view_events order by 1")
    assert pages.fetchall() == [(0,), (1,), (2,)]
    repeats = connection.execute("select chain, source_offset from intermediate.int_duplicate_events")
    assert repeats.fetchall() == [("kafka-eu-0", 2)]


def test_users_without_a_level_are_active_on_all_levels_together(manifest):
    connection = built(manifest, [event("page_view_events", 0, level=None), event("page_view_events", 0, sessionId=2, userId="8")])
    daily = connection.execute("select level, dau, wau, mau from gold.active_users_daily order by 1").fetchall()
    assert daily == [("all", 2, 2, 2), ("free", 1, 1, 1), ("paid", 0, 0, 0)]
    histogram = "select level, users from gold.active_days_histogram_daily where window_days = 7 order by 1"
    assert connection.execute(histogram).fetchall() == [("all", 2), ("free", 1)]


def test_a_negative_duration_does_not_end_a_session_before_its_step(manifest):
    def parts(is_whole):
        hours = (0, 5, 10)
        events = [event("page_view_events", hour, START_MS + hour * 3600000, userAgent="A") for hour in hours]
        events[1][1].update(page="NextSong", duration=-7200.0)
        return [events] if is_whole else [events[:2], events[2:]]

    sessions = [built_in_parts(manifest, parts(is_whole))[0].rows("int_sessions") for is_whole in (True, False)]
    assert len(sessions[0]) == 1
    assert sessions[0] == sessions[1]


def test_a_user_id_that_is_no_whole_number_is_no_other_users(manifest):
    spellings = ("7", "-7", "007", "1.5", "5e3", "0x10", "1_000", " 7", "7-", "1-2", "-", "--7", "9" * 20)
    events = [event("page_view_events", 0, sessionId=number, userId=text) for number, text in enumerate(spellings)]
    users = built(manifest, events).execute("select user_id from silver.fact_page_view_events order by session_id")
    assert [user for (user,) in users.fetchall()] == [7, -7, 7] + [None] * 10
