"""A person's or system's view of the JSON API: cookies, CSRF token, idempotency keys, problem details as exceptions."""

from __future__ import annotations

import uuid
from typing import Any, Self

import httpx


class Refused(Exception):
    """The API answered with a problem; `code` and `status` say which."""

    def __init__(self, method: str, path: str, status: int, body: dict[str, Any]) -> None:
        self.status = status
        self.code = str(body.get("code", ""))
        self.body = body
        super().__init__(
            f"{method} {path} → {status} {self.code}: {body.get('detail', '')} {body.get('errors', '')}"
        )


class ApiClient:
    """One logged-in (or anonymous) user of `/api/v1`."""

    def __init__(self, origin: str, *, bearer: str | None = None, timeout: float = 60.0) -> None:
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
        answer = self.http.request(method, url, headers=headers, **options)
        if answer.status_code >= 400:
            try:
                body = answer.json()
            except ValueError:
                body = {"detail": answer.text[:500]}
            raise Refused(method, url, answer.status_code, body)
        return answer

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
