"""Who may do what about decisions on warnings."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path

from api.anchoring.rules import DECIDERS
from api.infra.auth import Principal, require

READERS = ("operator", "regulator", "court", "auditor", *sorted(DECIDERS))
APPOINTERS = ("risk_director", "review_officer")
"""A director decides who holds an officer's wallet; the desk where registrars work may hand in the registrar's statement."""
PROVERS = ("regulator", "court", "auditor", "risk_director")
"""May have the file that links a warning to the chain; audited with the purpose."""

Supervision = Annotated[Principal, Depends(require(*READERS))]
Officer = Annotated[Principal, Depends(require(*sorted(DECIDERS)))]
Appointer = Annotated[Principal, Depends(require(*APPOINTERS))]
Prover = Annotated[Principal, Depends(require(*PROVERS))]
WarningId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
ChainId = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Sequence = Annotated[int, Path(ge=1, lt=2**31)]
Wallet = Annotated[str, Path(pattern=r"^0x[0-9a-fA-F]{40}$")]
