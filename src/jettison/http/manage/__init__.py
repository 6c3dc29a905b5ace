"""The JSON API at /api/v1: what a registry's own clients, its console and people with curl manage it by."""
