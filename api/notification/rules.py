"""When to try again, which channel is next, what may stand in a message. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from api.kernel.errors import invalid
from api.notification.model import Channel
from api.notification.wording import WORDINGS, Wording

_RETRY = (5, 30, 120, 600, 1_800)
"""Seconds between tries of one channel; after the last one the next channel is taken."""
_POLL = (2, 3, 5, 10, 20, 40, 60)
RECEIPT_PATIENCE = timedelta(minutes=10)
"""How long a channel may stay without receipt before the next one is tried too."""
LAST_RECEIPT = timedelta(hours=24)
"""How long the last channel's receipt is waited for."""
MAX_FACT = 200
MAX_SMS = 500


def retry_at(now: datetime, failures: int) -> datetime | None:
    """When to try the same channel again after `failures` failed tries; None: it is used up."""
    if failures > len(_RETRY):
        return None
    return now + timedelta(seconds=_RETRY[failures - 1])


def poll_at(now: datetime, polls: int) -> datetime:
    """When to ask for the receipt again after `polls` questions."""
    return now + timedelta(seconds=_POLL[min(polls, len(_POLL) - 1)])


def usable_channels(
    wanted: Sequence[str], *, phone: str | None, email: str | None, recipient_id: str | None
) -> list[Channel]:
    """The wanted channels for which there is an address, in order; raises when there is none at all."""
    address = {Channel.SMS: phone, Channel.EMAIL: email, Channel.INBOX: recipient_id}
    try:
        channels = [Channel(name) for name in wanted]
    except ValueError:
        raise invalid("notification.channel_unknown") from None
    usable = [channel for channel in channels if address[channel]]
    if not usable:
        raise invalid("notification.no_address")
    return usable


def wording(template: str) -> Wording:
    """The template's texts. Raises DomainError invalid for an unknown one."""
    found = WORDINGS.get(template)
    if found is None:
        raise invalid("notification.template_unknown", template=template)
    return found


def clean(value: str) -> str:
    """A fact as it may stand in a one-line message:

    no line breaks, control or bidirectional characters; bounded.
    """
    kept = "".join(" " if c in "\r\n\t\u2028\u2029" else c for c in value)
    kept = "".join(c for c in kept if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    kept = " ".join(kept.split())
    return kept if len(kept) <= MAX_FACT else kept[: MAX_FACT - 1] + "…"


def check_content(template: str, facts: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """The cleaned facts. Raises when a field is missing or a link does not belong into a message."""
    needed = wording(template)
    missing = sorted((needed.facts - set(facts)) | (needed.secrets - set(secrets)))
    if missing:
        raise invalid("notification.field_missing", field=missing[0])
    link = secrets.get("link")
    if link is not None:
        parts = urlsplit(link)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname == "localhost"):
            raise invalid("notification.link_not_allowed")
    return {name: clean(value) for name, value in facts.items()}


def mask_phone(phone: str | None) -> str:
    """138****0001, or a dash."""
    if not phone:
        return "—"
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else "****"


def inbox_text(template: str, facts: Mapping[str, str], lang: str) -> tuple[str, str]:
    """Title and text for the inbox."""
    found, place = wording(template), 1 if lang == "en" else 0
    return found.title[place], found.text[place].format(**facts)


def outside_text(
    template: str, facts: Mapping[str, str], secrets: Mapping[str, str], lang: str, test: bool
) -> tuple[str, str]:
    """Subject and text for SMS and mail, secrets included, marked on a TEST installation."""
    found, place = wording(template), 1 if lang == "en" else 0
    title, text = inbox_text(template, facts, lang)
    outside = found.outside[place].format(**secrets)
    mark = ("【测试】", "[TEST] ")[place] if test else ""
    return mark + title, mark + text + ((" " if place else "") + outside if outside else "")
