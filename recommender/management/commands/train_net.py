"""manage.py train_net: trains the neural policy's net anew on simulated people, and ships it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from recommender.bandit.net import FILE
from recommender.net_training import steps, train


class Command(BaseCommand):
    help = (
        "Trains the net of the neural policy on simulated people, never on anyone's data. With "
        "--ship it replaces the one that comes with oO. States learned with the old net are then "
        "of another version, and are rebuilt from the ledger."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--people", type=int, default=60, help="of each population")
        parser.add_argument("--decisions", type=int, default=60, help="of each person")
        parser.add_argument("--populations", type=int, default=6, help="of each kind of world")
        parser.add_argument("--hidden", type=int, default=16, help="units of the hidden layer")
        parser.add_argument("--ship", action="store_true", help=f"write {FILE.name}")

    def handle(self, *args: Any, **options: Any) -> None:
        done, of = 0, steps(options["populations"])

        def progress() -> None:
            nonlocal done
            done += 1
            self.stdout.write(f"\r{done}/{of}", ending="\n" if done == of else "")
            self.stdout.flush()

        names = ("seed", "people", "decisions", "populations", "hidden")
        net = train(progress=progress, **{name: options[name] for name in names})
        for name, fact in net.facts.items():
            self.stdout.write(f"{name}: {fact}")
        self.stdout.write(f"net {net.version}")
        if options["ship"]:
            FILE.write_text(net.to_json() + "\n", encoding="utf-8")
            self.stdout.write(f"written to {FILE.name}")
