"""The peer of etl: CSV lines into SQLite, in transactions of 500 rows; bad lines into a table of their own.

    etl.py DATABASE <LINES

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""
import sqlite3
import sys

database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = NORMAL")
database.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, name, amount REAL)")
database.execute("CREATE TABLE rejects (line, why)")
good, bad = [], []


def flush():
    database.execute("BEGIN")
    for row, line in good:
        try:
            database.execute("INSERT INTO rows VALUES (?, ?, ?)", row)
        except sqlite3.IntegrityError as error:
            bad.append((line, str(error)))
    database.executemany("INSERT INTO rejects VALUES (?, ?)", bad)
    database.execute("COMMIT")
    good.clear()
    bad.clear()


for line in sys.stdin:
    try:
        number, name, amount = line.rstrip("\n").split(",")
        good.append(((int(number), name, float(amount)), line))
    except ValueError as error:
        bad.append((line, str(error)))
    if len(good) >= 500:
        flush()
flush()
print(*database.execute("SELECT count(*) FROM rows").fetchone(), "rows,",
      *database.execute("SELECT count(*) FROM rejects").fetchone(), "rejects")
