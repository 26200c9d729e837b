"""French."""

from __future__ import annotations

from .tables import Language, either, phrases, words

_SPAN = (
    r"(?:(?:juste |encore )?(?:un|une|deux)(?: tout)?(?: petite?)? "
    r"(?:instants?|moments?|secondes?|minutes?)(?: encore)?)"
)
_SPANS = rf"(?:{_SPAN}|quelques (?:instants|secondes|minutes))"
_PLEASE = r"(?: s'il (?:vous|te) plaît)?"
_WAIT = (
    r"(?:attendez voir|attendez|attends|patientez|patiente|ne quittez pas|ne quitte pas|ne raccrochez pas|"
    rf"restez en ligne){_PLEASE}(?: {_SPANS})?"
)
_LET = r"(?:laissez moi|laisse moi)(?: juste)?"
_LOOK = r"(?:voir|regarder|vérifier|réfléchir|noter)"
_READY = (
    rf"{_LET} {_LOOK}(?: ça| (?:dans )?mon agenda)?(?: {_SPAN})?|voyons voir|"
    rf"{_LET} (?:chercher|prendre|trouver) (?:un stylo|de quoi (?:écrire|noter)|ma carte|mon agenda|mes lunettes)|"
    r"je (?:regarde|vérifie)(?: juste| vite| tout de suite)*(?: ça| (?:dans )?mon agenda)?|"
    rf"je reviens(?: tout de suite| de suite| vite| dans {_SPANS})?|je suis à vous (?:tout de suite|dans {_SPANS})|"
    r"je (?:vous|te) (?:(?:le|la|les) passe|mets en attente|transfère(?: (?:au|à|vers)(?: [\w']+){1,3})?)"
)
_ERRAND = (
    rf"{_READY}|(?:{_LET}|je vais|je dois)(?: juste)?(?: le| la| les| y| lui)? "
    rf"(?:{_LOOK}|chercher|demander à m(?:on|a|es))(?! une? )(?! .*(?:vous|demain)(?!\w))(?: [\w']+){{0,6}}|"
    r"je (?:regarde|vérifie|note|(?:demande à|cherche) m(?:on|a|es))(?! .*vous(?!\w))(?: [\w']+){0,6}|je réfléchis|"
    r"je (?:vous|te) passe(?! (?:une |ma )?commande)(?: [\w']+){1,3}|que je (?:regarde|réfléchisse)"
)

FRENCH = Language(
    tag="fr",
    always_open=words(
        "les un une des du de d l mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs ce "
        "cet cette ces "
        "et ou mais car parce que qu quand lorsque si comme puisque dont chaque "
        "à au aux en dans sur sous pour sans par chez vers entre depuis jusqu'à jusque jusqu'au "
        "j'ai j'aimerais j'avais c'est c'était n je j qu'il qu'elle "
        "euh heu ben hum tiret arobase slash"
    ),
    particles=words("avec avant après derrière devant dessus dedans"),
    usually_open=words(
        "est sont était suis es a ont ai avons avez peux peut pouvez voudrais veux veut voulez dois doit devez vais va "
        "allez faut il elle ils elles on nous le la qui quoi où comment pourquoi combien quel quelle quels "
        "très plus aussi alors donc puis ne point"
    ),
    pronouns=words("je tu il elle on nous vous ils elles ça oui non moi"),
    closed=words(
        "oui non ouais si ok okay merci bonjour salut allô exact exactement parfait bien super bon voilà "
        "plaît revoir jamais stop d'accord certainement"
    ),
    digits=words("zéro un deux trois quatre cinq six sept huit neuf double"),
    numbers=words(
        "dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf vingt trente quarante "
        "cinquante soixante "
        "soixante-dix quatre-vingt quatre-vingts quatre-vingt-dix septante huitante nonante"
    )
    | {
        f"{ten}-{one}"
        for ten in words("vingt trente quarante cinquante soixante quatre-vingt")
        for one in words(
            "un et-un deux trois quatre cinq six sept huit neuf onze douze treize quatorze quinze seize "
            "dix-sept dix-huit dix-neuf"
        )
    },
    whole_number=10,
    spelling=words(
        "anatole berthe célestin désiré eugène françois gaston henri irma joseph kléber louis marcel nicolas oscar "
        "pierre quintal raoul suzanne thérèse ursule victor william xavier yvonne zoé tréma cédille"
    ),
    initials=words("y à a"),
    backchannels=phrases(
        "mm, mhm, mm hmm, hm, hmm, hum, ah, ah bon, oh, euh, ok, okay, oui, oui oui, ouais, ouais ouais, "
        "mouais, d'accord, "
        "bien, très bien, bon, voilà, c'est ça, exact, exactement, tout à fait, en effet, bien sûr, je vois, "
        "je comprends, compris, j'ai compris, entendu, super, parfait, ça marche, c'est vrai, je sais, ah oui, "
        "ah d'accord, effectivement, allez y"
    ),
    asides=words(
        "oui ouais ok okay bon bien alors euh ah oh et mais s'il vous te plaît plait merci pardon désolé désolée "
        "excusez moi d'accord"
    ),
    moment=either(
        _SPAN,
        _WAIT,
        rf"(?:{_SPAN}|{_WAIT}){_PLEASE}(?: (?:{_ERRAND}))?",
        rf"(?:donnez|donne|accordez|laissez) moi {_SPANS}|(?:il me faut|j'en ai pour) {_SPANS}",
        rf"(?:vous )?(?:pouvez|pourriez|peux)(?: vous)? (?:patienter|attendre|m'attendre) {_SPANS}",
        _READY,
    ),
    voicemail=either(
        r"(?:laiss\w+|parlez|enregistre[zr])\b[^.?!]{0,90} après le (?:bip|signal|top)",
        r"après le (?:bip|signal|top)(?: sonore)?,? (?:veuillez |merci de )?(?:laiss\w+|parle[zr]|enregistre[zr])",
        r"(?:pas (?:là|disponibles?|joignables?|vous répondre|prendre)|vous êtes (?:bien )?chez|"
        r"absente?s?|injoignables?|indisponibles?)[^?]{1,120} laiss(?:ez|e|er)(?: moi|-moi| nous|-nous)? "
        r"(?:un|votre|ton) message(?! (?:à|pour|de)(?!\w))",
        r"(?:laissez|laisse)[ -](?:moi|nous) (?:un|votre|ton) message|(?:laissez|laisse) (?:votre|ton) message"
        r"(?! (?:à|pour|de)(?!\w))",
        r"enregistrez (?:votre|un) message",
        r"vous êtes (?:bien )?(?:sur|en communication avec) (?:la messagerie|le répondeur|la boîte vocale)",
        r"(?:votre correspondant|(?:le correspondant|la personne|le numéro) que vous "
        r"(?:demandez|appelez|avez (?:composé|demandé|appelé)|(?:cherchez à|essayez de) joindre)) "
        r"(?:n'est pas|n'est plus|ne peut|est (?:actuellement )?(?:injoignable|indisponible))",
    ),
    hold=either(
        r"votre appel est (?:très )?important pour nous",
        r"(?:tous|toutes) (?:nos|les) (?:[\w']+ ){0,2}"
        r"(?:conseillers|conseillères|agents|opérateurs|correspondants|lignes|collaborateurs)(?: [\w']+){0,2} "
        r"(?:sont|se trouvent) (?:[\w']+ ){0,4}(?:occupé\w*|en ligne|en communication)",
        r"vous êtes (?:actuellement )?(?:le |la |en )?(?:numéro |position )?[\w-]+(?: personne|"
        r" appelant)? dans la file d'attente",
        r"(?:votre )?temps d'attente (?:est|estimé|prévu|actuel)",
        r"(?:le|un|d'un|du) (?:prochain (?:conseiller|agent|opérateur)|(?:conseiller|agent|opérateur) disponible)",
        r"votre appel (?:va être|sera) (?:pris|traité|transféré)",
        r"(?:un|l'un de nos|un de nos) (?:conseillers?|agents?|opérateurs?) va (?:prendre|vous répondre|vous prendre)",
        r"(?:nombre|volume) (?:(?:important|élevé) d'appels|d'appels (?:important|élevé))",
        r"nous allons (?:donner suite|prendre|répondre) (?:à )?votre appel",
    ),
    hold_unless_human=either(
        r"(?:veuillez (?:patienter|rester en ligne|ne pas quitter)|merci de (?:patienter|"
        r"bien vouloir patienter|rester en ligne))"
    ),
    human=either(r"je|j'\w+|me|m'\w+|moi|mon|ma|mes|laissez-moi", r"\w+ ?\?"),
    filler="Un instant, s'il vous plaît.",
    apology="Je suis désolé, quelque chose n'a pas fonctionné de mon côté. Pourriez-vous répéter, s'il vous plaît ?",
    reprompt="Êtes-vous toujours là ?",
    goodbye="Je ne vous entends plus, je vais donc raccrocher. Au revoir.",
    sorry="Je suis désolé, il y a un problème avec cet appel. Veuillez réessayer plus tard.",
    late="À propos de votre question précédente :",
    pairing=(
        "Bonjour. Cette ligne n'accepte que les appels de numéros autorisés. Votre code est : {code}. "
        "Je répète : {code}. Dès qu'il aura été approuvé, veuillez rappeler. Au revoir."
    ),
    digit_names=("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"),
)
