"""Get and Set Queue Metadata, and the approximate messages count that comes with it."""

from __future__ import annotations

import pytest

from conftest import count
from errors import refused


async def metadata(queue) -> dict[str, str]:
    return (await queue.get_queue_properties()).metadata


async def test_s040_metadata_are_kept(service, queue_name):
    queue = await service.create_queue(queue_name, metadata={"MyKey": "value", "other": "2"})
    assert await metadata(queue) == {"MyKey": "value", "other": "2"}


async def test_s041_setting_metadata_replaces_them_all(queue):
    await queue.set_queue_metadata({"first": "1", "both": "1"})
    await queue.set_queue_metadata({"second": "2", "both": "2"})
    assert await metadata(queue) == {"second": "2", "both": "2"}


@pytest.mark.parametrize("nothing", [{}, None])
async def test_s041_setting_none_removes_them_all(queue, nothing):
    await queue.set_queue_metadata({"gone": "soon"})
    await queue.set_queue_metadata(nothing)
    assert await metadata(queue) == {}


async def test_s042_names_are_the_same_in_any_case(queue):
    await queue.set_queue_metadata({"colour": "red"})
    await queue.set_queue_metadata({"CoLouR": "blue"})
    found = await metadata(queue)
    assert {name.lower(): value for name, value in found.items()} == {"colour": "blue"}
    assert len(found) == 1


@pytest.mark.parametrize("name", ["1st", "a-b", "a.b", "a!"])
async def test_s043_a_name_that_is_no_identifier_is_refused(queue, name):
    with refused("InvalidMetadata"):
        await queue.set_queue_metadata({name: "value"})
    assert await metadata(queue) == {}


async def test_s043_nor_does_it_create_a_queue(service, queue_name):
    with refused("InvalidMetadata"):
        await service.create_queue(queue_name, metadata={"1st": "value"})
    with refused("QueueNotFound"):
        await service.get_queue_client(queue_name).get_queue_properties()


async def test_s044_one_value_of_8000_characters_is_kept(queue):
    await queue.set_queue_metadata({"name": "v" * 8000})
    assert await metadata(queue) == {"name": "v" * 8000}


async def test_s044_metadata_are_at_most_8_kib(queue):
    """Names and values count together."""
    pairs = {f"key{number}": "v" * (1024 - len("key0")) for number in range(8)}
    await queue.set_queue_metadata(pairs)
    assert await metadata(queue) == pairs
    with refused("MetadataTooLarge"):
        await queue.set_queue_metadata({**pairs, "key7": pairs["key7"] + "v"})
    assert await metadata(queue) == pairs


@pytest.mark.parametrize(
    "value",
    [
        "two words",
        "two  blanks",
        "a,b, c",
        "key=value;other=1",
        '"quoted"',
        "%41",
        "100% <&> ok",
        "!#$&'()*+,-./:;<=>?@[]^_`{|}~\\",
    ],
)
async def test_s045_values_keep_what_a_header_can_carry(queue, value):
    await queue.set_queue_metadata({"name": value})
    assert await metadata(queue) == {"name": value}


async def test_s045_a_value_may_be_empty(queue):
    await queue.set_queue_metadata({"name": ""})
    assert await metadata(queue) == {"name": ""}


@pytest.mark.parametrize(
    "names",
    [("a_b", "a1", "ab", "a", "_a"), ("_", "a", "a_b", "a1", "aa", "ab", "ac", "B")],
    ids=",".join,
)
async def test_s046_names_with_an_underscore_are_signed_as_the_client_sorts_them(queue, names):
    pairs = {name: f"value of {name}" for name in names}
    await queue.set_queue_metadata(pairs)
    assert await metadata(queue) == pairs


async def test_s047_the_count_of_messages_is_in_the_metadata(queue):
    for text in ("one", "two", "three"):
        await queue.send_message(text)
    received = await queue.receive_message()
    assert await count(queue) == 3
    await queue.delete_message(received)
    assert await count(queue) == 2
