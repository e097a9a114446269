// Starts, kills and restarts the server under test, or finds the one it is told to use.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { StorageSharedKeyCredential } from "@azure/storage-queue";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

export const DEVELOPMENT_ACCOUNT = "devstoreaccount1";
export const DEVELOPMENT_KEY =
  "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

const READY = /^Azurite Queue service successfully listens on https?:\/\/127\.0\.0\.1:(\d+)$/;
const READY_WITHIN = 60_000;
const STOPPED_WITHIN = 30_000;

/** What a client needs to know: where, who, and with what secret. */
export class Account {
  /** `authority` is the certificate to trust, if the endpoint speaks https. */
  constructor(endpoint, name = DEVELOPMENT_ACCOUNT, key = DEVELOPMENT_KEY, authority = undefined) {
    this.endpoint = endpoint;
    this.name = name;
    this.key = key;
    this.authority = authority;
  }

  /** Host and port, as they appear in the endpoint. */
  get host() {
    return new URL(this.endpoint).host;
  }

  get port() {
    return Number(new URL(this.endpoint).port);
  }

  get credential() {
    return new StorageSharedKeyCredential(this.name, this.key);
  }

  get connectionString() {
    const protocol = new URL(this.endpoint).protocol.slice(0, -1);
    return (
      `DefaultEndpointsProtocol=${protocol};AccountName=${this.name};AccountKey=${this.key};` +
      `QueueEndpoint=${this.endpoint};`
    );
  }
}

/** A queuerite process of our own, on loopback and a port that it chose itself. */
export class Server {
  #location;
  #certificates;
  #options;
  #process;
  #ended;
  #output = [];

  /**
   * With a `location` the server keeps its data there; without one, in memory. With a folder for
   * `certificates` it speaks https, with a certificate made there.
   */
  static async start(location, port = 0, { certificates, options = [] } = {}) {
    const server = new Server(location, certificates, options);
    await server.#launch(port);
    return server;
  }

  /** Use `Server.start`. */
  constructor(location, certificates, options) {
    this.#location = location;
    this.#certificates = certificates;
    this.#options = options;
    if (certificates) {
      execFileSync(binary(), ["cert", "--directory", certificates], { stdio: "pipe" });
      const [cert, key] = ["cert.pem", "key.pem"].map((name) => path.join(certificates, name));
      this.#options = [...options, "--cert", cert, "--key", key];
    }
    // However this process ends, its server ends with it.
    process.on("exit", () => this.#process?.kill("SIGKILL"));
  }

  get account() {
    const [scheme, authority] = this.#certificates
      ? ["https", readFileSync(path.join(this.#certificates, "ca.pem"), "utf8")]
      : ["http", undefined];
    const endpoint = `${scheme}://127.0.0.1:${this.port}/${DEVELOPMENT_ACCOUNT}`;
    return new Account(endpoint, DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY, authority);
  }

  /** The last lines the server wrote, for whoever has to explain a failure. */
  get output() {
    return this.#output.join("\n");
  }

  /** `kill -9`: the server learns nothing and tidies nothing. */
  async kill() {
    this.#process.kill("SIGKILL");
    await this.#ended;
  }

  /** Asks the server to finish, and returns its exit code. */
  async stop() {
    this.#process.kill("SIGTERM");
    const impatience = setTimeout(() => this.#process.kill("SIGKILL"), STOPPED_WITHIN);
    const [code] = await this.#ended;
    clearTimeout(impatience);
    return code;
  }

  /** Starts the server again, on the same data and the same port. */
  async restart() {
    await this.#launch(this.port);
  }

  async #launch(port) {
    const storage = this.#location ? ["--location", this.#location] : ["--inMemoryPersistence"];
    const command = ["azurite-queue", "--queuePort", String(port), "--silent", ...storage, ...this.#options];
    const child = spawn(binary(), command, { stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    this.#ended = once(child, "close");

    this.port = await new Promise((resolve, reject) => {
      const fail = (what) => reject(new Error(`queuerite ${command.join(" ")}: ${what}\n${this.output}`));
      const impatience = setTimeout(() => {
        child.kill("SIGKILL");
        fail("it does not say that it listens");
      }, READY_WITHIN);
      // Both streams are read to the end, so that the server never waits for us.
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on("line", (line) => {
          this.#output.push(line);
          this.#output.splice(0, this.#output.length - 200);
          const ready = stream === child.stdout && READY.exec(line);
          if (ready) {
            clearTimeout(impatience);
            resolve(Number(ready[1]));
          }
        });
      }
      this.#ended.then(
        ([code, signal]) => {
          clearTimeout(impatience);
          fail(`it ended with ${code ?? signal}`);
        },
        (error) => {
          clearTimeout(impatience);
          reject(error);
        },
      );
    });
  }
}

/** The account of an already running server, if the environment names one. */
export function externalAccount() {
  const endpoint = process.env.QUEUERITE_ENDPOINT;
  if (!endpoint) {
    return undefined;
  }
  return new Account(
    endpoint.replace(/\/+$/, ""),
    process.env.QUEUERITE_ACCOUNT,
    process.env.QUEUERITE_KEY,
  );
}

/** `disk` or `memory`: where our own servers keep their data. */
export function mode() {
  const mode = process.env.QUEUERITE_MODE ?? "disk";
  if (mode !== "disk" && mode !== "memory") {
    throw new Error(`QUEUERITE_MODE is '${mode}'; it can be 'disk' or 'memory'`);
  }
  return mode;
}

function binary() {
  if (process.env.QUEUERITE_BIN) {
    return process.env.QUEUERITE_BIN;
  }
  for (const profile of ["release", "debug"]) {
    const built = path.join(REPOSITORY, "target", profile, "queuerite");
    if (existsSync(built)) {
      return built;
    }
  }
  throw new Error("no server to test: run `cargo build --release`, or set QUEUERITE_BIN");
}
