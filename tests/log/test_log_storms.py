"""Sequencers killed, the server stopped hard, many writers: nothing missing, nothing twice."""

import os
import random
import signal
import threading
import time

import psycopg
from django.db import DatabaseError, InterfaceError, connection

from tests.log.ledger import INSERT, drain, rederive, sequencer

SECONDS = float(os.environ.get("LOG_STORM_SECONDS", "8"))
WRITERS = 64
STEPS = ["locked", "leaves", "tiles", "head", "sequenced", "signing", "recorded", "published"]


def test_the_server_stops_hard_at_every_step(durable_ledger, unplugged):
    drain(sequencer())
    expected = []
    for step in STEPS:
        expected += durable_ledger.write_at_once(280)

        def pull_the_plug(name, step=step):
            if name == step:
                unplugged.stop_hard()

        try:
            sequencer(pull_the_plug).advance()
        except (DatabaseError, InterfaceError):
            connection.close()
        connection.close()
        unplugged.start()
        drain(sequencer())
        assert durable_ledger.entries_by_leaf() == expected
    assert rederive(durable_ledger) == 280 * len(STEPS)


class Writers:
    """Threads that commit entries, each over a connection of its own, until told to stop."""

    def __init__(self, ledger):
        self._ledger = ledger
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]
        self.acknowledged = []

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _write(self):
        while not self._stopping.is_set():
            try:
                with self._ledger.connect() as connection:
                    self._write_over(connection)
            except psycopg.OperationalError:
                time.sleep(0.1)

    def _write_over(self, connection):
        while not self._stopping.is_set():
            (row,) = connection.execute(INSERT, [os.urandom(40)]).fetchall()
            self.acknowledged.append(row[0])
            time.sleep(0.02)


def wait_for_growth(ledger):
    """A sequencer is at work: it has placed something since."""
    size, deadline = ledger.size(), time.monotonic() + 60
    while ledger.size() == size:
        assert time.monotonic() < deadline, "nothing is sequenced"
        time.sleep(0.01)


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_killed_sequencers_among_many_writers(durable_ledger, unplugged):
    """Two of them, killed at random, and the server stopped hard half way."""
    chance = random.Random(20261123)
    processes = [durable_ledger.start("sequence") for _ in range(2)]
    kills, stopped = 0, False
    with Writers(durable_ledger) as writers:
        end = time.monotonic() + SECONDS
        while (left := end - time.monotonic()) > 0 or not stopped:
            wait_for_growth(durable_ledger)
            time.sleep(chance.uniform(0, 0.3))
            victim = chance.randrange(2)
            kill(processes[victim])
            processes[victim] = durable_ledger.start("sequence")
            kills += 1
            if not stopped and left < SECONDS / 2:
                unplugged.stop_hard()
                unplugged.start()
                stopped = True
    for process in processes:
        kill(process)
    drain(sequencer())
    assert len(writers.acknowledged) > WRITERS
    assert kills > 1
    missing = set(writers.acknowledged) - set(durable_ledger.entries_by_leaf())
    assert missing == set()
    assert rederive(durable_ledger) >= len(writers.acknowledged)
