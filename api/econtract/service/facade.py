"""The slice's services under one name, as the container holds them."""

from __future__ import annotations

from dataclasses import dataclass

from api.econtract.service.context import Context
from api.econtract.service.drafts import Drafts
from api.econtract.service.portal import Portal
from api.econtract.service.progress import Progress
from api.econtract.service.retention import Retention
from api.econtract.service.sending import Sending
from api.econtract.service.worker import WorkerSteps


@dataclass(frozen=True)
class Econtract:
    """drafts and sending for the employer, worker for the signing screens, portal for reading and for other slices."""

    drafts: Drafts
    sending: Sending
    worker: WorkerSteps
    portal: Portal
    progress: Progress
    retention: Retention
    context: Context

    @classmethod
    def over(cls, context: Context) -> Econtract:
        """Builds all services over one context."""
        drafts = Drafts(context)
        return cls(
            drafts,
            Sending(context, drafts),
            WorkerSteps(context),
            Portal(context),
            Progress(context),
            Retention(context),
            context,
        )

    @property
    def facts(self) -> Portal:
        """Facts for other slices."""
        return self.portal
