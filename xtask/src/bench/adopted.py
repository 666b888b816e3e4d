"""Prints the time, in nanoseconds since 1970, at which no session belongs to the dead server any more.

Argument: the data folder.
"""

import pathlib
import sqlite3
import sys
import time

HEAD = b"SQLite format 3\0"
folder = pathlib.Path(sys.argv[1])
files = [path for path in folder.iterdir() if path.is_file() and path.open("rb").read(16) == HEAD]
database = sqlite3.connect(f"file:{files[0]}?mode=ro", uri=True, isolation_level=None, timeout=10)
end = time.monotonic() + 60
while time.monotonic() < end:
    if database.execute("SELECT count(*) FROM jobs WHERE instance = 'server-dead'").fetchone()[0] == 0:
        print(time.time_ns())
        break
    time.sleep(0.001)
