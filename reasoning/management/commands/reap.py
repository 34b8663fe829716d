"""``manage.py reap``: keeps runs moving when workers or the broker fail. Safe when several run."""

import logging
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, connection

from reasoning import tasks
from reasoning.services import (
    bundles,
    comparisons,
    execution,
    heartbeats,
    recovery,
    scheduling,
    search_index,
)
from reasoning.services.heartbeats import Kind

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Requeue runs whose worker is gone and wake workers for runs that wait."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--once", action="store_true", help="sweep once and exit")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            sweep()
            return
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        while not stopping.wait(settings.REAPER_SECONDS):
            sweep_calmly()


def sweep() -> None:
    """One round: lost attempts become traces, and where runs wait somebody is woken."""
    while lost := recovery.recover_lost():
        tasks.wake()  # the first ones go on while others are still being recovered
        for stored in lost:
            trace = stored.trace
            log.warning("run %s: attempt %s was lost", trace.run_id, trace.attempt.number)
    for run_id in recovery.give_up():
        log.warning("run %s: given up at its deadline", run_id)
    if scheduling.anything():
        tasks.wake()
    for export_id in bundles.due():
        tasks.dispatch_export(export_id)
    for request_id in comparisons.due():
        tasks.dispatch_comparison(request_id)
    search_index.catch_up()


def sweep_calmly() -> None:
    """A round that outlives a database restart."""
    try:
        sweep()
        heartbeats.beat(Kind.REAPER, execution.worker_name())
    except (DatabaseError, InterfaceError) as error:
        log.warning("reaper: %s; trying again", type(error).__name__)
        connection.close()
