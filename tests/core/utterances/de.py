"""German: what is said on the telephone, by what it is for."""

from __future__ import annotations

from .reading import listed

BACKCHANNELS = listed("""
    Mhm. | Hm. | Hmm. | Aha. | Ach so. | Ja. | Ja, ja. | Genau. | Okay. | Alles klar. | Ja, genau. | Verstehe.
    Stimmt. | Ach so, okay. | Na klar. | Ja, ich verstehe. | Super. | [Husten]
""")
NO_BACKCHANNELS = listed("""
    Nein. | Stopp. | Moment. | Ja, aber nicht am Montag. | Okay, fünf. | Was? | Wie bitte? | Genau das nicht.
    Hallo? | Ja, am Dienstag. | Gut, und was kostet das? | Um acht. | Nicht wirklich. | 5
""")
MOMENTS = listed("""
    Moment bitte. | Moment. | Einen Moment, bitte. | Einen Augenblick. | Sekunde. | Eine Sekunde, bitte.
    Kleinen Moment noch. | Warten Sie bitte. | Warten Sie kurz. | Warte mal. | Bleiben Sie bitte dran.
    Ich schaue mal nach. | Ich sehe kurz nach. | Lassen Sie mich kurz nachsehen. | Ich bin gleich wieder da.
    Ja, Moment, ich hole sie. | Ich muss kurz überlegen. | Geben Sie mir bitte einen Moment. | Zwei Minuten.
    Könnten Sie bitte einen Moment warten? | Ich verbinde Sie. | Meine Nummer ist, Moment.
    Legen Sie nicht auf. | Moment, ich suche meine Karte. | Moment, mal sehen. | Moment, ich hole was zu schreiben.
    Nur eine Sekunde, ich hole einen Stift.
    Lassen Sie mich überlegen. | Ich hole kurz meine Brille. | Warten Sie, ich schaue in meinen Kalender.
    Bleiben Sie einen Moment dran, ich frage meine Frau. | Können Sie kurz warten? | Ich stelle Sie durch.
    Moment ich muss in meinem Kalender nachsehen | Ich brauche noch eine Minute.
""")
NO_MOMENTS = listed("""
    Haben Sie einen Moment Zeit? | Im Moment nicht. | Das dauert eine Minute. | Ich warte seit einer Minute.
    Moment, das stimmt nicht. | Ich suche ein Hotel in Wien. | Warten Sie auf mich am Eingang.
    Können Sie das nachsehen? | Ich möchte einen Tisch reservieren. | Ja. | Der letzte Moment.
    In einer Minute bin ich da. | Wie lange muss ich warten? | Ich hole das Paket morgen ab.
    Ich rufe gleich zurück. | Ich schaue mal ob ich Dienstag kann. | Ich suche meine Bestellung.
    Ich komme ein paar Minuten später. | Ich hole mein Auto um fünf. | Ich sehe mir die Rechnung an.
    Ich brauche einen zweiten Termin. | Ich bin gleich da. | Ich muss es mir noch überlegen. | Ich muss noch überlegen.
    Mal sehen. | Ich sehe das anders. | Moment, ich sehe das anders. | Ich suche meine Karte, die ist weg.
    Lassen Sie mich ausreden. | Lassen Sie mich das erklären. | Warten Sie noch? | Bleiben Sie beim Dienstag.
    Ich verbinde das mit dem Urlaub. | Ich schaue auf Ihrer Webseite nach dem Preis. | Ein paar Minuten.
    Moment, ich habe eine Frage. | Moment, ich will Sie etwas fragen. | Ich hole meine Tochter um drei ab.
    Ich muss einen Termin suchen. | Moment, ich suche ein Hotel.
""")
VOICEMAIL = listed("""
    Bitte hinterlassen Sie eine Nachricht nach dem Signalton. | Bitte sprechen Sie nach dem Piepton.
    Nach dem Ton, bitte. | Der gewünschte Gesprächspartner ist zurzeit nicht erreichbar.
    Die von Ihnen gewählte Rufnummer ist nicht vergeben. | Hier ist der Anrufbeantworter von Peter Müller.
    Dies ist die Mailbox von Anna. | Hinterlassen Sie nach dem Ton Ihren Namen. | Kein Anschluss unter dieser Nummer.
    Ich bin gerade nicht erreichbar, bitte hinterlassen Sie eine Nachricht.
    Sie sind verbunden mit der Mailbox von Otto. | Der angerufene Teilnehmer antwortet nicht.
    Ihre Nachricht wird aufgezeichnet. | Hallo, hinterlass mir eine Nachricht.
    Ich bin gerade nicht da. Hinterlasst mir eine Nachricht.
    Sie haben die Mailbox von Otto erreicht.
    Nach dem Signalton können Sie eine Nachricht hinterlassen.
""")
HOLD = listed("""
    Ihr Anruf ist uns wichtig. | Ihr Anruf ist uns sehr wichtig, bitte bleiben Sie dran.
    Bitte bleiben Sie in der Leitung. | Alle unsere Mitarbeiter sind im Gespräch.
    Alle Mitarbeiter sind derzeit im Gespräch. | Alle Leitungen sind belegt.
    Derzeit sind alle unsere Plätze belegt, alle Plätze sind belegt.
    Sie sind auf Position drei in der Warteschlange. | Sie sind Nummer drei in der Warteschleife.
    Die voraussichtliche Wartezeit beträgt fünf Minuten. | Der nächste freie Mitarbeiter ist für Sie reserviert.
    Ihr Anruf wird in Kürze entgegengenommen. | Wir haben ein erhöhtes Anrufaufkommen. | Bitte legen Sie nicht auf.
""")
HUMAN = listed("""
    Einen Moment bitte, ich hole sie. | Herr Müller ist gerade nicht da. | Kann ich eine Nachricht hinterlassen?
    Möchten Sie eine Nachricht hinterlassen? | Bitte bleiben Sie dran, ich verbinde.
    Guten Tag, wie kann ich helfen? | Mein Anruf ist wichtig. | Wie lang ist die Warteschlange?
    Er ist nicht erreichbar. | Hallo? | Wir sind im Gespräch. | Ich habe den Ton nicht gehört.
    Das ist mir wichtig. | Nein danke. | Können Sie bitte Ihre Nummer hinterlassen?
    Gern, hinterlassen Sie bitte Ihren Namen und Ihre Nummer, er ruft zurück.
    Die Nummer, die Sie mir gegeben haben, ist nicht erreichbar. | Diese Nummer ist nicht mehr richtig.
    Er ist gerade nicht erreichbar, ich richte ihm Ihre Nachricht aus. | Ich habe nach dem Ton nichts gehört.
    Ich habe auf die Mailbox von Anna gesprochen. | Sie ist nicht erreichbar, möchten Sie eine Nachricht hinterlassen?
    Hinterlassen Sie Ihren Namen. | Hinterlassen Sie eine Nachricht bei meiner Kollegin.
""")
COMPLETE = listed("""
    Ich möchte einen Tisch reservieren. | Wie spät ist es? | Ja. | Nein danke | Ja, das bin ich. | Ja, ich kann.
    Um 10:42. | Ich wohne in Berlin. | Was kostet das? | Rufen Sie mich an! | Wo melde ich mich an?
    Ich bin 1985 geboren. | Genau | Wie heißen Sie? | Das kostet 50 €.
""")
OPEN = listed("""
    Ich möchte einen | Mein Name ist. | Ich wohne in der | Und dann, äh. | Weil. | Das ist für meine
    Ich möchte gerne mit dem | Meine Nummer ist null eins sieben sechs | Meine Nummer ist 0176 | Das ist,
    Ich dachte ... | Ich heiße Anton Berta | Ich buchstabiere M, Ü, L | Können Sie mir sagen, ob | Ich komme von
    Vierundzwanzig, zweiunddreißig | müller punkt
""")
UNCLEAR = listed("""
    Ich hätte gern einen Tisch | Ich rufe Sie an. | 0176 1234 5678
""")
