"""Spanish: what is said on the telephone, by what it is for."""

from __future__ import annotations

from .reading import listed

BACKCHANNELS = listed("""
    Mhm. | Ajá. | Sí. | Sí, sí. | Vale. | Vale, vale. | Claro. | Ya. | Ya veo. | De acuerdo. | Muy bien. | Ok.
    Entiendo. | Sí, claro. | Exacto. | Por supuesto. | Así es. | [tos]
""")
NO_BACKCHANNELS = listed("""
    No. | Pare. | Espere. | Sí, pero no el lunes. | Vale, cinco. | ¿Qué? | ¿Cómo? | Claro que no. | ¿Hola?
    El martes. | Bien, ¿y cuánto cuesta? | A las ocho. | La verdad es que no. | Un momento. | 5
""")
MOMENTS = listed("""
    Espere. | Espere un momento, por favor. | Un momento. | Un momentito. | Un segundo, por favor. | Momentito.
    Espera, que voy a mirar. | Déjeme ver. | Déjeme mirar. | Permítame un momento. | Deme un minuto. | Ahora vuelvo.
    Sí, un momento. | ¿Puede esperar un momento? | No cuelgue, por favor. | Espere, ya se lo paso.
    Lo busco ahora. | Mi número es, espere. | Espere, estoy buscando mi tarjeta. | Espéreme un segundito.
    Un momento, ahora se pone. | Dos minutos. | Espere, a ver. | Un segundo, voy a por mi agenda.
    Déjeme consultar mi agenda. | Déjeme buscar un bolígrafo. | Le paso con Ana. | Vuelvo enseguida.
    un momento voy a preguntar a mi mujer | Espere, déjeme ver si puedo el martes. | Déjeme pensar un momento.
""")
NO_MOMENTS = listed("""
    ¿Tiene un momento? | En este momento no. | Tarda un minuto. | Llevo un minuto esperando.
    Espere, eso no es correcto. | Estoy buscando un hotel. | Espere al lunes. | ¿Cuánto tengo que esperar?
    Voy a ver a mi madre el lunes y luego no. | Quiero reservar una mesa. | Sí. | El último momento.
    Le llamo mañana. | ¿Puede mirar mi cuenta? | Llegaré unos minutos tarde. | Necesito una segunda cita.
    Estoy buscando mi pedido. | Déjeme ver el martes mejor. | Voy a buscar el coche a las cinco. | A ver.
    Voy a mirar la factura que me envió. | Voy a ver si puedo el martes. | Otro momento. | Unos minutos.
    Tengo que pensarlo. | Déjeme pensarlo y le llamo. | Déjeme explicarle. | Espere, déjeme preguntarle algo.
    Le paso mi número. | Lo busco para mi hija. | Estoy mirando un vuelo a Lima. | Ya lo miro yo mañana.
    Tengo que consultarlo con mi marido. | Espere, estoy buscando un hotel. | Espere, tengo una pregunta.
    Deme un minuto para explicarle.
""")
VOICEMAIL = listed("""
    Deje su mensaje después de la señal. | Por favor, deje un mensaje después del tono, tras la señal.
    Grabe su mensaje. | El número que usted ha marcado no existe. | Este es el buzón de voz de Ana.
    Ha llamado al contestador de Juan. | La persona a la que llama no está disponible.
    El teléfono al que llama está apagado o fuera de cobertura. | Después de oír la señal, hable.
    Al escuchar el tono, grabe su nombre. | Deja tu mensaje y te llamo. | Ahora no puedo atenderte, deja un mensaje.
    Deje su nombre y su número después de la señal. | Deje su mensaje después del tono. | Déjame un mensaje.
    El abonado no está disponible. Por favor, deje un mensaje.
""")
HOLD = listed("""
    Su llamada es importante para nosotros. | Su llamada es muy importante para nosotros, no cuelgue.
    Todos nuestros agentes están ocupados. | Todos nuestros operadores se encuentran ocupados.
    No cuelgue, por favor. | Todas nuestras líneas están ocupadas. | Usted es el número tres en la cola.
    Es el número 3 en la fila. | El tiempo de espera estimado es de cinco minutos, tiempo estimado de espera.
    Su llamada será atendida en breve. | Le atenderá el próximo agente disponible. | Permanezca a la espera.
    Por favor, manténgase en línea. | En breve le atenderá uno de nuestros agentes.
    Estamos recibiendo un alto volumen de llamadas.
""")
HUMAN = listed("""
    Un momento, por favor, voy a buscarla. | El señor Pérez no está. | ¿Puedo dejar un mensaje?
    ¿Quiere dejar un mensaje? | No cuelgue, le paso. | Buenos días, ¿en qué puedo ayudarle?
    Mi llamada es importante. | ¿Es larga la cola? | No está disponible. | ¿Hola? | Estamos ocupados.
    No he oído nada. | Deje su mensaje para Juan. | Le dejé un mensaje en el buzón de voz. | No, gracias.
    ¿Puede dejar su número, por favor? | Claro, deje su nombre y su número y él le llamará.
    El número que me dio no funciona. | Deje su nombre y su número. | Ahora no puedo atenderle, le llamaré luego.
    No está disponible, ¿quiere dejar un mensaje? | Dejé un mensaje después de la señal.
    No está disponible, deje un mensaje para él conmigo. | La persona que busca no está.
""")
COMPLETE = listed("""
    Quiero reservar una mesa. | ¿Qué hora es? | Sí | No, gracias | Sí, quiero. | Sí, lo soy. | A las 10:42.
    Vivo en Madrid. | ¿Cuánto es? | ¡Llámeme! | ¿Cómo está? | Nací en 1985. | Exacto | Sí, puedo. | Cuesta 50 €.
""")
OPEN = listed("""
    Quiero una | Mi nombre es. | Vivo en | Y entonces, eh. | Porque. | Es para mi | Me gustaría hablar con el
    Eso es, | Mi número es seis uno dos | Mi número es 612 | Pensaba que... | Se escribe ge, a, erre
    ¿Me puede decir si es que | De. | Se escribe P, É, R | Cuarenta y | Treinta y cinco, veintidós | Quisiera que
""")
UNCLEAR = listed("""
    Quisiera una mesa | 612 345 678
""")
