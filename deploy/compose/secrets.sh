#!/bin/sh
# Draws the secrets that compose.yaml names, into deploy/compose/secrets; those that exist stay.
# Containers run as other users, so the files can be read by all, in a directory that only you enter.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets
cd secrets

draw() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { [ -e "$1" ] || { cat > "$1" && chmod 444 "$1"; }; }

draw | keep secret_key
draw | keep superuser_password
for role in owner app sequencer; do
    draw | keep "${role}_password"
    echo "postgresql://magistral_$role:$(cat "${role}_password")@database/magistral" | keep "${role}_url"
done
