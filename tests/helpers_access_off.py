"""A server whose access control is off, and browsers near it and far from it."""

import contextlib

import httpx


def off(made, **members):
    """Turn access control off, as a person does in the file; there is an admin."""
    made.key("boss")
    made.services.settings.update({"accessControl": {"enabled": False, **members}})


@contextlib.asynccontextmanager
async def browser(made, host="localhost", address="127.0.0.1", **headers):
    """A browser that knows this server by a name, at an address."""
    transport = httpx.ASGITransport(made.app, client=(address, 40000))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}", headers=headers) as client:
        yield client


async def enter(client):
    """What the page does first; the name under which it is in, if it is."""
    answer = await client.post("/api/login", json={"passive": True})
    assert answer.status_code == 200
    token = next((value for name, value in client.cookies.items() if name.startswith("csrf_token")), "")
    client.headers["X-CSRF-Token"] = token
    return answer.json().get("name")
