# Stand-ins for the public images that deploy/compose/compose.yaml names, from Debian and PyPI, for a machine that can pull none:
# the same variables, the same users, the same programs in the health checks.
ARG BASE
ARG JOB

FROM ${BASE} AS postgres
RUN apt-get update -qq && apt-get install -qq --yes --no-install-recommends postgresql && rm -rf /var/lib/postgresql/*
COPY postgres.sh /
ENV PATH=/usr/lib/postgresql/15/bin:/usr/sbin:/usr/bin:/sbin:/bin PGDATA=/var/lib/postgresql/data
VOLUME /var/lib/postgresql/data
ENTRYPOINT ["bash", "/postgres.sh"]

# MariaDB: Debian has no MySQL.
FROM ${BASE} AS mysql
RUN apt-get update -qq && apt-get install -qq --yes --no-install-recommends mariadb-server && rm -rf /var/lib/mysql/*
COPY mysql.sh /
VOLUME /var/lib/mysql
ENTRYPOINT ["bash", "/mysql.sh"]

# moto in the place of versitygw: what it is given lives as long as the container does.
FROM ${BASE} AS versitygw
RUN apt-get update -qq && apt-get install -qq --yes --no-install-recommends wget \
    && python3 -m venv /opt/moto && /opt/moto/bin/pip install -qq "moto[server]"
COPY s3_server.py /
ENTRYPOINT ["/opt/moto/bin/python", "/s3_server.py"]

# zenml-server's entry point; ntgate's image holds the same version of it.
FROM ${JOB} AS zenml-server
USER 1000:1000
ENV HOME=/tmp ZENML_CONFIG_PATH=/tmp/zenml
ENTRYPOINT ["uvicorn", "zenml.zen_server.zen_server_api:app", "--no-server-header", "--proxy-headers", "--forwarded-allow-ips", "*"]
CMD ["--port", "8080", "--host", "0.0.0.0"]
