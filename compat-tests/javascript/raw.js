// What the SDK would not send by itself, sent by the SDK all the same.
//
// `altering` makes a client whose requests are changed before they are signed, so what arrives is
// signed properly; `body`, `query` and `headers` are changes.

import { newPipeline } from "@azure/storage-queue";

import { WITHOUT_RETRIES, account } from "./fixtures.js";

export function altering(client, change) {
  const pipeline = newPipeline(account.credential, { ...WITHOUT_RETRIES });
  pipeline.factories.push({
    create: (next) => ({
      sendRequest(request) {
        change(request);
        return next.sendRequest(request);
      },
    }),
  });
  return new client.constructor(client.url, pipeline);
}

/** Sends this body instead of the SDK's own. */
export function body(xml) {
  return (request) => {
    request.body = xml;
    request.headers.set("Content-Length", String(Buffer.byteLength(xml)));
  };
}

/** Sends these query parameters too, or instead; undefined takes one away. */
export function query(parameters) {
  return (request) => {
    const url = new URL(request.url);
    for (const [name, value] of Object.entries(parameters)) {
      url.searchParams.delete(name);
      if (value !== undefined) {
        url.searchParams.set(name, value);
      }
    }
    request.url = url.href;
  };
}

/** Sends these headers too, or instead. */
export function headers(pairs) {
  return (request) => {
    for (const [name, value] of Object.entries(pairs)) {
      request.headers.set(name, value);
    }
  };
}
