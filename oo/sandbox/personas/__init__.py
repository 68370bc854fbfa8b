"""The people of the sandbox world. Invented, all of them; their mail addresses cannot exist."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Persona:
    """Somebody to sign in as. Their task list is ``lists/<id>.txt``."""

    id: str
    name: str
    email: str
    time_zone: str
    line: str
    user_id: str
    google_sub: str
    start_day: int = 1

    @property
    def given_name(self) -> str:
        return self.name.partition(" ")[0]

    @property
    def family_name(self) -> str:
        return self.name.partition(" ")[2]


PERSONAS = (
    Persona(
        id="amina",
        name="Amina Diallo",
        email="amina.diallo@example.com",
        time_zone="Europe/Paris",
        line="Student of marine biology in Marseille, with a thesis under water.",
        user_id="48100231",
        google_sub="104817392650183746201",
    ),
    Persona(
        id="joao",
        name="João Ferreira",
        email="joao.ferreira@example.com",
        time_zone="Europe/Lisbon",
        line="Nurse on rotating shifts in Lisbon, who sleeps when others work.",
        user_id="48100457",
        google_sub="108263540917264830552",
    ),
    Persona(
        id="mei",
        name="Mei Lin",
        email="mei.lin@example.com",
        time_zone="Asia/Taipei",
        line="Freelance designer in Taipei: two clients, one cat, unpaid invoices.",
        user_id="48100862",
        google_sub="112904718263549081723",
    ),
    Persona(
        id="ruth",
        name="Ruth Adeyemi",
        email="ruth.adeyemi@example.com",
        time_zone="Europe/London",
        line="Mother of two in Leeds, going back to work after five years.",
        user_id="48101013",
        google_sub="101736284950172638494",
    ),
    Persona(
        id="harald",
        name="Harald Nygård",
        email="harald.nygard@example.com",
        time_zone="Europe/Oslo",
        line="Retired bus driver in Oslo with an allotment and two grandchildren.",
        user_id="48101294",
        google_sub="115028374619283746505",
    ),
    Persona(
        id="priya",
        name="Priya Raman",
        email="priya.raman@example.com",
        time_zone="Asia/Kolkata",
        line="Founder of a young company in Bengaluru, with a backlog that won.",
        user_id="48101648",
        google_sub="107364829105736482916",
    ),
    Persona(
        id="sam",
        name="Sam Okafor",
        email="sam.okafor@example.com",
        time_zone="America/Chicago",
        line="Fresh start: has just opened an account, and the list is empty.",
        user_id="48101975",
        google_sub="118293746501928374657",
        start_day=7,
    ),
)

BY_ID = {persona.id: persona for persona in PERSONAS}
BY_EMAIL = {persona.email: persona for persona in PERSONAS}
