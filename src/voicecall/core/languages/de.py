"""German."""

from __future__ import annotations

from .tables import Language, either, phrases, words

_SPAN = (
    r"(?:nur |noch |mal )*(?:einen? |'n |n |ein paar |zwei )?(?:ganz )?(?:kurzen? |kleinen? )?"
    r"(?:moment|momentchen|augenblick|sekunden?|sekündchen|minuten?|minütchen)(?: noch| mal)?"
)
_WAIT = r"(?:warten sie|warte|wart|bleiben sie|bleib|halten sie|gedulden sie sich|geduld)"
_NOW = r"(?: mal| eben| kurz| schnell| gerade| grad| nur| noch| da| hier| jetzt| gleich| bitte)*"
_REST = r"(?: [\w']+){0,6}"
_ERRAND = (
    rf"ich (?:sehe|seh|schaue|schau|gucke|guck|prüfe|überlege){_NOW} (?:mal|nach|eben|kurz|schnell|gerade|"
    rf"das|es|in|im|ob){_REST}|"
    rf"ich (?:hole|hol|suche|such){_NOW} (?:ihn|sie|es|meine|meinen|mein|mir|jemanden|einen stift|"
    rf"was zu schreiben){_REST}|"
    rf"ich (?:verbinde|stelle){_NOW} (?:sie|dich){_NOW}(?: durch| weiter| mit{_REST})?|"
    rf"ich (?:muss|müsste|werde|will|möchte){_NOW}(?: [\w']+){{0,4}} "
    r"(?:nachsehen|nachschauen|nachgucken|nachdenken|überlegen|suchen|holen)|"
    rf"lassen sie mich{_NOW}(?: [\w']+){{0,4}} (?:sehen|nachsehen|schauen|nachschauen|überlegen|nachdenken|prüfen)|"
    rf"(?:ich )?(?:muss|muß){_NOW} (?:überlegen|nachsehen|nachschauen)|"
    r"ich bin (?:gleich|sofort)(?: wieder)? (?:da|zurück|bei ihnen|so weit|soweit)|"
    r"(?:mal|lass mal|lassen sie mal) (?:sehen|schauen|gucken|überlegen)"
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
        rf"{_SPAN}(?: bitte)? (?:{_ERRAND})",
        rf"(?:{_WAIT}){_NOW}(?: {_SPAN})?(?: dran| am apparat| in der leitung)?(?: {_SPAN})?",
        rf"(?:geben|gib|gebt|lassen) (?:sie )?(?:mir|mich){_NOW} {_SPAN}(?: zeit)?",
        rf"(?:haben|hätten) sie{_NOW} {_SPAN} geduld",
        rf"(?:könnten|können|würden|kannst|könntest) (?:sie|du){_NOW} {_SPAN}{_NOW} (?:warten|dranbleiben|"
        rf"dran bleiben)",
        rf"ich (?:brauche|brauch|bräuchte){_NOW} {_SPAN}(?: zeit)?",
        r"(?:nicht|bitte nicht) auflegen|legen sie (?:bitte )?nicht auf",
        _ERRAND,
    ),
    voicemail=either(
        r"(?:nach|mit) dem (?:signalton|piepton|ton|pfeifton|piep)",
        r"hinterlassen sie (?:\w+ ){0,5}(?:nachricht|namen)|hinterlass (?:\w+ ){0,4}nachricht",
        r"(?:sprechen|sprich) (?:sie )?(?:\w+ ){0,4}(?:aufs band|auf das band|nachricht)",
        r"(?:dies|das|hier) ist (?:der|die|mein) (?:anrufbeantworter|mailbox|sprachbox)",
        r"(?:anrufbeantworter|mailbox|sprachbox) von",
        r"(?:der|die) (?:gewünschte|angerufene|von ihnen gewählte) (?:gesprächs)?(?:teilnehmer(?:in)?|partner|"
        r"person|rufnummer) "
        r"(?:ist|ist zurzeit|kann|antwortet|hat)",
        r"(?:die von ihnen gewählte|diese) (?:ruf)?nummer ist (?:\w+ ){0,2}(?:nicht|ungültig)",
        r"(?:zurzeit|zur zeit|momentan|im moment|gerade|derzeit) (?:leider )?nicht (?:persönlich "
        r")?(?:erreichbar|ans telefon)"
        r"(?=.{0,300}nachricht)",
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
)
