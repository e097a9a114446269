"""List Queues, Set and Get Queue Service Properties, Get Queue Service Stats."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from azure.storage.queue import (
    CorsRule,
    Metrics,
    QueueAnalyticsLogging,
    QueueServiceClient,
    RetentionPolicy,
)

from conftest import service_client, unique_name
from errors import refused


def names(queues) -> list[str]:
    return [queue.name for queue in queues]


class TestListQueues:
    @pytest.fixture
    def prefix(self) -> str:
        return unique_name("list") + "-"

    @pytest.fixture
    def four(self, prefix, new_queue) -> list[str]:
        """Four queues created out of order; their names, in order."""
        for letter in "cadb":
            new_queue(prefix + letter, metadata={"Letter": letter})
        return [prefix + letter for letter in "abcd"]

    def test_names_come_in_order(self, service, prefix, four):
        assert names(service.list_queues(name_starts_with=prefix)) == four

    def test_without_a_prefix_every_queue_is_listed(self, service, four):
        everything = names(service.list_queues())
        assert set(four) <= set(everything)
        assert everything == sorted(everything)

    def test_a_prefix_can_be_a_whole_name(self, service, four):
        assert names(service.list_queues(name_starts_with=four[1])) == [four[1]]

    @pytest.mark.parametrize("prefix", ["no-queue-is-called-this", "CAPITALS", "a&b=<c>%2F"])
    def test_a_prefix_may_match_nothing(self, service, prefix):
        assert names(service.list_queues(name_starts_with=prefix)) == []

    def test_metadata_comes_only_when_asked_for(self, service, prefix, four):
        for queue in service.list_queues(name_starts_with=prefix):
            assert queue.metadata is None
        listed = service.list_queues(name_starts_with=prefix, include_metadata=True)
        assert [queue.metadata for queue in listed] == [{"Letter": letter} for letter in "abcd"]

    def test_a_queue_without_metadata_is_listed_with_none(self, service, queue):
        (listed,) = service.list_queues(queue.queue_name, include_metadata=True)
        assert not listed.metadata

    def test_pages_hold_as_many_as_asked_for(self, service, prefix, four):
        pages = service.list_queues(name_starts_with=prefix, results_per_page=3).by_page()
        assert names(next(pages)) == four[:3]
        assert names(next(pages)) == four[3:]
        with pytest.raises(StopIteration):
            next(pages)

    def test_the_next_marker_names_the_first_queue_of_the_next_page(
        self, service, account, prefix, four
    ):
        pages = service.list_queues(name_starts_with=prefix, results_per_page=3).by_page()
        next(pages)
        assert pages.continuation_token == f"/{account.name}/{four[3]}"

    def test_a_listing_resumes_at_a_marker(self, service, prefix, four):
        pages = service.list_queues(name_starts_with=prefix, results_per_page=1).by_page()
        next(pages)
        marker = pages.continuation_token
        resumed = service.list_queues(name_starts_with=prefix, results_per_page=2)
        assert names(next(resumed.by_page(continuation_token=marker))) == four[1:3]

    def test_a_page_that_ends_with_the_last_queue_is_the_last_page(self, service, prefix, four):
        pages = service.list_queues(name_starts_with=prefix, results_per_page=2).by_page()
        assert [names(page) for page in pages] == [four[:2], four[2:]]

    def test_more_than_a_page_can_hold_may_be_asked_for(self, service, prefix, four):
        assert names(service.list_queues(prefix, results_per_page=5001)) == four

    def test_a_strange_marker_is_refused(self, service):
        with refused("OutOfRangeInput", text="One of the request inputs is out of range."):
            next(service.list_queues().by_page(continuation_token="garbage"))

    def test_a_page_of_nothing_is_refused(self, service, sends_anything):
        with refused(
            "OutOfRangeQueryParameterValue",
            queryparametername="maxresults",
            queryparametervalue="0",
            minimumallowed="1",
        ):
            next(service.list_queues(results_per_page=0).by_page())


class TestProperties:
    @pytest.fixture(autouse=True)
    def restored(self, service):
        """These tests change what all others share, so each puts it back."""
        before = service.get_service_properties()
        yield
        service.set_service_properties(**before)

    def test_a_new_account_has_everything_switched_off(self, own_server):
        properties = service_client(own_server.account).get_service_properties()
        logging = properties["analytics_logging"]
        assert (logging.version, logging.delete, logging.read, logging.write) == (
            "1.0",
            False,
            False,
            False,
        )
        for part in ("hour_metrics", "minute_metrics"):
            assert (properties[part].version, properties[part].enabled) == ("1.0", False)
            assert not properties[part].retention_policy.enabled
        assert not logging.retention_policy.enabled
        assert properties["cors"] == []

    def test_everything_that_is_set_comes_back(self, service):
        service.set_service_properties(
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
            cors=[
                CorsRule(
                    ["https://shop.example", "https://www.shop.example"],
                    ["GET", "PUT"],
                    max_age_in_seconds=300,
                    exposed_headers=["x-ms-*"],
                    allowed_headers=["x-ms-meta-*", "content-type"],
                ),
                CorsRule(["*"], ["DELETE", "GET", "HEAD", "MERGE", "OPTIONS", "POST", "PUT"]),
            ],
        )

        properties = service.get_service_properties()
        logging = properties["analytics_logging"]
        assert (logging.version, logging.delete, logging.read, logging.write) == (
            "1.0",
            True,
            False,
            True,
        )
        assert (logging.retention_policy.enabled, logging.retention_policy.days) == (True, 7)

        hour = properties["hour_metrics"]
        assert (hour.version, hour.enabled, hour.include_apis) == ("1.0", True, True)
        assert (hour.retention_policy.enabled, hour.retention_policy.days) == (True, 365)

        minute = properties["minute_metrics"]
        assert (minute.version, minute.enabled, minute.include_apis) == ("1.0", True, False)
        assert (minute.retention_policy.enabled, minute.retention_policy.days) == (False, None)

        first, second = properties["cors"]
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

    def test_a_part_that_is_left_out_keeps_its_value(self, service):
        service.set_service_properties(
            hour_metrics=Metrics(enabled=True, include_apis=True),
            cors=[CorsRule(["https://kept.example"], ["GET"])],
        )
        service.set_service_properties(analytics_logging=QueueAnalyticsLogging(read=True))
        properties = service.get_service_properties()
        assert properties["analytics_logging"].read
        assert properties["hour_metrics"].include_apis
        assert [rule.allowed_origins for rule in properties["cors"]] == ["https://kept.example"]

    def test_no_rules_at_all_switch_cors_off(self, service):
        service.set_service_properties(cors=[CorsRule(["https://gone.example"], ["GET"])])
        service.set_service_properties(cors=[])
        assert service.get_service_properties()["cors"] == []

    def test_five_cors_rules_are_kept_in_order(self, service):
        origins = [f"https://{number}.example" for number in range(5)]
        service.set_service_properties(cors=[CorsRule([origin], ["GET"]) for origin in origins])
        rules = service.get_service_properties()["cors"]
        assert [rule.allowed_origins for rule in rules] == origins

    def test_a_sixth_cors_rule_is_refused(self, service):
        rule = CorsRule(["https://shop.example"], ["GET"])
        with refused("InvalidXmlDocument", linenumber="0", lineposition="0"):
            service.set_service_properties(cors=[rule] * 6)

    def test_an_unknown_cors_method_is_refused(self, service):
        with refused("InvalidXmlDocument"):
            service.set_service_properties(cors=[CorsRule(["*"], ["FETCH"])])

    def test_retention_beyond_a_year_is_refused(self, service):
        metrics = Metrics(enabled=True, retention_policy=RetentionPolicy(enabled=True, days=366))
        metrics.include_apis = True
        with refused(
            "InvalidXmlDocument",
            reason="Retention days must be greater than 0 and less than or equal to 365 days.",
        ):
            service.set_service_properties(hour_metrics=metrics)

    def test_a_refused_change_changes_nothing(self, service):
        service.set_service_properties(cors=[CorsRule(["https://kept.example"], ["GET"])])
        with refused("InvalidXmlDocument"):
            service.set_service_properties(
                analytics_logging=QueueAnalyticsLogging(delete=True),
                cors=[CorsRule(["https://lost.example"], ["GET"])] * 6,
            )
        properties = service.get_service_properties()
        assert not properties["analytics_logging"].delete
        assert [rule.allowed_origins for rule in properties["cors"]] == ["https://kept.example"]

    def test_an_answer_to_an_allowed_origin_says_so(self, service):
        service.set_service_properties(
            cors=[CorsRule(["https://shop.example"], ["GET"], exposed_headers=["x-ms-*"])]
        )
        answers = []
        service.get_service_properties(
            headers={"Origin": "https://shop.example"}, raw_response_hook=answers.append
        )
        headers = answers[0].http_response.headers
        assert headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert headers["Access-Control-Allow-Credentials"] == "true"
        assert "x-ms-request-id" in headers["Access-Control-Expose-Headers"]
        assert headers["Vary"] == "Origin"


class TestStats:
    def test_the_secondary_is_live(self, account):
        service = service_client(
            account, secondary_hostname=f"{account.host}/{account.name}-secondary"
        )
        replication = service.get_service_stats()["geo_replication"]
        assert replication["status"] == "live"
        age = datetime.now(timezone.utc) - replication["last_sync_time"]
        assert timedelta(minutes=-1) < age < timedelta(hours=1)

    def test_the_primary_has_none(self, account):
        service = QueueServiceClient(
            account.endpoint,
            credential=account.credential,
            secondary_hostname=account.host,
            retry_total=0,
        )
        with refused(
            "InvalidQueryParameterValue", queryparametername="comp", queryparametervalue="stats"
        ):
            service.get_service_stats()
