"""Shared access signatures: of the account, of a queue, and by stored access policy."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from azure.core.credentials import AzureSasCredential
from azure.storage.queue import (
    AccessPolicy,
    AccountSasPermissions,
    QueueClient,
    QueueSasPermissions,
    QueueServiceClient,
    ResourceTypes,
    generate_account_sas,
    generate_queue_sas,
)

from errors import refused
from waiting import eventually


def now(**offset: float) -> datetime:
    return datetime.now(timezone.utc) + timedelta(**offset)


@pytest.fixture
def account_sas(account):
    """Makes a service client that has an account SAS and nothing else."""

    def client(resource_types: str, permission: str, **options) -> QueueServiceClient:
        signature = generate_account_sas(
            account.name,
            account.key,
            resource_types=ResourceTypes.from_string(resource_types),
            permission=AccountSasPermissions.from_string(permission),
            **{"expiry": now(hours=1), **options},
        )
        return QueueServiceClient(account.endpoint, credential=signature, retry_total=0)

    return client


@pytest.fixture
def queue_sas(account, queue):
    """Makes a queue client that has a queue SAS and nothing else."""

    def client(permission: str | None = None, name: str | None = None, **options) -> QueueClient:
        if permission is not None:
            options["permission"] = QueueSasPermissions.from_string(permission)
            options.setdefault("expiry", now(hours=1))
        signature = generate_queue_sas(
            account.name, name or queue.queue_name, account.key, **options
        )
        return QueueClient(account.endpoint, queue.queue_name, credential=signature, retry_total=0)

    return client


class TestAccountSas:
    def test_service_operations(self, account_sas, queue):
        assert account_sas("s", "r").get_service_properties()
        assert queue.queue_name in [found.name for found in account_sas("s", "l").list_queues()]

    def test_queue_operations(self, account_sas, queue_name):
        account_sas("c", "c").create_queue(queue_name)
        account_sas("c", "w").get_queue_client(queue_name).set_queue_metadata({"a": "1"})
        properties = account_sas("c", "r").get_queue_client(queue_name).get_queue_properties()
        assert properties.metadata == {"a": "1"}
        account_sas("c", "d").delete_queue(queue_name)

    def test_message_operations(self, account_sas, queue):
        def client(permission: str) -> QueueClient:
            return account_sas("o", permission).get_queue_client(queue.queue_name)

        client("a").send_message("text")
        assert client("r").peek_messages()[0].content == "text"
        received = client("p").receive_message()
        updated = client("u").update_message(received, content="new", visibility_timeout=30)
        client("p").delete_message(updated)
        client("d").clear_messages()

    def test_access_policies_are_out_of_reach(self, account_sas, queue):
        everything = account_sas("sco", "rwdlcaup").get_queue_client(queue.queue_name)
        with refused("AuthorizationFailure"):
            everything.get_queue_access_policy()
        with refused("AuthorizationFailure"):
            everything.set_queue_access_policy({})

    @pytest.mark.parametrize(
        ("permission", "operation"),
        [
            ("wdlcaup", lambda queue: queue.get_queue_properties()),
            ("rdlaup", lambda queue: queue.set_queue_metadata({"a": "1"})),
            ("rwlcaup", lambda queue: queue.delete_queue()),
            ("rwdlcup", lambda queue: queue.send_message("text")),
            ("rwdlcau", lambda queue: queue.receive_message()),
            ("wdlcaup", lambda queue: queue.peek_messages()),
            ("rwlcaup", lambda queue: queue.clear_messages()),
        ],
    )
    def test_a_missing_permission(self, account_sas, queue, permission, operation):
        with refused("AuthorizationPermissionMismatch"):
            operation(account_sas("sco", permission).get_queue_client(queue.queue_name))

    @pytest.mark.parametrize(
        ("resource_types", "operation"),
        [
            ("co", lambda service, name: service.get_service_properties()),
            ("so", lambda service, name: service.get_queue_client(name).get_queue_properties()),
            ("sc", lambda service, name: service.get_queue_client(name).peek_messages()),
        ],
    )
    def test_a_missing_resource_type(self, account_sas, queue, resource_types, operation):
        with refused("AuthorizationResourceTypeMismatch"):
            operation(account_sas(resource_types, "rwdlcaup"), queue.queue_name)

    def test_https_only(self, account, account_sas):
        if account.endpoint.startswith("https:"):
            pytest.skip("this endpoint speaks https")
        with refused("AuthorizationProtocolMismatch"):
            account_sas("s", "r", protocol="https").get_service_properties()

    def test_a_sas_is_enough_for_a_connection_string(self, account, queue):
        signature = generate_account_sas(
            account.name,
            account.key,
            ResourceTypes(service=True, container=True, object=True),
            AccountSasPermissions(read=True, add=True),
            now(hours=1),
        )
        connection_string = f"QueueEndpoint={account.endpoint};SharedAccessSignature={signature}"
        by_sas = QueueClient.from_connection_string(connection_string, queue.queue_name)
        by_sas.send_message("text")
        assert by_sas.peek_messages()[0].content == "text"

    def test_it_can_be_a_credential_object(self, account, queue):
        signature = generate_account_sas(
            account.name,
            account.key,
            ResourceTypes(object=True),
            AccountSasPermissions(add=True),
            now(hours=1),
        )
        QueueClient(
            account.endpoint, queue.queue_name, credential=AzureSasCredential(signature)
        ).send_message("text")


class TestTime:
    def test_before_the_start(self, account_sas):
        with refused("AuthenticationFailed"):
            account_sas("s", "r", start=now(hours=1), expiry=now(hours=2)).get_service_properties()

    def test_after_the_start(self, account_sas):
        account_sas("s", "r", start=now(hours=-1)).get_service_properties()

    def test_after_the_expiry(self, account_sas, queue_sas):
        with refused("AuthenticationFailed"):
            account_sas("s", "r", expiry=now(minutes=-1)).get_service_properties()
        with refused("AuthenticationFailed"):
            queue_sas("r", expiry=now(minutes=-1)).peek_messages()


class TestQueueSas:
    def test_read(self, queue, queue_sas):
        queue.send_message("text")
        assert queue_sas("r").peek_messages()[0].content == "text"
        assert queue_sas("r").get_queue_properties().approximate_message_count == 1

    def test_add(self, queue, queue_sas):
        queue_sas("a").send_message("text")
        assert queue.receive_message().content == "text"

    def test_update(self, queue, queue_sas):
        sent = queue.send_message("before")
        queue_sas("u").update_message(sent, content="after", visibility_timeout=0)
        assert queue.receive_message().content == "after"

    def test_process(self, queue, queue_sas):
        queue.send_message("text")
        queue_sas("p").delete_message(queue_sas("p").receive_message())
        assert queue.get_queue_properties().approximate_message_count == 0

    @pytest.mark.parametrize(
        ("permission", "operation"),
        [
            ("aup", lambda queue: queue.peek_messages()),
            ("aup", lambda queue: queue.get_queue_properties()),
            ("rup", lambda queue: queue.send_message("text")),
            ("rau", lambda queue: queue.receive_message()),
        ],
    )
    def test_a_missing_permission(self, queue_sas, permission, operation):
        with refused("AuthorizationPermissionMismatch"):
            operation(queue_sas(permission))

    @pytest.mark.parametrize(
        "operation",
        [
            lambda queue: queue.create_queue(),
            lambda queue: queue.delete_queue(),
            lambda queue: queue.set_queue_metadata({"a": "1"}),
            lambda queue: queue.clear_messages(),
            lambda queue: queue.get_queue_access_policy(),
            lambda queue: queue.set_queue_access_policy({}),
        ],
        ids=["create", "delete", "set metadata", "clear", "get policy", "set policy"],
    )
    def test_what_is_out_of_reach(self, queue_sas, operation):
        with refused("AuthorizationFailure"):
            operation(queue_sas("raup"))

    def test_it_is_for_one_queue_only(self, queue_sas):
        with refused("AuthenticationFailed"):
            queue_sas("raup", name="another-queue").peek_messages()

    def test_a_changed_signature_is_refused(self, account, queue):
        signature = generate_queue_sas(
            account.name,
            queue.queue_name,
            account.key,
            permission=QueueSasPermissions(read=True),
            expiry=now(hours=1),
        )
        more = signature.replace("sp=r", "sp=rp")
        with refused("AuthenticationFailed"):
            QueueClient(
                account.endpoint, queue.queue_name, credential=more, retry_total=0
            ).receive_message()


class TestStoredAccessPolicy:
    @pytest.fixture
    def policy(self, queue):
        queue.set_queue_access_policy(
            {
                "readers": AccessPolicy(
                    permission=QueueSasPermissions(read=True),
                    start=now(hours=-1),
                    expiry=now(hours=1),
                ),
                "bare": AccessPolicy(),
            }
        )

    def test_it_grants_what_it_says(self, policy, queue, queue_sas):
        queue.send_message("text")
        by_policy = queue_sas(policy_id="readers")
        (peeked,) = eventually(lambda: by_policy.peek_messages())
        assert peeked.content == "text"
        with refused("AuthorizationPermissionMismatch"):
            by_policy.receive_message()

    def test_the_signature_may_add_what_it_does_not_say(self, policy, queue, queue_sas):
        queue.send_message("text")
        assert queue_sas("p", policy_id="bare").receive_message().content == "text"

    def test_but_must_not_repeat_what_it_says(self, policy, queue_sas):
        with refused("AuthenticationFailed"):
            queue_sas("r", policy_id="readers").peek_messages()

    def test_all_that_is_needed_must_be_somewhere(self, policy, queue_sas):
        with refused("AuthenticationFailed"):
            queue_sas(policy_id="bare").peek_messages()

    def test_an_unknown_policy_grants_nothing(self, policy, queue_sas):
        with refused("AuthenticationFailed"):
            queue_sas(policy_id="strangers").peek_messages()

    def test_a_removed_policy_revokes_its_signatures(self, policy, queue, queue_sas):
        by_policy = queue_sas(policy_id="readers")
        by_policy.peek_messages()
        queue.set_queue_access_policy({})
        with refused("AuthenticationFailed"):
            by_policy.peek_messages()
