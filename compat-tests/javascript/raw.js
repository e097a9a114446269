// What the SDK would not send by itself, sent by the SDK all the same.
//
// `altering` makes a client whose requests are changed before they are signed, so what arrives is
// signed properly; `body`, `query` and `headers` are changes.

import { WITHOUT_RETRIES, account } from "./fixtures.js";
import { newPipeline } from "./sdk.js";

export function altering(client, change, credential = account.credential) {
  const pipeline = newPipeline(credential, { ...WITHOUT_RETRIES });
  const altering = {
    create: (next) => ({
      sendRequest(request) {
        change(request);
        return next.sendRequest(request);
      },
    }),
  };
  // In 12.0.0 the last of the factories is the one that signs; later there are none to begin with.
  pipeline.factories.splice(Math.max(pipeline.factories.length - 1, 0), 0, altering);
  return new client.constructor(client.url, pipeline);
}

/** Sends this body instead of the SDK's own. */
export function body(xml) {
  return (request) => {
    request.body = xml;
    request.headers.set("Content-Length", String(Buffer.byteLength(xml)));
  };
}

/** Sends no body. */
export function noBody(request) {
  request.body = undefined;
  request.headers.set("Content-Length", "0");
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
