/** How to start a server. Without any of it: in memory, on a free port. */
export interface Options {
  /** The folder that keeps the queues. Without it they are kept in memory, and forgotten at the end. */
  location?: string;
  /** More flags, as `queuerite --help` tells them; for example `['--strict']`. */
  flags?: string[];
}

/** A server that is ready. */
export interface Server {
  /** For `QueueServiceClient.fromConnectionString`: the account `devstoreaccount1` with its well-known key. */
  readonly connectionString: string;
  /** The port that it listens on. */
  readonly port: number;
  /** The account's queue endpoint, such as `http://127.0.0.1:40123/devstoreaccount1`. */
  readonly url: string;
  /**
   * Ends the server and waits until it has ended; rejects if it did not end well, for example because
   * somebody else ended it. Whoever forgets this has it ended with the process.
   */
  stop(): Promise<void>;
}

/** Starts a server and waits until it is ready; rejects, with what the server said, if it ends before. */
export function start(options?: Options): Promise<Server>;
