"""The run as a Kubeflow pipeline of its own, for teams without ZenML: the same stages, each in a pod.

Nothing here is imported by the rest of ntgate but the command ``ntgate kfp``.
"""
