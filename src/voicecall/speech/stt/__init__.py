"""Ears: one file per transcriber."""
