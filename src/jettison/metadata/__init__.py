"""The only SQL: rows in, values out, on SQLite and on PostgreSQL, from one hand-written text for both."""
