"""The frame around every page: language, templates, and headers under which only our own files may run."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cloud.domain.errors import DomainError
from cloud.rim import Rim
from cloud.web import dates
from cloud.web.numbers import Numbers
from cloud.web.sayings import actor_said, alarm_said, named, refusal, said, subject_said
from cloud.web.words import LANGUAGES, NAMES, Words, best_language, words_of

HERE = Path(__file__).parent
STATIC = HERE / "static"
LEAFLET = HERE.parents[1] / "node_modules" / "leaflet" / "dist"
D3 = HERE.parents[1] / "node_modules" / "d3" / "dist" / "d3.min.js"
LANGUAGE_COOKIE = "latchmile_language"
LANGUAGE_LIFE = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Tiles:
    """Where map tiles come from, for example ``https://tile.example/{z}/{x}/{y}.png``, and whom to thank."""

    url: str
    attribution: str = "© OpenStreetMap"

    @property
    def origin(self) -> str:
        """Return what the content security policy must let through; ``{s}`` stands for any subdomain."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something was not done, as a sentence, and what had been typed, so that nobody types it twice."""

    sentence: str
    typed: Mapping[str, str]


@dataclass(frozen=True)
class Frame:
    """Renders pages; ``leaflet`` is the map library's folder, which may be missing."""

    rim: Rim
    tiles: Tiles | None = None
    leaflet: Path = LEAFLET

    @cached_property
    def environment(self) -> Environment:
        made = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.globals |= {"version": self.version}
        return made

    @cached_property
    def version(self) -> str:
        """Return a digest of the static files: it stands in their addresses, so that a browser may keep them."""
        digest = hashlib.sha256()
        for path in sorted(STATIC.rglob("*")):
            if path.is_file():
                digest.update(path.read_bytes())
        return digest.hexdigest()[:12]

    @cached_property
    def policy(self) -> str:
        """Return the Content-Security-Policy: nothing inline, nothing from elsewhere but the tiles an operator set."""
        images = f"'self' data: {self.tiles.origin}" if self.tiles else "'self' data:"
        return (
            f"default-src 'none'; script-src 'self'; style-src 'self'; img-src {images}; connect-src 'self'; "
            "worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )

    def page(self, request: Request, template: str, status: int = 200, **content: Any) -> Response:
        """Return a page in the asker's language."""
        language = language_of(request)
        words = words_of(language)
        content.setdefault("problem", None)
        content.setdefault("who", None)
        text = self.environment.get_template(template).render(
            **self._tools(request, words), **self._map_settings(words), **content
        )
        answer = HTMLResponse(text, status, {"Content-Language": language, "Vary": "Accept-Language, Cookie"})
        return self.guarded(answer)

    def guarded(self, answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = self.policy
        answer.headers["X-Frame-Options"] = "DENY"
        answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        answer.headers["Permissions-Policy"] = "geolocation=(self), camera=(), microphone=()"
        return answer

    def problem(self, request: Request, error: DomainError, typed: Mapping[str, str] | None = None) -> Problem:
        """Return a refusal as a sentence in the asker's language."""
        return Problem(sentence_of(words_of(language_of(request)), error), typed or {})

    def dates_in(self, words: Words) -> dates.Dates:
        return dates.Dates(words.language, self.rim.locality.zone, self.rim.clock.now(), words.say("frame.just_now"))

    def _tools(self, request: Request, words: Words) -> dict[str, Any]:
        say = self.dates_in(words)
        return {
            "t": words.say,
            "word": words.word,
            "said": partial(said, words),
            "named": named,
            "actor_name": partial(actor_said, words),
            "subject_name": partial(subject_said, words),
            "dates": say,
            "numbers": Numbers(words.language, self.rim.locality.currency),
            "alarm_said": partial(alarm_said, words, say),
            "now": say.now,
            "language": words.language,
            "languages": [(one, NAMES[one], _in_language(request, one)) for one in LANGUAGES],
            "path": request.url.path,
        }

    def _map_settings(self, words: Words) -> dict[str, Any]:
        return {
            "has_leaflet": (self.leaflet / "leaflet.js").is_file(),
            "map_settings": {
                "tiles": self.tiles.url if self.tiles else "",
                "attribution": self.tiles.attribution if self.tiles else "",
                "zoom_in": words.say("map.zoom_in"),
                "zoom_out": words.say("map.zoom_out"),
            },
        }


def language_of(request: Request) -> str:
    """Return the language asked for, remembered, or liked best."""
    for given in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if given in LANGUAGES:
            return str(given)
    return best_language(request.headers.get("accept-language", ""))


def remember_language(request: Request, answer: Response) -> None:
    """Let the browser keep the language that was asked for, so that a way over other pages does not lose it."""
    asked = request.query_params.get("lang")
    if asked in LANGUAGES:
        life = int(LANGUAGE_LIFE.total_seconds())
        answer.set_cookie(LANGUAGE_COOKIE, asked, max_age=life, samesite="lax", httponly=True)


def sentence_of(words: Words, error: DomainError) -> str:
    """Return what a person reads: our sentence for this kind of refusal, else the error's own."""
    key = f"error.{type(error).__name__}"
    why = refusal(words, error)
    return words.say(key, why=why) if words.knows(key) else why


def see_other(address: str) -> Response:
    """Send the browser on after a POST, so that reloading repeats nothing."""
    return RedirectResponse(address, 303)


def _in_language(request: Request, language: str) -> str:
    return f"?{request.url.include_query_params(lang=language).query}"
