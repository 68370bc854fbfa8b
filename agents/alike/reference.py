"""Plain phrases that have nothing to do with each other: where a model's middle lies. Pure.

Every model puts all texts into some corner of its space. What these have in common is that corner;
taken away from a title's vector, what is left is what the title is about.
"""

REFERENCE = (
    "see the doctor", "go swimming", "buy vegetables", "roast a chicken", "mop the floor",
    "mend the fence", "sow carrots", "feed the parrot", "refuel the van", "book a ferry",
    "settle the bill", "apply for a permit", "fetch our daughter", "prepare for the test",
    "chair the board meeting", "compile the program", "charge the tablet", "visit my cousin",
    "pick a wedding gift", "rehearse the violin", "hang the laundry", "vote on Sunday",
    "parcel to the post office", "rent a studio", "meditate for ten minutes",
    "Termin beim Augenarzt", "Turnhalle aufschließen", "Mehl und Hefe holen", "Suppe aufwärmen",
    "Treppe wischen", "Zaun ausbessern", "Beete umgraben", "Vogelfutter nachfüllen",
    "Scheibenwischer tauschen", "Fähre buchen", "Rate zahlen", "Antrag stellen",
    "Tochter abholen", "Prüfung anmelden", "Sitzung leiten", "Programm übersetzen",
    "Tablet laden", "Cousin besuchen", "Karte zur Taufe", "Geige üben",
    "acheter des légumes", "laver le sol", "rendre visite à ma cousine", "remplir la demande",
    "comprar verduras", "barrer el suelo", "visitar a mi primo", "rellenar la solicitud",
    "lavare il pavimento", "comprare verdure", "vloer dweilen", "groenten halen",
    "limpar o chão", "comprar legumes", "visitar o primo",
)  # fmt: skip
