"""What keeps evidence from being changed: the triggers, their functions, owners and roles.

Declared here, and compared with the database by ``manage.py check_log`` (step 11). Who changes a
trigger or a function by a migration changes this declaration too; a test compares.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from reasoning.core.errors import gettext_noop as _
from reasoning.models import EVIDENCE, Entry, LogHead
from reasoning.services import rights
from reasoning.services.rights import ENTRY, EVIDENCE_TABLES, HEAD, LOG, LOG_TABLES, ROLES

GUARDED = (*EVIDENCE_TABLES, ENTRY, HEAD, *LOG_TABLES)

BEFORE, ROW = 2, 1
INSERT, DELETE, UPDATE, TRUNCATE = 4, 8, 16, 32
"""Bits of ``pg_trigger.tgtype``."""


@dataclass(frozen=True, order=True)
class Trigger:
    """A trigger as pg_trigger has it; ``bits`` say when it fires, ``enabled`` is A for ALWAYS."""

    table: str
    name: str
    function: str
    bits: int
    enabled: str = "A"
    restricted: bool = False


@dataclass(frozen=True, order=True)
class Function:
    """A function: its signature, the SHA-256 of its body, whether it runs as its owner (definer),
    and the settings it runs with."""

    signature: str
    body_sha256: str
    definer: bool = False
    settings: str = ""
    language: str = "plpgsql"


@dataclass(frozen=True)
class Deviation:
    """Something that is not as declared: which object, and a sentence with what fills it in."""

    where: str
    sentence: str
    data: dict[str, str]

    @property
    def message(self) -> str:
        """The sentence in English, filled in."""
        return self.sentence % self.data if self.data else self.sentence


_STATEMENT = BEFORE | UPDATE | DELETE | TRUNCATE
_SEARCH_PATH = "search_path=pg_catalog, pg_temp"

TRIGGERS = {
    *(
        Trigger(table, "append_only", "reasoning_append_only_2", _STATEMENT)
        for table in EVIDENCE_TABLES
    ),
    *(
        Trigger(table, "only_erasure", "reasoning_only_erasure", BEFORE | ROW | UPDATE | DELETE)
        for table in EVIDENCE_TABLES
    ),
    *(
        Trigger(table, "append_only", "reasoning_append_only", _STATEMENT)
        for table in (ENTRY, *LOG_TABLES)
    ),
    Trigger(HEAD, "append_only", "reasoning_append_only", BEFORE | DELETE | TRUNCATE),
    Trigger(HEAD, "grows_only", "reasoning_grows_only", BEFORE | ROW | UPDATE),
    Trigger(ENTRY, "wake_sequencer", "reasoning_wake_sequencer", INSERT),
}
FUNCTIONS = {
    Function(
        "reasoning_append_only()",
        "2cddc1bc9f9c3eef25c65ddd0869dfae8f7722202f75f406e95b61778a01877a",
    ),
    Function(
        "reasoning_append_only_2()",
        "83ce0ca926c11bf82deb47dcdaa202fcb387253f76ea3164326ad94bc8352226",
        settings=_SEARCH_PATH,
    ),
    Function(
        "reasoning_only_erasure()",
        "d9b5828f49bf395b51a5d305ef1a95c5bb41cc0e73578c92bb33739e930eec14",
        settings=_SEARCH_PATH,
    ),
    Function(
        "reasoning_erasures_now(name)",
        "ff993f911c8b9dc0c12add8ceb46246146039ebc2b932b799f5816866a9414e4",
        settings=_SEARCH_PATH,
        language="sql",
    ),
    Function(
        "reasoning_erase(uuid)",
        "e68b10778687b74afe8bc9efa46e3c747686812e17081bbb9c555697e900e965",
        definer=True,
        settings=_SEARCH_PATH,
    ),
    Function(
        "reasoning_grows_only()",
        "60da91e57af98bb92ff0c0f3c826ad5988e7b9bea5d40be1387fad794d3f2e08",
    ),
    Function(
        "reasoning_beginnings(tsvector)",
        "b440e15c698609141dff056a597152313b06f7443706e5f854a925c08e535c83",
        language="sql",
    ),
    Function(
        "reasoning_wake_sequencer()",
        "a9b38be9971e815b0f1a3aef6aa88c39c70db821718748b3629632e1155c9a70",
    ),
}

_TRIGGERS = """
SELECT relname::text, tgname::text, proname::text, tgtype::int, tgenabled::text,
       tgqual IS NOT NULL OR tgattr::text <> '' OR octet_length(tgargs) > 0
  FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
 WHERE NOT tgisinternal AND relnamespace = 'public'::regnamespace AND relname ~ '^reasoning_'
"""
_FUNCTIONS = """
SELECT pg_proc.oid::regprocedure::text, prosrc, prosecdef,
       coalesce(array_to_string(proconfig, '; '), ''), lanname::text
  FROM pg_proc JOIN pg_language ON pg_language.oid = prolang
 WHERE pronamespace = 'public'::regnamespace AND proname ~ '^reasoning_'
"""
_KEYS = """
SELECT relname::text, (
    SELECT string_agg(attname::text, ', ' ORDER BY place)
      FROM unnest(indkey::int2[]) WITH ORDINALITY AS part (number, place)
      JOIN pg_attribute ON attrelid = indrelid AND attnum = number)
  FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
 WHERE indisunique AND indisvalid AND indimmediate AND indpred IS NULL AND indexprs IS NULL
   AND relnamespace = 'public'::regnamespace AND relname ~ '^reasoning_'
"""
_ODD_TABLES = """
SELECT wanted, CASE WHEN relname IS NULL THEN 'missing' WHEN relkind <> 'r' THEN 'not a table'
            WHEN relrowsecurity THEN 'filtered by row security'
            WHEN ruled THEN 'rewritten by a rule' ELSE 'not logged' END
  FROM unnest(%s::text[]) AS wanted
  LEFT JOIN pg_class ON relname = wanted AND relnamespace = 'public'::regnamespace
  CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM pg_rewrite WHERE ev_class = pg_class.oid) AS ruled) AS rules
 WHERE relname IS NULL OR relkind <> 'r' OR relrowsecurity OR ruled OR relpersistence <> 'p'
"""
_OWNERS = """
SELECT DISTINCT pg_get_userbyid(owner) FROM (
  SELECT relowner AS owner FROM pg_class
   WHERE relnamespace = 'public'::regnamespace AND relname ~ '^reasoning_'
  UNION SELECT proowner FROM pg_proc
   WHERE pronamespace = 'public'::regnamespace AND proname ~ '^reasoning_') AS owners
"""
_ROLES = """
SELECT rolname::text, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls,
       ARRAY(SELECT pg_get_userbyid(roleid)::text FROM pg_auth_members WHERE member = pg_roles.oid)
  FROM pg_roles WHERE rolname = ANY(%s)
"""
_PARAMETERS = """
SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee)::text END, parname
  FROM pg_parameter_acl, aclexplode(paracl)
 WHERE pg_get_userbyid(grantee) = ANY(%s) OR grantee = 0
"""
_DEFAULTS = "SELECT pg_get_userbyid(defaclrole)::text FROM pg_default_acl"


def deviations() -> Iterator[Deviation]:
    """Everything in the database that is not as declared here and in ``rights``. Reads only."""
    yield from _odd_triggers()
    yield from _odd_functions()
    yield from _odd_tables()
    yield from _odd_keys()
    yield from _odd_owners()
    yield from _odd_roles()
    present, wanted = rights.actual(), rights.declared()
    for right in sorted(wanted - present):
        yield Deviation(right.role, _("It lacks a right: %(right)s."), {"right": str(right)})
    for right in sorted(present - wanted):
        yield Deviation(right.role, _("It has a right too much: %(right)s."), {"right": str(right)})


def functions() -> set[Function]:
    """The service's functions as they are in the database."""
    return {
        Function(signature, hashlib.sha256(body.encode()).hexdigest(), *rest)
        for signature, body, *rest in _rows(_FUNCTIONS)
    }


def triggers() -> set[Trigger]:
    """The triggers on the service's tables as they are in the database."""
    return {Trigger(*row) for row in _rows(_TRIGGERS)}


def unique_keys() -> set[tuple[str, str]]:
    """The unique keys that evidence and log are declared with: table and columns."""
    declared: list[type[models.Model]] = [*EVIDENCE, Entry, LogHead, *LOG]
    return {(model._meta.db_table, columns) for model in declared for columns in _keys(model)}


def _keys(model: type[models.Model]) -> Iterator[str]:
    meta = model._meta
    yield ", ".join(field.attname for field in meta.pk_fields)
    yield from (field.attname for field in meta.concrete_fields if field.unique)
    for constraint in meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            fields = {field.name: field.attname for field in meta.concrete_fields}
            yield ", ".join(fields[name] for name in constraint.fields)


def _odd_triggers() -> Iterator[Deviation]:
    found = {(one.table, one.name): one for one in triggers()}
    for wanted in sorted(TRIGGERS):
        present = found.pop((wanted.table, wanted.name), None)
        if present != wanted:
            state = _state(present)
            sentence = _("The trigger %(name)s is not as declared: it is %(state)s.")
            yield Deviation(wanted.table, sentence, {"name": wanted.name, "state": state})
    for table, name in sorted(found):
        yield Deviation(table, _("It has a trigger too many: %(name)s."), {"name": name})


def _state(trigger: Trigger | None) -> str:
    if trigger is None:
        return "missing"
    return {"D": "disabled", "O": "not ALWAYS", "R": "not ALWAYS"}.get(trigger.enabled, "changed")


def _odd_functions() -> Iterator[Deviation]:
    present = functions()
    names = {one.signature for one in present}
    for wanted in sorted(FUNCTIONS - present):
        state = "changed" if wanted.signature in names else "missing"
        yield Deviation(wanted.signature, _("The function is %(state)s."), {"state": state})
    for signature in sorted(names - {one.signature for one in FUNCTIONS}):
        yield Deviation(signature, _("There is no such function among those declared."), {})


def _odd_tables() -> Iterator[Deviation]:
    for table, state in _rows(_ODD_TABLES, [list(GUARDED)]):
        yield Deviation(table, _("The table is %(state)s."), {"state": state})


def _odd_keys() -> Iterator[Deviation]:
    """Without its unique keys a table could hold two rows, or two entries, of one thing."""
    for table, columns in sorted(unique_keys() - set(_rows(_KEYS))):
        yield Deviation(table, _("It has no unique key on %(columns)s."), {"columns": columns})


def _odd_owners() -> Iterator[Deviation]:
    owners = sorted(name for (name,) in _rows(_OWNERS))
    for owner in owners:
        if owner in ROLES:
            yield Deviation(owner, _("It owns tables or functions of the service."), {})
    if len(owners) != 1:
        names = ", ".join(owners)
        yield Deviation(rights.SCHEMA, _("There are several owners: %(names)s."), {"names": names})


def _odd_roles() -> Iterator[Deviation]:
    found = {name: (powers, groups) for name, powers, groups in _rows(_ROLES, [list(ROLES)])}
    for role in ROLES:
        powers, groups = found.get(role, (False, []))
        if role not in found:
            yield Deviation(role, _("There is no such role."), {})
        if powers:
            yield Deviation(
                role, _("The role has powers beyond its rights (such as SUPERUSER)."), {}
            )
        for group in groups:
            yield Deviation(role, _("It is a member of %(group)s."), {"group": group})
    for grantee, parameter in _rows(_PARAMETERS, [list(ROLES)]):
        yield Deviation(grantee, _("It may set %(name)s."), {"name": parameter})
    for (role,) in _rows(_DEFAULTS):
        yield Deviation(role, _("It gives rights by default (ALTER DEFAULT PRIVILEGES)."), {})


def _rows(query: str, parameters: Sequence[Any] = ()) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        rows: list[Any] = cursor.fetchall()
        return rows
