"""French."""

from __future__ import annotations

from .tables import Language, either, phrases, words

_SPAN = (
    r"(?:(?:juste|encore|rien qu'|plus qu')? ?(?:un|une|deux|quelques|une petite|un petit|un tout petit) "
    r"(?:petite?s? )?(?:instants?|moments?|secondes?|minutes?|tout petit moment))(?: encore)?"
)
_WAIT = r"(?:attendez|attends|patientez|patiente|ne quittez pas|ne quitte pas|ne raccrochez pas|restez en ligne)"
_NOW = r"(?: juste| voir| vite| rapidement| un peu)*"
_REST = r"(?: [\w']+){0,6}"
_ERRAND = (
    rf"(?:laissez moi|laisse moi|permettez moi de)(?: juste)? "
    rf"(?:le |la |les |y |lui )?(?:voir|regarder|vérifier|chercher|réfléchir|demander|consulter|noter|trouver){_REST}|"
    rf"je (?:vais|dois)(?: juste)? (?:le |la |les |y |lui )?(?:voir|regarder|vérifier|chercher|réfléchir|"
    rf"demander à){_REST}|"
    rf"je (?:regarde|vérifie|cherche|réfléchis|note)(?:{_NOW}| ça| cela| mon [\w']+| ma [\w']+| mes [\w']+|"
    rf" dans [\w' ]+)|"
    rf"je (?:vous|te) (?:le |la |les )?(?:passe|mets en attente|transfère)(?! commande){_REST}|"
    r"je suis (?:en train de (?:chercher|regarder|vérifier)(?: [\w']+){0,3}|(?:à vous|"
    r"de retour) (?:tout de suite|dans [\w' ]+))|"
    r"(?:je reviens|j'arrive)(?: tout de suite| de suite| vite| dans [\w' ]+)?|"
    r"(?:voyons|voyons voir|attendez voir|que je regarde|que je réfléchisse)"
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
        rf"{_SPAN} (?:{_ERRAND})",
        rf"(?:s'il vous plaît )?{_WAIT}(?: s'il vous plaît)?(?: {_SPAN})?(?: (?:{_ERRAND}))?",
        rf"(?:{_SPAN}|{_WAIT}) s'il (?:vous|te) plaît",
        rf"(?:donnez moi|donne moi|accordez moi|laissez moi|il me faut|j'ai besoin d'|j'en ai pour) ?{_SPAN}",
        rf"(?:pouvez vous|pourriez vous|vous pouvez|vous pourriez|tu peux) (?:patienter|attendre|m'attendre) {_SPAN}"
        r"(?: s'il vous plaît)?",
        _ERRAND,
    ),
    voicemail=either(
        r"après le (?:bip|signal|signal sonore|bip sonore|top)",
        r"(?:laissez|laissez-moi|laisser|laisse|laisse-moi|laissez-nous|enregistrez) (?:moi |nous )?"
        r"(?:un|votre|ton|vos) (?:message|nom|coordonnées)(?! (?:à|pour|de)(?!\w))(?<!laisser un message)",
        r"(?:vous êtes (?:bien )?(?:sur|en communication avec)) (?:la messagerie|le répondeur)",
        r"(?:messagerie vocale|répondeur|boîte vocale) (?:de|du|d'|automatique)",
        r"(?:le correspondant|la personne|le numéro|votre correspondant)(?: que vous [^.?!]{1,30})? "
        r"(?:n'est pas|n'est plus|est injoignable|ne peut|est actuellement|est indisponible)(?! là(?! p))",
        r"(?:je ne peux pas|je ne suis pas|nous ne sommes pas|je suis)[^.?!]{0,40}"
        r"(?:vous répondre|disponible|joignable|absent\w*)(?=.{0,300} (?:laissez|message|rappelle))",
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
)
