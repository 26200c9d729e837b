"""Spanish."""

from __future__ import annotations

from .tables import Language, either, phrases, words

_SPAN = (
    r"(?:(?:solo |sólo |nada más )?(?:un|una|dos) (?:breve |pequeño )?"
    r"(?:momento|momentito|segundos?|segundito|minutos?|minutito|instante)(?: más| nada más)?|momentito)"
)
_SPANS = rf"(?:{_SPAN}|unos (?:segundos|minutos|instantes))"
_WAIT = (
    r"(?:espere|espera|esperen|espéreme|espérame|espérese|aguarde|aguarda|no cuelgue|no cuelgues|no se retire|"
    rf"manténgase en (?:la )?línea)(?: por favor| un poco| tantito)*(?: {_SPANS})?"
)
_LET = r"(?:déjeme|déjame|permítame|permíteme)"
_LOOK = r"(?:ver|mirar|revisar|comprobar|consultar|verificar)"
_SOON = r"(?:ahora mismo|ahora|ya|enseguida|en seguida)"
_READY = (
    rf"{_LET} (?:pensar|{_LOOK}(?:lo)?)(?: eso| (?:en )?mi (?:agenda|calendario|correo))?(?: {_SPAN})?|"
    rf"{_LET} apuntarlo|{_LET} buscar(?:lo| (?:un bolígrafo|un boli|un lápiz|papel|mis gafas|mi (?:tarjeta|agenda)))|"
    rf"veamos|{_SOON} vuelvo|vuelvo {_SOON}|{_SOON} se pone|{_SOON} (?:le|te|se lo|se la) paso|"
    rf"(?:{_SOON} )?(?:le|te) (?:paso|comunico) con(?: \w+){{1,3}}|"
    rf"lo (?:busco|miro|consulto|compruebo) {_SOON}|ahora mismo lo (?:busco|miro|consulto|compruebo)"
)
_ERRAND = (
    rf"{_READY}|a ver|(?:{_LET}|voy a|tengo que) (?:{_LOOK}(?:lo)?|buscar(?:lo|la)?(?! un)|pensar(?:lo)?|"
    r"por mi|por un|preguntar(?:le)? a mi)(?! a | una? )(?! .*(?:mañana|luego|usted)(?!\w))(?: \w+){0,6}|"
    r"(?:lo|la) (?:busco|miro|consulto)|(?:le|te|se lo|se la) paso|"
    r"(?:lo )?estoy (?:mirando|buscando|comprobando)(?: mis? \w+)?"
)

SPANISH = Language(
    tag="es",
    always_open=words(
        "el la los las un una unos unas mi mis tu tus su sus nuestro nuestra nuestros nuestras ese aquel cada "
        "y e o u pero porque cuando mientras aunque que sino pues "
        "de del a al en con por para sin sobre entre hasta desde hacia según contra durante "
        "lo le les me te se nos "
        "guion guión barra eh em ehm mmm"
    ),
    particles=words("si antes después arriba abajo dentro fuera cerca"),
    usually_open=words(
        "es son está están era fue estoy tengo tiene quiero quería quisiera puedo puede hay he ha hemos había voy va "
        "debo debe necesito necesita soy yo qué quién cuál cuándo dónde cómo cuánto como donde muy tan más también "
        "no este punto"
    ),
    pronouns=words("yo tú él ella ello lo la los las usted nosotros ellos ellas sí no ya claro"),
    closed=words(
        "sí no vale ok okay bueno gracias adiós hola claro correcto exacto exactamente perfecto bien favor nunca "
        "cierto dale listo"
    ),
    digits=words("cero uno una dos tres cuatro cinco seis siete ocho nueve doble"),
    numbers=words(
        "diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós "
        "veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve treinta cuarenta cincuenta "
        "sesenta setenta ochenta noventa"
    ),
    whole_number=9,
    spelling=words("be ce de efe ge hache jota ka ele eme ene eñe pe cu erre ese te uve ve equis zeta griega"),
    initials=words("y o a e u p.m a.m"),
    backchannels=phrases(
        "mm, mhm, mm hmm, hm, hmm, ajá, aja, ah, oh, eh, sí, sí sí, sip, ya, ya ya, vale, ok, okay, okey, bueno, bien, "
        "muy bien, claro, claro que sí, por supuesto, exacto, correcto, perfecto, entiendo, ya veo, lo entiendo, "
        "entendido, de acuerdo, así es, cierto, es cierto, es verdad, eso, eso es, genial, lo sé, ya lo sé, siga, dale"
    ),
    asides=words(
        "sí ok okay vale bueno eh em ah oh y pero por favor porfavor perdón disculpe perdone gracias claro pues ya que"
    ),
    moment=either(
        _SPAN,
        _WAIT,
        rf"(?:{_SPAN}|{_WAIT})(?: por favor)?(?: que)? (?:{_ERRAND})",
        rf"(?:deme|dame|déme|denme|me da|regáleme|permítame|permíteme|necesito) {_SPANS}",
        rf"(?:me )?(?:puede|podría|puedes|podrías) (?:esperar|esperarme|aguardar|dar|darme) {_SPANS}",
        _READY,
    ),
    voicemail=either(
        r"(?:deje|deja|grabe|graba|hable|habla|diga)\b[^.?!]{0,90} (?:después|tras|al|luego) (?:de |del )?"
        r"(?:oír |escuchar )?(?:el |la )?(?:señal|tono|pitido|bip)",
        r"(?:después|tras|al|luego) (?:de |del )?(?:oír |escuchar )?(?:el |la )?(?:señal|tono|pitido|bip),? "
        r"(?:por favor,? )?(?:deje|deja|grabe|graba|hable|habla|diga)",
        r"(?<!\w)no (?:puedo|podemos|estoy|estamos|está)[^?]{1,120} (?:deje|deja) (?:un|su|tu) mensaje"
        r"(?! (?:a|para|que|de|con)(?!\w))",
        r"(?:deja (?:un|tu)|deje su|déjame un|déjanos un|déjenos un) mensaje"
        r"(?:$|[.!]|,? y (?:te|le) (?:llam|devolv)\w+)",
        r"(?:grabe|graba) (?:su|tu|un) (?:mensaje|nombre)",
        r"(?:este es el|ha llamado al|está llamando al|comunicado con el|bienvenido al) (?:buzón|contestador)",
        r"(?:la persona|el abonado|el cliente|el usuario|el número|el teléfono|el móvil) (?:al que |a la que |a quien |"
        r"que |con el que )(?:usted )?(?:ha |está )?(?:llama\w*|marca\w*|intenta\w*)[^.?!]{0,30} "
        r"(?:no|se encuentra|está apagado|está fuera)",
    ),
    hold=either(
        r"su llamada es (?:muy )?importante para nosotros",
        r"todos (?:nuestros|los) (?:[\w']+ ){0,2}(?:agentes|operadores|representantes|asesores|ejecutivos|gestores)"
        r"(?: [\w']+){0,3} (?:están|se encuentran) (?:[\w']+ ){0,2}(?:ocupados|atendiendo)",
        r"(?:todas )?nuestras líneas (?:están|se encuentran) (?:[\w']+ )?ocupadas",
        r"(?:usted )?(?:es|está en|ocupa) (?:el|la) (?:número|puesto|posición|lugar|llamada)?(?: número)? ?[\w-]+ "
        r"(?:en|de) la (?:cola|fila|lista de espera)",
        r"(?:su )?tiempo (?:estimado |aproximado )?de espera",
        r"(?:el|un|nuestro) (?:próximo|siguiente|primer) (?:agente|operador|representante|asesor|"
        r"ejecutivo)(?: disponible)?",
        r"su llamada será (?:atendida|contestada|respondida|transferida)",
        r"en breve (?:le atenderá|será atendid[oa]|uno de nuestros)|le atenderemos (?:en breve|lo antes posible)",
        r"alto volumen de llamadas",
    ),
    hold_unless_human=either(
        r"(?:permanezca|manténgase|espere|continúe|quédese) (?:a la espera|en (?:la )?línea|al teléfono)|"
        r"no (?:cuelgue|se retire)"
    ),
    human=either(r"yo|me|mi|mis|conmigo|voy|busco|paso|vuelvo|déjeme|permítame|tengo", r"\w+\?"),
    filler="Un momento, por favor.",
    apology="Lo siento, algo ha fallado por mi parte. ¿Podría repetirlo, por favor?",
    reprompt="¿Sigue ahí?",
    goodbye="Ya no le oigo, así que voy a colgar. Adiós.",
    sorry="Lo siento, hay un problema con esta llamada. Por favor, inténtelo de nuevo más tarde.",
    late="Sobre su pregunta de antes:",
    pairing=(
        "Hola. Esta línea solo acepta llamadas de números autorizados. Su código es: {code}. Lo repito: {code}. "
        "Cuando esté autorizado, vuelva a llamar, por favor. Adiós."
    ),
    digit_names=("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"),
)
