"""The slice's face: what bootstrap hands to other slices."""

from __future__ import annotations

from collections.abc import Callable

from api.anchoring.ports import Places, Subjects
from api.anchoring.service.erasure import Erasure
from api.anchoring.service.index import ChainIndex
from api.anchoring.service.judicial import JudicialWorker
from api.anchoring.service.light import LightProver
from api.anchoring.service.longevity import Longevity
from api.anchoring.service.operator import Operator
from api.anchoring.service.proofs import Proofs
from api.anchoring.service.recorder import Recorder
from api.anchoring.service.registry import RegistryCalls
from api.anchoring.service.rule_run import RuleRunSigner
from api.anchoring.service.warning_inbox import WarningInbox
from api.anchoring.service.warning_proof import WarningProofs
from api.anchoring.service.warnings import WarningDecisions
from api.anchoring.service.worker import Worker
from api.infra.db import UnitOfWork


class Anchoring:
    """Recorder, registry queue, decisions about warnings, proofs, index, operator's view and erasure of one installation.

    The worker is made at first use, in the worker process only: it reads keys and connects to the node.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        recorder: Recorder,
        registry: RegistryCalls,
        proofs: Proofs,
        index: ChainIndex,
        operator: Operator,
        erasure: Erasure,
        make_worker: Callable[[], Worker],
        make_judicial: Callable[[], JudicialWorker | None] = lambda: None,
        make_longevity: Callable[[], Longevity | None] = lambda: None,
        make_light: Callable[[], LightProver | None] = lambda: None,
        *,
        warnings: WarningDecisions,
        inbox: WarningInbox,
        proof: WarningProofs,
        subjects: Subjects,
        places: Places,
        make_rule_signer: Callable[[], RuleRunSigner],
    ) -> None:
        self.uow = uow
        self.recorder = recorder
        self.registry = registry
        self.proofs = proofs
        self.index = index
        self.operator = operator
        self.erasure = erasure
        self._make_worker = make_worker
        self._worker: Worker | None = None
        self._make_judicial = make_judicial
        self._judicial: JudicialWorker | None = None
        self._make_longevity = make_longevity
        self._longevity: Longevity | None = None
        self._make_light = make_light
        self._light: LightProver | None = None
        self.warnings = warnings
        self.inbox = inbox
        self.proof = proof
        self.subjects = subjects
        self.places = places
        self._make_rule_signer = make_rule_signer
        self._rule_signer: RuleRunSigner | None = None

    def worker(self) -> Worker:
        """The relay, indexer, auditor and checkpoint loop of this process."""
        if self._worker is None:
            self._worker = self._make_worker()
        return self._worker

    def judicial(self) -> JudicialWorker | None:
        """The loop to the judicial chain of this process; None while none is set up."""
        if self._judicial is None:
            self._judicial = self._make_judicial()
        return self._judicial

    def longevity(self) -> Longevity | None:
        """The renewal job of this process; None where no time-stamping service is configured."""
        if self._longevity is None:
            self._longevity = self._make_longevity()
        return self._longevity

    def light(self) -> LightProver | None:
        """The loop of this process that makes light records; None where no validator's CometBFT RPC is known."""
        if self._light is None:
            self._light = self._make_light()
        return self._light

    def rule_signer(self) -> RuleRunSigner:
        """The loop of this process that signs what the rules issued by themselves."""
        if self._rule_signer is None:
            self._rule_signer = self._make_rule_signer()
        return self._rule_signer
