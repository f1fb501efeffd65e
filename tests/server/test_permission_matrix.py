"""Who may what: every route for everybody who can come (contract, sections 0, 1, 3 and 5).

The expected cells stand in `permission_matrix.txt`, typed from the contract; nothing of it is taken from the code.
"""

from pathlib import Path

from helpers_hub import run
from mrdraw.accounts import Grants, Scopes

TABLE = Path(__file__).with_name("permission_matrix.txt")
COLUMNS = (
    "no key", "unknown key", "revoked key",
    "read-only user", "operator", "admin", "operator of another machine",
    "global key", "application key", "key of a deactivated user",
    "session without CSRF", "session with CSRF",
)  # fmt: skip
PARAMETERS = {
    "server": "0", "session": "a.b", "path:path": "a.gcode", "provider": "eve", "origin": "local",
    "machine_id": "default", "profile_id": "_default", "job_id": "1", "size": "192", "name": "eve", "key": "users",
    "group": "eve", "locale": "de", "pack": "_core", "slicer": "cura", "source": "core", "action": "shutdown",
    "app_token": "unasked", "user_token": "unasked", "session_id": "ended", "key_id": "revoked", "passkey": "abc",
}  # fmt: skip
"""What stands in the paths of the table for what a route leaves open."""


def expected():
    """The cells by route, and what each is for."""
    cells = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            method, path, *groups, _permission = line.split(maxsplit=6)
            assert (method, path) not in cells, line
            cells[method, path] = dict(zip(COLUMNS, "".join(groups), strict=True))
    return cells


def concrete(path):
    for name, value in PARAMETERS.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def cell_of(answer):
    """What a status says of the permission; `.` is whatever came behind it."""
    if answer.status_code == 400 and "CSRF" in answer.text:
        return "c"
    return {401: "-", 403: "x"}.get(answer.status_code, ".")


class Everybody:
    """Those who come; keys and sessions are made anew where a route took them away."""

    def __init__(self, made):
        self._made = made
        self._accounts = made.services.accounts
        self._fixed = {}
        self._logged_in = None

    async def arrive(self):
        accounts, made = self._accounts, self._made
        keys = {"read-only user": made.key("rita"), "operator": made.key("ann"), "admin": made.key("boss")}
        accounts.add_user("far", "secret", Grants(("users",), scopes=Scopes(groups={"users": ("second",)})))
        accounts.add_user("gone", "secret", ("admins",))
        keys["operator of another machine"] = accounts.new_user_key("far")
        keys["key of a deactivated user"] = accounts.new_user_key("gone")
        accounts.set_active("gone", active=False)
        keys["unknown key"] = "nobody-owns-this"
        keys["revoked key"] = accounts.new_user_key("far")
        keys["operator of another machine"] = accounts.new_user_key("far")
        self._fixed = keys
        self._logged_in = await accounts.login("ann", "secret")

    async def headers(self, who):
        if who == "no key":
            return {}
        if who == "global key":
            return {"X-Api-Key": self._accounts.global_key() or self._accounts.new_global_key()}
        if who == "application key":
            return {"X-Api-Key": await self._accounts.applications.grant("ann", "a slicer")}
        if who.startswith("session"):
            return await self._session(with_csrf=who.endswith("with CSRF"))
        return {"X-Api-Key": self._fixed[who]}

    async def _session(self, *, with_csrf):
        token = await self._accounts.open_session(self._logged_in)
        csrf = self._accounts.new_csrf_token()
        headers = {"Cookie": f"session_P80={token}; csrf_token_P80={csrf}"}
        return {**headers, "X-CSRF-Token": csrf} if with_csrf else headers


def test_the_table_names_every_route():
    from mrdraw.server.app import all_routes

    assert {(route.method, concrete(route.path)) for route in all_routes()} == set(expected())


def test_every_route_for_everybody(tmp_path):
    async def scenario(_, made):
        everybody = Everybody(made)
        await everybody.arrive()
        wrong = []
        async with made.client() as client:
            for (method, path), cells in expected().items():
                for who, cell in cells.items():
                    answer = await client.request(method, path, headers=await everybody.headers(who))
                    if cell_of(answer) != cell:
                        wrong.append(
                            f"{method} {path} as {who}: {answer.status_code} {answer.text[:100]!r}, not {cell}"
                        )
        assert not wrong, "\n".join(wrong)

    run(tmp_path, scenario)
