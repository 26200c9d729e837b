"""English."""

from __future__ import annotations

from .tables import Language, either, phrases, words

_SPAN = (
    r"(?:(?:just )?(?:a|one|two|another|half a) (?:more |quick |short |brief |little )?"
    r"(?:moments?|seconds?|secs?|minutes?|mins?|ticks?|mo)(?: or two)?)"
)
_SPANS = rf"(?:{_SPAN}|(?:just )?(?:a few|a couple of|a couple) (?:more )?(?:moments|seconds|secs|minutes|mins))"
_WAIT = (
    r"(?:hold on|hold up|hang on|hold the line|hold|wait|bear with me|stay on the line|(?:don't|do not) hang up)"
    rf"(?: please)?(?:(?: for)? {_SPANS})?"
)
_LET = r"(?:let me|lemme)(?: just| quickly| first| go and| go)*"
_MY = r"my (?:credit |bank )?(?:card|calendar|diary|schedule|glasses|wallet|purse|bag|notes|emails?|papers|phone)"
_PEN = r"(?:a pen|a piece of paper|some paper|something to write(?: with| on)?)"
_READY = (
    rf"let's see|{_LET} (?:see|think|(?:think about (?:it|that)|check|look) for {_SPAN})|"
    rf"{_LET} (?:check|look|have a look|take a look)(?: real quick| quickly)?|"
    rf"{_LET} (?:check|find|open|look (?:at|for|in|up)|pull up) (?:it|that|{_MY})|"
    rf"{_LET} (?:look|pull|write) (?:it|that|this) (?:up|down)|"
    rf"(?:{_LET}|i'm just) (?:get|getting|grab|grabbing|fetch|find) (?:{_PEN}|{_MY})|"
    r"i'm(?: just| still)? (?:checking|thinking)|"
    rf"(?:i'll|i will) be (?:right back|right with you|(?:back|with you) in {_SPAN})|"
    r"(?:let me|i'll|i will|i'm going to|i'm|while i|while we)(?: just)? "
    r"(?:put(?:ting)? you (?:through|on hold)|(?:transfer|connect)(?:ring|ing)? you)"
    r"(?: to(?: [\w']+){1,3}(?<!later)(?<!tomorrow))?"
)
_DO = (
    r"(?:check(?! in| out)|look|think(?! about)|see (?:if|whether|wh\w+)|grab|fetch|pull up|write|turn|"
    r"find (?:it|my|the)|(?:get|ask) (?:my|him|her|them|some\w+|a pen))"
    r"(?! .*(?:you|your|understand|later|tomorrow)(?!\w))(?: [\w']+){0,6}"
)
_ERRAND = (
    rf"{_READY}|"
    rf"(?:let me|lemme|i'll|i will|i'm going to|i have to|i need to|while i)(?: just| quickly| go and| go)* {_DO}|"
    r"i'm(?: just)? (?:looking|getting|finding)(?:(?: for| at)? (?:it|that|him|her|my(?: [\w']+){1,4}))?"
)

ENGLISH = Language(
    tag="en",
    always_open=words(
        # articles and possessives
        "a an the my your his its our their this these those every "
        # conjunctions
        "and or but because if when while unless although whether than that's "
        # prepositions that nothing ends on
        "of from into onto between during until since against among per via toward towards "
        # contracted auxiliaries and what announces more
        "i'd i'm i'll i've we'd we're we'll we've you're you'd you'll you've he's she's he'd she'd they're they've "
        "they'd it'd it'll let's there's gonna wanna let "
        # signs that are read out
        "dot underscore hyphen slash "
        # hesitations
        "um uh er erm uhm hmm"
    ),
    particles=words("in on by about up off out over down through around before after without"),
    usually_open=words(
        "at for with to like as is are was were am be been has have had do does did can could will would "
        "shall should may might must i we which who what where how why so then also just not"
    ),
    pronouns=words("i you he she it we they that this there"),
    closed=words(
        "yes no yeah yep nope okay ok sure thanks bye goodbye hello hi correct right exactly absolutely "
        "please great perfect fine never stop"
    ),
    digits=words("zero oh one two three four five six seven eight nine double triple"),
    numbers=words(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen "
        "twenty thirty forty fifty sixty seventy eighty ninety"
    ),
    whole_number=10,
    spelling=words(
        "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november "
        "oscar papa "
        "quebec romeo sierra tango uniform victor whiskey whisky x-ray yankee zulu"
    ),
    initials=words("i a.m p.m u.s u.k e.g i.e d.c l.a n.y"),
    backchannels=phrases(
        "mm, mhm, mm hmm, mmhmm, mm hm, hm, hmm, uh huh, uhuh, aha, ah, oh, uh, um, huh, ooh, wow, okay, ok, okey, k, "
        "right, alright, all right, yeah, yep, yup, ya, sure, cool, great, nice, good, fine, true, indeed, i see, "
        "got it, gotcha, got you, i got it, i get it, i know, i understand, understood, makes sense, that makes sense, "
        "sounds good, fair enough, of course, go on, go ahead, very good, oh really, that's right, that's true"
    ),
    asides=words(
        "yes yeah yep sure ok okay alright all right um uh er well oh ah so and but please sorry just actually then "
        "thanks hi hello now dear sir madam"
    ),
    moment=either(
        _SPAN,
        _WAIT,
        rf"(?:{_SPAN}|{_WAIT})(?: please)? (?:{_ERRAND})",
        rf"(?:give me|gimme|i need|i'll need|i just need|allow me) {_SPANS}(?: (?:to|while i) {_DO})?",
        r"(?:can|could|would|will) you (?:please |just )*"
        rf"(?:bear with me|(?:(?:hold on|hang on|hold|wait|bear with me)(?: for)?|give me) {_SPANS})",
        _READY,
    ),
    voicemail=either(
        r"(?:leave|record|speak|say|state)\b[^.?!]{0,90} (?:after|at|following) the (?:tone|beep|signal)",
        r"(?:after|at|following) the (?:tone|beep|signal),? (?:please )?(?:leave|record|speak|say|state)",
        r"(?:not (?:here|in|home|available|able)|unavailable|can't|cannot|unable|reached|nobody|closed)"
        r"[^?]{1,120}(?:[.,;!]|please|so|and|just) "
        r"leave (?:[\w']+,? ){1,6}message(?! (?:for|with|to|that|saying|if|when|on))",
        r"leave (?:me|us) a (?:\w+ )?message(?:$|[.!]|,? and (?:i|we)(?:'ll| will))",
        r"record your (?:message|name)|finished recording",
        r"(?:i|we) (?:can't|cannot|can not|am unable to|are unable to|am not able to|are not able to) "
        r"(?:come to|get to|answer|take) (?:the|your|my) (?:phone|call)",
        r"(?:you've|you have) reached (?:[^.?!]{1,60} )?(?:voice ?mail|mailbox|answering machine)",
        r"(?:the|this) (?:voice )?mailbox is (?:full|not set up)",
        r"voice ?mail ?box that|voice (?:message|messaging) system",
        r"forwarded to (?:voice ?mail|an? auto\w* (?:voice|answering))",
        r"the (?:person|party|number|customer|subscriber) (?:that )?(?:you|you've|you are|you're|you have) "
        r"(?:called|dial+ed|calling|(?:trying|attempting) to (?:call|reach)) (?:is|are|has) (?:currently )?"
        r"(?:not|unavailable|unable|been disconnected|switched off|busy)",
    ),
    hold=either(
        r"your call is (?:very |really |extremely )?important to us",
        r"all (?:of )?our (?:[\w']+ ){0,4}are (?:[\w']+ ){0,4}(?:busy|assisting|helping|serving|engaged|occupied)",
        r"you(?:'re| are) (?:currently |now )?(?:number|caller|caller number|position) [\w-]+ in (?:the |"
        r"our )?(?:queue|line)",
        r"your (?:position|place) in (?:the |our )?(?:queue|line) is",
        r"(?:estimated|expected|approximate|current) (?:wait|waiting|hold) time",
        r"(?:the )?next (?:available|free) (?:[\w']+ ){0,3}"
        r"(?:agent|representative|operator|advis[eo]r|associate|specialist|assistant)",
        r"your call will be (?:answered|taken|connected|transferred)",
        r"experiencing (?:[\w']+ ){0,3}(?:call volumes?|wait times?)",
        r"please (?:continue to hold|hold for the next|hold while (?:we|your call)|hold the line while we)",
        r"(?:one of our|an?) (?:[\w']+ ){0,3}(?:agents?|representatives?|operators?|advis[eo]rs?) will be with you",
    ),
    hold_unless_human=either(r"please (?:stay|remain|hold) on the line", r"please hold the line(?= until| for)"),
    human=either(r"i|i'll|i'm|i've|i'd|me|my|let me", r"\w+\?"),
    filler="One moment, please.",
    apology="I am sorry, something went wrong on my side. Could you say that again?",
    reprompt="Are you still there?",
    goodbye="I cannot hear you any more, so I will hang up now. Goodbye.",
    sorry="I am sorry, there is a problem with this call. Please try again later.",
    late="About your question before:",
    pairing=(
        "Hello. This line takes calls from approved numbers only. Your code is: {code}. Once more: {code}. "
        "As soon as it has been approved, please call again. Goodbye."
    ),
    digit_names=("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
)
