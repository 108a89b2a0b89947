"""Tests for who reaches the pages, and what other sites and callers cannot do."""

from __future__ import annotations

import re

from instantly_mcp.access.approvals.approval import ApprovalState
from instantly_mcp.web.approvals import sessions
from instantly_mcp.web.approvals.login import TRIES_A_MINUTE
from instantly_mcp.web.approvals.sessions import IDLE_SECONDS, LONGEST_SECONDS

from .browser import ORIGINS
from .test_deciding import PagesTestCase

SECURE = ORIGINS[2]


class SigningInTests(PagesTestCase):
    """Only an approver's secret opens the pages."""

    def test_not_signed_in(self) -> None:
        """Without a session every page is the login form, with 401."""
        id = self.queue.asked()
        stranger = self.browser()
        for path in ("/approvals", f"/approvals/{id}", "/approvals/unknown", "/status"):
            stranger.get(path)
            self.assertEqual(stranger.status, 401)
            for secret in ("Reply", "ada@example.com", "9.9.9", "Bo"):
                self.assertNotIn(secret, stranger.page)

    def test_wrong(self) -> None:
        """Neither another secret nor another's name signs in."""
        other = self.server.add("Eve")
        for name, secret in (
            ("Bo", other),
            ("Bo", ""),
            ("Bo", "ima_" + "a" * 43),
            ("", self.server.secret),
            ("bo", self.server.secret),
            ("Bo", "a-server-secret-or-a-key"),
        ):
            stranger = self.browser()
            stranger.get("/approvals").submit("login", name=name, secret=secret)
            self.assertEqual(stranger.status, 401, name)
            self.assertNotIn(secret or "nothing", stranger.page)
            self.server.clock.advance(60)
        self.assertEqual(len(self.server.sessions), 0)

    def test_wanted_page(self) -> None:
        """After the login the request that was asked for is shown."""
        id = self.queue.asked()
        bo = self.browser()
        bo.get(f"/approvals/{id}").submit("login", name="Bo", secret=self.server.secret)
        self.assertEqual((bo.status, bo.path), (200, f"/approvals/{id}"))

    def test_no_open_redirect(self) -> None:
        """A login leads to these pages only."""
        for wanted in (
            "//evil.example",
            "https://evil.example",
            "../x",
            "a" * 30,
            "\n",
        ):
            bo = self.browser()
            bo.get("/approvals").submit(
                "login", name="Bo", secret=self.server.secret, wanted=wanted
            )
            self.assertEqual((bo.status, bo.path), (200, "/approvals"), wanted)
            self.server.clock.advance(60)

    def test_throttled_by_address(self) -> None:
        """After ten tries within a minute that failed, the others are not counted."""
        stranger = self.browser().get("/approvals")
        for number in range(TRIES_A_MINUTE):
            stranger.submit("login", name=f"guess {number}", secret="ima_x")
            self.assertIn("is wrong", stranger.text)
        stranger.submit("login", name="Bo", secret="ima_x")
        self.assertIn("too many tries", stranger.text)
        self.server.clock.advance(60)
        stranger.submit("login", name="Bo", secret="ima_x")
        self.assertIn("is wrong", stranger.text)

    def test_no_one_is_locked_out(self) -> None:
        """Tries of a program on the same machine do not keep an approver out."""
        program = self.browser().get("/approvals")
        for name in ("guess", "Bo") * TRIES_A_MINUTE:
            program.submit("login", name=name, secret="ima_x")
        self.assertIn("too many tries", program.text)
        bo = self.browser().get("/approvals")
        bo.submit("login", name="Bo", secret=self.server.secret)
        self.assertEqual(bo.status, 200)

    def test_success_is_not_counted(self) -> None:
        """Signing in often leaves the tries that fail as they are."""
        for _ in range(2 * TRIES_A_MINUTE):
            self.signed_in()
        stranger = self.browser().get("/approvals")
        stranger.submit("login", name="Bo", secret="ima_x")
        self.assertIn("is wrong", stranger.text)

    def test_throttled_by_name(self) -> None:
        """Tries from many addresses for one name are counted together."""
        for number in range(TRIES_A_MINUTE + 1):
            stranger = self.browser()
            stranger.address = f"10.0.{number}.1"
            stranger.get("/approvals").submit("login", name="Bo", secret="ima_x")
        self.assertIn("too many tries", stranger.text)

    def test_sign_out(self) -> None:
        """After signing out, the cookie of before opens nothing."""
        bo = self.signed_in()
        cookies = dict(bo.cookies)
        bo.submit("logout")
        self.assertEqual(bo.status, 401)
        bo.cookies.update(cookies)
        self.assertEqual(bo.get("/approvals").status, 401)

    def test_idle(self) -> None:
        """A session ends 15 minutes after its last use, and after 12 hours."""
        bo = self.signed_in()
        for _ in range(int(LONGEST_SECONDS / (IDLE_SECONDS - 1))):
            self.server.clock.advance(IDLE_SECONDS - 1)
            self.assertEqual(bo.get("/approvals").status, 200)
        self.server.clock.advance(IDLE_SECONDS - 1)
        self.assertEqual(bo.get("/approvals").status, 401)
        bo = self.signed_in()
        self.server.clock.advance(IDLE_SECONDS)
        self.assertEqual(bo.get("/approvals").status, 401)

    def test_most_sessions(self) -> None:
        """Of too many sessions the one that was used longest ago ends."""
        self.patch(sessions, "MAX_SESSIONS", 2)
        first, second = self.signed_in(), self.signed_in()
        first.get("/approvals")
        third = self.signed_in()
        found = [bo.get("/approvals").status for bo in (first, second, third)]
        self.assertEqual(found, [200, 401, 200])

    def test_removed_approver(self) -> None:
        """Who is removed is signed out, also if the name is given again."""
        bo = self.signed_in()
        self.successResultOf(self.server.book.remove("Bo"))
        self.server.secret = self.server.add("Bo")
        self.assertEqual(bo.get("/approvals").status, 401)

    def test_new_session(self) -> None:
        """A login never continues a session that the browser had before."""
        bo = self.browser()
        bo.cookies["instantly-approver"] = "fixed-by-someone"
        bo.get("/approvals").submit("login", name="Bo", secret=self.server.secret)
        self.assertEqual(bo.status, 200)
        self.assertNotEqual(bo.cookies["instantly-approver"], "fixed-by-someone")


class OtherSitesTests(PagesTestCase):
    """What another site, or another server on this host, can make a browser do."""

    def setUp(self) -> None:
        """Open a request, as an approver."""
        super().setUp()
        self.number = self.queue.asked()
        self.bo = self.signed_in().get(f"/approvals/{self.number}")
        form = self.bo.forms.found[f"../approvals/{self.number}"]
        self.form = {**form, "decision": "approve"}

    def send(self, form: dict[str, str] | None = None, **headers: str) -> int:
        """Send the form; return the status."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = self.form if form is None else form
        return self.bo.post(f"/approvals/{self.number}", sent, given).status

    def test_origin(self) -> None:
        """A form from any other origin is refused, also from another local port."""
        for origin in (
            "",
            "null",
            "http://evil.example",
            "http://localhost:3000",
            "http://localhost",
            "http://127.0.0.1:3100",
            "https://localhost:3100",
            "http://localhost:3100.evil.example",
            "https://mcp.example.com",
        ):
            self.assertEqual(self.send(Origin=origin), 403, origin)
        self.assertIs(self.queue.get(self.number).state, ApprovalState.PENDING)
        self.assertEqual(self.send(), 200)

    def test_form_token(self) -> None:
        """A form without the token of this session is refused."""
        eve = self.signed_in("Eve").get(f"/approvals/{self.number}")
        other = eve.forms.found[f"../approvals/{self.number}"]["form_token"]
        for token in ("", "x", other, "\u00e9"):
            self.assertEqual(self.send({**self.form, "form_token": token}), 403)
        self.assertEqual(self.send({"decision": "approve"}), 403)
        self.assertIs(self.queue.get(self.number).state, ApprovalState.PENDING)

    def test_login_form(self) -> None:
        """A login needs the form and the cookie of one visit."""
        for change in ("cookie", "token", "both"):
            stranger = self.browser().get("/approvals")
            form = {
                **stranger.forms.found["approvals/login"],
                "name": "Bo",
                "secret": self.server.secret,
            }
            if change in ("cookie", "both"):
                stranger.cookies.clear()
            if change in ("token", "both"):
                form["form_token"] = ""
            stranger.post("/approvals/login", form)
            self.assertEqual(stranger.status, 401, change)
            self.assertIn("out of date", stranger.text)
        self.assertEqual(len(self.server.sessions), 1)

    def test_session_ended(self) -> None:
        """A decision after the session has ended leads to the login, and back."""
        self.server.sessions.close(self.bo.cookies["instantly-approver"])
        self.assertEqual(self.send(), 401)
        self.assertIs(self.queue.get(self.number).state, ApprovalState.PENDING)
        self.bo.submit("login", name="Bo", secret=self.server.secret)
        self.assertEqual((self.bo.status, self.bo.path[:11]), (200, "/approvals/"))
        self.assertNotEqual(self.bo.forms.buttons, [])

    def test_sign_out_without_a_session(self) -> None:
        """Signing out twice is harmless."""
        stranger = self.browser().get("/approvals")
        stranger.post("/approvals/logout", {"form_token": ""})
        self.assertEqual((stranger.status, stranger.path), (401, "/approvals"))

    def test_host(self) -> None:
        """The pages are served under their own names only (DNS rebinding)."""
        for host in ("evil.example", "localhost", "localhost:3000", "", "127.0.0.1"):
            self.bo.get("/approvals", {"Host": host})
            self.assertIn(self.bo.status, (400, 421), host)
            self.assertNotIn("Reply", self.bo.page)

    def test_other_forms(self) -> None:
        """A body of another kind, a large one, and doubled fields are refused."""
        kind = "Content-Type"
        for given, status in (
            ({kind: "application/json"}, 415),
            ({kind: "text/plain"}, 415),
            ({kind: ""}, 415),
        ):
            self.bo.post(f"/approvals/{self.number}", self.form, given)
            self.assertEqual(self.bo.status, status)
        self.assertEqual(self.send({**self.form, "x": "y" * 5000}), 413)
        many = {f"f{number}": "1" for number in range(20)}
        self.assertEqual(self.send({**self.form, **many}), 400)
        twice = [*self.form.items(), ("decision", "approve")]
        self.bo.post(f"/approvals/{self.number}", twice)
        self.assertEqual(self.bo.status, 400)

    def test_cookie_twice(self) -> None:
        """A second cookie of the same name, set by another server, opens nothing."""
        session = self.bo.cookies["instantly-approver"]
        twice = f"instantly-approver=x; instantly-approver={session}"
        self.bo.cookies.clear()
        self.assertEqual(self.bo.get("/approvals", {"Cookie": twice}).status, 401)

    def test_no_cors(self) -> None:
        """No answer lets another origin read it, nor be asked first."""
        for method in ("GET", "OPTIONS", "POST"):
            response = self.server.ask(
                method,
                "/approvals",
                {"Host": "localhost:3100", "Origin": "http://evil.example"},
            )
            for name in response.headers:
                self.assertFalse(name.startswith("access-control"), name)


class HeaderTests(PagesTestCase):
    """What every answer says to the browser."""

    def test_headers(self) -> None:
        """No script, no frame, no cache, no referrer to other sites."""
        bo = self.signed_in()
        for path in ("/approvals", "/approvals/unknown", "/status", "/nothing"):
            response = bo.get(path).response
            policy = response.one("content-security-policy") or ""
            self.assertTrue(policy.startswith("default-src 'none'; style-src 'sha256-"))
            self.assertIn("form-action 'self'; frame-ancestors 'none'", policy)
            self.assertNotIn("script", policy)
            for name, value in (
                ("cache-control", "no-store"),
                ("referrer-policy", "same-origin"),
                ("x-content-type-options", "nosniff"),
                ("x-frame-options", "DENY"),
                ("cross-origin-opener-policy", "same-origin"),
                ("content-type", "text/html; charset=utf-8"),
            ):
                self.assertEqual(response.one(name), value, path)
            self.assertNotIn("<script", bo.page)
            self.assertIsNone(re.search(r"\son\w+=", bo.page))

    def test_cookies(self) -> None:
        """Cookies are for this server alone, and over https for https alone."""
        for origin, ending in (
            (ORIGINS[0], "; Path=/; HttpOnly; SameSite=Strict"),
            (SECURE, "; Path=/; HttpOnly; SameSite=Strict; Secure"),
        ):
            browser = self.browser(origin).get("/approvals")
            (cookie,) = browser.response.headers["set-cookie"]
            self.assertTrue(cookie.endswith(ending), cookie)
            secure = origin == SECURE
            self.assertEqual(cookie.startswith("__Host-"), secure)
        bo = self.signed_in(origin=SECURE)
        self.assertEqual(bo.status, 200)
        self.assertEqual(list(bo.cookies), ["__Host-instantly-approver"])

    def test_keys(self) -> None:
        """A request with a key or token is refused, whatever else it has."""
        bo = self.signed_in()
        for header in ("Authorization", "X-API-Key", "X-Instantly-API-Key"):
            self.assertEqual(bo.get("/approvals", {header: "Bearer k"}).status, 400)
        self.assertEqual(bo.get("/approvals?api_key=k").status, 400)
        self.assertEqual(bo.get("/approvals").status, 200)

    def test_nothing_secret(self) -> None:
        """No page contains the secret, the session id, or what is stored of them."""
        id = self.queue.asked()
        bo = self.signed_in()
        session = bo.cookies["instantly-approver"]
        digest = self.server.book.version("Bo") or ""
        for path in ("/approvals", f"/approvals/{id}", "/status"):
            page = bo.get(path).page
            for secret in (self.server.secret, session, digest):
                self.assertNotIn(secret, page)
