/** Requests and answers as bytes, for what no HTTP client would send. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { answersIn } from './raw.ts';

export const HOST = 'HTTP/1.1\r\nHost: a\r\n';

export function get(path: string, headers = ''): string {
  return `GET ${path} ${HOST}${headers}\r\n`;
}

export function post(path: string, body: unknown, headers = ''): string {
  const text = JSON.stringify(body);
  const lines = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n${headers}`;
  return `POST ${path} ${HOST}${lines}\r\n${text}`;
}

/** A connection whose errors are nobody's concern. */
export async function opened(url: string, options = {}): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, ...options });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** The statuses of everything that comes back until the connection closes. */
export async function heard(socket: Socket): Promise<number[]> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return answersIn(Buffer.concat(chunks).toString()).map(({ status }) => status);
}
