module queues-in-a-container

go 1.25.0

require (
	github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue v1.0.0
	github.com/testcontainers/testcontainers-go v0.42.0
	github.com/testcontainers/testcontainers-go/modules/azure v0.42.0
)
