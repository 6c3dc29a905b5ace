"""The edge: HTTP in, rules called, HTTP out. Everything asynchronous is in here."""
