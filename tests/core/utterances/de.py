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
    Ja, Moment, ich hole sie. | Ich muss kurz überlegen. | Geben Sie mir bitte einen Moment.
    Könnten Sie bitte einen Moment warten? | Ich verbinde Sie. | Mal sehen. | Meine Nummer ist, Moment.
    Legen Sie nicht auf. | Ich suche meine Karte.
""")
NO_MOMENTS = listed("""
    Haben Sie einen Moment Zeit? | Im Moment nicht. | Das dauert eine Minute. | Ich warte seit einer Minute.
    Moment, das stimmt nicht. | Ich suche ein Hotel in Wien. | Warten Sie auf mich am Eingang.
    Können Sie das nachsehen? | Ich möchte einen Tisch reservieren. | Ja. | Der letzte Moment.
    In einer Minute bin ich da. | Wie lange muss ich warten? | Ich hole das Paket morgen ab.
    Ich rufe gleich zurück.
""")
VOICEMAIL = listed("""
    Bitte hinterlassen Sie eine Nachricht nach dem Signalton. | Bitte sprechen Sie nach dem Piepton.
    Nach dem Ton, bitte. | Der gewünschte Gesprächspartner ist zurzeit nicht erreichbar.
    Die von Ihnen gewählte Rufnummer ist nicht vergeben. | Hier ist der Anrufbeantworter von Peter Müller.
    Dies ist die Mailbox von Anna. | Hinterlassen Sie Ihren Namen.
    Ich bin gerade nicht erreichbar, bitte hinterlassen Sie eine Nachricht.
    Sie sind verbunden mit der Mailbox von Otto. | Der angerufene Teilnehmer antwortet nicht.
    Ihre Nachricht wird aufgezeichnet. | Hallo, hinterlass mir eine Nachricht.
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
    Das ist mir wichtig. | Nein danke.
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
