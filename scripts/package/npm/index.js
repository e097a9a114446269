'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { createInterface } = require('node:readline');

const program = require('./program.js');

// The well-known account of every local server; index.d.ts tells what it is good for.
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

const READY = /successfully listens on ((https?):\/\/\S+:(\d+))$/;

// On Windows a process cannot be asked to stop. To end it there loses nothing that was acknowledged.
const STOPPED = process.platform === 'win32' ? 'SIGTERM' : 0;

// Of what the server says on stderr, so much is kept for an error that it explains.
const EXPLANATION_CHARACTERS = 4096;

async function start({ location, flags = [] } = {}) {
  const storage = location === undefined ? ['--inMemoryPersistence'] : ['--location', location];
  // Accounts from the environment would have other keys than the connection string.
  const { AZURITE_ACCOUNTS, ...env } = process.env;
  const server = spawn(program(), ['--queuePort', '0', '--silent', ...storage, ...flags], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let explanation = '';
  server.stderr.setEncoding('utf8').on('data', (text) => {
    explanation = (explanation + text).slice(-EXPLANATION_CHARACTERS);
  });
  // Not `exit`: when it is closed, all that it said has been read.
  const closed = new Promise((resolve) => server.once('close', (code, signal) => resolve(signal ?? code)));
  const lines = createInterface({ input: server.stdout });
  const ready = new Promise((resolve) => {
    lines.on('line', (line) => {
      const match = READY.exec(line);
      if (match) resolve(match);
    });
  });
  await once(server, 'spawn');

  const end = () => server.kill('SIGTERM');
  process.once('exit', end);
  closed.then(() => process.off('exit', end));

  const match = await Promise.race([ready, closed]);
  if (!Array.isArray(match)) {
    throw new Error(`queuerite ended with ${match} before it was ready\n${explanation}`.trimEnd());
  }
  // Whoever forgets to stop it shall not wait for it: it ends with this process.
  for (const handle of [server, server.stdout, server.stderr]) handle.unref();

  const [, origin, scheme, port] = match;
  const url = `${origin}/${ACCOUNT}`;
  return {
    url,
    port: Number(port),
    connectionString:
      `DefaultEndpointsProtocol=${scheme};AccountName=${ACCOUNT};AccountKey=${KEY};QueueEndpoint=${url};`,
    async stop() {
      for (const handle of [server, server.stdout, server.stderr]) handle.ref();
      end();
      const ended = await closed;
      if (ended !== STOPPED) {
        throw new Error(`queuerite ended with ${ended}\n${explanation}`.trimEnd());
      }
    },
  };
}

module.exports = { start };
