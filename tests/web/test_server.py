# SPDX-License-Identifier: Apache-2.0
"""The server as strangers meet it: headers, hosts, tokens, limits, wrong requests, caching, coding, exit codes."""

import csv
import gzip
import http.client
import io
import json
import socket
import subprocess
import time
from datetime import datetime, timezone

import pyarrow.parquet as pq
import pytest
import synthetic_lake
from conftest import PROGRAM, start, stop

CHARTS = ["daily_user_listen_counts", "top_songs", "weekday_listening", "daily_active_users", "session_lengths",
          "free_vs_paid", "status_codes"]
ROUTES = ["/", "/healthz", "/readyz", "/metrics", "/api/v1/status", "/api/v1/charts", "/api/v1/summary",
          *[f"/api/v1/charts/{chart}" for chart in CHARTS], "/api/v1/charts/top_songs?format=csv",
          "/api/v1/charts/none", "/nothing", "/api/v1/charts/top_songs?from=never", "/%zz", "/a/%2e%2e/b"]
TOKEN = "k7Qm2xVb9Zt4Rw8Ls1Pd6Nf3"
CSP = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
       "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")


def ask(served, path, method="GET", headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response.status, dict((name.lower(), value) for name, value in response.getheaders()), response.read()
    finally:
        connection.close()


def ask_json(served, path):
    status, _, body = ask(served, path)
    assert status == 200, body
    return json.loads(body)


def say(served, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(data)
        heard = b""
        while piece := connection.recv(65536):
            heard += piece
        return heard


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_carries_the_security_headers(served, path):
    _, headers, _ = ask(served, path)
    assert headers["content-security-policy"] == CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in headers if name.startswith("access-control")]
    assert "server" not in headers


def test_hosts_and_origins(served):
    own = f"127.0.0.1:{served.port}"
    for host, origin, expected in [
        (own, None, 200), ("localhost", None, 200), (own, f"http://{own}", 200), (own, "null", 403),
        (own, "http://evil.example", 403), ("evil.example", None, 421), (f"evil.example:{served.port}", None, 421),
        ("10.0.0.1", None, 421), ("evil.example", "http://evil.example", 421),
    ]:
        headers = {"Host": host} | ({"Origin": origin} if origin else {})
        assert ask(served, "/api/v1/status", headers=headers)[0] == expected, (host, origin)


def test_wrong_requests_are_told_why(served):
    for path, code, words in [
        ("/api/v1/charts/none", 404, "/api/v1/charts lists them"),
        ("/nothing", 404, "Nothing is at this address"),
        ("/api/v1/charts/top_songs?from=2025-13-01", 400, "from must be a date such as 2025-03-14"),
        ("/api/v1/charts/top_songs?to=2025-03-01&from=2025-03-02", 400, "lies before from"),
        ("/api/v1/charts/top_songs?format=xml", 400, "format must be json or csv"),
        ("/api/v1/charts/top_songs?limit=1", 400, "unknown parameter"),
        ("/api/v1/summary?format=csv", 400, "json only"),
    ]:
        status, headers, body = ask(served, path)
        assert status == code and headers["content-type"] == "application/json", path
        assert words in json.loads(body)["error"]["message"], path
    status, headers, _ = ask(served, "/api/v1/status", method="POST")
    assert status == 405 and headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("raw, expected", [
    (b"GET / HTTP/1.1\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\nHost: localhost\n\n", b"400"),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: b\r\n c\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    (b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", b"505"),
    (b"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"405"),
    (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"414"),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"a" * 17000 + b"\r\n\r\n", b"431"),
    (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n", b"413"),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
])
def test_malformed_requests_get_their_status_and_the_connection_closed(served, raw, expected):
    heard = say(served, raw)
    assert heard.startswith(b"HTTP/1.1 " + expected), heard[:200]
    assert b"Content-Security-Policy" in heard


def test_slow_heads_are_cut_while_others_are_served(served):
    slow = [socket.create_connection(("127.0.0.1", served.port), timeout=10) for _ in range(20)]
    begin = time.monotonic()
    waits = []
    while time.monotonic() - begin < 4:
        for connection in slow:
            connection.send(b"G")
        asked = time.monotonic()
        assert ask(served, "/api/v1/charts/top_songs")[0] == 200
        waits.append(time.monotonic() - asked)
        time.sleep(0.4)
    for connection in slow:
        connection.settimeout(4)
        try:
            assert connection.recv(100) == b""
        except ConnectionResetError:
            pass
        connection.close()
    assert time.monotonic() - begin < 7
    assert max(waits) < 0.5


def test_a_chart_is_revalidated_and_changes_with_the_snapshot(tmp_path):
    running = start(synthetic_lake.make_lake(tmp_path / "lake", days=5, users=10))
    try:
        path = "/api/v1/charts/daily_user_listen_counts?from=2025-03-02"
        _, headers, body = ask(running, path)
        assert json.loads(body)["snapshot"] == 1
        status, again, nothing = ask(running, path, headers={"If-None-Match": headers["etag"]})
        assert (status, nothing, again["etag"]) == (304, b"", headers["etag"])
        tables = synthetic_lake.make_tables(6, 10, synthetic_lake.date(2025, 3, 1), 7)
        synthetic_lake.write_snapshot(running.lake, 2, tables, datetime(2025, 3, 6, 23, 59, tzinfo=timezone.utc))
        deadline = time.monotonic() + 10
        while ask_json(running, "/api/v1/status")["snapshot"] != 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        status, headers, body = ask(running, path, headers={"If-None-Match": headers["etag"]})
        assert status == 200
        assert json.loads(body)["snapshot"] == 2 and json.loads(body)["incomplete_day"] is None
        assert len(json.loads(body)["rows"]) == 5
        (running.lake / "_snapshots" / f"{3:020d}.json").write_text("damaged")
        deadline = time.monotonic() + 10
        while ask_json(running, "/api/v1/status")["failure"] is None and time.monotonic() < deadline:
            time.sleep(0.1)
        answer = ask_json(running, "/api/v1/status")
        assert answer["snapshot"] == 2 and answer["failure"] is not None and str(tmp_path) not in answer["failure"]
    finally:
        assert stop(running) == 130


def test_a_lake_without_a_snapshot_is_served_as_empty(tmp_path):
    running = start(synthetic_lake.make_empty_lake(tmp_path / "lake"))
    try:
        assert ask(running, "/healthz")[0] == 200
        assert ask(running, "/")[0] == 200
        assert ask_json(running, "/api/v1/status")["state"] == "empty"
        for path in ("/readyz", "/api/v1/summary", "/api/v1/charts/top_songs"):
            status, _, body = ask(running, path)
            assert status == 503 and "bassline build" in json.loads(body)["error"]["message"]
    finally:
        assert stop(running) == 130


def test_the_page_is_coded_as_the_client_takes_it(served):
    status, headers, coded = ask(served, "/", headers={"Accept-Encoding": "gzip"})
    assert status == 200 and headers["content-encoding"] == "gzip" and headers["vary"] == "Accept-Encoding"
    status, plain_headers, plain = ask(served, "/", headers={"Accept-Encoding": "identity"})
    assert status == 200 and "content-encoding" not in plain_headers
    assert gzip.decompress(coded) == plain
    assert ask(served, "/", headers={"If-None-Match": headers["etag"]})[0] == 304
    assert headers["cache-control"] == "no-cache"
    script = next(part for part in plain.decode().split('"') if part.startswith("/assets/main-"))
    _, headers, _ = ask(served, script)
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["content-type"] == "text/javascript; charset=utf-8"


def test_the_licences_of_what_the_page_bundles_are_served(served):
    page = ask(served, "/", headers={"Accept-Encoding": "identity"})[2].decode()
    path = next(part for part in page.split('"') if part.startswith("/assets/licences-"))
    status, _, body = ask(served, path, headers={"Accept-Encoding": "identity"})
    assert status == 200
    for words in ("echarts 6", "developed at\nThe Apache Software Foundation", "2010-2016 Mike Bostock", "zrender 6", "Baidu"):
        assert words in body.decode(), words


def test_head_says_what_get_says_without_the_body(served):
    _, get, body = ask(served, "/api/v1/charts")
    status, head, nothing = ask(served, "/api/v1/charts", method="HEAD")
    assert status == 200 and nothing == b"" and head["content-length"] == get["content-length"] == str(len(body))


def test_csv_is_the_same_table_with_formulas_neutralised(served):
    status, headers, body = ask(served, "/api/v1/charts/top_songs?format=csv&from=2025-03-01&to=2025-04-14")
    assert status == 200 and headers["content-type"] == "text/csv; charset=utf-8"
    assert headers["content-disposition"] == 'attachment; filename="top_songs_2025-03-01_2025-04-14.csv"'
    rows = list(csv.reader(io.StringIO(body.decode(), newline="")))
    expected = ask_json(served, "/api/v1/charts/top_songs")
    assert rows[0] == [column["name"] for column in expected["columns"]]
    assert [int(row[3]) for row in rows[1:]] == [row[3] for row in expected["rows"]]
    assert any(row[1].startswith("'=cmd") for row in rows) and any(row[2] == "'+formula" for row in rows)
    assert not any(cell[:1] in "=+@" and cell for row in rows[1:] for cell in row)


def test_charts_over_the_whole_range_equal_the_gold_tables(served):
    def gold(table):
        return pq.read_table(next((served.lake / "_versions").glob(f"*/{table}/{table}.parquet"))).to_pylist()

    songs = sorted(gold("top_songs_by_play_count"), key=lambda row: row["rank"])[:20]
    chart = ask_json(served, "/api/v1/charts/top_songs")["rows"]
    assert [(row[1], row[2], row[3]) for row in chart] == [(s["song"], s["artist"], s["play_count"]) for s in songs]

    user_days = gold("daily_user_listen_counts")
    chart = ask_json(served, "/api/v1/charts/daily_user_listen_counts")["rows"]
    assert sum(row[3] for row in chart) == sum(row["listen_count"] for row in user_days)

    by_weekday = [[r["listened_seconds"] for r in user_days if r["event_date"].isoweekday() == n] for n in range(1, 8)]
    chart = ask_json(served, "/api/v1/charts/weekday_listening")["rows"]
    for row, times in zip(chart, by_weekday):
        assert row[3] == len(times)
        assert row[1] == pytest.approx(sum(times) / len(times), rel=1e-12)

    levels = {row[0]: row for row in ask_json(served, "/api/v1/charts/free_vs_paid")["rows"]}
    for level in ("free", "paid"):
        assert levels[level][1] == len({r["userId"] for r in user_days if r[f"{level}_listens"] > 0})
        assert levels[level][2] == sum(r["plays"] for r in gold("free_vs_paid_daily") if r["level"] == level)


def test_every_answer_of_data_says_where_it_comes_from(served):
    for path in ("/api/v1/summary", *[f"/api/v1/charts/{chart}" for chart in CHARTS]):
        answer = ask_json(served, path)
        assert answer["snapshot"] == 1
        assert answer["as_of"] == "2025-04-14T14:32:00.000000Z"
        assert answer["incomplete_day"] == "2025-04-14"


def test_metrics_are_prometheus_text_without_users_or_songs(served):
    ask(served, "/api/v1/charts/" + "x" * 50)
    status, headers, body = ask(served, "/metrics")
    assert status == 200 and headers["content-type"].startswith("text/plain; version=0.0.4")
    assert b"bassline_snapshot_number 1\n" in body
    assert b'route="/api/v1/charts/*",status="404"' in body and b"xxxx" not in body


def test_other_machines_need_a_token(tmp_path):
    lake = synthetic_lake.make_empty_lake(tmp_path / "lake")
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")

    def refused(*arguments):
        done = subprocess.run([PROGRAM, "serve", "--lake", lake, "--port", "0", *arguments],
                              capture_output=True, text=True, timeout=20)
        assert done.returncode == 2 and TOKEN not in done.stderr
        return done.stderr

    assert "needs --token-file" in refused("--host", "0.0.0.0")
    token.chmod(0o644)
    assert "chmod 600" in refused("--host", "0.0.0.0", "--token-file", str(token))
    assert "cannot read the token file" in refused("--token-file", str(tmp_path / "none"))
    assert "--token-file: the path is empty" in refused("--token-file", "")
    token.chmod(0o600)
    for host in ("127.0.0.1", "0.0.0.0"):
        running = start(lake, "--host", host, "--token-file", str(token))
        try:
            for path in ROUTES[:8]:
                assert ask(running, path)[0] == 401
                assert ask(running, path, headers={"Authorization": "Bearer " + TOKEN[::-1]})[0] == 401
                assert ask(running, path, headers={"Authorization": "Bearer " + TOKEN})[0] in (200, 503)
        finally:
            assert stop(running) == 130


def test_a_busy_port_is_named_with_the_way_out(served):
    done = subprocess.run([PROGRAM, "serve", "--lake", served.lake, "--port", str(served.port)],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == (
        f"error: port {served.port} of 127.0.0.1 is taken by another program; choose another with --port\n")


def test_a_lake_that_is_not_there_is_an_error(tmp_path):
    done = subprocess.run([PROGRAM, "serve", "--lake", tmp_path / "none", "--port", "0"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and str(tmp_path / "none") in done.stderr
