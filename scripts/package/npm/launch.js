'use strict';

const { spawn } = require('node:child_process');
const { constants } = require('node:os');
const { isatty } = require('node:tty');

const program = require('./program.js');

const SIGNALS = process.platform === 'win32' ? ['SIGINT', 'SIGBREAK', 'SIGHUP'] : ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Runs the program as if it were this process: with its arguments and streams, and to the same end. */
module.exports = function launch(words) {
  let server;

  // The server stops in good order at a first signal, and at once at a second one. So it gets one
  // from here, and none that it has already: a terminal sends Ctrl+C to every process in front of
  // it, and a console of Windows sends all that it has to say.
  let isTold = false;
  const tell = (signal) => {
    const isSentToBoth = process.platform === 'win32' || (signal === 'SIGINT' && isatty(0));
    if (isSentToBoth || isTold) return;
    isTold = true;
    server?.kill(signal);
  };
  // Before the server is there, so that no signal ends this process alone.
  for (const signal of SIGNALS) process.on(signal, tell);
  process.once('exit', () => tell('SIGTERM'));

  const fail = (error) => {
    console.error(`queuerite: ${error.message}`);
    process.exitCode = 1;
  };
  try {
    server = spawn(program(), [...words, ...process.argv.slice(2)], { stdio: 'inherit' });
  } catch (error) {
    fail(error);
    return;
  }
  server.once('error', fail);
  server.once('exit', (code, signal) => {
    for (const heard of SIGNALS) process.off(heard, tell);
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    // The first process of a container is not ended by its own signals, so there is a code as well.
    process.exitCode = 128 + constants.signals[signal];
    process.kill(process.pid, signal);
  });
};
