"""Mouths: one file per synthesiser."""
