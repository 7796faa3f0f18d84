"""Decisions: values in, values out; no database, no clock, no web."""
