"""List Queues and Get Queue Service Stats."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta, timezone

import pytest
from azure.storage.queue.aio import QueueServiceClient

import raw
from conftest import delete_if_there, service_client
from errors import refused


async def names(queues) -> list[str]:
    return [queue.name async for queue in queues]


@pytest.fixture
def prefix(queue_name) -> str:
    return queue_name + "-"


@pytest.fixture
async def family(service, prefix) -> AsyncIterator[Callable]:
    """Creates queues of these letters, in the order given, and returns their names."""
    created = []

    async def create(letters: str) -> list[str]:
        for letter in letters:
            created.append(prefix + letter)
            await service.create_queue(created[-1], metadata={"Letter": letter})
        return created

    yield create
    for name in created:
        await delete_if_there(service, name)


async def test_s001_queues_are_listed_by_name(service, prefix, family):
    created = await family("bca")
    listed = [queue async for queue in service.list_queues(name_starts_with=prefix)]
    assert [queue.name for queue in listed] == sorted(created)
    assert [queue.metadata for queue in listed] == [None, None, None]


async def test_s002_a_prefix_selects(service, prefix, family, new_name):
    one, two = [name for name in await family("ab")]
    other = new_name()
    await service.create_queue(other)
    assert await names(service.list_queues(name_starts_with=prefix)) == [one, two]
    assert await names(service.list_queues(name_starts_with=two)) == [two]


@pytest.mark.parametrize("ending", ["none", "CAPITALS", "a&b=<c>%2F"])
async def test_s002_a_prefix_that_no_queue_has_selects_none(service, prefix, family, ending):
    await family("ab")
    assert await names(service.list_queues(name_starts_with=prefix + ending)) == []


async def test_s003_a_list_includes_metadata_when_it_is_asked_for(service, prefix, family):
    await family("ab")
    with_it = service.list_queues(name_starts_with=prefix, include_metadata=True)
    assert [queue.metadata async for queue in with_it] == [{"Letter": "a"}, {"Letter": "b"}]
    without = service.list_queues(name_starts_with=prefix)
    assert [queue.metadata async for queue in without] == [None, None]


async def test_s003_a_queue_without_metadata_is_listed_with_none(service, queue):
    listed = service.list_queues(queue.queue_name, include_metadata=True)
    assert [not found.metadata async for found in listed] == [True]


async def test_s004_a_list_comes_in_pages(service, prefix, family):
    seven = sorted(await family("gfedcba"))
    pages = service.list_queues(name_starts_with=prefix, results_per_page=3).by_page()
    found = [await names(page) async for page in pages]
    assert found == [seven[:3], seven[3:6], seven[6:]]


async def test_s004_a_page_that_ends_with_the_last_queue_is_the_last(service, prefix, family):
    four = await family("abcd")
    pages = service.list_queues(name_starts_with=prefix, results_per_page=2).by_page()
    assert [await names(page) async for page in pages] == [four[:2], four[2:]]


async def test_s004_more_than_a_page_can_hold_may_be_asked_for(service, prefix, family):
    two = await family("ab")
    assert await names(service.list_queues(prefix, results_per_page=5001)) == two


async def test_s005_a_page_can_be_continued_by_another_client(
    account, opened, service, prefix, family
):
    four = await family("abcd")
    pages = service.list_queues(name_starts_with=prefix, results_per_page=1).by_page()
    assert await names(await anext(pages)) == four[:1]
    other = await opened(service_client(account))
    rest = other.list_queues(name_starts_with=prefix, results_per_page=2)
    page = await anext(rest.by_page(continuation_token=pages.continuation_token))
    assert await names(page) == four[1:3]


async def test_s006_a_marker_that_is_none_is_refused(service):
    pages = service.list_queues(results_per_page=1).by_page(continuation_token="garbage")
    with refused("OutOfRangeInput", text="One of the request inputs is out of range."):
        await anext(pages)


@pytest.mark.parametrize("size", ["0", "-1"])
async def test_s007_a_page_of_no_queues_is_refused(service, size):
    pages = service.list_queues(raw_request_hook=raw.query(maxresults=size)).by_page()
    with refused(
        "OutOfRangeQueryParameterValue",
        queryparametername="maxresults",
        queryparametervalue=size,
        minimumallowed="1",
    ):
        await anext(pages)


async def test_s008_a_deleted_queue_is_listed_no_more(service, queue):
    assert await names(service.list_queues(queue.queue_name)) == [queue.queue_name]
    await queue.delete_queue()
    assert await names(service.list_queues(queue.queue_name)) == []


async def tells_how_far_it_is(service) -> bool:
    replication = (await service.get_service_stats())["geo_replication"]
    assert replication["status"] == "live"
    age = datetime.now(timezone.utc) - replication["last_sync_time"]
    return timedelta(minutes=-1) < age < timedelta(hours=1)


async def test_s016_the_secondary_tells_how_far_it_is(account, signed_secondary, opened):
    service = await opened(service_client(account, secondary_hostname=signed_secondary))
    assert await tells_how_far_it_is(service)


async def test_s016_so_it_does_to_a_client_of_its_own(account, secondary, opened):
    """A client that takes the secondary for its primary as well."""
    service = await opened(
        QueueServiceClient(
            account.secondary,
            credential=account.credential,
            secondary_hostname=secondary.split("/")[0],
            **account.options,
        )
    )
    assert await tells_how_far_it_is(service)


async def test_s017_the_primary_tells_no_statistics(account, opened):
    """A client whose secondary is the primary."""
    service = await opened(
        QueueServiceClient(
            account.endpoint,
            credential=account.credential,
            secondary_hostname=account.host,
            **account.options,
        )
    )
    with refused(
        "InvalidQueryParameterValue", queryparametername="comp", queryparametervalue="stats"
    ):
        await service.get_service_stats()
