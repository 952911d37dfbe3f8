import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between the service and its database server and fails the way networks do. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private frozen = false;
  private refuses = false;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async to(host: string, port: number): Promise<TcpProxy> {
    const server = createServer((inner) => proxy.join(inner, connect(port, host)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const proxy = new TcpProxy(server, address.port);
    return proxy;
  }

  /** From now on nothing passes, and nobody is told: a server that was stopped, a cable that was cut. */
  freeze(): void {
    this.frozen = true;
    for (const socket of this.sockets) socket.pause();
  }

  thaw(): void {
    this.frozen = false;
    for (const socket of this.sockets) socket.resume();
  }

  /** Ends every connection, as a server that was killed does. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Ends every connection, and each new one at once, until the server is let in again. */
  refuse(): void {
    this.refuses = true;
    this.cut();
  }

  letIn(): void {
    this.refuses = false;
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(inner: Socket, outer: Socket): void {
    if (this.refuses) {
      inner.destroy();
      outer.destroy();
      return;
    }
    for (const [socket, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      this.sockets.add(socket);
      socket.on('data', (chunk) => other.write(chunk));
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
      if (this.frozen) socket.pause();
    }
  }
}
