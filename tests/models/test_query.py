# SPDX-License-Identifier: Apache-2.0
"""bassline query: what it answers, in which formats, and what its SQL cannot do."""

import csv
import io
import json

import duckdb
import pytest
from logs import log_folder


@pytest.fixture(scope="module")
def lake(bassline, tmp_path_factory):
    """The golden events and two lines that cannot be taken in."""
    folder = tmp_path_factory.mktemp("query")
    bassline("ingest", "--lake", folder / "lake", "--from", log_folder("golden") / "*.ndjson")
    good = (log_folder("golden") / "page_view_events.ndjson").read_text().splitlines()[0]
    broken = folder / "page_view_events.ndjson"
    broken.write_bytes(good.replace('"ts":', '"ts":"no number", "was":').encode() + b'\n{"ts": 1, "\x1b[31mred\xff\n')
    bassline("ingest", "--lake", folder / "lake", "--from", broken, check=False)
    bassline("build", "--lake", folder / "lake")
    return folder / "lake"


def ask(bassline, lake, sql, *options, **more):
    return bassline("query", "--lake", lake, sql, *options, **more)


def test_json_is_an_array_of_objects_with_exact_numbers(bassline, lake):
    answer = ask(
        bassline, lake,
        "select userId, listen_count, null as nothing, true as yes, 1.50::decimal(9, 2) as money, "
        "170141183460469231731687303715884105727::hugeint as huge, date '2025-03-14' as day, [1, 2] as list, "
        "'é \"quoted\"' as text from gold.daily_user_listen_counts order by 1",
        "--format", "json",
    )  # fmt: skip
    assert "170141183460469231731687303715884105727" in answer.stdout
    rows = json.loads(answer.stdout)
    assert [row["listen_count"] for row in rows] == [4, 2]
    assert rows[0]["nothing"] is None
    assert rows[0]["yes"] is True
    assert rows[0]["money"] == 1.5
    assert rows[0]["day"] == "2025-03-14"
    assert rows[0]["list"] == "[1, 2]"
    assert rows[0]["text"] == 'é "quoted"'


def test_unsigned_numbers_of_64_bits_are_exact(bassline, lake):
    sql = "select 18446744073709551615::ubigint as most, hash('a') as hashed"
    rows = json.loads(ask(bassline, lake, sql, "--format", "json").stdout)
    assert rows == [{"most": 18446744073709551615, "hashed": duckdb.sql("select hash('a')").fetchone()[0]}]
    assert ask(bassline, lake, sql, "--format", "csv").stdout.splitlines()[1].startswith("18446744073709551615,")


def test_infinite_dates_and_times_are_shown_as_duckdb_shows_them(bassline, lake):
    sql = "select 'infinity'::date as a, '-infinity'::date as b, 'infinity'::timestamptz as c, '-infinity'::timestamp as d"
    expected = ["infinity", "-infinity", "infinity", "-infinity"]
    assert list(json.loads(ask(bassline, lake, sql, "--format", "json").stdout)[0].values()) == expected
    assert ask(bassline, lake, sql, "--format", "csv").stdout == "a,b,c,d\n" + ",".join(expected) + "\n"


def test_csv_is_rfc_4180_and_tells_null_from_empty(bassline, lake):
    answer = ask(bassline, lake, "select 'a,\"b\"' as \"x,y\", null as n, '' as e, 1.0::double as d, 'l1\nl2' as m", "--format", "csv")
    assert answer.stdout == '"x,y",n,e,d,m\n"a,""b""",,"",1,"l1\nl2"\n'  # text mode: \r\n reads as \n
    assert list(csv.reader(io.StringIO(answer.stdout)))[1] == ['a,"b"', "", "", "1", "l1\nl2"]


def test_no_rows_are_an_empty_answer_in_every_format(bassline, lake):
    sql = "select song from gold.top_songs_by_play_count where false"
    assert json.loads(ask(bassline, lake, sql, "--format", "json").stdout) == []
    assert ask(bassline, lake, sql, "--format", "csv").stdout == "song\n"
    assert ask(bassline, lake, sql).stdout == "song\n----\n"


def test_all_layers_and_quarantine_can_be_read(bassline, lake):
    for relation in ("bronze.listen_events", "intermediate.int_sessions", "silver.fact_listen_events", "gold.conversion_rates"):
        rows = json.loads(ask(bassline, lake, f"select count(*) as n from {relation}", "--format", "json").stdout)
        assert rows[0]["n"] > 0, relation
    rows = json.loads(
        ask(bassline, lake, "select reason, line from quarantine order by source_offset", "--format", "json").stdout
    )
    assert len(rows) == 2
    assert "no number" in rows[0]["line"]


def test_a_terminal_gets_no_control_bytes_of_a_stranger(bassline, lake):
    shown = ask(bassline, lake, "select line from quarantine").stdout
    assert "\x1b" not in shown
    assert "x1b" in shown.lower()


def test_a_trailing_semicolon_and_comment_are_fine(bassline, lake):
    assert json.loads(ask(bassline, lake, "select 1::hugeint as n; ", "--format", "json").stdout) == [{"n": 1}]
    assert json.loads(ask(bassline, lake, "select 1::hugeint as n -- one", "--format", "json").stdout) == [{"n": 1}]


@pytest.mark.parametrize(
    "sql",
    [
        "from read_text('/etc/passwd')",
        "from read_csv('/etc/passwd')",
        "from read_blob('/proc/self/environ')",
        "from glob('/*')",
        "from '/etc/passwd'",
        "from read_parquet('{lake}/**/*.parquet')",
        "from read_text('{lake}/_lake.json')",
        "from read_json('https://127.0.0.1:1/x.json')",
        "select * from query('copy (select 1) to ''{lake}/x''')",
        "from sniff_csv('/etc/passwd')",
        "from duckdb_secrets() where (select count(*) from read_text('/etc/hostname')) > 0",
        "copy (select 1) to '{lake}/x.csv'",
        "copy (select 1) to '{file}'",
        "explain analyze copy (select 1) to '{file}'",
        "create table t as select 1",
        "create or replace view gold.conversion_rates as select 1",
        "drop view gold.conversion_rates",
        "insert into gold.conversion_rates values (1)",
        "attach '{lake}/x.duckdb' as x",
        "export database '{lake}/export'",
        "set enable_external_access = true",
        "set allowed_directories = ['/']",
        "reset lock_configuration",
        "pragma enable_external_access",
        "install httpfs",
        "load httpfs",
        "call pragma_version()",
        "prepare p as select 1",
        "begin",
        "checkpoint",
        "select 1; drop view gold.conversion_rates",
        "select 1) as x, (from read_text('/etc/passwd')",
        "select 1::hugeint as a from (select 1)) as t(c) union all select content from read_text('/etc/passwd') --",
    ],
)
def test_nothing_but_reading_the_lakes_relations_is_possible(bassline, lake, sql):
    before = {str(path): path.stat().st_mtime_ns for path in lake.rglob("*")}
    file = next(lake.glob("_versions/*/conversion_rates/*.parquet"))
    done = ask(bassline, lake, sql.format(lake=lake, file=file), check=False)
    assert done.returncode in (1, 2), done.stdout
    assert "root:" not in done.stdout + done.stderr
    assert {str(path): path.stat().st_mtime_ns for path in lake.rglob("*")} == before


def test_a_wrong_statement_is_wrong_use_and_says_why(bassline, lake):
    done = ask(bassline, lake, "select nothing_here from gold.conversion_rates", check=False)
    assert done.returncode == 2
    assert "nothing_here" in done.stderr


def test_a_statement_that_fails_while_it_runs_exits_1(bassline, lake):
    done = ask(bassline, lake, "select cast(song as integer) from gold.top_songs_by_play_count", check=False)
    assert done.returncode == 1


def test_a_query_over_its_time_is_stopped(bassline, lake):
    endless = "select count(*) from range(10000000000) a, range(1000) b where a.range % 7 = b.range"
    done = ask(bassline, lake, endless, "--timeout", "300ms", check=False, timeout=60)
    assert done.returncode == 1
    assert "300 ms" in done.stderr


def test_a_query_larger_than_its_memory_spills(bassline, lake, tmp_path):
    large = "select count(*) as n from (select distinct i, md5(i::varchar) from range(3000000) t(i))"
    answer = ask(bassline, lake, large, "--memory", "100MB", "--scratch", tmp_path, "--format", "json")
    assert json.loads(answer.stdout) == [{"n": 3000000}]
    assert list(tmp_path.iterdir()) == []


def test_bronze_can_be_read_before_the_first_build(bassline, tmp_path):
    lake = tmp_path / "lake"
    bassline("ingest", "--lake", lake, "--from", log_folder("golden") / "*.ndjson")
    answer = ask(bassline, lake, "select count(*) as n from bronze.listen_events", "--format", "json")
    assert json.loads(answer.stdout)[0]["n"] > 0


def test_without_a_lake_there_is_no_answer(bassline, tmp_path):
    done = ask(bassline, tmp_path / "nowhere", "select 1", check=False)
    assert done.returncode == 1
    assert "there is no lake" in done.stderr


def test_a_lake_whose_path_looks_like_a_pattern_reads_its_own_files_alone(bassline, tmp_path):
    log = log_folder("golden") / "page_view_events.ndjson"
    (tmp_path / log.name).write_text(log.read_text().splitlines()[0] + "\n")
    for name, source in (("lake[1]", tmp_path / log.name), ("lake1", log)):
        bassline("ingest", "--lake", tmp_path / name, "--from", source)
        bassline("build", "--lake", tmp_path / name)
        bassline("verify", "--lake", tmp_path / name)
    for relation in ("bronze.page_view_events", "silver.fact_page_view_events"):
        answer = ask(bassline, tmp_path / "lake[1]", f"select count(*) as n from {relation}", "--format", "json")
        assert json.loads(answer.stdout) == [{"n": 1}], relation
