from tests.e2e.conftest import *  # noqa
from tests.e2e.test_twilio import *
import time
def test_probe(start, twilio):
    daemon = start({**twilio.settings, "streaming.enabled": False, "log.level":"debug"})
    twilio.script(TALKER, *TALK)
    incoming = twilio.ring(*TALK)
    outgoing = daemon.final(daemon.place(TALKER))
    time.sleep(8)
    print("\n".join(daemon.program.err))
    for r in daemon.history().values():
        print(json.dumps(r, indent=1))
        print(json.dumps(twilio.told(r["carrierCallId"]), indent=None))
        for e in daemon.events(r["callId"]): print(e)
import json
