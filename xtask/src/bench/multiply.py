"""Makes many sessions of the newest one in a stopped server's database, each with an id and a time of its own.

Arguments: the data folder, the number of sessions that there should be.
"""

import pathlib
import sqlite3
import sys

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
HEAD = b"SQLite format 3\0"


def session_id(number):
    letters = []
    for _ in range(11):
        number, digit = divmod(number, 32)
        letters.append(ALPHABET[digit])
    return "z" + "".join(reversed(letters))


def copies(row, columns, old, wanted, have):
    for number in range(wanted - have):
        new = session_id(number + have)
        values = [value.replace(old, new) if isinstance(value, str) else value for value in row]
        if "created_at" in columns:
            values[columns.index("created_at")] -= (number + have) * 1_000_000
        yield values


folder, wanted = pathlib.Path(sys.argv[1]), int(sys.argv[2])
files = [path for path in folder.iterdir() if path.is_file() and path.open("rb").read(16) == HEAD]
database = sqlite3.connect(files[0], isolation_level=None)
have = database.execute("SELECT count(*) FROM sessions").fetchone()[0]
database.execute("BEGIN IMMEDIATE")
old = database.execute("SELECT id FROM sessions ORDER BY created_at DESC LIMIT 1").fetchone()[0]
for table, key in (("sessions", "id"), ("documents", "session")):
    columns = [column[1] for column in database.execute(f"PRAGMA table_info({table})")]
    row = database.execute(f"SELECT * FROM {table} WHERE {key} = ?", (old,)).fetchone()
    marks = ",".join("?" * len(columns))
    database.executemany(f"INSERT INTO {table} VALUES ({marks})", copies(row, columns, old, wanted, have))
database.execute("COMMIT")
database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
