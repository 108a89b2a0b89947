"""The answers of the routes that are not MCP, from the daemon's facts."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define

from .._json_codec import JsonObject
from ..bundle.archive import FILE_NAME, MEDIA_TYPE, bundle
from ..pipeline.media import JSON, preferred
from ..pipeline.replies.reply import Answer, json_answer
from . import documents
from .interfaces import Facts, ISandboxView, IStatus
from .pages.address import THIS_HOST, mcp_address
from .pages.home import home, home_page
from .pages.look import HTML, html_answer
from .sandbox_pages import Query, SandboxPages

_HOME_TYPES = (HTML, JSON)


@define(eq=False)
class Probes:
    """Answers status routes.

    :param status: the facts and the condition of the daemon.
    :param wall: returns seconds since the epoch, for timestamps that people read.
    :param discovery_documents: announce an authorization server that does not exist,
        for clients that do not work without one. Off by default, because clients may
        then start an OAuth login that cannot succeed.
    :param sandbox_view: the view of the sandbox, if the daemon runs one.
    """

    status: IStatus
    wall: Callable[[], float]
    discovery_documents: bool = False
    sandbox_view: ISandboxView | None = None

    def home(self, accept: str, known: bool, operator: bool = False) -> Answer:
        """The home page, or its JSON for clients that prefer that.

        An EventSource accepts neither, and gets 404: there is no stream at this path.
        """
        facts, condition = self.status.facts(), self.status.condition()
        kind = preferred(accept, _HOME_TYPES)
        if kind == HTML:
            return html_answer(home_page(facts, condition, known, operator))
        if kind == JSON:
            return json_answer(200, home(facts, condition, known))
        return json_answer(404, documents.not_found(facts))

    def control(
        self, method: str, name: str, key: str, workspace: str | None, body: bytes
    ) -> Answer:
        """Answer a control request of the sandbox; see `ISandboxView`."""
        view = self.sandbox_view
        answer = None
        if view is not None:
            answer = view.control(method, name, key, workspace, body)
        return answer or json_answer(404, documents.not_found(self.status.facts()))

    def sandbox(self, key: str, query: Query, *, forms: bool) -> Answer:
        """The page of a workspace of the sandbox; see `SandboxPages`."""
        facts, view, page = self.status.facts(), self.sandbox_view, None
        if view is not None:
            page = SandboxPages(view).show(key, facts, query, forms=forms)
        return page or json_answer(404, documents.not_found(facts))

    def sandbox_form(self, key: str, body: bytes) -> Answer:
        """Do what a form of that page asks for."""
        facts, view, done = self.status.facts(), self.sandbox_view, None
        if view is not None:
            done = SandboxPages(view).act(key, facts, body)
        return done or json_answer(404, documents.not_found(facts))

    def bundle(self, known: bool) -> Answer:
        """The extension for Claude Desktop, with the address of this server.

        It asks for an address that is not known, or that a stranger must not see.
        """
        url = mcp_address(self.status.facts(), known).url
        return Answer(
            status=200,
            body=bundle(None if THIS_HOST in url else url),
            headers=(
                ("Content-Type", MEDIA_TYPE),
                ("Content-Disposition", f'attachment; filename="{FILE_NAME}"'),
            ),
        )

    def ping(self) -> Answer:
        """Show that the server answers."""
        return json_answer(200, documents.ping(self.status.facts(), self.wall()))

    def health(self, known: bool) -> Answer:
        """Liveness.

        :param known: here and below: the visitor may see everything; otherwise status,
            name and version only.
        """
        facts, condition = self.status.facts(), self.status.condition()
        if not known:
            return json_answer(200, documents.brief_health(facts, condition))
        return json_answer(200, documents.health(facts, condition, self.wall()))

    def ready(self, known: bool) -> Answer:
        """Readiness."""
        status, body = documents.ready(self.status.condition(), known)
        headers = () if status == 200 else (("Retry-After", "5"),)
        return json_answer(status, body, headers)

    def info(self, known: bool) -> Answer:
        """Facts about the server."""
        facts = self.status.facts()
        if not known:
            return json_answer(
                200, documents.brief_info(facts, self.status.condition())
            )
        return json_answer(200, documents.info(facts))

    def authorization_server(self, known: bool) -> Answer:
        """RFC 8414 discovery."""
        return self._discovery(documents.authorization_server, known)

    def protected_resource(self, known: bool) -> Answer:
        """RFC 9728 discovery."""
        return self._discovery(documents.protected_resource, known)

    def register(self, known: bool) -> Answer:
        """Refuse dynamic client registration, which is not supported."""
        return json_answer(404, documents.no_oauth(self.status.facts(), known))

    def authorize(self, known: bool) -> Answer:
        """Answer the authorization page, which does not exist."""
        return self._discovery(documents.authorize, known)

    def _discovery(
        self, page: Callable[[Facts, bool], JsonObject], known: bool
    ) -> Answer:
        facts = self.status.facts()
        if self.discovery_documents:
            return json_answer(200, page(facts, known))
        return json_answer(404, documents.no_oauth(facts, known))
