"""Behaves like the `cloudflared` command: says and does what comes line by line out of the pipe `$CLOUD`.

`say TEXT` writes a line on standard error, `exit N` ends. What it was started with goes to `$CLOUD.log`.
"""

import json
import os
import sys

CLOUD = os.environ["CLOUD"]
with open(CLOUD + ".log", "a") as log:
    token = os.environ.get("TUNNEL_TOKEN")
    log.write(json.dumps({"arguments": sys.argv[1:], "token": token, "pid": os.getpid()}) + "\n")
pipe = os.open(CLOUD, os.O_RDONLY)
line = b""
while True:
    byte = os.read(pipe, 1)
    if byte != b"\n":
        line += byte
        continue
    order, _, text = line.decode().partition(" ")
    line = b""
    if order == "exit":
        sys.exit(int(text))
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
