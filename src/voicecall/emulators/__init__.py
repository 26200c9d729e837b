"""A phone network on this machine: numbers, phones, scripted callers, audio and faults. It knows no carrier module."""
