// The version of the SDK that is under test: the one that the column is named by.

const PACKAGES = {
  "javascript-12.32.0": "@azure/storage-queue",
  "javascript-12.0.0": "storage-queue-12.0.0",
};

/** What the report and the matrix call this version. */
export const column = process.env.COMPAT_COLUMN ?? "javascript-12.32.0";

if (!(column in PACKAGES)) {
  throw new Error(`COMPAT_COLUMN is '${column}'; it can be ${Object.keys(PACKAGES).join(" or ")}`);
}

/** Where the oldest version is different, by a fault or because it is so old. */
export const isOldest = column === "javascript-12.0.0";

export const {
  AccountSASPermissions,
  AnonymousCredential,
  QueueClient,
  QueueSASPermissions,
  QueueServiceClient,
  RestError,
  SASProtocol,
  StorageRetryPolicyType,
  StorageSharedKeyCredential,
  generateAccountSASQueryParameters,
  generateQueueSASQueryParameters,
  newPipeline,
} = await import(PACKAGES[column]);
