"""German."""

from __future__ import annotations

from .tables import Language, either, phrases, words

_SPAN = (
    r"(?:(?:nur |noch )*(?:zwei (?:momente|sekunden|minuten)|(?:ein |eine |einen |n )?(?:ganz )?"
    r"(?:kleinen? |kurzen? )?(?:moment|momentchen|augenblick|sekunde|sekündchen|minute|minütchen))(?: noch| mal)?)"
)
_SPANS = rf"(?:{_SPAN}|(?:nur |noch )*ein paar (?:sekunden|minuten))"
_NOW = r"(?: mal| eben| kurz| schnell| gerade| grad| noch| bitte)*"
_WAIT = (
    rf"(?:(?:warten sie|warte|wart|gedulden sie sich)(?: mal| kurz| eben| bitte)*(?: {_SPANS})?|"
    rf"(?:bleiben sie|bleib){_NOW}(?: {_SPANS})? (?:dran|am apparat|in der leitung)|"
    rf"legen sie{_NOW} nicht auf|nicht auflegen)"
)
_THINK = r"(?:sehen|schauen|nachsehen|nachschauen|überlegen|nachdenken|prüfen)"
_THINGS = r"(?:einen stift|(?:et)?was zu schreiben|meinen? (?:karte|kalender|brille|unterlagen|handy|tasche))"
_READY = (
    rf"(?:lassen sie|lass) (?:mich|mal){_NOW}(?: in meinem kalender)? {_THINK}|"
    rf"ich (?:sehe|seh|schaue|schau|gucke|guck){_NOW} (?:nach|in meine[nm] kalender(?: nach)?)|"
    rf"ich muss(?: kurz| mal| eben| schnell)+ {_THINK}|"
    rf"ich hole(?: mir)?(?: kurz| mal| eben| schnell)+ {_THINGS}|"
    r"ich bin (?:gleich|sofort) (?:wieder da|wieder bei ihnen|zurück)|"
    rf"ich verbinde(?: sie| dich)?{_NOW}(?: mit(?: \w+){{1,3}})?|ich stelle (?:sie|dich){_NOW} durch"
)
_ERRAND = (
    rf"{_READY}|mal sehen|(?:ich muss|lassen sie mich|lass mich)(?: \w+){{0,5}} (?:{_THINK}|suchen|holen)|"
    r"ich (?:schaue|schau|gucke|guck|prüfe|überlege)(?: \w+){0,6}|"
    rf"ich (?:frage|hole|suche){_NOW} (?:(?:mein\w*|nach|jemanden)(?: \w+){{0,4}}|ihn|sie|es|{_THINGS})"
)

GERMAN = Language(
    tag="de",
    always_open=words(
        "der den dem des ein eine einen einem einer eines mein meine meinen meinem meiner ihre ihren ihrem ihrer "
        "sein seine seinen seinem seiner unser unsere unseren unserem unserer kein keine keinen keinem "
        "keiner jeder jede "
        "und oder aber weil dass wenn ob obwohl während sondern sowie beziehungsweise denn falls nachdem bevor damit "
        "von für ohne gegen bei beim zum zur im am vom ins ans seit wegen trotz zwischen "
        "punkt bindestrich unterstrich schrägstrich äh ähm öh hm hmm"
    ),
    particles=words("in an auf aus ab ein mit vor nach zu um über unter durch hinter neben bis los weg"),
    usually_open=words(
        "ist sind war waren bin bist hat habe haben hatte hätte kann könnte können will wollte möchte würde werde wird "
        "soll sollte muss müsste darf dürfte mag ich wir er man wer was wo wie wann warum welche welcher welches "
        "so dann auch nur nicht also das die sehr als ihr"
    ),
    pronouns=words("ich du er sie es wir ihr man ja nein bin ist sind war hab habe mag weiß gern"),
    closed=words(
        "ja nein nee doch okay ok danke bitte tschüss tschüs wiederhören wiedersehen hallo genau richtig stimmt klar "
        "gut gerne gern natürlich perfekt super prima nie stopp"
    ),
    digits=words("null eins ein zwei zwo drei vier fünf sechs sieben acht neun doppel"),
    numbers=words("zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig")
    | {
        one + ten
        for ten in words("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
        for one in ("", *(f"{n}und" for n in words("ein zwei drei vier fünf sechs sieben acht neun")))
    },
    whole_number=10,
    spelling=words(
        "anton berta cäsar dora emil friedrich gustav heinrich ida julius kaufmann ludwig martha nordpol otto "
        "quelle richard samuel siegfried theodor ulrich viktor wilhelm xanthippe ypsilon zacharias zeppelin "
        "alfa bravo charlie delta echo foxtrot"
    ),
    initials=words("z.b u.a d.h u.s o.k"),
    backchannels=phrases(
        "mm, mhm, mm hmm, mmhmm, hm, hmm, aha, ach, ach so, achso, ah, oh, äh, ähm, okay, ok, ja, ja ja, "
        "jaja, jo, jep, "
        "genau, richtig, stimmt, gut, klar, alles klar, na klar, schön, super, prima, toll, verstehe, ich verstehe, "
        "verstanden, ich weiß, natürlich, sicher, in ordnung, na gut, sehr gut, tatsächlich, echt, so so, weiter"
    ),
    asides=words(
        "ja gut ok okay äh ähm hm ach oh also und aber bitte entschuldigung sorry gerne klar sicher danke doch"
    ),
    moment=either(
        _SPAN,
        _WAIT,
        rf"(?:{_SPAN}|{_WAIT})(?: bitte)? (?:{_ERRAND})",
        rf"(?:geben sie|gib|lassen sie|lass) mir{_NOW} {_SPANS}(?: zeit)?",
        rf"ich (?:brauche|brauch|bräuchte){_NOW} {_SPANS}(?: zeit)?",
        rf"(?:haben|hätten) sie{_NOW} {_SPANS} geduld",
        rf"(?:können|könnten|würden|kannst|könntest) (?:sie|du)(?: bitte)?(?: mal)? (?:kurz|{_SPANS})(?: bitte)? "
        r"(?:warten|dranbleiben|dran bleiben)",
        _READY,
    ),
    voicemail=either(
        r"(?:sprechen|sprich|sagen|hinterlassen|hinterlass)\b[^.?!]{0,90} "
        r"(?:nach|mit) dem (?:signal|pieps?|pfeif)?(?:ton|piep)",
        r"nach dem (?:signal|pieps?|pfeif)?(?:ton|piep),? (?:bitte|können|hinterlass\w*|sprechen|sprich|eine)",
        r"(?:nicht (?:da|erreichbar|ans telefon|zu hause|persönlich)|erreicht|verbunden)[^?]{1,120} "
        r"hinterlass(?:t|en sie)? (?:\w+ ){0,3}(?:eine|ihre|deine) (?:\w+ )?nachricht(?! (?:bei|für|an|mit))",
        r"hinterlass(?:t|en sie)? (?:bitte )?(?:mir|uns) (?:bitte )?(?:eine|deine|ihre) (?:kurze )?nachricht",
        r"(?:sprechen|sprich) (?:sie )?(?:\w+ ){0,4}(?:aufs band|auf das band)",
        r"sie haben (?:den|die) (?:anrufbeantworter|mailbox|sprachbox)[^.?!]{0,60} erreicht",
        r"(?:hier|dies|das) ist (?:der|die|mein|meine) (?:anrufbeantworter|mailbox|sprachbox)",
        r"(?:verbunden mit|willkommen (?:auf|bei)) (?:dem|der) (?:anrufbeantworter|mailbox|sprachbox)",
        r"(?:gewünschte|angerufene|von ihnen gewählte|von ihnen angerufene) (?:gesprächs)?"
        r"(?:teilnehmer(?:in)?|partner(?:in)?|person|(?:ruf)?nummer) (?:ist|kann|antwortet|hat)",
        r"kein anschluss unter dieser nummer|diese (?:ruf)?nummer ist (?:\w+ )?(?:nicht vergeben|ungültig)",
        r"ihre nachricht wird aufgezeichnet|zeichnen sie ihre nachricht",
    ),
    hold=either(
        r"ihr anruf ist uns (?:sehr )?wichtig",
        r"alle (?:unsere )?(?:[\w']+ ){0,2}(?:mitarbeiter\w*|plätze|leitungen|berater\w*|agenten|kolleg\w*)"
        r" (?:befinden sich|sind) (?:[\w']+ ){0,5}(?:belegt|gespräch|gesprächen|besetzt|beschäftigt)",
        r"sie sind (?:derzeit |aktuell |momentan )?(?:anrufer )?(?:nummer |auf (?:position|platz) |der |die )?[\w-]+ "
        r"(?:anrufer )?in der (?:warteschleife|warteschlange)",
        r"(?:voraussichtliche|geschätzte|durchschnittliche) wartezeit",
        r"(?:der|die|den) nächste[nr]? freie[nr]? (?:[\w']+ ){0,2}(?:mitarbeiter\w*|berater\w*|agent\w*|platz|leitung)",
        r"ihr anruf wird (?:[\w']+ ){0,4}(?:entgegengenommen|beantwortet|verbunden|weitergeleitet)",
        r"(?:wir|sie werden) (?:verbinden|werden) sie (?:in kürze|schnellstmöglich|mit dem nächsten)",
        r"erhöhtes (?:anruf|gesprächs)aufkommen",
    ),
    hold_unless_human=either(r"bitte (?:bleiben sie|legen sie nicht auf|haben sie (?:noch )?etwas geduld)(?: \w+)*"),
    human=either(r"ich|mich|mir|mein\w*", r"\w+\?"),
    filler="Einen Moment, bitte.",
    apology="Es tut mir leid, bei mir ist etwas schiefgegangen. Könnten Sie das bitte noch einmal sagen?",
    reprompt="Sind Sie noch da?",
    goodbye="Ich kann Sie nicht mehr hören und lege deshalb jetzt auf. Auf Wiederhören.",
    sorry="Es tut mir leid, mit diesem Anruf gibt es ein Problem. Bitte versuchen Sie es später noch einmal.",
    late="Zu Ihrer Frage von vorhin:",
    pairing=(
        "Guten Tag. Hier werden nur Anrufe von freigegebenen Nummern angenommen. Ihr Code lautet: {code}. "
        "Noch einmal: {code}. Sobald er freigegeben ist, rufen Sie bitte wieder an. Auf Wiederhören."
    ),
    digit_names=("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"),
)
