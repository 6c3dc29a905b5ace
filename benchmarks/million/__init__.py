"""A registry of a million repositories beside one of a thousand: what grows with it, and what does not.

The rows are made by the databases themselves, the work goes through the registry's own functions, without HTTP.
"""

from __future__ import annotations
