"""What the tests of users and groups over HTTP share."""

USERS = "/api/access/users"


def names(answer):
    return [record["name"] for record in answer.json()["users"]]


def record_of(answer, name):
    return next(record for record in answer.json()["users"] if record["name"] == name)


async def logged_in(client, name, password="secret"):
    """Log in; the header of the CSRF pair."""
    answer = await client.post("/api/login", json={"user": name, "pass": password})
    assert answer.status_code == 200
    return {"X-CSRF-Token": client.cookies["csrf_token_P80"]}


def later(made, minutes):
    """Let this time pass for the accounts."""
    accounts = made.services.accounts
    before = accounts._clock
    accounts._clock = accounts.sessions._clock = accounts.attempts._clock = lambda: before() + minutes * 60
