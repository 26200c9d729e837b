"""Bare echo servers, one a file, so that each process holds only what its own library needs."""
