"""What a person sees: tables, trees, pictures and progress; and what a program reads: JSON."""

from __future__ import annotations
