"""Where a deployment's engine is, and the key to it."""

import os

from reasoning.inference.requests import EngineAddress, EngineKind
from reasoning.models import Deployment


def address_of(deployment: Deployment, base_url: str = "") -> EngineAddress:
    """Where the deployment is (``base_url``: which of its replicas); its key comes from the
    environment variable it names."""
    return EngineAddress(
        kind=EngineKind(deployment.engine),
        base_url=(base_url or deployment.base_url).rstrip("/"),
        model=deployment.model,
        api_key=os.environ.get(deployment.credential) if deployment.credential else None,
    )
