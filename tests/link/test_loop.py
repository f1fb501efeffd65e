"""The event loop of our processes."""

import asyncio
import sys

import uvloop

from mrdraw.link.loop import loop_factory


def test_uvloop_is_taken_where_there_is_one():
    assert loop_factory() is uvloop.new_event_loop


def test_without_uvloop_it_is_that_of_asyncio(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop_factory() is asyncio.new_event_loop
