"""Spanish."""

from __future__ import annotations

from .tables import Language, either, phrases, words

_SPAN = (
    r"(?:solo |sólo |nada más |por )?(?:un|una|dos|unos|unas|otro) (?:breve |pequeño )?"
    r"(?:momento|momentos|momentito|segundo|segundos|segundito|minuto|minutos|minutito|instante|ratito|rato)"
    r"(?: más| nada más)?|momentito"
)
_WAIT = r"(?:espere|espera|esperen|espéreme|espérame|espérese|aguarde|aguarda|aguante|aguanta)"
_REST = r"(?: [\w']+){0,6}"
_ERRAND = (
    rf"(?:déjeme|déjame|deje que|permítame|permíteme) (?:que )?"
    rf"(?:ver|ve[ar]|mirar|mire|revisar|revise|comprobar|compruebe|consultar|consulte|pensar|piense|"
    rf"pensarlo|buscar|buscarlo|"
    rf"busque|preguntar|pregunte|verificar|verifique|apuntar|apunte){_REST}|"
    rf"(?:voy a|tengo que) (?:ver|mirar|revisar|comprobarlo|consultarlo|pensarlo|buscarlo|buscarla|mirarlo|verlo|"
    rf"por mi|por un|preguntarle)(?! un hotel| una mesa){_REST}|"
    rf"(?:ahora|ya|enseguida|en seguida) (?:mismo )?(?:vuelvo|vengo|se lo paso|se la paso|le paso|"
    rf"le atiendo|la busco|lo busco|"
    rf"lo miro|miro|busco|reviso|se pone){_REST}|"
    rf"(?:lo|la|le|se lo|se la) (?:busco|miro|paso|consulto|reviso|comunico)(?: ahora| ya| enseguida| con{_REST})?|"
    rf"(?:estoy|lo estoy) (?:mirando|mirándolo|buscando|buscándolo|comprobando|comprobándolo|pensando)(?: mi [\w']+)?|"
    r"(?:a ver|vamos a ver|veamos)"
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
        rf"(?:{_SPAN})(?: por favor)?(?: que)? (?:{_ERRAND})",
        rf"{_WAIT}(?: por favor| un poco| ahí| tantito| nada más| en línea|"
        rf" en la línea)*(?: (?:{_SPAN}))?(?: que)?(?: (?:{_ERRAND}))?",
        rf"(?:deme|dame|déme|denme|me da|regáleme|permítame|permíteme|necesito|concédame) (?:{_SPAN})",
        rf"(?:puede|podría|puedes|podrías|me puede|me podría) (?:esperar|esperarme|aguardar|dar|darme) (?:{_SPAN})",
        r"(?:no cuelgue|no cuelgues|manténgase en línea|no se retire|no se vaya)",
        _ERRAND,
    ),
    voicemail=either(
        r"(?:después de|tras|al oír|al escuchar|luego de) (?:oír |escuchar )?(?:la señal|el tono|el pitido|el bip)",
        r"después del (?:tono|pitido|bip)",
        r"(?:deje|dejen|deja|grabe|graba) (?:aquí )?(?:su|un|tu|el) (?:mensaje|nombre|recado)"
        r"(?! (?:a|para|que|de)(?!\w))",
        r"(?:es el|este es el|llamado al|llamando al|comunicado con el|bienvenido al) (?:buzón|contestador)",
        r"(?:la persona|el abonado|el cliente|el usuario|el número|el teléfono|el móvil) (?:al |a la |"
        r"a quien |que |con el que )"
        r"(?:que |cual )?(?:usted )?(?:ha |está )?(?:llama\w*|marca\w*|intenta\w*)[^.?!]{0,30} "
        r"(?:no|se encuentra|está apagado|está fuera|esta apagado)",
        r"no (?:puedo|podemos) (?:atenderle|atenderte|atender su llamada|atender tu llamada|contestar|"
        r"atender el teléfono)"
        r"(?=.{0,300}(?:mensaje|llamaré|llamaremos))",
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
)
