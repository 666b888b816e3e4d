"""Makes many sessions of the newest one in a stopped server's database, each with an id and a time of its own.

Arguments: the data folder, the number of sessions that there should be, the events of each copy, and how many of the copies
should be at work on a server that died.
"""

import datetime
import json
import pathlib
import sqlite3
import sys

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
HEAD = b"SQLite format 3\0"
DEAD = "server-dead"


def session_id(number):
    letters = []
    for _ in range(11):
        number, digit = divmod(number, 32)
        letters.append(ALPHABET[digit])
    return "z" + "".join(reversed(letters))


def earlier(document, seconds):
    """A session's document with an earlier time, the one of its row: pages go on from there."""
    session = json.loads(document)
    created = datetime.datetime.fromisoformat(session["created_at"].replace("Z", "+00:00"))
    created -= datetime.timedelta(seconds=seconds)
    session["created_at"] = created.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return json.dumps(session)


def copies(row, columns, old, numbers):
    for number in numbers:
        new = session_id(number)
        values = [value.replace(old, new) if isinstance(value, str) else value for value in row]
        if "document" in columns:
            at = columns.index("document")
            values[at] = earlier(values[at], number)
        if "created_at" in columns:
            values[columns.index("created_at")] -= number * 1_000_000
        if "last_seq" in columns:
            values[columns.index("last_seq")] = events
        yield values


def log(row, columns, numbers):
    at = columns.index("global")
    for number in numbers:
        new = session_id(number)
        for seq in range(1, events + 1):
            values = list(row)
            values[columns.index("session")] = new
            values[columns.index("seq")] = seq
            yield values[:at] + values[at + 1 :]


folder, wanted, events, at_work = pathlib.Path(sys.argv[1]), *map(int, sys.argv[2:5])
files = [path for path in folder.iterdir() if path.is_file() and path.open("rb").read(16) == HEAD]
database = sqlite3.connect(files[0], isolation_level=None)
have = database.execute("SELECT count(*) FROM sessions").fetchone()[0]
numbers = range(have, wanted)
database.execute("BEGIN IMMEDIATE")
old = database.execute("SELECT id FROM sessions WHERE id NOT LIKE 'z%' OR id NOT LIKE 'zaaa%' "
                       "ORDER BY created_at DESC LIMIT 1").fetchone()[0]
for table, key in (("sessions", "id"), ("documents", "session")):
    columns = [column[1] for column in database.execute(f"PRAGMA table_info({table})")]
    row = database.execute(f"SELECT * FROM {table} WHERE {key} = ?", (old,)).fetchone()
    marks = ",".join("?" * len(columns))
    database.executemany(f"INSERT INTO {table} VALUES ({marks})", copies(row, columns, old, numbers))
if events:
    columns = [column[1] for column in database.execute("PRAGMA table_info(events)")]
    row = database.execute("SELECT * FROM events WHERE session = ? ORDER BY seq LIMIT 1", (old,)).fetchone()
    names = [column for column in columns if column != "global"]
    marks = ",".join("?" * len(names))
    statement = f"INSERT INTO events ({','.join(names)}) VALUES ({marks})"
    database.executemany(statement, log(row, columns, numbers))
if at_work:
    database.execute("INSERT OR IGNORE INTO servers VALUES (?, 0, 0)", (DEAD,))
    work = [session_id(number) for number in range(1, at_work + 1)]
    database.executemany("DELETE FROM jobs WHERE session = ?", ((one,) for one in work))
    database.executemany(
        "INSERT INTO jobs (session, tenant, owner, account, repository, instance, epoch, tries, place, not_before) "
        "SELECT id, tenant, owner, tenant || '/' || owner, repository, ?, epoch, 0, ?, 0 FROM sessions WHERE id = ?",
        ((DEAD, place, one) for place, one in enumerate(work)),
    )
database.execute("COMMIT")
database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
