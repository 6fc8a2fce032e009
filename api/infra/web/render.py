"""From a template's name to a page: environments per language, context of every template, redirects.

Templates live in `api/<slice>/templates/`; the macros of `components/*.html` are at hand as `ui.*`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.infra import i18n
from api.infra.auth import Principal, principal
from api.infra.i18n import Language
from api.infra.web.navigation import sections

if TYPE_CHECKING:
    from api.infra.web.install import Web

LANGUAGE_COOKIE = "lang"
NOTICE_COOKIE = "notice"
TONES = frozenset({"info", "success", "warning", "danger"})


@dataclass(frozen=True)
class Visitor:
    """Who looks at a page, perhaps anonymous, and the token that his forms must carry."""

    principal: Principal
    csrf_token: str


def visitor_of(request: Request) -> Visitor:
    """The visitor as `api.infra.auth` knows him."""
    who = principal(request)
    return Visitor(who, who.csrf_token)


class Components:
    """The `ui` object of templates: each macro of `components/*.html` by its name."""

    def __init__(self, macros: Mapping[str, Any]) -> None:
        self.__dict__.update(macros)


class _Compiled(BytecodeCache):
    """Templates that this process compiled, so that several applications in it share them. The key is the file's path
    and the digest of its text; one cache per language, because Jinja folds filters of constants when it compiles."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        kept = self._kept.get((bucket.key, bucket.checksum))
        if kept is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_COMPILED: Mapping[Language, _Compiled] = {lang: _Compiled() for lang in i18n.LANGUAGES}


def build_environment(lang: Language, folders: Iterable[Path], globals_: Mapping[str, Any]) -> Environment:
    """The Jinja environment of one language: autoescape, undefined names fail, gettext by Chinese msgid."""
    environment = Environment(
        loader=FileSystemLoader([str(folder) for folder in folders]),
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=_COMPILED[lang],
    )
    catalogue = i18n.english() if lang == "en" else i18n.Catalogue({})
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        catalogue.gettext, catalogue.ngettext, newstyle=True
    )
    environment.globals.update(gettext=_gettext(catalogue), ngettext=_ngettext(catalogue))
    environment.filters.update(
        date=partial(i18n.format_date, lang=lang),
        datetime=partial(i18n.format_datetime, lang=lang),
        clock=partial(i18n.format_clock, lang=lang),
        month=partial(i18n.format_month, lang=lang),
        money=partial(i18n.format_money, lang=lang),
        filesize=partial(i18n.format_size, lang=lang),
        num=lambda value: f"{value:,}",
        digest=lambda value: f"{value[:8]}…{value[-8:]}" if len(value) > 20 else value,
    )
    environment.globals.update(globals_)
    environment.globals["lang"] = lang
    environment.globals["ui"] = _components(environment)
    return environment


def _gettext(catalogue: i18n.Catalogue) -> Callable[..., str]:
    """`_()` of templates. Jinja's own marks every message as safe HTML, so `_(variable)` would not be escaped."""

    def gettext(msgid: str, /, **facts: object) -> str:
        return _filled(catalogue.gettext(str(msgid)), facts)

    return gettext


def _ngettext(catalogue: i18n.Catalogue) -> Callable[..., str]:
    def ngettext(one: str, many: str, count: int, /, **facts: object) -> str:
        return _filled(catalogue.ngettext(str(one), str(many), count), {"num": count, **facts})

    return ngettext


def _filled(text: str, facts: Mapping[str, object]) -> str:
    if not facts:
        return text.replace("%%", "%")
    if any(isinstance(value, Markup) for value in facts.values()):
        return escape(text) % facts
    return text % facts


def _components(environment: Environment) -> Components:
    macros: dict[str, Any] = {}
    environment.globals["ui"] = Components(macros)
    for name in environment.list_templates(filter_func=lambda n: n.startswith("components/")):
        module = environment.get_template(name).module
        for key, value in vars(module).items():
            if not key.startswith("_") and callable(value):
                macros[key] = value
                environment.globals["ui"] = Components(macros)
    return Components(macros)


def language(request: Request) -> Language:
    """`?lang=`, else the cookie, else Chinese: a switch changes the language, not the browser's settings."""
    for wish in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wish in i18n.LANGUAGES:
            return "en" if wish == "en" else "zh"
    return "zh"


def is_htmx(request: Request) -> bool:
    """Whether htmx asks for a fragment (a boosted page navigation counts as a page)."""
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-boosted") != "true"


def wants_html(request: Request) -> bool:
    """Whether a person's browser asks, so that errors are pages and not problem documents."""
    if request.url.path.startswith("/api/"):
        return False
    return is_htmx(request) or "text/html" in request.headers.get("accept", "")


def web_of(request: Request) -> Web:
    """The installed web layer of the application that answers this request."""
    web: Web = request.app.state.web
    return web


def page(request: Request, name: str, /, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Render a template (a page on `base.html`, or a fragment for htmx) in the visitor's language."""
    web = web_of(request)
    lang = language(request)
    visitor = web.config.visitor(request)
    notice = _read_notice(request)
    navigation = web.navigation(request, visitor.principal)
    values: dict[str, Any] = {
        "request": request,
        "principal": visitor.principal,
        "csrf_token": visitor.csrf_token,
        "csrf_field": Markup('<input type="hidden" name="csrf_token" value="{}">').format(visitor.csrf_token),
        "navigation": navigation,
        "menu": sections(navigation),
        "notice": notice,
        "other_language_url": _with_language(request, "zh" if lang == "en" else "en"),
        "htmx": is_htmx(request),
    }
    values.update(context)
    body = web.environment(lang).get_template(name).render(values)
    response = HTMLResponse(
        body, status_code=status, headers={"Content-Language": _tag(lang), "Vary": "Cookie"}
    )
    if notice is not None and not is_htmx(request):
        response.delete_cookie(NOTICE_COOKIE, path="/")
    if request.query_params.get("lang") == lang:
        response.set_cookie(
            LANGUAGE_COOKIE, lang, max_age=31_536_000, path="/", samesite="lax", secure=web.config.secure
        )
    return response


def redirect(request: Request, url: str, *, notice: str | None = None, tone: str = "success") -> Response:
    """Send the browser on (303; htmx: full navigation). `notice`, a Chinese msgid, shows once on arrival."""
    response: Response
    if is_htmx(request):
        response = Response(status_code=204, headers={"HX-Redirect": url})
    else:
        response = RedirectResponse(url, status_code=303)
    if notice is not None:
        secure = web_of(request).config.secure
        value = quote(f"{tone}:{notice}", safe="")
        response.set_cookie(
            NOTICE_COOKIE, value, max_age=60, path="/", httponly=True, samesite="lax", secure=secure
        )
    return response


def _read_notice(request: Request) -> tuple[str, str] | None:
    raw = request.cookies.get(NOTICE_COOKIE)
    if not raw or len(raw) > 2000:
        return None
    tone, _, text = unquote(raw).partition(":")
    return (tone, text) if tone in TONES and text else None


def _with_language(request: Request, lang: Language) -> str:
    if request.method not in ("GET", "HEAD"):
        return f"/?lang={lang}"
    return f"{request.url.path}?{request.url.include_query_params(lang=lang).query}"


def _tag(lang: Language) -> str:
    return "zh-CN" if lang == "zh" else "en"
