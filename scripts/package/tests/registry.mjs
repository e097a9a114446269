// A registry for npm that has the packages of a folder and nothing else: node registry.mjs FOLDER
// Installers choose the package of a platform as they do with the real one. Prints its URL.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const folder = process.argv[2];
const packages = new Map();
for (const file of readdirSync(folder).filter((name) => name.endsWith('.tgz'))) {
  const manifest = JSON.parse(execFileSync('tar', ['-xzOf', join(folder, file), 'package/package.json'], { encoding: 'utf8' }));
  packages.set(`/${manifest.name}`, { file, manifest });
}

const server = createServer((request, response) => {
  const found = packages.get(request.url);
  if (found) {
    const { file, manifest } = found;
    const integrity = `sha512-${createHash('sha512').update(readFileSync(join(folder, file))).digest('base64')}`;
    const version = { ...manifest, dist: { tarball: `http://${request.headers.host}/files/${file}`, integrity } };
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        name: manifest.name,
        'dist-tags': { latest: manifest.version },
        versions: { [manifest.version]: version },
      }),
    );
    return;
  }
  const file = /^\/files\/([^/]+\.tgz)$/.exec(request.url)?.[1];
  if (file) {
    response.end(readFileSync(join(folder, file)));
    return;
  }
  response.statusCode = 404;
  response.end('{}');
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
