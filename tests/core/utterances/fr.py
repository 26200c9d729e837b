"""French: what is said on the telephone, by what it is for."""

from __future__ import annotations

from .reading import listed

BACKCHANNELS = listed("""
    Mhm. | Hum. | Oui. | Oui, oui. | Ouais. | D'accord. | Oui, d'accord. | D’accord. | Très bien. | Ok. | Je vois.
    Voilà. | Ah, d'accord. | C'est ça. | Tout à fait. | Bien sûr. | Exactement. | Je comprends. | [toux]
""")
NO_BACKCHANNELS = listed("""
    Non. | Stop. | Attendez. | Oui, mais pas lundi. | D'accord, cinq. | Quoi ? | Comment ? | Allô ? | Mardi.
    À huit heures. | Bon, et combien ça coûte ? | Pas vraiment. | Un instant. | Oui, le deuxième. | 5
""")
MOMENTS = listed("""
    Un instant. | Un instant, s'il vous plaît. | Un instant s’il vous plaît. | Un moment. | Une seconde. | Attendez.
    Attendez un instant. | Attendez une minute, s'il vous plaît. | Ne quittez pas. | Patientez un instant.
    Je regarde. | Laissez-moi voir. | Laissez-moi vérifier mon agenda. | Un instant, je vais regarder. | Je reviens.
    Je reviens tout de suite. | Oui, un petit instant. | Donnez-moi une minute. | Pouvez-vous patienter un instant ?
    Je vous le passe. | Voyons voir. | Mon numéro c'est, attendez. | Ne quittez pas, je vous passe Anne.
    Attendez, je cherche mes lunettes. | Deux secondes. | Vous pouvez attendre une minute ? | Je vérifie mon agenda.
    Laissez-moi prendre un stylo. | Une seconde, je demande à ma femme. | Laissez-moi réfléchir un instant.
    attendez je regarde si je peux mardi | Je vous mets en attente. | Ne raccrochez pas.
""")
NO_MOMENTS = listed("""
    Vous avez un instant ? | Pour le moment, non. | Ça prend une minute. | J'attends depuis une minute.
    Attendez, ce n'est pas ça. | Je cherche un hôtel à Paris. | Attendez lundi.
    Combien de temps dois-je attendre ? | Je voudrais réserver une table. | Oui. | Au dernier moment.
    Je vous rappelle demain. | Pouvez-vous vérifier mon compte ? | Je vous passe commande de deux pizzas.
    J'aurai quelques minutes de retard. | Il me faut un deuxième rendez-vous. | Je cherche ma commande.
    Je vais chercher ma voiture à cinq heures. | Je vais regarder la facture que vous avez envoyée. | J'arrive.
    Je regarde si je peux mardi. | Laissez-moi voir mardi plutôt. | Je vais voir. | Je dois réfléchir.
    Je vais y réfléchir. | Laissez-moi vous expliquer. | Je reviens lundi. | Je vous transfère le mail.
    Quelques minutes. | Je dois demander à mon mari d'abord. | Attendez, je cherche un hôtel. | Je note mardi.
    Attendez, j'ai une question. | Attendez, laissez-moi vous demander une chose. | Je regarde la télé le soir.
    Je vous passe ma commande. | Donnez-moi une minute pour vous expliquer.
""")
VOICEMAIL = listed("""
    Laissez un message après le bip. | Veuillez laisser un message après le signal sonore.
    Parlez après le bip sonore. | Vous êtes bien sur la messagerie de Paul. | Vous êtes sur le répondeur de Marie.
    Laissez-moi un message. | Le correspondant que vous demandez n'est pas disponible.
    La personne que vous appelez n'est pas joignable. | Le numéro que vous avez composé n'est pas attribué.
    Laissez votre message et je vous rappelle. | Enregistrez votre message.
    Je ne suis pas disponible pour le moment, laissez-moi un message.
    Votre correspondant est actuellement indisponible. | Bonjour, vous êtes sur la messagerie vocale de Luc.
    Je ne peux pas vous répondre, laissez un message, je vous rappelle dès que possible.
    Après le bip, laissez vos coordonnées. | Vous êtes bien chez Paul, laissez un message.
    Nous sommes absents. Merci de laisser un message.
""")
HOLD = listed("""
    Votre appel est important pour nous. | Votre appel est très important pour nous.
    Tous nos conseillers sont occupés. | Tous nos conseillers sont actuellement en ligne.
    Toutes nos lignes sont occupées. | Veuillez patienter. | Vous êtes le numéro trois dans la file d'attente.
    Votre temps d'attente est estimé à cinq minutes. | Un conseiller va prendre votre appel.
    Votre appel va être pris en charge. | Merci de patienter. | Veuillez rester en ligne.
    Le prochain conseiller disponible va vous répondre. | Nous allons donner suite à votre appel.
    En raison d'un nombre important d'appels, l'attente est longue. | Un de nos conseillers va vous répondre.
""")
HUMAN = listed("""
    Un instant, je vais la chercher. | Monsieur Martin n'est pas là. | Je peux laisser un message ? | Allô ?
    Vous voulez laisser un message ? | Veuillez patienter, je vous le passe.
    Bonjour, que puis-je faire pour vous ? | Mon appel est important. | La file d'attente est longue ?
    Il n'est pas disponible. | Nous sommes occupés. | Non merci. | Je n'ai rien entendu.
    Je ne suis pas disponible lundi. | Pouvez-vous laisser votre numéro, s'il vous plaît ?
    Bien sûr, laissez votre nom et votre numéro et il vous rappellera. | Laissez-moi votre numéro.
    Le numéro que vous m'avez donné n'est pas bon. | Je ne peux pas vous répondre maintenant, je vous rappelle.
    Il n'est pas disponible, vous voulez laisser un message ? | J'ai parlé après le bip.
    J'ai laissé un message sur la messagerie vocale de Luc. | La personne n'est pas là.
    Il n'est pas disponible, laissez un message à ma collègue.
""")
COMPLETE = listed("""
    Je voudrais réserver une table. | Quelle heure est-il ? | Oui | Non merci | À 10:42. | J'habite à Paris.
    C'est combien ? | Appelez-moi ! | Comment allez-vous ? | Je suis né en 1985. | Exactement | Voilà | D'accord
    Ça coûte 50 €. | Je viens. | S'il vous plaît
""")
OPEN = listed("""
    Je voudrais un | Mon nom est. | J'habite à | Et puis, euh. | Parce que. | C'est pour ma
    Je voudrais parler à la | C'est, | Mon numéro c'est zéro six douze trente-quatre | Mon numéro c'est le 06 12 34
    Je pensais... | Ça s'écrit D, U, P | Je ne sais pas si | J'ai | J’ai | Soixante-dix-huit, cinquante-six
    Il faut que je
""")
UNCLEAR = listed("""
    Je voudrais une table | 06 12 34 56 78 | Zéro six, douze, trente-quatre, cinquante-six, soixante-dix-huit
""")
