"""What is in the calendars of the sandbox's people: their weeks, and what comes up in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

MO, TU, WE, TH, FR, SA, SU = range(7)
WORKDAYS = (MO, TU, WE, TH, FR)
WHOLE_DAY = ""


@dataclass(frozen=True)
class Habit:
    """Something that is on, on these days of each week; or every so many weeks of them.

    ``at`` is a time of day in the person's zone, empty for whole days. ``kind`` is Google's event
    type; ``answer`` the person's own, where somebody else invited them.
    """

    title: str
    days: tuple[int, ...]
    at: str
    minutes: int = 60
    kind: str = "default"
    free: bool = False
    answer: str = ""
    every: int = 1

    def is_on(self, day: date) -> bool:
        return day.weekday() in self.days and day.toordinal() // 7 % self.every == 0


DIARIES: dict[str, tuple[Habit, ...]] = {
    "amina": (
        Habit("Séminaire d’écologie marine", (TU,), "10:00", 120),
        Habit("Thesis meeting with Prof. Roche", (WE,), "14:30", 45, every=2, answer="accepted"),
        Habit("Lab: plankton counts", (MO, TH), "09:00", 180),
        Habit("Writing, door closed", (FR,), "09:00", 180, kind="focusTime"),
        Habit("Dive club", (SA,), "08:30", 240),
        Habit("Aperitif with the flat", (FR,), "19:30", 120, answer="tentative"),
        Habit("Department party", (TH,), "18:00", 180, answer="declined", every=3),
    ),
    "joao": (
        Habit("Turno da manhã", (MO, TU), "08:00", 480),
        Habit("Turno da noite", (TH, FR), "20:00", 720),
        Habit("Dormir, por favor", (FR, SA), "09:00", 420, kind="outOfOffice"),
        Habit("Futebol com o Rui", (WE,), "19:00", 90, answer="accepted"),
        Habit("Jantar em casa da mãe", (SU,), "13:00", 180),
        Habit("Aniversário da Inês", (SA,), WHOLE_DAY, kind="birthday", every=6),
    ),
    "mei": (
        Habit("Standup, Lantern Coffee", (MO, WE), "10:00", 30, answer="accepted"),
        Habit("Review with Orchid Books", (TH,), "15:00", 60, answer="accepted"),
        Habit("Deep work: identity system", (TU, FR), "09:30", 150, kind="focusTime"),
        Habit("Yoga", (TU, TH), "19:00", 75),
        Habit("Working from the café", (WE,), WHOLE_DAY, kind="workingLocation"),
        Habit("打電話給媽媽", (SU,), "11:00", 45),
        Habit("Cat to the vet", (SA,), "10:30", 60, every=4),
    ),
    "ruth": (
        Habit("School run", WORKDAYS, "08:15", 40, free=True),
        Habit("Return-to-work course", (TU, TH), "10:00", 120),
        Habit("Swimming, the boys", (WE,), "16:15", 60),
        Habit("Interview practice with Ngozi", (FR,), "11:00", 60, answer="accepted"),
        Habit("Parents’ evening", (TH,), "18:30", 90, every=5),
        Habit("Half term", (MO, TU, WE, TH, FR), WHOLE_DAY, kind="outOfOffice", every=7),
    ),
    "harald": (
        Habit("Kolonihagen", (TU, SA), "10:00", 180),
        Habit("Kaffe med gutta fra garasjen", (FR,), "11:00", 90, answer="accepted"),
        Habit("Emma og Jonas", (WE,), "15:30", 150),
        Habit("Legetime", (MO,), "09:15", 30, every=4),
    ),
    "priya": (
        Habit("Leadership standup", WORKDAYS, "09:30", 20, answer="accepted"),
        Habit("1:1 Arjun", (MO,), "11:00", 30, answer="accepted"),
        Habit("1:1 Zoya", (WE,), "11:00", 30, answer="accepted"),
        Habit("Product review", (TU,), "14:00", 90),
        Habit("Investor call", (TH,), "20:30", 45, answer="accepted"),
        Habit("No meetings: the memo", (FR,), "10:00", 180, kind="focusTime"),
        Habit("All hands", (FR,), "16:00", 60),
        Habit("Vendor demo", (WE,), "15:00", 60, answer="declined"),
        Habit("Board meeting", (TH,), "10:00", 180, every=4, answer="accepted"),
        Habit("Out of office: Chennai", (MO, TU), WHOLE_DAY, kind="outOfOffice", every=8),
        Habit("Run", (TU, SA), "06:30", 45, free=True),
    ),
    "sam": (),
}
