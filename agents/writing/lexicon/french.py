"""French. Accents are folded: é is e, ç is c."""

from agents.writing.lexicon.base import Language, phrases, words

BLAME = phrases(r"""
    en retard / trop tard / retards? / deja / toujours pas / encore une fois /
    tu (?:dois|devrais|aurais du) / vous (?:devez|devriez|auriez du) / il faut / il faudrait /
    aurait du / auriez du / echec\w* / echou\w* / rate(?:e|s)? / manque d'effort /
    pas d'excuses? / sans excuses? / excuses / paress\w* / honte\w* / coupab\w* / culpab\w* /
    ta faute / votre faute / decev\w* / decu\w* / procrastin\w* / neglig\w* / gaspill\w* / enfin /
    une fois pour toutes / tu n'as (?:toujours |encore )?(?:pas|rien|jamais) /
    vous n'avez (?:toujours |encore )?(?:pas|rien|jamais) / pourquoi (?:n'as-tu|tu n'as) /
    n'oublie[zs]?(?: pas)? / oublie (?:pas|encore) / oublies encore / tout le monde /
    les autres (?:y arrivent|font|ont) / regrett\w* / laisse (?:trainer|tomber) / repouss\w* /
    remis a plus tard / mauvaises? habitudes? / ressaisis\w* / fais un effort / au moins /
    pour la (?:deuxieme|troisieme|dixieme) fois
""")

HURRY = phrases(r"""
    depech\w* / vite / rapidement / urgen\w* / presse(?:z|-toi|s)? / immediat\w* / tout de suite /
    sur-le-champ / sans (?:attendre|delai|tarder) / maintenant ou jamais /
    derniere (?:chance|minute|relance) / dernier (?:rappel|avertissement|delai) /
    le temps (?:presse|file|est compte) /
    plus que (?:\w+ )?(?:secondes?|minutes?|heures?|jours?) / date limite / echeance\w* /
    expire\w* / avant qu'il ne soit trop tard / n'attends? (?:pas|plus) /
    n'attendez (?:pas|plus) / ne (?:rate|manque|tarde|perds)\w* / ou sinon / sinon tu /
    tu vas (?:perdre|rater|manquer) / aujourd'hui seulement / alerte / attention: / important: /
    au plus vite / des que possible / il est (?:grand )?temps de / compte a rebours / vas-y vite /
    plus une minute
""")

GAMES = phrases(r"""
    d'affilee / de suite / consecutif\w* / consecutives? / serie en cours / ta serie /
    ne (?:brise|casse)\w* / continue comme ca / points / badges? / scores? / record / debloqu\w* /
    recompens\w* / trophees? / gagn\w* / defis? / classement / jour \d+ sur \d+ /
    niveau superieur / sans exception / productiv\w* / productif / objectif atteint /
    medaille\w* / champion\w*
""")

UNKIND = phrases(r"""
    stupid\w* / idiot\w* / imbecile\w* / betes? / nul / nulle / inutile\w* / pathetique /
    minable\w* / faible\w* / moche / merde\w* / putain / connard\w* / ferme-la / ta gueule /
    tue(?:r|-toi|z)? / suicid\w* / meurs / mort / blesse-toi / alcool / biere / vin /
    cigarettes? / drogues? / medicaments? / pilules? /
    saute (?:le |un |ton )?(?:repas|dejeuner|diner) / armes? / demissionne / personne ne t'aime
""")

PROMISE = phrases(r"""
    guerit / guerison / diagnosti\w* / maladies? / symptom\w* / depress\w* / therap\w* /
    perdre du poids / calories / detox\w* / prouve\w* / garanti\w* /
    les etudes (?:montrent|prouvent) / scientifiquement / les medecins (?:disent|recommandent) /
    miracle / secret
""")

ERRAND = phrases(r"""
    clique\w* / (?:le|ce|un|mon) lien / telecharg\w* / install\w* / abonne\w* / inscri\w* /
    connecte-toi / connectez-vous / identifiants? / mot de passe / mots de passe /
    carte (?:bancaire|de credit|bleue) / compte (?:bancaire|en banque) / virement / achete\w* /
    commande(?:r|z)? / promo\w* / reduction\w* / bon d'achat / offre speciale /
    site (?:web|internet) / piece jointe / appelle(?:z)?(?: ce|-nous|-moi| le) ?\w* /
    numero de telephone / verifie(?:z)? (?:ton|votre) / point (?:com|fr|org|net)
""")

MACHINE = phrases(r"""
    ignore(?:z|r)? / instructions? / consignes? / invite systeme / prompt\w* / modele de langage /
    tu es (?:maintenant|desormais) / en tant qu'ia / une ia / fais semblant /
    reponds (?:seulement|uniquement|avec|en) / repete (?:tout|le|la|les) / revele\w* /
    affiche (?:tout|le|la|les)
""")

SPEAKER = phrases(r"""
    je / j'\w+ / moi / mon / ma / mes / nous / notre / nos / desolee? /
    voici (?:\w+ )?(?:conseils?|astuces?|rappels?|suggestions?) /
    ^(?:bonjour|salut|bien sur|certainement|cher|chere) / bien joue / felicit\w* / bravo /
    fiere?s?
""")

COMMON = words("""
    le la les un une des du de d au aux et ou mais ne pas plus que qui quoi dont où ce cet cette
    ces c est sont était être avoir as a ont avec sans pour par sur sous dans en à chez vers
    avant après entre tu te toi ton ta tes vous votre vos il elle on se son sa ses si oui non
    quelque chose quelqu quand comment peux peut serait moment aujourd hui demain maintenant
    soir matin jour lentement minute minutes bois prends lis écris marche regarde ouvre ferme
    pose fais dehors puis deux trois cinq dix commence l qu y
""")

FRENCH = Language(
    code="fr",
    name="French",
    refused={
        "blame": BLAME, "hurry": HURRY, "games": GAMES, "unkind": UNKIND, "promise": PROMISE,
        "errand": ERRAND, "machine": MACHINE, "speaker": SPEAKER,
    },
    common=COMMON,
)  # fmt: skip
