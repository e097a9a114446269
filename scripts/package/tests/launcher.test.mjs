// What stands between npm's commands and the program: signals, codes, and a program that is not there.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test as untimed } from 'node:test';

const MODULES = join(process.cwd(), 'node_modules');
const COMMAND = join(MODULES, '.bin', 'queuerite');
const PLATFORM = `queuerite-${process.platform}-${process.arch}`;

const test = (name, body) => untimed(name, { timeout: 30_000 }, body);

const FLAGS = ['--queuePort', '0', '--silent', '--inMemoryPersistence'];

const temporary = mkdtempSync(join(tmpdir(), 'queuerite-'));
const running = new Set();
after(() => {
  rmSync(temporary, { recursive: true });
  for (const pid of [...running].filter(isRunning)) process.kill(pid, 'SIGKILL');
});

/** A launcher whose server is ready, and the lines that it writes. */
async function launch(command = [COMMAND, ...FLAGS]) {
  const launcher = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(launcher, 'exit');
  const lines = createInterface({ input: launcher.stdout });
  const waitFor = (pattern) =>
    new Promise((resolve, reject) => {
      lines.on('line', (line) => pattern.test(line) && resolve(pattern.exec(line)));
      lines.on('close', () => reject(new Error(`ended without a line like ${pattern}`)));
    });
  const [, port] = await waitFor(/successfully listens on http:\S+:(\d+)\s*$/);
  const children = readFileSync(`/proc/${launcher.pid}/task/${launcher.pid}/children`, 'utf8').trim().split(' ');
  const server = Number(children[0]);
  // Whatever fails, nothing stays that holds the streams of this process.
  running.add(launcher.pid).add(server);
  ended.then(() => {
    running.delete(launcher.pid);
    if (!isRunning(server)) running.delete(server);
  });
  return { launcher, ended, waitFor, port: Number(port), server };
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A node_modules that has the package of all platforms, and not that of this one. */
function copyOfPackage() {
  const folder = mkdtempSync(join(temporary, 'package-'));
  cpSync(join(MODULES, 'queuerite'), join(folder, 'node_modules/queuerite'), { recursive: true });
  return join(folder, 'node_modules');
}

/** A request that is never finished, so that the server does not stop at once. */
async function requestWithoutEnd(port) {
  const socket = createConnection(port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  socket.write('PUT /devstoreaccount1/orders HTTP/1.1\r\nHost: local');
  // It has read that as soon as it answers another one.
  await fetch(`http://127.0.0.1:${port}/_queuerite/health`, { headers: { connection: 'close' } });
  return socket;
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`${signal} to the launcher alone ends the server well`, async () => {
    const { launcher, ended, server } = await launch();
    launcher.kill(signal);
    assert.deepEqual(await ended, [0, null]);
    assert.equal(isRunning(server), false);
  });
}

test('SIGHUP ends both, and is told', async () => {
  const { launcher, ended, server } = await launch();
  launcher.kill('SIGHUP');
  assert.deepEqual(await ended, [null, 'SIGHUP']);
  assert.equal(isRunning(server), false);
});

test('of several signals the server gets one', async () => {
  const { launcher, ended, waitFor, port } = await launch();
  const socket = await requestWithoutEnd(port);
  const isClosing = waitFor(/service is closing/);
  launcher.kill('SIGTERM');
  await isClosing;
  // At another one it would end at once, and not with 0.
  launcher.kill('SIGINT');
  launcher.kill('SIGTERM');
  setTimeout(() => socket.destroy(), 500);
  assert.deepEqual(await ended, [0, null]);
});

test('Ctrl+C at a terminal comes to the program once', async (context) => {
  if (spawnSync('script', ['--version']).error) return context.skip('there is no script, which makes a terminal');
  // In the place of the program, which would not count two that come at the same moment: what ends with
  // the number of signals that it got within half a second.
  const folder = copyOfPackage();
  const counter = `#!${process.execPath}
    let count = 0;
    process.on('SIGINT', () => count++ || setTimeout(() => process.exit(100 + count), 500));
    setInterval(() => {}, 1000);
    console.log('successfully listens on http://nowhere:1');`;
  mkdirSync(join(folder, PLATFORM, 'bin'), { recursive: true });
  writeFileSync(join(folder, PLATFORM, 'bin', 'queuerite'), counter, { mode: 0o755 });
  const command = `exec ${join(folder, 'queuerite/bin/queuerite.js')}`;
  const { launcher, ended } = await launch(['script', '--quiet', '--return', '--command', command, '/dev/null']);
  launcher.stdin.write('\x03');
  assert.deepEqual(await ended, [101, null]);
});

test('a server that somebody else ended ends the launcher likewise', async () => {
  const { ended, server } = await launch();
  process.kill(server, 'SIGKILL');
  assert.deepEqual(await ended, [null, 'SIGKILL']);
});

test('an exit code is handed on, and so are arguments', () => {
  const { status, stderr } = spawnSync(COMMAND, ['--no-such-flag'], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /--no-such-flag/);
});

test('azurite-queue takes what Azurite takes', () => {
  // A word between the flags is a mistake under our own name, and nothing under the other.
  const complaint = (name) =>
    spawnSync(join(MODULES, '.bin', name), ['stray', '--queuePort', '0', '--location', '/dev/null'], { encoding: 'utf8' }).stderr;
  assert.match(complaint('queuerite'), /stray/);
  assert.match(complaint('azurite-queue'), /\/dev\/null/);
});

test('a platform without its package is told in one line', () => {
  const folder = copyOfPackage();
  const { status, stdout, stderr } = spawnSync(join(folder, 'queuerite/bin/queuerite.js'), { encoding: 'utf8' });
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, new RegExp(`^queuerite: .*${PLATFORM}.*optional dependencies.*\n$`));
  const script = `require(${JSON.stringify(join(folder, 'queuerite'))}).start().catch((error) => console.log(error.message))`;
  assert.match(spawnSync(process.execPath, ['--eval', script], { encoding: 'utf8' }).stdout, new RegExp(PLATFORM));
});
