#!/usr/bin/env bash
# What the official image of PostgreSQL does at its start: root gives the folder to its user, becomes it, and sets the database up.
set -euo pipefail
if [[ $# -gt 0 ]]; then exec "$@"; fi

as() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
mkdir -p "$PGDATA" /var/run/postgresql
chown -R postgres:postgres "$PGDATA" /var/run/postgresql
chmod 700 "$PGDATA"
if [[ ! -s $PGDATA/PG_VERSION ]]; then
  as initdb --username "$POSTGRES_USER" --auth-local trust --auth-host scram-sha-256 --encoding UTF8 --no-locale --no-sync >/dev/null
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  as pg_ctl --wait --silent --options "-c listen_addresses=" start
  as psql --quiet --username "$POSTGRES_USER" --dbname postgres --set "password=$POSTGRES_PASSWORD" --set "name=$POSTGRES_DB" <<'SQL'
SELECT format('ALTER ROLE CURRENT_USER PASSWORD %L', :'password') \gexec
CREATE DATABASE :"name";
SQL
  as pg_ctl --wait --silent stop
fi
exec setpriv --reuid postgres --regid postgres --init-groups postgres -c "listen_addresses=*"
