"""Times durable commits of one row through SQLite itself (WAL, synchronous=FULL). Prints microseconds, one a line.

Arguments: the database file to make, the number of commits.
"""

import sqlite3
import sys
import time

database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA journal_mode=WAL")
database.execute("PRAGMA synchronous=FULL")
database.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, body TEXT NOT NULL)")
body = "x" * 500
for _ in range(int(sys.argv[2])):
    start = time.perf_counter_ns()
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO rows (body) VALUES (?)", (body,))
    database.execute("COMMIT")
    print((time.perf_counter_ns() - start) // 1000)
