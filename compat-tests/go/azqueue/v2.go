//go:build !v1

// Package azqueue is the SDK's package of that name, in the version that is tested: the newest, or
// version 1 with the build tag v1. The tests are the same for both.
package azqueue

import (
	sdk "github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2/queueerror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2/sas"
)

type (
	AccessPolicy            = sdk.AccessPolicy
	ClientOptions           = sdk.ClientOptions
	CORSRule                = sdk.CORSRule
	CreateOptions           = sdk.CreateOptions
	DequeuedMessage         = sdk.DequeuedMessage
	DequeueMessageOptions   = sdk.DequeueMessageOptions
	DequeueMessagesOptions  = sdk.DequeueMessagesOptions
	EnqueuedMessage         = sdk.EnqueuedMessage
	EnqueueMessageOptions   = sdk.EnqueueMessageOptions
	ListQueuesInclude       = sdk.ListQueuesInclude
	ListQueuesOptions       = sdk.ListQueuesOptions
	Logging                 = sdk.Logging
	Metrics                 = sdk.Metrics
	PeekedMessage           = sdk.PeekedMessage
	PeekMessagesOptions     = sdk.PeekMessagesOptions
	Queue                   = sdk.Queue
	QueueClient             = sdk.QueueClient
	RetentionPolicy         = sdk.RetentionPolicy
	ServiceClient           = sdk.ServiceClient
	SetAccessPolicyOptions  = sdk.SetAccessPolicyOptions
	SetMetadataOptions      = sdk.SetMetadataOptions
	SetPropertiesOptions    = sdk.SetPropertiesOptions
	SharedKeyCredential     = sdk.SharedKeyCredential
	SignedIdentifier        = sdk.SignedIdentifier
	UpdateMessageOptions    = sdk.UpdateMessageOptions
	UpdateMessageResponse   = sdk.UpdateMessageResponse
	EnqueueMessagesResponse = sdk.EnqueueMessagesResponse

	AccountPermissions     = sas.AccountPermissions
	AccountResourceTypes   = sas.AccountResourceTypes
	AccountSignatureValues = sas.AccountSignatureValues
	IPRange                = sas.IPRange
	QueuePermissions       = sas.QueuePermissions
	QueueSignatureValues   = sas.QueueSignatureValues
)

const (
	GeoReplicationStatusLive = sdk.GeoReplicationStatusLive
	ProtocolHTTPS            = sas.ProtocolHTTPS
	ProtocolHTTPSandHTTP     = sas.ProtocolHTTPSandHTTP
	QueueNotFound            = queueerror.QueueNotFound
)

var (
	NewQueueClient                          = sdk.NewQueueClient
	NewQueueClientFromConnectionString      = sdk.NewQueueClientFromConnectionString
	NewQueueClientWithNoCredential          = sdk.NewQueueClientWithNoCredential
	NewQueueClientWithSharedKeyCredential   = sdk.NewQueueClientWithSharedKeyCredential
	NewServiceClient                        = sdk.NewServiceClient
	NewServiceClientFromConnectionString    = sdk.NewServiceClientFromConnectionString
	NewServiceClientWithNoCredential        = sdk.NewServiceClientWithNoCredential
	NewServiceClientWithSharedKeyCredential = sdk.NewServiceClientWithSharedKeyCredential
	NewSharedKeyCredential                  = sdk.NewSharedKeyCredential
	HasCode                                 = queueerror.HasCode
)
