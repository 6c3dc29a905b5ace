"""The rules of a registry: what a push, a pull and a deletion are. No HTTP and no SQL in here, and nothing async."""
