"""``manage.py rebuild_derived``: makes anew, from the evidence, what searches and charts read.

To be run after evidence was put in without the service (a restore of evidence tables alone), and
when ``core.reading_pace`` or ``core.search_words`` changed. Searches find less until it is done.
"""

from typing import Any

from django.core.management.base import BaseCommand

from reasoning.services import search_index, tallies


class Command(BaseCommand):
    help = "Index all texts for searching, and count everything for the charts, anew."

    def handle(self, *args: Any, **options: Any) -> None:
        tallies.rebuild()
        self.stdout.write("counted for the charts")
        self.stdout.write(f"indexed {search_index.rebuild()} records for searching")
