#!/bin/sh
# Run by the image of PostgreSQL once, when it makes the database.
set -eu
secret() { cat "/run/secrets/$1_password"; }
psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v owner_password="$(secret owner)" -v app_password="$(secret app)" \
     -v sequencer_password="$(secret sequencer)" -f /roles.sql
