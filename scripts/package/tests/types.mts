// Only compiled: what index.d.ts promises is what callers write.
import { type Options, type Server, start } from 'queuerite';

const options: Options = { location: 'data', flags: ['--strict'] };
const server: Server = await start(options);
const told: [string, number, string] = [server.connectionString, server.port, server.url];
await server.stop();
console.log(told);

// @ts-expect-error: it has no such option.
await start({ port: 10001 });
