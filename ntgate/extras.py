"""What comes with which extra of the package, and the one sentence for an extra that is not installed.

The base has what a shift test, a gate on arrays and the command line need. ``ntgate[all]`` is all of it.
"""

from __future__ import annotations

import importlib.util

from ntgate.errors import ConfigError

# By extra, the modules that come with it and nothing else brings.
MODULES = {
    "torch": ("torch", "lightning_fabric", "onnx", "onnxruntime", "onnxscript", "safetensors"),
    "mlflow": ("mlflow", "sqlalchemy"),
    "zenml": ("zenml",),
    "report": ("evidently",),
    "kubeflow": ("kfp", "kubernetes"),
    "transformers": ("transformers", "peft"),
    "transport": ("ot",),
    "dask": ("distributed", "dask"),
    "postgres": ("psycopg",),
    "s3": ("s3fs", "boto3"),
}
RUN = ("torch", "mlflow")  # what every run needs


def install(*extras: str) -> str:
    """The command that installs them.

    >>> install("mlflow", "torch")
    'pip install "ntgate[mlflow,torch]"'
    """
    return f'pip install "ntgate[{",".join(extras)}]"'


def lacking(*extras: str) -> list[str]:
    """Those of the extras that are not installed as a whole."""
    return [extra for extra in extras if any(importlib.util.find_spec(module) is None for module in MODULES[extra])]


def require(subject: str, *extras: str) -> None:
    """Make sure that the extras are installed, before anything is computed; nothing is imported.

    Args:
        subject: what needs them.
        extras: their names.

    Raises:
        ConfigError: with the command that installs those that are not.

    >>> require("a shift test")
    """
    if wanted := lacking(*extras):
        missing = [module for extra in wanted for module in MODULES[extra] if importlib.util.find_spec(module) is None]
        raise absent(subject, *wanted, module=missing[0])


def absent(subject: str, *extras: str, module: str | None) -> ConfigError:
    """The error where ``module`` of the extras is not installed.

    >>> print(absent("ntgate run", "torch", "mlflow", module="torch"))
    ntgate run: expected ntgate[torch,mlflow], got no module torch; pip install "ntgate[torch,mlflow]".
    """
    return ConfigError(subject, expected=f"ntgate[{','.join(extras)}]", got=f"no module {module}", fix=install(*extras))


def no_driver(subject: str, module: str | None) -> ConfigError:
    """The error where the driver of a database is not installed; one comes with an extra.

    >>> print(no_driver("registry.uri", "psycopg"))
    registry.uri: expected ntgate[postgres], got no module psycopg; pip install "ntgate[postgres]".
    >>> print(no_driver("--uri", "pyodbc"))
    --uri: expected the driver that the address names, got no module pyodbc; pip install pyodbc, or name another driver.
    """
    if module is not None and module.partition(".")[0] in MODULES["postgres"]:
        return absent(subject, "postgres", module=module)
    fix = f"pip install {_PACKAGES.get(module or '', module)}, or name another driver"
    return ConfigError(subject, expected="the driver that the address names", got=f"no module {module}", fix=fix)


_PACKAGES = {"MySQLdb": "mysqlclient", "psycopg2": "psycopg2-binary"}  # by module, where they are called otherwise


def not_installed(subject: str, address: str, error: ImportError) -> ConfigError:
    """The error where the library of a store is not installed; fsspec knows many.

    >>> print(not_installed("output", "s3://bucket", ModuleNotFoundError("No module named 's3fs'", name="s3fs")))
    output: expected ntgate[s3], got no module s3fs; pip install "ntgate[s3]".
    >>> print(not_installed("output", "gs://bucket", ImportError("Please install gcsfs to access Google Storage")))
    output: expected the library of this storage, got Please install gcsfs to access Google Storage; install it.
    """
    if address.startswith("s3:"):
        return absent(subject, "s3", module=error.name or "s3fs")
    return ConfigError(subject, expected="the library of this storage", got=str(error).rstrip("."), fix="install it")


def of_import(error: BaseException) -> ConfigError | None:
    """The error in our words where a module of an extra could not be imported; None where it is none of them.

    >>> print(of_import(ModuleNotFoundError("No module named 'mlflow.onnx'", name="mlflow.onnx")))
    this command: expected ntgate[mlflow], got no module mlflow; pip install "ntgate[mlflow]".
    """
    module = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    extra = next((extra for extra, modules in MODULES.items() if module in modules), None)
    return None if extra is None else absent("this command", extra, module=module)
