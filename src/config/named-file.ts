import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** More than any secret, and than the certificates of every authority. */
const LARGEST = 1024 * 1024;

/**
 * Reads a file that an operator names. A pipe would hold the start until somebody writes into it, and a device may have
 * no end, so both are refused.
 *
 * @throws the system's error, or one whose message says what the file is
 */
export function readNamedFile(path: string): Buffer {
  // Without O_NONBLOCK, to open a pipe already waits.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    // A folder is left to the system, which has a name for it.
    if (!found.isFile() && !found.isDirectory()) throw new Error('it is no regular file');
    if (found.size > LARGEST) throw new Error('it is larger than 1 MiB');
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
