"""Delivering events to the endpoints that want them, over HTTP."""
