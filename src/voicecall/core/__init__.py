"""The core: what a call does next, decided in pure code. No IO, no clock, no tasks."""
