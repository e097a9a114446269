// Aspire: queues from queuerite in the place of the emulator that Aspire would start. Needs the
// package Aspire.Hosting.Azure.Storage.
var builder = DistributedApplication.CreateBuilder(args);

var storage = builder.AddAzureStorage("storage")
    .RunAsEmulator(emulator => emulator
        // The image first: to name one may set the registry back.
        .WithImage("queuerite/queuerite", "0.1")
        .WithImageRegistry("ghcr.io")
        .WithDataVolume());

// AddBlobs and AddTables need an Azurite behind it: see --blobProxy and --tableProxy.
var queues = storage.AddQueues("queues");

builder.AddProject<Projects.Worker>("worker")
    .WithReference(queues)
    .WaitFor(queues);

builder.Build().Run();
