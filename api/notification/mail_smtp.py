"""Mail over SMTP: `smtp://` or `smtps://`, with STARTTLS where the server offers it, credentials in the URL's
user part.

A mail that the server took is as delivered as SMTP can tell (RFC 5321 section 6.1: it is then the server's
duty).
"""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

from api.notification.ports import Outcome, Receipt


class SmtpMailServer:
    """One mail server; a connection for each mail, because messages are few."""

    def __init__(self, url: str, sender: str, *, timeout: float = 15.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("smtp_url is smtp://[user:password@]host[:port] or smtps://…")
        self._secure = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (465 if self._secure else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = sender
        self._timeout = timeout

    def send(self, message_id: str, address: str, subject: str, text: str) -> Receipt:
        """Hand over one mail. An address that is not one line with an @ is refused."""
        if address.count("@") != 1 or any(c.isspace() or ord(c) < 33 for c in address):
            return Receipt(Outcome.REFUSED, reason="malformed address")
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._sender, address, subject
        mail["Date"] = formatdate(usegmt=True)
        mail["Message-ID"] = f"<{message_id}@{self._sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text)
        try:
            with self._connect() as server:
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            kind = Outcome.REFUSED if code >= 500 else Outcome.UNAVAILABLE
            return Receipt(kind, reason=f"SMTP {code}")
        except (smtplib.SMTPException, OSError) as error:
            return Receipt(Outcome.UNAVAILABLE, reason=type(error).__name__)
        return Receipt(Outcome.DELIVERED)

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._secure:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._timeout, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        try:
            if not self._secure and server.ehlo()[0] == 250 and server.has_extn("starttls"):
                server.starttls(context=context)
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server
