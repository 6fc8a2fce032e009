"""Wires the messages: gateways by settings, delivery for the background worker."""

from __future__ import annotations

from urllib.parse import urlsplit

from api.bootstrap.container import Container
from api.infra.settings import read_secret
from api.notification.delivery import Delivery
from api.notification.mail_smtp import SmtpMailServer
from api.notification.service import NotificationService
from api.notification.sms_http import HttpSmsGateway


class Notification(NotificationService):
    """The service together with its delivery, as the container offers it."""

    delivery: Delivery


def build(c: Container) -> Notification:
    """The slice's service; a gateway that is not configured is a channel that is not offered."""
    settings = c.settings
    sms = None
    if settings.sms_url:
        token = read_secret(settings.sms_token_file, "sms_token_file")
        sms = HttpSmsGateway(settings.sms_url, token, test=settings.test_installation)
    host = urlsplit(settings.public_origin).hostname or "localhost"
    mail = SmtpMailServer(settings.smtp_url, f"no-reply@{host}") if settings.smtp_url else None
    service = Notification(c.uow, c.clock)
    service.delivery = Delivery(c.uow, c.clock, c.bus, sms, mail, test=settings.test_installation)
    return service
