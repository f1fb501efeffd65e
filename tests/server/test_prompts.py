"""The firmware's questions and notices as clients know them (contract, 9.2)."""

from helpers_fleet import until
from helpers_hub import run
from helpers_push import run as run_served
from mrdraw import events
from mrdraw.link import messages as link
from mrdraw.link.messages import MachineState, Notification, Prompt

PROMPT = "/api/plugin/action_command_prompt"
NOTIFICATION = "/api/plugin/action_command_notification"
FILAMENT = Prompt(text="Filament ran out", choices=("Load", "Cancel"))
SHOWN = {"text": "Filament ran out", "choices": ["Load", "Cancel"]}


def test_a_question_and_its_answer(tmp_path):
    async def scenario(client, world):
        assert (await client.get(PROMPT)).json() == {}
        await world.tell(prompt=FILAMENT)
        assert (await client.get(PROMPT)).json() == SHOWN
        assert (await client.get("/api/v1/machines/default")).json()["prompt"] == SHOWN
        answer = await client.post(PROMPT, json={"command": "select", "choice": 1})
        assert (answer.status_code, answer.content) == (204, b"")
        assert [asked.choice for asked in world.asked(link.AnswerPrompt)] == [1]
        for wrong in ({"command": "select"}, {"command": "select", "choice": "a"}, {"command": "close"}):
            assert (await client.post(PROMPT, json=wrong)).status_code == 400
        world.host.refusals[link.AnswerPrompt] = ("WrongState", "The firmware asks nothing now.")
        assert (await client.post(PROMPT, json={"command": "select", "choice": 0})).status_code == 409

    run(tmp_path, scenario)


def test_notices_and_taking_note_of_them(tmp_path):
    async def scenario(client, world):
        assert (await client.get(NOTIFICATION)).json() == {"notifications": []}
        await world.tell(notifications=(Notification(at=5.5, message="cold"),))
        expected = [{"timestamp": 5.5, "message": "cold"}]
        assert (await client.get(NOTIFICATION)).json() == {"notifications": expected}
        assert (await client.get("/api/v1/machines/default")).json()["notifications"] == expected
        assert (await client.post(NOTIFICATION, json={"command": "clear"})).status_code == 204
        assert len(world.asked(link.ClearNotifications)) == 1

    run(tmp_path, scenario)


def test_they_are_pushed_as_messages_of_their_plugins(tmp_path):
    told = [
        events.PromptShown(text="Filament ran out", choices=["Load", "Cancel"]), events.PromptClosed(),
        events.NotificationShown(message="cold"), events.NotificationsCleared(),
    ]  # fmt: skip

    async def scenario(served):
        async with served.authed("ann") as ann, served.authed("rita") as rita:
            for number, event in enumerate(told):
                served.world.host.tell(link.Happened(sequence=number, at=1.0, event=event))
            served.world.host.tell(link.Happened(sequence=9, at=1.0, event=events.Home()))
            heard = [await ann.until("plugin") for _ in told]
            assert heard == [
                {"plugin": "action_command_prompt", "data": {"action": "show", **SHOWN}},
                {"plugin": "action_command_prompt", "data": {"action": "close"}},
                {"plugin": "action_command_notification", "data": {"message": "cold"}},
                {"plugin": "action_command_notification", "data": {}},
            ]
            kinds = []
            while not kinds or kinds[-1] != "event":
                kinds.append((await rita.next())[0])
            assert "plugin" not in kinds, "who may only look is not asked"

    run_served(tmp_path, scenario)


def test_somebody_at_the_machine_starts_the_selected_file(tmp_path):
    async def scenario(client, world):
        world.host.tell(link.StartAsked())
        await world.tell()
        world.store("a.gcode")
        assert (await client.post("/api/files/local/a.gcode", json={"command": "select"})).status_code == 204
        assert not world.asked(link.StartJob), "nothing was selected when it was asked for first"
        world.host.tell(link.StartAsked())
        await until(lambda: world.asked(link.StartJob))
        assert world.asked(link.StartJob)[0].job.file.path == "a.gcode"
        await world.tell(state=MachineState.PRINTING)
        world.host.tell(link.StartAsked())
        await world.tell(state=MachineState.PRINTING)
        assert len(world.asked(link.StartJob)) == 1

    run(tmp_path, scenario)
