#!/usr/bin/env bash
# What the official image of MySQL does at its start, with MariaDB.
set -euo pipefail

mkdir -p /run/mysqld
chown -R mysql:mysql /var/lib/mysql /run/mysqld
[[ -d /var/lib/mysql/mysql ]] || mariadb-install-db --user=mysql --skip-test-db >/dev/null
cat >/run/mysqld/start.sql <<SQL
CREATE DATABASE IF NOT EXISTS \`$MYSQL_DATABASE\`;
CREATE USER IF NOT EXISTS '$MYSQL_USER'@'%' IDENTIFIED BY '$MYSQL_PASSWORD';
GRANT ALL ON \`$MYSQL_DATABASE\`.* TO '$MYSQL_USER'@'%';
SQL
exec setpriv --reuid mysql --regid mysql --init-groups mariadbd --bind-address=0.0.0.0 --init-file=/run/mysqld/start.sql
