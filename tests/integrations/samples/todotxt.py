"""A small todo.txt: every mark that the format knows, what is done, and lines that are no task."""

FILE = """\
(A) 2026-11-01 Call Zoë +home @phone due:2026-11-20
(B) Pay the rent due:2026-11-18 rec:1m
Water the plants +garden
x 2026-11-17 2026-11-02 Post the parcel @town pri:A
x 2026-10-18 Pay the rent due:2026-10-18 rec:1m

----
(D) Water the plants +garden
""".encode()
TITLES = {"Call Zoë +home @phone", "Pay the rent", "Water the plants +garden"}
