"""Evidence that waits for the log is noticed, and whoever holds it up is named."""

import psycopg

from reasoning.services.lag import lag
from tests.databases import TEMPLATE
from tests.log.ledger import APPLICATION, INSERT, OWNER, drain, sequencer

OLD = (
    "INSERT INTO reasoning_entry (subject_id, kind, recorded_at, document)"
    " VALUES (gen_random_uuid(), 'test', now() - interval '100 seconds', '')"
)


def test_nothing_waits(ledger):
    assert lag().seconds == 0
    ledger.write()
    drain(sequencer())
    found = lag()
    assert (found.seconds, found.is_alarming) == (0, False)


def test_what_waits_for_a_place(ledger):
    drain(sequencer())
    ledger.write()
    assert 0 < lag().seconds < 60
    assert not lag().is_alarming


def test_what_has_a_place_waits_for_its_signature(ledger):
    drain(sequencer())
    ledger.write()
    sequencer().sequence()
    assert lag().seconds > 0
    sequencer().sign()
    assert lag().seconds == 0


def test_it_is_alarming_after_the_time_that_is_allowed(ledger, settings):
    drain(sequencer())
    with ledger.connect() as application:
        application.execute(OLD)
    assert 99 < lag().seconds < 160
    assert lag().is_alarming
    settings.SEQUENCER_ALARM_SECONDS = 200
    assert not lag().is_alarming


def test_an_open_write_transaction_anywhere_in_the_cluster_is_named(ledger, postgres):
    """It holds up all that is younger, though it has nothing to do with the log."""
    drain(sequencer())
    with psycopg.connect(postgres.url(OWNER, TEMPLATE)) as holder:
        holder.execute("SELECT pg_current_xact_id()")
        with ledger.connect() as application:
            application.execute(OLD)
        assert drain(sequencer()) == 0
        found = lag()
        assert found.is_alarming
        assert f"process {holder.info.backend_pid} (role {OWNER}" in str(found)
        holder.rollback()
    assert drain(sequencer()) == 1
    assert lag().seconds == 0


def test_an_open_transaction_that_only_reads_holds_up_nothing(ledger):
    drain(sequencer())
    with psycopg.connect(ledger.url(APPLICATION)) as reader:
        reader.execute("SELECT count(*) FROM reasoning_entry")
        ledger.write()
        assert drain(sequencer()) == 1


def test_a_prepared_transaction_is_named(durable_ledger):
    drain(sequencer())
    with psycopg.connect(durable_ledger.url(APPLICATION)) as holder:
        holder.execute(INSERT, [b""])
        holder.execute("PREPARE TRANSACTION 'left behind'")
    durable_ledger.write()
    assert drain(sequencer()) == 0
    assert "the prepared transaction 'left behind'" in str(lag())
    with durable_ledger.connect() as owner:
        owner.execute("ROLLBACK PREPARED 'left behind'")
    assert drain(sequencer()) == 1
