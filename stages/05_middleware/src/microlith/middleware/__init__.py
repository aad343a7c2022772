"""Middleware: what runs around handlers, one concern a module."""
