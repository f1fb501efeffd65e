"""pyoctoprintapi, which Home Assistant uses, on its whole way; run by its own interpreter."""

import asyncio
import json
import sys
from urllib.parse import urlsplit

import aiohttp
from pyoctoprintapi import ApiError, OctoprintClient, PrinterOffline

KEY, ADDRESS = sys.argv[1:]


async def until(ask, condition):
    for _ in range(600):
        if condition(await ask()):
            return
        await asyncio.sleep(0.05)
    raise TimeoutError


async def raised(kind, call):
    try:
        await call
    except kind:
        return
    raise AssertionError(kind)


async def machine(client):
    await client.disconnect()
    await until(client.get_job_info, lambda job: job.state == "Offline")
    await raised(PrinterOffline, client.get_printer_info())
    await client.connect(port="VIRTUAL", baud_rate=115200)
    await until(client.get_job_info, lambda job: job.state == "Operational")
    await until(client.get_printer_info, lambda printer: printer.has_heated_bed)
    printer = await client.get_printer_info()
    assert {one.name for one in printer.temperatures} == {"tool0", "bed"}
    assert all(isinstance(one.actual_temp, float | int) for one in printer.temperatures)
    flags = printer.state.flags
    assert (flags.operational, flags.ready, flags.printing, flags.error) == (True, True, False, False)
    await client.set_bed_temperature(30)
    await client.set_tool_temperature("tool0", 30)
    await until(client.get_printer_info, lambda printer: all(one.target_temp == 30 for one in printer.temperatures))
    await client.turn_bed_off()
    await client.turn_tool_off("tool0")


async def job(client):
    await raised(ApiError, client.pause_job())
    async with aiohttp.ClientSession(headers={"X-Api-Key": KEY}) as session:
        chosen = {"command": "select", "print": True}
        async with session.post(f"{ADDRESS}/api/files/local/lasting.gcode", json=chosen) as answer:
            assert answer.status == 204
    await until(client.get_job_info, lambda job: job.state == "Printing")
    found = await client.get_job_info()
    assert found.job.file.name == "lasting.gcode"
    assert found.progress.completion >= 0
    await client.pause_job()
    await until(client.get_job_info, lambda job: job.state == "Paused")
    await client.resume_job()
    await until(client.get_job_info, lambda job: job.state == "Printing")
    await client.cancel_job()
    await until(client.get_job_info, lambda job: job.state == "Operational")


async def server(client):
    assert (await client.get_server_info()).version == "1.11.8"
    discovery = await client.get_discovery_info()
    assert discovery.upnp_uuid
    await client.get_tracking_info()
    webcam = await client.get_webcam_info()
    assert isinstance(webcam.stream_url, str | None)
    await raised(ApiError, client.shutdown())


async def application_key(client):
    """Home Assistant's way to a key: it asks, and a user decides elsewhere."""
    async with aiohttp.ClientSession(headers={"X-Api-Key": KEY}) as admin:
        user = {"name": "harriet", "password": "quite-a-secret", "active": True, "groups": ["users"]}
        async with admin.post(f"{ADDRESS}/api/access/users", json=user) as answer:
            assert answer.status in {200, 409}  # who came another way before has made the user
        async with admin.post(f"{ADDRESS}/api/access/users/harriet/apikey") as answer:
            own_key = (await answer.json())["apikey"]
    asking = asyncio.create_task(client.request_app_key("Home Assistant", "harriet", 60))
    async with aiohttp.ClientSession(headers={"X-Api-Key": own_key}) as person:

        async def pending():
            async with person.get(f"{ADDRESS}/api/plugin/appkeys") as answer:
                return list((await answer.json())["pending"])

        await until(pending, len)
        (token,) = await pending()
        async with person.post(f"{ADDRESS}/plugin/appkeys/decision/{token}", json={"decision": True}) as answer:
            assert answer.status == 204
    client.set_api_key(await asking)
    assert (await client.get_server_info()).version == "1.11.8"


async def main():
    async with aiohttp.ClientSession() as session:
        place = urlsplit(ADDRESS)
        secure, path = place.scheme == "https", place.path or "/"
        client = OctoprintClient(place.hostname, session, port=place.port, ssl=secure, path=path)
        client.set_api_key(KEY)
        for part in (machine, job, server, application_key):
            await part(client)
            print(json.dumps(part.__name__), flush=True)


asyncio.run(main())
