"""Choosing among names: pure, no I/O, the same for the registry's rules and for the client of any registry."""
