"""Spanish. Accents are folded: ñ is n."""

from agents.writing.lexicon.base import Language, phrases, words

BLAME = phrases(r"""
    atrasad\w* / retrasad\w* / retraso\w* / demasiado tarde / vas tarde / llegas tarde /
    todavia no has / aun no has / sigues sin / otra vez / de nuevo no /
    ya (?:deberias|tendrias|es hora) / deberias / debias / tendrias que / tienes que / debes /
    hay que / tiene que / fracas\w* / fallad[oa]s? / fallaste / sin excusas / excusas? /
    perezos\w* / pereza / vag[oa]s? / verguenza\w* / culpa\w* / decepcion\w* / procrastin\w* /
    descuid\w* / desperdici\w* / perder el tiempo / por fin / de una vez(?: por todas)? /
    no has (?:hecho|terminado|cumplido) / nunca (?:haces|terminas|acabas) /
    siempre (?:lo )?(?:dejas|olvidas) / por que no has / no (?:te )?olvides / no lo olvides /
    olvidaste / te has olvidado / todos los demas / los demas (?:pueden|lo hacen) / arrepent\w* /
    pospuest\w* / pospon\w* / dejado para despues / malos? habitos? / esfuerzate / al menos /
    por (?:segunda|tercera|decima) vez
""")

HURRY = phrases(r"""
    date prisa / deprisa / apresur\w* / apurate / urgen\w* / inmediat\w* / ahora mismo /
    ya mismo / cuanto antes / lo antes posible / ahora o nunca /
    ultima (?:oportunidad|llamada|hora) / ultimo (?:aviso|recordatorio|minuto) /
    se (?:te )?acaba el tiempo / el tiempo (?:corre|vuela|se acaba) /
    (?:solo )?quedan? (?:\w+ )?(?:segundos?|minutos?|horas?|dias?) / fecha limite / plazos? /
    vence / caduca\w* / antes de que sea tarde /
    no (?:esperes|tardes|te lo pierdas|pierdas|dejes pasar) / o si no / perderas / vas a perder /
    solo (?:por )?hoy / rapid[oa]\w* / alerta / atencion: / importante: / emergencia /
    sin demora / cuenta atras / corre
""")

GAMES = phrases(r"""
    racha\w* / seguidos / seguidas / consecutiv\w* / sigue asi / no rompas / puntos / puntuacion /
    insignias? / record / desbloque\w* / recompensas? / trofeos? / gana(?:r|s|ste|dor)? / reto /
    retos / desafios? / clasificacion / dia \d+ de \d+ / sin fallar / productiv\w* /
    objetivo (?:cumplido|logrado) / medallas? / campeon\w* / sube de nivel
""")

UNKIND = phrases(r"""
    estupid\w* / idiota\w* / tont[oa]s? / imbecil\w* / inutil\w* / patetic\w* / perdedor\w* /
    debil\w* / fe[oa]s? / mierda\w* / joder / puta\w* / callate / mata\w* / suicid\w* / muere\w* /
    muerte / hazte dano / alcohol / cerveza / vino / cigarrillos? / drogas? / pastillas? /
    medicament\w* / saltate (?:la |el )?(?:comida|cena|desayuno) / armas? / nadie te quiere
""")

PROMISE = phrases(r"""
    cura / curar / diagnosti\w* / enfermedad\w* / sintoma\w* / depresi\w* / terapia\w* /
    adelgaza\w* / perder peso / calorias / desintoxic\w* / comprobado\w* / demostrado\w* /
    garantizad\w* / los estudios (?:muestran|demuestran) / cientificamente /
    los medicos (?:dicen|recomiendan) / milagro\w* / secreto
""")

ERRAND = phrases(r"""
    haz clic / clic / pincha / (?:el|este|un|mi) enlace / descarga\w* / instala\w* / suscrib\w* /
    registrate / inicia sesion / contrasenas? / clave / tarjeta (?:de credito|bancaria) /
    cuenta bancaria / transferencia / compra\w* / pide ahora / descuentos? / cupon\w* / promo\w* /
    oferta\w* / sitio web / pagina web / archivo adjunto / llama (?:a este|al numero|ahora)\w* /
    llamanos / escribenos / numero de telefono / verifica / punto (?:com|es|org|net)
""")

MACHINE = phrases(r"""
    ignora\w* / instrucci\w* / prompt\w* / mensaje del sistema / modelo de lenguaje / ahora eres /
    como ia / una ia / finge / responde (?:solo|unicamente|con|en) / repite (?:todo|el|la|los) /
    revela\w* / muestra (?:todo|el|la) (?:texto|sistema)
""")

SPEAKER = phrases(r"""
    yo / mi / mis / conmigo / nosotros / nuestr\w* / lo siento / disculp\w* /
    aqui (?:tienes|esta|estan) / ^(?:hola|claro|por supuesto|querid[oa]) / buen trabajo /
    bien hecho / felici(?:dades|tac)\w* / bravo / orgullos\w*
""")

COMMON = words("""
    el la los las un una unos unas de del al a y o pero no que quien qué cómo cuándo dónde donde
    cuando es son era ser estar está están hay haber has ha han con sin para por sobre en entre
    desde hasta antes después tú tu tus te ti su sus se lo le les me este esta esto ese esa eso
    si sí más menos muy algo alguien hoy mañana ahora ya noche día momento buen sería puedes
    puede minuto minutos bebe toma lee escribe camina mira abre cierra haz deja fuera luego dos
    tres cinco diez despacio agua empieza
""")

SPANISH = Language(
    code="es",
    name="Spanish",
    refused={
        "blame": BLAME, "hurry": HURRY, "games": GAMES, "unkind": UNKIND, "promise": PROMISE,
        "errand": ERRAND, "machine": MACHINE, "speaker": SPEAKER,
    },
    common=COMMON,
)  # fmt: skip
