"""German. Accents are folded: ä is a, ö is o, ü is u, ß is ss."""

from agents.writing.lexicon.base import Language, phrases, words

BLAME = phrases(r"""
    uberfallig\w* / verspat\w+ / zu spat / spat dran / langst / schon wieder / immer noch nicht /
    noch immer nicht / (?:hangst|hinkst|liegst|bist) (?:\w+ )?(?:hinterher|zuruck) /
    im ruckstand / im verzug / versag\w* / versaum\w* / verpasst / gescheitert /
    hattest (?:\w+ )*(?:sollen|mussen) / du (?:solltest|musst|sollst) / sie (?:sollten|mussen) /
    musst (?:du|endlich) / keine ausreden? / ausreden? / faul\w* / scham\w* / schuld\w* /
    enttausch\w* / aufgeschoben\w* / aufschieb\w* / vor dir her\w* / vernachlassig\w* /
    vergeude\w* / verschwende\w* / endlich / ein fur alle mal / reiss dich zusammen /
    warum hast du / du hast (?:\w+ )*(?:nicht|nie|wieder|vergessen) / hast du (?:\w+ )*vergessen /
    vergiss (?:\w+ )*nicht / nicht vergessen / alle anderen / andere schaffen / bereu\w* /
    liegen ?gelassen / liegen geblieben / schlechte gewohnheit\w* / wenigstens / streng dich an /
    zum (?:zweiten|dritten|vierten|zehnten) mal
""")

HURRY = phrases(r"""
    beeil\w* / dringend\w* / eilig\w* / eilt / sofort\w* / unverzuglich\w* / umgehend\w* /
    schnell(?:stens|er)? / jetzt oder nie /
    letzte (?:chance|mahnung|erinnerung|gelegenheit|warnung) / hochste zeit /
    (?:die|deine) zeit (?:lauft|rennt|wird knapp) / zeit ist um / lauft ab / frist\w* /
    nur noch (?:\w+ )?(?:sekunden?|minuten?|stunden?|tage?) / nur heute / warte nicht /
    zogere nicht / nicht (?:verpassen|warten|zogern) / bevor es zu spat /
    sonst (?:verlierst|verpasst|ist) / du verlierst / los jetzt / mach schon / hopp / zack /
    notfall / achtung / warnung / wichtig: / so bald wie moglich / schnellstmoglich /
    auf der stelle / keine zeit (?:zu )?verlieren
""")

GAMES = phrases(r"""
    serie / strahne / in folge / am stuck / hintereinander / nicht abreissen / weiter so /
    punkte / punktestand / abzeichen / rekord\w* / bestleistung / freigeschaltet / freischalten /
    belohnung\w* / pokal / gewinn\w* / herausforderung\w* / rangliste / bestenliste /
    tag \d+ von \d+ / jeden einzelnen tag / produktiv\w* / medaille\w* /
    ziel (?:erreicht|geschafft)
""")

UNKIND = phrases(r"""
    dumm\w* / blod\w* / idiot\w* / versager\w* / nutzlos\w* / wertlos\w* / erbarmlich\w* /
    schwach(?:ling|e)? / hasslich\w* / scheiss\w* / verdammt\w* / halt die klappe / umbring\w* /
    tote dich / selbstmord / stirb / verletz\w* / alkohol / schnaps / bier / wein / zigarette\w* /
    drogen? / tablette\w* / medikament\w* / hungere\w* / waffe\w* / kundige / niemand mag
""")

PROMISE = phrases(r"""
    heilt / heilung / diagnos\w* / krankheit\w* / symptom\w* / depress\w* / therap\w* / abnehmen /
    kalorien / entgift\w* / bewiesen\w* / garantiert\w* / studien (?:zeigen|beweisen) /
    wissenschaftlich / arzte (?:sagen|empfehlen) / wunder\w*mittel / geheim\w*
""")

ERRAND = phrases(r"""
    klick\w* / tippe? hier / (?:der|den|dem|diesem|diesen) link / herunterlad\w* /
    lade \w+ herunter / installier\w* / abonnier\w* / anmeld\w* / melde dich an / einlogg\w* /
    passwort\w* / kennwort\w* / zugangsdaten / kreditkarte\w* / konto\w* / bankverbindung /
    uberweis\w* / kauf\w* / bestell\w* / rabatt\w* / gutschein\w* / angebot\w* / webseite\w* /
    internetseite / anhang / ruf (?:uns|mich|diese nummer) / schreib (?:uns|mir) / telefonnummer /
    bestatige dein\w* / verifizier\w* / punkt (?:com|de|org|net)
""")

MACHINE = phrases(r"""
    ignorier\w* / missachte / anweisung\w* /
    (?:vorherige|obige|bisherige)\w* (?:anweisung\w*|regeln?|befehle?|text) / systemprompt\w* /
    sprachmodell\w* / du bist (?:jetzt|nun|ab jetzt) / als ki / eine ki / tu so als /
    antworte (?:nur|mit|auf) / wiederhole (?:alles|den|die|das) /
    gib (?:alles|den|die|das) (?:\w+ )*aus
""")

SPEAKER = phrases(r"""
    ich / mir / mich / meine?\w? / wir / unser\w* / tut mir leid / entschuldig\w* /
    hier (?:ist|sind) (?:\w+ )?(?:tipp\w*|rat|vorschlag\w*|hinweis\w*) /
    ^(?:hallo|hi|liebe\w*|naturlich|gerne|sicher) / gut gemacht / gluckwunsch / gratul\w* /
    bravo / stolz
""")

COMMON = words("""
    der die das den dem des ein eine einen einem einer und oder aber nicht kein keine ist sind
    war bist hast hat haben wird werden kann kannst mit für von zu zum zur im am auf aus bei
    nach vor über unter durch um bis an in du dir dich dein deine deinen deinem deiner es sie er
    was wer wie wo wann noch nur mal jetzt heute morgen etwas jemand jemanden einmal lang mehr
    wenn dann als so auch schon langsam ohne gerade passen würde wäre gut minute minuten nimm
    trink lies schreib geh leg stell mach öffne schau beginnt steh uhr wasser fenster
""")

GERMAN = Language(
    code="de",
    name="German",
    refused={
        "blame": BLAME, "hurry": HURRY, "games": GAMES, "unkind": UNKIND, "promise": PROMISE,
        "errand": ERRAND, "machine": MACHINE, "speaker": SPEAKER,
    },
    common=COMMON,
)  # fmt: skip
