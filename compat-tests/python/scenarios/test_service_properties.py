"""Set and Get Queue Service Properties.

There is one set of them for all, so no test but those in this file changes them, and a file is
run by one worker.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from azure.storage.queue import CorsRule, Metrics, QueueAnalyticsLogging, RetentionPolicy

from errors import refused
from waiting import eventually


@pytest.fixture
async def properties(service) -> AsyncIterator[Callable]:
    """Puts the service properties back, and reads them as often as it takes to be true."""
    before = await service.get_service_properties()

    async def until(fact: Callable[[dict], bool]) -> dict:
        async def read() -> dict | None:
            found = await service.get_service_properties()
            return found if fact(found) else None

        return await eventually(read)

    yield until
    await service.set_service_properties(**before)


def origins(properties: dict) -> list[str]:
    return [rule.allowed_origins for rule in properties["cors"]]


async def test_s009_service_properties_are_read(service):
    properties = await service.get_service_properties()
    logging = properties["analytics_logging"]
    assert logging.version == "1.0"
    assert {type(flag) for flag in (logging.read, logging.write, logging.delete)} == {bool}
    for part in ("hour_metrics", "minute_metrics"):
        assert properties[part].version == "1.0"
        assert isinstance(properties[part].enabled, bool)
        assert isinstance(properties[part].retention_policy.enabled, bool)
    assert isinstance(properties["cors"], list)


async def test_s010_service_properties_are_kept(service, properties):
    await service.set_service_properties(
        analytics_logging=QueueAnalyticsLogging(
            delete=True,
            read=False,
            write=True,
            retention_policy=RetentionPolicy(enabled=True, days=7),
        ),
        hour_metrics=Metrics(
            enabled=True,
            include_apis=True,
            retention_policy=RetentionPolicy(enabled=True, days=365),
        ),
        minute_metrics=Metrics(enabled=True, include_apis=False),
    )
    found = await properties(lambda found: found["analytics_logging"].write)

    logging = found["analytics_logging"]
    assert (logging.delete, logging.read, logging.write) == (True, False, True)
    assert (logging.retention_policy.enabled, logging.retention_policy.days) == (True, 7)

    hour = found["hour_metrics"]
    assert (hour.enabled, hour.include_apis) == (True, True)
    assert (hour.retention_policy.enabled, hour.retention_policy.days) == (True, 365)

    minute = found["minute_metrics"]
    assert (minute.enabled, minute.include_apis) == (True, False)
    assert (minute.retention_policy.enabled, minute.retention_policy.days) == (False, None)


async def test_s011_cors_rules_are_kept(service, properties):
    await service.set_service_properties(
        cors=[
            CorsRule(
                ["https://shop.example", "https://www.shop.example"],
                ["GET", "PUT"],
                max_age_in_seconds=300,
                exposed_headers=["x-ms-*"],
                allowed_headers=["x-ms-meta-*", "content-type"],
            ),
            CorsRule(["*"], ["DELETE", "GET", "HEAD", "MERGE", "OPTIONS", "POST", "PUT"]),
        ]
    )
    first, second = (await properties(lambda found: len(found["cors"]) == 2))["cors"]
    assert first.allowed_origins == "https://shop.example,https://www.shop.example"
    assert first.allowed_methods == "GET,PUT"
    assert first.max_age_in_seconds == 300
    assert first.exposed_headers == "x-ms-*"
    assert first.allowed_headers == "x-ms-meta-*,content-type"
    assert second.allowed_origins == "*"
    assert second.allowed_methods == "DELETE,GET,HEAD,MERGE,OPTIONS,POST,PUT"
    assert second.max_age_in_seconds == 0
    assert not second.exposed_headers
    assert not second.allowed_headers


async def test_s012_five_cors_rules_are_the_most(service, properties):
    five = [f"https://{number}.example" for number in range(5)]
    await service.set_service_properties(cors=[CorsRule([origin], ["GET"]) for origin in five])
    await properties(lambda found: origins(found) == five)
    with refused("InvalidXmlDocument", linenumber="0", lineposition="0"):
        await service.set_service_properties(
            cors=[CorsRule([origin], ["PUT"]) for origin in [*five, "https://sixth.example"]]
        )
    kept = await service.get_service_properties()
    assert origins(kept) == five
    assert {rule.allowed_methods for rule in kept["cors"]} == {"GET"}


async def test_s012_a_method_that_is_none_is_refused(service, properties):
    with refused("InvalidXmlDocument"):
        await service.set_service_properties(cors=[CorsRule(["*"], ["FETCH"])])


async def test_s013_no_cors_rules_remove_them_all(service, properties):
    await service.set_service_properties(cors=[CorsRule(["https://gone.example"], ["GET"])])
    await properties(lambda found: origins(found) == ["https://gone.example"])
    await service.set_service_properties(cors=[])
    assert (await properties(lambda found: not found["cors"]))["cors"] == []


async def test_s014_a_retention_of_366_days_is_refused(service, properties):
    metrics = Metrics(
        enabled=True,
        include_apis=True,
        retention_policy=RetentionPolicy(enabled=True, days=366),
    )
    with refused(
        "InvalidXmlDocument",
        reason="Retention days must be greater than 0 and less than or equal to 365 days.",
    ):
        await service.set_service_properties(hour_metrics=metrics)


async def test_s015_properties_that_are_left_out_keep_their_value(service, properties):
    await service.set_service_properties(
        analytics_logging=QueueAnalyticsLogging(delete=True),
        hour_metrics=Metrics(enabled=True, include_apis=True),
        minute_metrics=Metrics(enabled=True, include_apis=False),
        cors=[CorsRule(["https://first.example"], ["GET"])],
    )
    await properties(lambda found: origins(found) == ["https://first.example"])

    await service.set_service_properties(cors=[CorsRule(["https://kept.example"], ["GET"])])
    found = await properties(lambda found: origins(found) == ["https://kept.example"])
    assert found["analytics_logging"].delete

    await service.set_service_properties(analytics_logging=QueueAnalyticsLogging(read=True))
    found = await properties(lambda found: found["analytics_logging"].read)
    assert not found["analytics_logging"].delete
    assert found["hour_metrics"].include_apis
    assert found["minute_metrics"].enabled
    assert origins(found) == ["https://kept.example"]


async def test_s015_a_refused_change_changes_nothing(service, properties):
    await service.set_service_properties(
        analytics_logging=QueueAnalyticsLogging(delete=False),
        cors=[CorsRule(["https://kept.example"], ["GET"])],
    )
    await properties(lambda found: origins(found) == ["https://kept.example"])
    with refused("InvalidXmlDocument"):
        await service.set_service_properties(
            analytics_logging=QueueAnalyticsLogging(delete=True),
            cors=[CorsRule(["https://lost.example"], ["GET"])] * 6,
        )
    found = await service.get_service_properties()
    assert not found["analytics_logging"].delete
    assert origins(found) == ["https://kept.example"]
