"""`python -m voicecall` is the command `voicecall`."""

from voicecall.cli import main

if __name__ == "__main__":
    main()
