"""Where an installation's trust roots lie, for those who publish them and those who read them."""

from __future__ import annotations

from api.evidence.service.trust_files import TrustFiles
from api.infra.settings import Settings
from api.kernel.errors import unavailable


def trust_files(settings: Settings) -> TrustFiles:
    """Where the trust roots lie; raises unavailable `evidence.trust_root_missing` where the settings name no file."""
    if settings.trust_root_file is None:
        raise unavailable("evidence.trust_root_missing")
    return TrustFiles(settings.trust_root_file)
