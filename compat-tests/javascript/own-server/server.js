// Starts, kills and restarts a server of our own: the program that COMPAT_SERVER names.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";

import { StorageSharedKeyCredential } from "@azure/storage-queue";

export const DEVELOPMENT_ACCOUNT = "devstoreaccount1";
export const DEVELOPMENT_KEY =
  "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

const READY = /^Azurite Queue service successfully listens on https?:\/\/127\.0\.0\.1:(\d+)$/;
const READY_WITHIN = 60_000;
const STOPPED_WITHIN = 30_000;

/** What a client needs to know: where, who, and with what secret. */
export class Account {
  name = DEVELOPMENT_ACCOUNT;
  key = DEVELOPMENT_KEY;

  /** `authority` is the certificate to trust, if the server speaks https. */
  constructor(port, authority) {
    this.port = port;
    this.authority = authority;
    this.protocol = authority ? "https" : "http";
    this.host = `127.0.0.1:${port}`;
    this.endpoint = `${this.protocol}://${this.host}/${this.name}`;
  }

  get credential() {
    return new StorageSharedKeyCredential(this.name, this.key);
  }

  get connectionString() {
    return (
      `DefaultEndpointsProtocol=${this.protocol};AccountName=${this.name};AccountKey=${this.key};` +
      `QueueEndpoint=${this.endpoint};`
    );
  }
}

/** A process of our own, on loopback and a port that it chose itself. */
export class Server {
  #location;
  #certificates;
  #options = [];
  #process;
  #ended;
  #output = [];

  /**
   * With a `location` the server keeps its data there; without one, in memory. With a folder for
   * `certificates` it speaks https, with a certificate made there.
   */
  static async start(location, port = 0, certificates = undefined) {
    const server = new Server(location, certificates);
    await server.#launch(port);
    return server;
  }

  /** Use `Server.start`. */
  constructor(location, certificates) {
    this.#location = location;
    this.#certificates = certificates;
    if (certificates) {
      execFileSync(program(), ["cert", "--directory", certificates], { stdio: "pipe" });
      const [cert, key] = ["cert.pem", "key.pem"].map((name) => path.join(certificates, name));
      this.#options = ["--cert", cert, "--key", key];
    }
    // However this process ends, its server ends with it.
    process.on("exit", () => this.#process?.kill("SIGKILL"));
  }

  get account() {
    const authority =
      this.#certificates && readFileSync(path.join(this.#certificates, "ca.pem"), "utf8");
    return new Account(this.port, authority);
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
    const command = [
      "azurite-queue",
      "--queuePort",
      String(port),
      "--silent",
      ...storage,
      ...this.#options,
    ];
    const child = spawn(program(), command, { stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    this.#ended = once(child, "close");

    this.port = await new Promise((resolve, reject) => {
      const fail = (what) =>
        reject(new Error(`${program()} ${command.join(" ")}: ${what}\n${this.output}`));
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

function program() {
  const program = process.env.COMPAT_SERVER;
  if (!program) {
    throw new Error("COMPAT_SERVER is not set: it is the program of the server to test");
  }
  return program;
}
