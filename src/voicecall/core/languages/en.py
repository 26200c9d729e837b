"""English."""

from __future__ import annotations

from .tables import Language, either, phrases, words

_SPAN = (
    r"(?:(?:just )?(?:a|one|two|another|half a|a few|a couple|a couple of|another few) "
    r"(?:more |quick |short |brief |little |wee )?"
    r"(?:moments?|seconds?|secs?|minutes?|mins?|ticks?|mo|bit))(?: or two)?"
)
_WAIT = r"(?:hold on|hold up|hang on|wait|bear with me|hold the line|hold|stay on the line|don't hang up)"
_GO = (
    r"(?:let me|lemme|let us|let's|i'll|i will|i'm going to|i am going to|i'm gonna)"
    r"(?: just| quickly| quick| first| go and| go| have to| need to)*"
)
_MUST = r"(?:i have to|i've got to|i need to|i must|i gotta|i'll have to)(?: just| quickly| first| go and| go)*"
_AM = r"(?:i'm|i am)(?: just| quickly| still| now)*"
_REST = r"(?: [\w']+){0,6}"
_ERRAND = (
    r"(?!.* (?:call|later|tomorrow|forward|understand)(?!\w))(?:"
    rf"{_GO} (?:check(?! in| out)|look|have a (?:quick )?look|take a (?:quick )?look|look at|"
    rf"look in){_REST}(?<! for a)|"
    rf"{_GO} (?:think|see)(?: about (?:it|that))?(?: for a \w+| (?:if|whether|what|when|where|who){_REST})?|"
    rf"{_GO} (?:find|pull up|bring up|look up|grab|fetch|open|get) "
    rf"(?:my|it|that|him|her|them|someone|somebody|a pen|some paper|something to write)(?! back){_REST}|"
    rf"{_GO} (?:find|pull up|bring up|look up|grab|fetch|open|ask) (?:the|our|my|him|her|them|someone|somebody){_REST}|"
    rf"{_GO} (?:write (?:it|that|this) down|turn (?:[\w']+ ){{1,4}}(?:off|down))|"
    rf"(?:{_GO}|{_AM}) (?:put|putting|transfer|transferring|connect|connecting) you(?: through| on| to| over){_REST}|"
    rf"{_GO} be (?:right |straight |back )?(?:back|with you|there)(?: [\w']+){{0,3}}|"
    rf"{_MUST} (?:check|think|look)(?: (?:it|that|this)(?: up)?| about (?:it|that)| for it)?|"
    rf"{_MUST} (?:find|get|grab|fetch) (?:it|my (?:card|glasses|wallet|phone|purse|calendar|diary|papers?)|"
    rf"a pen){_REST}|"
    rf"{_AM} (?:checking|thinking|looking)(?: (?:it|that|this)(?: up)?| now| right now| for (?:it|my \w+))?|"
    rf"{_AM} (?:getting|fetching|finding|grabbing|writing) (?:it|him|her|them|my|a pen|that){_REST}"
    r")"
)
_ADDRESSED = r"(?:can|could|would|will) you (?:please |just |maybe )*"

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
        rf"{_WAIT}(?: (?:please|just|for|there|right there))*(?: {_SPAN})?(?: {_ERRAND}| while (?:i|we) [\w' ]+)?",
        rf"{_SPAN} (?:please )?(?:{_ERRAND}|while (?:i|we) [\w' ]+)",
        rf"(?:just )?(?:give me|gimme|i need|i'll need|i just need|allow me|i'll be) (?:just )?{_SPAN}(?: [\w' ]+)?",
        rf"{_ADDRESSED}(?:hold on|hang on|hold|wait|bear with me|give me)(?: please| just| for)* {_SPAN}"
        r"(?: while (?:i|we) [\w' ]+)?",
        rf"{_ADDRESSED}bear with me",
        _ERRAND,
    ),
    voicemail=either(
        r"(?:leave|record|speak|say|state)\b[^.?!]{0,90} (?:after|at|following) the (?:tone|beep|signal)",
        r"(?:after|at|following) the (?:tone|beep|signal),? (?:please )?(?:leave|record|speak|say|state)",
        r"(?:please|so please|so just|and just) leave (?:me |us )?(?:a|your|an?) (?:[\w']+ ){0,2}"
        r"(?:message|name|number|details)(?! (?:for|with|to|that|saying|on|out|in))",
        r"(?:(?<=[.,;!?] )|(?<=^))leave (?:me |us )?(?:a|your) (?:[\w']+ ){0,2}(?:message|name)"
        r"(?! (?:for|with|to|that|saying))",
        r"(?:please )?record (?:your|a) (?:message|name)",
        r"(?:i|we) (?:can't|cannot|can not|couldn't|am unable to|are unable to|am not able to|are not able to) "
        r"(?:come to|get to|answer|take) (?:the|your|my) (?:phone|call)",
        r"(?:you've|you have) reached (?:the )?(?:voice ?mail|mailbox|answering machine)",
        r"(?:you've|you have) reached [^.?!]{1,60}(?:voice ?mail|mailbox)",
        r"mailbox is (?:full|not set up)|voice ?mail box (?:is|that)|voice message system|voice messaging system",
        r"(?:forwarded|transferred) to (?:voice ?mail|an? auto\w* (?:voice|answering))",
        r"the (?:person|party|number|customer|subscriber|caller|mailbox|extension) (?:that )?"
        r"(?:you|you've|you are|you're|you have) [^.?!]{0,40}(?:is|are|has) (?:currently )?"
        r"(?:not|unavailable|unable|been disconnected|switched off|busy)",
        r"when you(?:'ve| have| are|'re)? (?:finish|finished|done)(?: recording)?,? (?:you may |simply |please |just )?"
        r"(?:hang up|press)",
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
)
