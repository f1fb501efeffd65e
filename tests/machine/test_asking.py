"""What the firmware asks and says to people (action commands)."""

import asyncio

from helpers_machine import running
from mrdraw import events
from mrdraw.link import messages as link
from mrdraw.link.messages import MachineState, Prompt

ASK = ("prompt_begin Filament ran out", "prompt_button Load", "prompt_choice Cancel", "prompt_show")


def said(*actions):
    """The lines at which the simulator says these actions."""
    return tuple(f"M118 A1 action:{action}" for action in actions)


def test_a_question_is_shown_and_answered_with_one_of_its_choices(tmp_path):
    async def main():
        async with running(tmp_path) as (_, _, watcher):
            refused = await watcher.ask(link.AnswerPrompt, choice=0)
            assert (refused.code, "asks nothing" in refused.text) == ("WrongState", True)
            await watcher.do(link.SendLines, lines=said(*ASK))
            await watcher.until(lambda w: w.snapshot.prompt is not None)
            assert watcher.snapshot.prompt == Prompt(text="Filament ran out", choices=("Load", "Cancel"))
            refused = await watcher.ask(link.AnswerPrompt, choice=2)
            assert (refused.code, "0: Load, 1: Cancel" in refused.text) == ("InvalidValue", True)
            await watcher.do(link.AnswerPrompt, choice=1)
            await watcher.until(lambda w: any("M876 S1" in line for line in w.log))
            await watcher.until(lambda w: w.snapshot.prompt is None)
            told = [event for event in watcher.events if isinstance(event, events.PluginEvent)]
            shown = events.PromptShown(text="Filament ran out", choices=["Load", "Cancel"])
            assert told == [shown, events.PromptClosed()]

    asyncio.run(main())


def test_a_question_ends_when_the_firmware_says_so_or_the_wire_is_closed(tmp_path):
    async def main():
        async with running(tmp_path) as (_, _, watcher):
            await watcher.do(link.SendLines, lines=said("prompt_choice Lost", "prompt_show", *ASK))
            await watcher.until(lambda w: w.snapshot.prompt is not None)
            assert len(watcher.snapshot.prompt.choices) == 2
            await watcher.do(link.SendLines, lines=said("prompt_end"))
            await watcher.until(lambda w: w.snapshot.prompt is None)
            await watcher.do(link.SendLines, lines=said(*ASK, "notification Hot end is cold"))
            await watcher.until(lambda w: w.snapshot.prompt is not None and w.snapshot.notifications)
            await watcher.do(link.Disconnect)
            await watcher.until(lambda w: w.snapshot.prompt is None and not w.snapshot.notifications)

    asyncio.run(main())


def test_notifications_are_kept_until_somebody_takes_note(tmp_path):
    async def main():
        async with running(tmp_path) as (_, _, watcher):
            await watcher.do(link.SendLines, lines=said(*(f"notification {number}" for number in range(60))))
            await watcher.until(lambda w: w.snapshot.notifications and w.snapshot.notifications[-1].message == "59")
            assert [each.message for each in watcher.snapshot.notifications] == [str(each) for each in range(10, 60)]
            await watcher.do(link.ClearNotifications)
            await watcher.until(lambda w: not w.snapshot.notifications)
            assert isinstance(watcher.events[-1], events.NotificationsCleared)

    asyncio.run(main())


def test_somebody_at_the_machine_can_have_it_disconnected(tmp_path):
    async def main():
        async with running(tmp_path) as (_, _, watcher):
            await watcher.do(link.SendLines, lines=said("disconnect"))
            await watcher.state(MachineState.OFFLINE)
            await watcher.until(lambda _: "Disconnected" in watcher.names())

    asyncio.run(main())
