"""A person's or system's view of the JSON API: cookies, CSRF token, idempotency keys, problem details as exceptions."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Self

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential


class Refused(Exception):
    """The API answered with a problem; `code` and `status` say which."""

    def __init__(self, method: str, path: str, status: int, body: dict[str, Any]) -> None:
        self.status = status
        self.code = str(body.get("code", ""))
        self.body = body
        super().__init__(
            f"{method} {path} → {status} {self.code}: {body.get('detail', '')} {body.get('errors', '')}"
        )


class TryAgain(Exception):
    """Nothing was decided: the process was down, or a service that it needs was."""


PASSING = frozenset({"idempotency_in_progress", "database_unavailable"})


class ApiClient:
    """One logged-in (or anonymous) user of `/api/v1`.

    `patience`: for how many seconds a request that found the platform down (no answer, 503) is tried again, always under the
    same idempotency key. `before` is called with method and path ahead of every attempt; fault tests kill processes in it.
    """

    def __init__(
        self,
        origin: str,
        *,
        bearer: str | None = None,
        timeout: float = 60.0,
        patience: float = 0.0,
        before: Callable[[str, str], None] | None = None,
    ) -> None:
        self._patience = patience
        self._before = before or (lambda _method, _path: None)
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        # The origin is a host name; connecting by address avoids a second listener for ::1.
        self.http = httpx.Client(base_url=origin, headers=headers, timeout=timeout, follow_redirects=False)
        self.csrf = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def request(self, method: str, path: str, *, key: str | None = None, **options: Any) -> httpx.Response:
        """Send a request under `/api/v1` (or an absolute path beginning with `//`); raises Refused for a problem."""
        headers = dict(options.pop("headers", {}))
        if method != "GET":
            headers.setdefault("Idempotency-Key", key or uuid.uuid4().hex)
            if self.csrf:
                headers.setdefault("X-CSRF-Token", self.csrf)
        url = path[1:] if path.startswith("//") else f"/api/v1{path}"
        attempts = Retrying(
            retry=retry_if_exception_type(TryAgain),
            stop=stop_after_delay(self._patience),
            wait=wait_exponential(0.1, max=2.0),
            reraise=True,
        )
        return attempts(self._once, method, url, headers, options)

    def _once(
        self, method: str, url: str, headers: dict[str, str], options: dict[str, Any]
    ) -> httpx.Response:
        self._before(method, url)
        try:
            answer = self.http.request(method, url, headers=headers, **options)
        except httpx.TransportError as exc:
            raise TryAgain(f"{method} {url}: {type(exc).__name__}") from exc
        if answer.status_code < 400:
            return answer
        try:
            body = answer.json()
        except ValueError:
            body = {"detail": answer.text[:500]}
        refused = Refused(method, url, answer.status_code, body)
        if self._patience and (answer.status_code == 503 or refused.code in PASSING):
            raise TryAgain(str(refused)) from refused
        raise refused

    def get(self, path: str, **query: Any) -> Any:
        """JSON of a GET."""
        return self.request("GET", path, params=query).json()

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """JSON of a POST (None for an empty answer)."""
        answer = self.request("POST", path, key=key, json=body if body is not None else {})
        return answer.json() if answer.content else None

    def upload(self, path: str, name: str, content: bytes, media_type: str, *, method: str = "PUT") -> Any:
        """Upload one file in the field `file`."""
        answer = self.request(method, path, files={"file": (name, content, media_type)})
        return answer.json() if answer.content else None

    def download(self, path: str) -> bytes:
        """Bytes of a GET."""
        return self.request("GET", path).content
