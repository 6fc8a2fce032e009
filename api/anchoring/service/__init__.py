"""Services of the anchoring slice: recorder, registry calls, proofs, index, operator's view, erasure, worker."""

from api.anchoring.service.anchoring import Anchoring
from api.anchoring.service.worker import Worker

__all__ = ["Anchoring", "Worker"]
