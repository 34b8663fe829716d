"""Who may do what in the database: declared here, once; compared and applied from here.

The migrations grant the same rights, table by table, as they make the tables; a test compares. In
production ``manage.py apply_grants`` makes the database's rights those declared, and ``manage.py
check_log`` (step 11) says where they are not.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction
from psycopg import sql

from reasoning.models import EVIDENCE, Entry
from reasoning.models.log import (
    Checkpoint,
    Cosignature,
    Leaf,
    LogHead,
    LogKey,
    Tile,
    TimestampToken,
)

APPLICATION, SEQUENCER, AUDITOR = "magistral_app", "magistral_sequencer", "magistral_auditor"
ROLES = (APPLICATION, SEQUENCER, AUDITOR)

READ = ("SELECT",)
APPEND = ("SELECT", "INSERT")
CHANGE = ("SELECT", "INSERT", "UPDATE", "DELETE")

ENTRY_COLUMNS = ("subject_id", "record_id", "kind", "recorded_at", "document")
"""What of an entry the application may write: not ``xid``, which says who wrote it."""

ENTRY = Entry._meta.db_table
HEAD = LogHead._meta.db_table
EVIDENCE_TABLES = tuple(model._meta.db_table for model in EVIDENCE)
LOG = (Leaf, Tile, Checkpoint, Cosignature, TimestampToken, LogKey)
LOG_TABLES = tuple(model._meta.db_table for model in LOG)
MUTABLE_TABLES = (
    "reasoning_apitoken",
    "reasoning_comparisonjob",
    "reasoning_draft",
    "reasoning_exportjob",
    "reasoning_findingtally",
    "reasoning_gate",
    "reasoning_halt",
    "reasoning_invitation",
    "reasoning_membership",
    "reasoning_partialoutput",
    "reasoning_preference",
    "reasoning_questionstate",
    "reasoning_reviewclaim",
    "reasoning_reviewtally",
    "reasoning_runstate",
    "reasoning_savedview",
    "reasoning_searchpending",
    "reasoning_searchrow",
    "reasoning_streamlimit",
    "reasoning_user",
    "reasoning_user_groups",
    "reasoning_user_user_permissions",
    "reasoning_workspace",
    "reasoning_workspace_allowed_deployments",
    "reasoning_workspace_allowed_profiles",
    "reasoning_workspace_allowed_prompts",
)
FRAMEWORK_TABLES = (
    "account_emailaddress",
    "account_emailconfirmation",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
    "django_session",
    "mfa_authenticator",
    "socialaccount_socialaccount",
    "socialaccount_socialapp",
    "socialaccount_socialtoken",
    "usersessions_usersession",
)
MIGRATIONS_TABLE = "django_migrations"
FUNCTIONS = ("reasoning_erase(uuid)", "reasoning_beginnings(tsvector)")
"""What the application calls: erasing, and what an index of words is made of."""
SCHEMA = "public"
EVERYBODY = "PUBLIC"
GRANTABLE = " WITH GRANT OPTION"


@dataclass(frozen=True, order=True)
class Right:
    """One privilege of one role: on what kind of object, which one, and which of its columns."""

    role: str
    privilege: str
    kind: str
    name: str
    column: str = ""

    def __str__(self) -> str:
        columns = f" ({self.column})" if self.column else ""
        return f"{self.role}: {self.privilege}{columns} on {self.kind} {self.name}"


TABLES: dict[str, dict[tuple[str, ...], tuple[str, ...]]] = {
    APPLICATION: {
        EVIDENCE_TABLES: APPEND,
        (ENTRY, HEAD, *LOG_TABLES, MIGRATIONS_TABLE): READ,
        (*MUTABLE_TABLES, *FRAMEWORK_TABLES): CHANGE,
    },
    SEQUENCER: {
        (ENTRY,): READ,
        LOG_TABLES: APPEND,
        (HEAD,): ("SELECT", "UPDATE"),
    },
    AUDITOR: {(*EVIDENCE_TABLES, ENTRY, HEAD, *LOG_TABLES): READ},
}
"""Role, tables, privileges. Beside these: INSERT on some columns of entries, and erasing."""


def declared() -> set[Right]:
    """Every right there is to be; owners' own are not listed."""
    rights = {
        Right(role, privilege, "table", table)
        for role, tables in TABLES.items()
        for names, privileges in tables.items()
        for table in names
        for privilege in privileges
    }
    rights |= {Right(APPLICATION, "INSERT", "table", ENTRY, column) for column in ENTRY_COLUMNS}
    rights |= {Right(role, "USAGE", "schema", SCHEMA) for role in ROLES}
    rights |= {Right(role, "CONNECT", "database", "") for role in ROLES}
    return rights | {Right(APPLICATION, "EXECUTE", "function", name) for name in FUNCTIONS}


# A missing list of rights stands for the default, in which PUBLIC may have some.
_ACTUAL = """
WITH acl (kind, name, attribute, owner, rights) AS (
  SELECT 'table', relname::text, '', relowner,
         coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r','p','v','m','S')
     AND (relname = ANY(%(tables)s) OR relname ~ '^reasoning_')
  UNION ALL
  SELECT 'table', relname::text, attname::text, relowner, attacl
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
   WHERE relnamespace = 'public'::regnamespace AND attacl IS NOT NULL AND NOT attisdropped
     AND (relname = ANY(%(tables)s) OR relname ~ '^reasoning_')
  UNION ALL
  SELECT 'function', oid::regprocedure::text, '', proowner,
         coalesce(proacl, acldefault('f', proowner))
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname ~ '^reasoning_'
  UNION ALL
  SELECT 'schema', nspname::text, '', nspowner, coalesce(nspacl, acldefault('n', nspowner))
    FROM pg_namespace WHERE nspname = 'public'
  UNION ALL
  SELECT 'database', '', '', datdba, coalesce(datacl, acldefault('d', datdba))
    FROM pg_database WHERE datname = current_database()
)
SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END,
       privilege_type || suffix, kind, name, attribute
  FROM acl CROSS JOIN aclexplode(rights)
  JOIN (VALUES (''), (' WITH GRANT OPTION')) AS suffixes (suffix) ON is_grantable OR suffix = ''
 WHERE grantee <> owner
"""


def actual() -> set[Right]:
    """Every right that anybody but the owners has on the service's tables, functions and schema."""
    with connection.cursor() as cursor:
        cursor.execute(_ACTUAL, {"tables": [*FRAMEWORK_TABLES, MIGRATIONS_TABLE]})
        return {Right(*row) for row in cursor.fetchall()}


def apply() -> int:
    """Make the rights those declared; how many changed. Run as the owner. Can be repeated."""
    with transaction.atomic():
        before = actual()
        if before == declared():
            return 0
        with connection.cursor() as cursor:
            for statement in _statements(before, _database()):
                cursor.execute(statement)
        return len(before ^ actual())


def _statements(present: set[Right], database: str) -> Iterator[sql.Composed]:
    """Take what is too much, then give everything: a table's right takes its columns' along."""
    wanted = declared()
    for right in sorted(present - wanted):
        yield sql.SQL("REVOKE {} FROM {}").format(_right(right, database), _role(right.role))
    for right in sorted(wanted):
        yield sql.SQL("GRANT {} TO {}").format(_right(right, database), _role(right.role))


def _right(right: Right, database: str) -> sql.Composed:
    """``INSERT ("kind") ON TABLE "reasoning_entry"``; words come from here or from pg_catalog."""
    privilege = right.privilege.removesuffix(GRANTABLE)
    columns = sql.SQL(" ({})").format(sql.Identifier(right.column)) if right.column else sql.SQL("")
    return sql.SQL("{}{} ON {} {}").format(
        sql.SQL(privilege), columns, sql.SQL(right.kind.upper()), _name(right, database)
    )


def _name(right: Right, database: str) -> sql.Composable:
    if right.kind == "function":
        return sql.SQL(right.name)
    return sql.Identifier(database if right.kind == "database" else right.name)


def _role(name: str) -> sql.Composable:
    return sql.SQL(name) if name == EVERYBODY else sql.Identifier(name)


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        name: str = cursor.fetchone()[0]
        return name
