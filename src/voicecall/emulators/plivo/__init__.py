"""Plivo, simulated on the emulated network: REST, signed webhooks, XML and audio streams.

Written from Plivo's documentation alone and never from the gateway's own codec, so that one misreading cannot agree
with itself. Where the pages of the documentation contradict each other, the account's `Readings` choose; their defaults
are what is harder on the gateway.
"""
