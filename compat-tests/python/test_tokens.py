"""Token credentials over https, user delegation keys, and the signatures made with them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import azure.storage.queue
import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from azure.storage.queue import (
    AccessPolicy,
    QueueClient,
    QueueSasPermissions,
    QueueServiceClient,
    generate_queue_sas,
)

from conftest import service_client, unique_name
from errors import refused
from tokens import OBJECT, TENANT, USER, USERS_TENANT, Credential, token

SCOPES = ("https://storage.azure.com/.default",)

knows_delegation = pytest.mark.skipif(
    not hasattr(QueueServiceClient, "get_user_delegation_key"),
    reason=f"azure-storage-queue {azure.storage.queue.__version__} knows no user delegation",
)


def now(**offset: float) -> datetime:
    return datetime.now(timezone.utc) + timedelta(**offset)


@pytest.fixture
def by_token(secure_account):
    """Makes a service client that has a token credential and nothing else."""

    def client(credential: object | None = None) -> QueueServiceClient:
        return QueueServiceClient(
            secure_account.endpoint,
            credential=credential or Credential(),
            connection_verify=secure_account.authority,
            retry_total=0,
        )

    return client


@pytest.fixture
def secure_queue(by_token):
    queue = by_token().get_queue_client(unique_name())
    queue.create_queue()
    yield queue
    queue.delete_queue()


class TestTls:
    def test_an_account_key_works_as_over_http(self, secure_account):
        service = service_client(secure_account, connection_verify=secure_account.authority)
        queue = service.create_queue(unique_name())
        queue.send_message("text")
        assert queue.receive_message().content == "text"
        assert [q.name for q in service.list_queues()].count(queue.queue_name) == 1
        queue.delete_queue()

    def test_an_authority_that_is_not_trusted_is_not_talked_to(self, secure_account):
        with pytest.raises(ServiceRequestError):
            service_client(secure_account).get_service_properties()


class TestToken:
    def test_messages(self, secure_queue):
        secure_queue.send_message("text")
        assert secure_queue.peek_messages()[0].content == "text"
        received = secure_queue.receive_message()
        updated = secure_queue.update_message(received, content="new", visibility_timeout=0)
        assert updated.content == "new"
        secure_queue.clear_messages()
        assert secure_queue.get_queue_properties().approximate_message_count == 0

    def test_the_service(self, by_token, secure_queue):
        service = by_token()
        assert service.get_service_properties()["cors"] == []
        assert secure_queue.queue_name in [queue.name for queue in service.list_queues()]

    def test_stored_access_policies_are_within_reach(self, secure_queue):
        readers = AccessPolicy(permission="r", start=now(hours=-1), expiry=now(hours=1))
        secure_queue.set_queue_access_policy({"readers": readers})
        assert secure_queue.get_queue_access_policy()["readers"].permission == "r"

    def test_it_is_asked_for_storage(self, by_token):
        credential = Credential()
        by_token(credential).get_service_properties()
        assert credential.asked[0][0] == SCOPES

    def test_of_another_audience(self, by_token):
        credential = Credential(token(aud="https://vault.azure.net"))
        with refused(
            "InvalidAuthenticationInfo",
            authenticationerrordetail="Audience validation failed. Audience did not match.",
        ) as caught:
            by_token(credential).get_service_properties()
        assert "www-authenticate" in caught.value.response.headers

    def test_of_another_issuer(self, by_token):
        with refused("InvalidAuthenticationInfo"):
            by_token(Credential(token(iss="https://accounts.example.com/"))).get_service_properties()

    def test_that_is_out_of_date(self, by_token):
        with refused("InvalidAuthenticationInfo"):
            by_token(Credential(token(lifetime=-1))).get_service_properties()

    @pytest.mark.skipif(
        azure.storage.queue.__version__.startswith("12.5."),
        reason="azure-storage-queue 12.5 does not follow challenges",
    )
    def test_the_challenge_gets_a_better_one(self, by_token):
        credential = Credential(token(lifetime=-1), token())
        assert by_token(credential).get_service_properties()
        (_, first), (scopes, second) = credential.asked
        assert scopes == SCOPES
        assert "tenant_id" not in first and second["tenant_id"] == TENANT

    def test_that_is_none(self, by_token):
        with pytest.raises(HttpResponseError) as caught:
            by_token(Credential("garbage")).get_service_properties()
        assert caught.value.status_code == 400
        assert caught.value.error_code == "InvalidAuthenticationInfo"


@knows_delegation
class TestUserDelegation:
    @pytest.fixture
    def key(self, by_token):
        return by_token().get_user_delegation_key(start=now(minutes=-1), expiry=now(hours=1))

    @pytest.fixture
    def by_delegation(self, secure_account, secure_queue, key):
        """Makes a queue client that has a user delegation SAS, and perhaps a token."""

        def client(
            permission: str, credential: object | None = None, key=key, **options
        ) -> QueueClient:
            signature = generate_queue_sas(
                secure_account.name,
                secure_queue.queue_name,
                permission=QueueSasPermissions.from_string(permission),
                user_delegation_key=key,
                **{"expiry": now(minutes=30), **options},
            )
            url = f"{secure_account.endpoint}/{secure_queue.queue_name}?{signature}"
            return QueueClient.from_queue_url(
                url,
                credential=credential,
                connection_verify=secure_account.authority,
                retry_total=0,
            )

        return client

    def test_a_key_says_whose_it_is(self, key):
        assert (key.signed_oid, key.signed_tid, key.signed_service) == (OBJECT, TENANT, "q")

    def test_a_key_is_given_again(self, by_token):
        times = {"start": now(minutes=-1), "expiry": now(hours=1)}
        first = by_token().get_user_delegation_key(**times)
        assert by_token().get_user_delegation_key(**times).value == first.value

    def test_a_key_holds_for_seven_days_at_most(self, by_token):
        by_token().get_user_delegation_key(start=now(), expiry=now(days=7))
        with pytest.raises(HttpResponseError) as caught:
            by_token().get_user_delegation_key(start=now(), expiry=now(days=7, minutes=1))
        assert (caught.value.status_code, caught.value.error_code) == (400, "InvalidXmlNodeValue")
        assert caught.value.additional_info["xmlnodename"] == "Expiry"

    def test_an_account_key_does_not_get_one(self, secure_account):
        service = service_client(secure_account, connection_verify=secure_account.authority)
        with refused("AuthorizationFailure"):
            service.get_user_delegation_key(start=now(), expiry=now(hours=1))

    def test_each_permission(self, by_delegation):
        by_delegation("a").send_message("text")
        assert by_delegation("r").peek_messages()[0].content == "text"
        received = by_delegation("p").receive_message()
        updated = by_delegation("u").update_message(received, content="new", visibility_timeout=30)
        by_delegation("p").delete_message(updated)
        assert by_delegation("r").get_queue_properties().approximate_message_count == 0

    def test_a_missing_permission(self, by_delegation):
        with refused("AuthorizationPermissionMismatch"):
            by_delegation("rup").send_message("text")

    def test_what_is_out_of_reach(self, by_delegation):
        with refused("AuthorizationFailure"):
            by_delegation("raup").clear_messages()

    def test_times(self, by_delegation):
        by_delegation("r", start=now(minutes=-1)).peek_messages()
        with refused("AuthenticationFailed"):
            by_delegation("r", start=now(minutes=10)).peek_messages()
        with refused("AuthenticationFailed"):
            by_delegation("r", expiry=now(seconds=-1)).peek_messages()

    def test_a_signature_for_one_user(self, by_delegation):
        for_user = {"user_delegation_oid": USER}
        with refused("AuthenticationFailed"):
            by_delegation("r", **for_user).peek_messages()
        with refused("AuthenticationFailed"):
            by_delegation("r", Credential(), **for_user).peek_messages()
        own = Credential(token(oid=USER))
        assert by_delegation("r", own, **for_user).peek_messages() == []
        with refused("AuthorizationPermissionMismatch"):
            by_delegation("r", own, **for_user).send_message("text")

    def test_a_signature_for_a_user_of_another_tenant(self, by_token, by_delegation):
        key = by_token().get_user_delegation_key(
            start=now(minutes=-1), expiry=now(hours=1), delegated_user_tid=USERS_TENANT
        )
        assert key.signed_delegated_user_tid == USERS_TENANT
        for_user = {"key": key, "user_delegation_oid": USER}
        with refused("AuthenticationFailed"):
            by_delegation("r", Credential(token(oid=USER)), **for_user).peek_messages()
        own = Credential(token(oid=USER, tid=USERS_TENANT))
        assert by_delegation("r", own, **for_user).peek_messages() == []
