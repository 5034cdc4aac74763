"""The first visit to ZenML's server, and a stack on it whose steps are containers: runs in the job's image.

Prints the variables by which a job finds the server and the stack. What the steps share are the server, the registry and the store;
their variables come from the orchestrator.
"""

from __future__ import annotations

import os
import secrets
import sys
from typing import Any

import requests

ADDRESS = "http://zenml:8080"
VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "NTGATE_LEDGER")


def account() -> str:
    """Make the administrator, and an account for machines; its key."""
    person = {"username": "admin", "password": secrets.token_hex(16)}
    asked("PUT", "activate", json={"admin_username": person["username"], "admin_password": person["password"]})
    token = asked("POST", "login", data=person)["access_token"]
    head = {"Authorization": f"Bearer {token}"}
    made = asked("POST", "service_accounts", json={"name": "jobs", "active": True}, headers=head)
    key = asked("POST", f"service_accounts/{made['id']}/api_keys", json={"name": "test"}, headers=head)
    return str(key["body"]["key"])


def asked(method: str, path: str, **rest: Any) -> Any:
    """What the server answers."""
    answer = requests.request(method, f"{ADDRESS}/api/v1/{path}", timeout=60, **rest)
    if not answer.ok:
        sys.exit(f"{path}: {answer.status_code} {answer.text}")
    return answer.json()


def stack() -> str:
    """Containers, a store, and nothing local; its id."""
    from zenml.client import Client
    from zenml.enums import StackComponentType as Kind

    client = Client()
    containers = {"run_args": {"network": "ntgate_inside", "environment": {name: os.environ[name] for name in VARIABLES}}}
    store = {
        "path": "s3://zenml",
        "key": os.environ["AWS_ACCESS_KEY_ID"],
        "secret": os.environ["AWS_SECRET_ACCESS_KEY"],
        "client_kwargs": {"endpoint_url": os.environ["AWS_ENDPOINT_URL"]},
    }
    client.create_stack_component("containers", "local_docker", Kind.ORCHESTRATOR, containers)
    client.create_stack_component("store", "s3", Kind.ARTIFACT_STORE, store)
    client.create_stack_component("builder", "local", Kind.IMAGE_BUILDER, {})
    parts = {Kind.ORCHESTRATOR: "containers", Kind.ARTIFACT_STORE: "store", Kind.IMAGE_BUILDER: "builder"}
    return str(client.create_stack("containers", parts).id)


if __name__ == "__main__":
    os.environ["ZENML_STORE_URL"] = ADDRESS
    os.environ["ZENML_STORE_API_KEY"] = account()
    os.environ["ZENML_ACTIVE_STACK_ID"] = stack()
    for name in ("ZENML_STORE_URL", "ZENML_STORE_API_KEY", "ZENML_ACTIVE_STACK_ID"):
        print(f"{name}={os.environ[name]}")
