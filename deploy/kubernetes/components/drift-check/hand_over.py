"""Start one retraining from the template of the CronJob, through the Kubernetes API and with the standard library alone.

The Job is named after the Job that found the shift, so that a second attempt of that one starts nothing more. Exit codes: 0 when
a retraining is on its way, 6 when Kubernetes does not answer or refuses: the Job of the drift check tries again then.
"""

import json
import os
import ssl
import sys
import urllib.error
import urllib.request
from pathlib import Path

SECONDS = 30
UNANSWERED = 6


def connection():
    """A function that sends a request to the API server of this cluster and returns its answer."""
    account = Path(os.environ.get("SERVICE_ACCOUNT", "/var/run/secrets/kubernetes.io/serviceaccount"))
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    trusted = ssl.create_default_context(cafile=str(account / "ca.crt"))
    headers = {"Authorization": f"Bearer {(account / 'token').read_text().strip()}", "Content-Type": "application/json"}
    jobs = f"/apis/batch/v1/namespaces/{(account / 'namespace').read_text().strip()}"

    def ask(method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(server + jobs + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=SECONDS, context=trusted) as answer:
            return json.load(answer)

    return ask


def job(cronjob, name):
    """The Job that ``kubectl create job --from=cronjob/...`` would create, under the given name."""
    template = cronjob["spec"]["jobTemplate"]
    metadata = template.get("metadata", {})
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "labels": metadata.get("labels", {}),
            "annotations": {**metadata.get("annotations", {}), "cronjob.kubernetes.io/instantiate": "manual"},
            "ownerReferences": [
                {
                    "apiVersion": "batch/v1",
                    "kind": "CronJob",
                    "name": cronjob["metadata"]["name"],
                    "uid": cronjob["metadata"]["uid"],
                    "controller": True,
                }
            ],
        },
        "spec": template["spec"],
    }


def main():
    """Hand over, and say in one line what came of it."""
    cronjob_name, found_by = os.environ["RETRAIN_CRONJOB"], os.environ["JOB_NAME"]
    name = f"{cronjob_name}-after-{found_by}"[:63]
    try:
        ask = connection()
        cronjob = ask("GET", f"/cronjobs/{cronjob_name}")
        running = cronjob.get("status", {}).get("active", [])
        if running:
            print(f"{running[0]['name']} is running already")
            return 0
        ask("POST", "/jobs", job(cronjob, name))
    except urllib.error.HTTPError as error:
        if error.code == 409:
            print(f"{name} was started before")
            return 0
        print(f"Kubernetes refused the hand-over: {error.code} {error.reason}")
        return UNANSWERED
    except OSError as error:
        print(f"Kubernetes did not answer: {error}")
        return UNANSWERED
    print(f"started {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
