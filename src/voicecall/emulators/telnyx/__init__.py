"""Telnyx, simulated on the emulated network: REST commands, signed webhooks and media streams.

Written from Telnyx's documentation alone and never from the gateway's own codec, so that one misreading cannot agree
with itself. Where the documentation leaves something open, the simulator takes the reading that is harder on the
gateway.
"""
