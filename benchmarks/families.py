"""Families in any number, written with set-based SQL: what `benchmarks.weekly` compiles. PostgreSQL only.

A year of moments, spread evenly over all households and stored in the order in which they happened, as a running
installation has them: fifty to a household, every second with an answer, a context or a cue. Twelve zones, two first
days of the week; every fifth household has a second guardian. The same seed gives the same families.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.db import connection

from checklists.rules import OptionKind
from checklists.selectors import get_content
from reflections.gather import INTENDED, WENT_WELL
from reflections.rules import Week, week_after, week_holding

LABEL: Final = "2026-W46"
NOW: Final = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)  # every zone's week has closed
YEAR: Final = timedelta(weeks=52)
OBSERVATIONS_EACH: Final = 50
STORED_WEEKS: Final = 6
ZONES: Final = (
    "Europe/Lisbon",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Los_Angeles",
    "Africa/Cairo",
    "Africa/Nairobi",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
)
FILLED: Final = ("observations_observation", "observations_rating", "observations_tick")


def fill(households: int) -> None:
    """Write the families into an empty, migrated database that has the built-in content."""
    content = get_content()
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.46)")
        _people(cursor, households)
        _weeks(cursor)
        with _without_indexes(cursor, FILLED):
            _moments(cursor, households, content)
        _repairs(cursor)
        for table in (
            *FILLED,
            "accounts_user",
            "households_household",
            "households_membership",
            "households_child",
        ):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 1) FROM {table}))"
            )
        cursor.execute("VACUUM ANALYZE")


def _people(cursor: Any, households: int) -> None:
    since = NOW - YEAR
    names = {"households": households, "since": since, "zones": list(ZONES), "born": date(2023, 3, 1)}
    people = "generate_series(1, %(households)s + %(households)s / 5) AS n"
    # The second guardian of household 5k is person households + k.
    home = "CASE WHEN n <= %(households)s THEN n ELSE (n - %(households)s) * 5 END"
    for statement in (
        f"""INSERT INTO accounts_user (id, password, is_superuser, public_id, email, display_name, language, timezone,
                digest_level, digest_hour, standing_visibility, is_staff, is_active, date_joined)
            SELECT n, '!', false, gen_random_uuid(), 'parent' || n || '@example.org', 'Parent', 'en',
                (%(zones)s::text[])[1 + ({home}) %% 12], (ARRAY['full', 'counts', 'discreet'])[1 + n %% 3], 18,
                'private', false, true, %(since)s FROM {people}""",
        f"""INSERT INTO account_emailaddress (email, verified, "primary", user_id)
            SELECT 'parent' || n || '@example.org', true, true, n FROM {people}""",
        """INSERT INTO households_household (id, public_id, name, timezone, week_starts_on, created_at, changed_at)
            SELECT n, gen_random_uuid(), 'Home', (%(zones)s::text[])[1 + n %% 12],
                CASE WHEN n %% 7 = 0 THEN 6 ELSE 0 END, %(since)s, %(since)s
            FROM generate_series(1, %(households)s) AS n""",
        f"""INSERT INTO households_membership (id, public_id, role, joined_at, household_id, user_id)
            SELECT n, gen_random_uuid(), 'guardian', %(since)s, {home}, n FROM {people}""",
        """INSERT INTO households_child (id, public_id, household_id, nickname, birth_month, colour, emoji, created_at)
            SELECT n, gen_random_uuid(), n, 'Pip', %(born)s, 'clay', '', %(since)s
            FROM generate_series(1, %(households)s) AS n""",
        f"""INSERT INTO observations_focusdimension (dimension, chosen_at, household_id, member_id)
            SELECT 'needs', %(since)s + interval '40 weeks', {home}, n FROM {people} WHERE n %% 3 = 0""",
    ):
        cursor.execute(statement, names)


def _weeks(cursor: Any) -> None:
    """The latest weeks of every household, and what was told of the last but one: what is late builds on it."""
    columns = "label, start_on, end_on, timezone, starts_at, ends_at"
    for zone in ZONES:
        for start in (0, 6):
            rows = [
                (week.label, week.start_on, week.end_on, week.timezone, week.starts_at, week.ends_at)
                for week in _latest(zone, start)
            ]
            cursor.executemany(
                f"""INSERT INTO reflections_digestweek ({columns}, household_id, compiled_at)
                    SELECT %s, %s, %s, %s, %s, %s::timestamptz, id, CASE WHEN %s < %s THEN created_at END
                    FROM households_household WHERE timezone = %s AND week_starts_on = %s""",
                [(*row, row[0], LABEL, zone, start) for row in rows],
            )
    cursor.execute(
        """INSERT INTO reflections_reflection (revision, compiled_at, told_at, source_digest, content, household_id,
               member_id, week_id)
           SELECT 1, week.ends_at + interval '6 hours', week.ends_at + interval '18 hours', 'earlier',
               '{"schema": 1, "kind": "quiet", "seed": 1, "sections": []}', week.household_id, member.id, week.id
           FROM reflections_digestweek week JOIN households_membership member USING (household_id)
           WHERE week.label = '2026-W45'"""
    )


def _latest(zone: str, start: int) -> Iterator[Week]:
    week = week_holding(NOW - timedelta(weeks=STORED_WEEKS - 1), timezone=zone, week_starts_on=start)
    while week.starts_at <= NOW:
        yield week
        week = week_after(week, timezone=zone, week_starts_on=start)


def _moments(cursor: Any, households: int, content: Any) -> None:
    questions = [(question.id, question.dimension) for question in content.questions]
    done = [cue.key for cue in content.cues if cue.tone in WENT_WELL and cue.key != INTENDED]
    names = {
        "households": households,
        "total": households * OBSERVATIONS_EACH,
        "begins": NOW - YEAR,
        "version": content.version.id,
        "zones": list(ZONES),
        "questions": [question for question, _dimension in questions],
        "dimensions": [dimension for _question, dimension in questions],
        "contexts": [option.key for option in content.options if option.kind == OptionKind.CONTEXT],
        "done": done,
    }
    cursor.execute(_OBSERVATIONS, names)
    cursor.execute(_RATINGS, names)
    for statement in _TICKS:
        cursor.execute(statement, names)


# Which household, author and tone a moment has is drawn at random; when it happened follows its number.
_OBSERVATIONS: Final = """
    INSERT INTO observations_observation (id, public_id, kind, tone, occurred_at, occurred_on, precision, timezone,
        visibility, note_sealed, revision, received_at, changed_at, author_id, checklist_version_id, child_id,
        household_id, salt)
    SELECT n, gen_random_uuid(), 'moment', tone, at, (at AT TIME ZONE zone)::date, 'exact', zone,
        CASE WHEN tone <> 'missed' AND n %% 3 = 0 THEN 'household' ELSE 'private' END,
        CASE WHEN n %% 3 = 1 THEN decode(repeat(md5(n::text), 4), 'hex') ELSE ''::bytea END, 1,
        at + interval '5 minutes', at + interval '5 minutes',
        CASE WHEN home %% 5 = 0 AND n %% 5 < 2 THEN %(households)s + home / 5 ELSE home END,
        %(version)s, home, home, decode(md5(n::text), 'hex')
    FROM (
        SELECT n, home, %(begins)s::timestamptz + n * (interval '52 weeks' / %(total)s) AS at,
            (%(zones)s::text[])[1 + home %% 12] AS zone,
            CASE WHEN dice < 0.6 THEN 'in_tune' WHEN dice < 0.85 THEN 'missed' ELSE 'came_back' END AS tone
        FROM (
            SELECT n, 1 + floor(random() * %(households)s)::int AS home, random() AS dice
            FROM generate_series(1, %(total)s) AS n
        ) AS drawn
    ) AS placed"""

_RATINGS: Final = """
    INSERT INTO observations_rating (dimension, value, absence, household_id, observation_id, question_id)
    SELECT (%(dimensions)s::text[])[pick], CASE WHEN seen THEN 1 + floor(random() * 5)::int END,
        CASE WHEN seen THEN '' ELSE 'not_seen' END, household_id, id, (%(questions)s::bigint[])[pick]
    FROM (
        SELECT id, household_id, 1 + floor(random() * cardinality(%(questions)s::bigint[]))::int AS pick,
            random() < 0.9 AS seen
        FROM observations_observation WHERE id %% 2 = 0
    ) AS answered"""

_TICKS: Final = (
    """INSERT INTO observations_tick (kind, key, dimension, household_id, observation_id)
       SELECT 'context', (%(contexts)s::text[])[1 + id %% cardinality(%(contexts)s::text[])], '', household_id, id
       FROM observations_observation WHERE id %% 4 < 2""",
    """INSERT INTO observations_tick (kind, key, dimension, household_id, observation_id)
       SELECT 'cue', (%(done)s::text[])[1 + id %% cardinality(%(done)s::text[])], '', household_id, id
       FROM observations_observation WHERE tone <> 'missed' AND id %% 2 = 1""",
)


def _repairs(cursor: Any) -> None:
    """Half of the latest came-backs mend the miss before them."""
    cursor.execute(
        """UPDATE observations_observation AS came SET repairs_id = (
               SELECT missed.id FROM observations_observation AS missed
               WHERE missed.household_id = came.household_id AND missed.tone = 'missed'
                   AND missed.occurred_at < came.occurred_at
               ORDER BY missed.occurred_at DESC LIMIT 1)
           WHERE came.tone = 'came_back' AND came.occurred_at > %s AND came.id %% 2 = 0""",
        [NOW - timedelta(weeks=3)],
    )


@contextlib.contextmanager
def _without_indexes(cursor: Any, tables: tuple[str, ...]) -> Iterator[None]:
    """Drop indexes and foreign keys while much is written, and make the same ones again."""
    cursor.execute(
        """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
           WHERE conrelid::regclass::text = ANY(%s) AND contype IN ('f', 'u') ORDER BY contype DESC""",
        [list(tables)],
    )
    constraints = cursor.fetchall()
    for table, name, _definition in constraints:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname NOT LIKE '%%_pkey'",
        [list(tables)],
    )
    indexes = cursor.fetchall()
    for name, _definition in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    cursor.execute("SET maintenance_work_mem = '512MB'")
    for _name, definition in indexes:
        cursor.execute(definition)
    for table, name, definition in constraints:
        cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
