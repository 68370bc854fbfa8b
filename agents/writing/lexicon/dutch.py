"""Dutch. Accents are folded: é is e, ë is e."""

from agents.writing.lexicon.base import Language, phrases, words

BLAME = phrases(r"""
    achterstallig\w* / te laat / over tijd / verlopen / achterop /
    (?:loopt|ligt|raakt|bent) (?:\w+ )?achter / achterstand\w* / al (?:lang|weken|dagen|maanden) /
    nog steeds niet / alweer / weer niet / had (?:\w+ )?(?:moeten|gemoeten) /
    je (?:moet|zou moeten|hoort) / u moet / moet je / moeten / gefaald\w* / faal\w* / mislukt\w* /
    gemist / geen (?:excuus|smoesjes|uitvluchten) / excuus / smoesjes? / lui / luie / luiheid /
    schaam\w* / schaamte / schuld\w* / teleurstel\w* / teleurgesteld\w* / uitgesteld\w* /
    uitstel\w* / stel(?:t)? (?:het |dit )?(?:steeds |weer )?uit / voor je uit / verwaarlo\w* /
    verspil\w* / eindelijk / voor eens en altijd / je hebt (?:\w+ )*(?:niet|nooit|weer|vergeten) /
    waarom heb je / vergeet (?:\w+ )*niet / niet vergeten / vergeten /
    iedereen (?:anders )?(?:kan|doet|heeft) / anderen (?:kunnen|doen) / spijt /
    slechte gewoonte\w* / verman je / doe je best / tenminste /
    voor de (?:tweede|derde|tiende) keer / blijven liggen
""")

HURRY = phrases(r"""
    haast\w* / schiet op / opschieten / dringend\w* / spoed\w* / urgent\w* / onmiddellijk\w* /
    meteen / direct / nu of nooit / laatste (?:kans|herinnering|waarschuwing|oproep) / hoog tijd /
    de tijd (?:dringt|tikt|loopt) / je tijd is om /
    nog maar (?:\w+ )?(?:seconden?|minuten?|minuut|uur|uren|dag|dagen) / deadlines? /
    uiterste datum / verloopt / voor het te laat is / wacht niet /
    niet (?:wachten|missen|aarzelen) / mis (?:\w+ )?niet / anders (?:verlies|mis) / je verliest /
    alleen vandaag / snel(?:ler)? / zo snel mogelijk / let op / waarschuwing / belangrijk: /
    noodgeval / zonder uitstel / tik tak / vooruit / kom op
""")

GAMES = phrases(r"""
    reeks / op rij / achter elkaar / achtereen\w* / ga zo door / hou(?:d)? vol /
    onderbreek \w+ niet / punten / score\w* / badges? / record\w* / ontgrendel\w* / beloning\w* /
    trofee\w* / gewonnen / winnaar\w* / win / uitdaging\w* / ranglijst / dag \d+ van \d+ /
    elke dag zonder / productief\w* / productiviteit / doel (?:bereikt|gehaald) / medaille\w* /
    kampioen\w*
""")

UNKIND = phrases(r"""
    dom / domme / stom\w* / idioot\w* / sukkel\w* / mislukkeling\w* / nutteloos\w* /
    waardeloos\w* / zielig\w* / zwak\w* / lelijk\w* / klote\w* / verdomme / godver\w* /
    hou je (?:mond|bek) / zelfmoord / dood\w* / maak jezelf / sterf / alcohol / bier\w* / wijn /
    sigaret\w* / drugs / pillen / medicijn\w* / sla (?:\w+ )?(?:maaltijd|ontbijt|lunch)\w* over /
    wapens? / neem ontslag / niemand (?:houdt|mag)
""")

PROMISE = phrases(r"""
    geneest / genezing / diagnos\w* / ziektes? / symptomen / depress\w* / therap\w* / afvallen /
    calorieen / ontgift\w* / bewezen / gegarandeerd\w* / garantie / onderzoek (?:toont|bewijst) /
    wetenschappelijk / artsen (?:zeggen|raden) / wondermiddel / geheim
""")

ERRAND = phrases(r"""
    klik\w* / tik hier / (?:de|deze|een) link / download\w* / installeer\w* / abonneer\w* /
    meld je aan / inloggen / log in / wachtwoord\w* / inloggegevens / creditcard\w* /
    bankrekening\w* / rekeningnummer / overmaken / maak geld over / koop\w* / bestel\w* /
    korting\w* / aanbieding\w* / kortingscode / website\w* / webpagina / bijlage\w* /
    bel (?:ons|mij|dit nummer|nu) / telefoonnummer / bevestig je / verifieer /
    punt (?:com|nl|org|net)
""")

MACHINE = phrases(r"""
    negeer\w* / instructies? / opdrachten? hierboven / vorige (?:instructies?|regels?|tekst) /
    systeemprompt\w* / taalmodel\w* / je bent (?:nu|voortaan) / als ai / een ai / doe alsof /
    antwoord (?:alleen|met|in) / herhaal (?:alles|de|het) / onthul\w* /
    geef (?:alles|de|het) \w+ weer
""")

SPEAKER = phrases(r"""
    ik / mij / mijn / wij / we / onze / sorry / het spijt /
    hier (?:is|zijn|heb je) (?:\w+ )?(?:tips?|advies|suggestie\w*|herinnering\w*) /
    ^(?:hallo|hoi|beste|natuurlijk|zeker|graag) / goed gedaan / goed bezig / gefeliciteerd /
    bravo / trots
""")

COMMON = words("""
    de het een en of maar niet geen is zijn was ben bent heb hebt heeft had wordt worden kan kun
    kunt zal zou met voor van naar op in uit bij om door over onder tot aan te je jij jou jouw u
    uw hij zij ze dit dat deze die wat wie hoe waar wanneer nog eens nu vandaag morgen iets
    iemand even dan als zo ook er hier daar lang langzaam zonder goed moment minuut minuten neem
    drink lees schrijf loop kijk open doe leg zet buiten twee drie vijf tien water raam rustig
    begint avond uur
""")

DUTCH = Language(
    code="nl",
    name="Dutch",
    refused={
        "blame": BLAME, "hurry": HURRY, "games": GAMES, "unkind": UNKIND, "promise": PROMISE,
        "errand": ERRAND, "machine": MACHINE, "speaker": SPEAKER,
    },
    common=COMMON,
)  # fmt: skip
