"""A module that cannot be imported, for tests."""

raise RuntimeError("My name is Bond.")
