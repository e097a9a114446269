// Clients that have a shared access signature and nothing else.

import { WITHOUT_RETRIES, account, nameOf } from "./fixtures.js";
import {
  AccountSASPermissions,
  QueueClient,
  QueueSASPermissions,
  QueueServiceClient,
  generateAccountSASQueryParameters,
  generateQueueSASQueryParameters,
} from "./sdk.js";

const HOUR = 60 * 60 * 1000;
export const inHours = (hours) => new Date(Date.now() + hours * HOUR);

/** The query of an account SAS, for an hour unless the options say something else. */
export function accountSas(resourceTypes, permissions, options = {}) {
  return generateAccountSASQueryParameters(
    {
      services: "q",
      resourceTypes,
      permissions: AccountSASPermissions.parse(permissions),
      expiresOn: inHours(1),
      ...options,
    },
    account.credential,
  ).toString();
}

/** The query of a queue SAS; without permissions, only of what the options say. */
export function queueSas(queue, permissions, options = {}) {
  const granted = permissions && {
    permissions: QueueSASPermissions.parse(permissions),
    expiresOn: inHours(1),
  };
  return generateQueueSASQueryParameters(
    { queueName: nameOf(queue), ...granted, ...options },
    account.credential,
  ).toString();
}

export function serviceBy(sas) {
  return new QueueServiceClient(`${account.endpoint}?${sas}`, undefined, { ...WITHOUT_RETRIES });
}

export function queueBy(queue, sas) {
  const url = `${account.endpoint}/${nameOf(queue)}?${sas}`;
  return new QueueClient(url, undefined, { ...WITHOUT_RETRIES });
}

/** Another signature of the same length: its first character is changed. */
export function withAnotherSignature(sas) {
  return sas.replace(/([?&]?sig=)(.)/, (_, name, first) => name + (first === "A" ? "B" : "A"));
}
